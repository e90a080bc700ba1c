"""Huber: least squares with a smoothness that spares edges."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import momentum_sweeps
from livetomo.algorithms.reconstruct.momentum_sweeps import MomentumState
from livetomo.algorithms.reconstruct.noise import noise_of_an_update
from livetomo.kernels import variation

_STABLE_RATE = 1 / 12
"""Descent on Huber's function is stable up to twice this."""
_LARGEST_EDGE = 1e6


@dataclass(frozen=True)
class Huber:
    """Least squares with Huber's function of the gradient, after Huber, Ann. Math. Stat. 35, 73 (1964).

    doi:10.1214/aoms/1177703732. Minimises ½ Σ R (b − A x)² + n λ Σ h(|∇x|) over x ≥ 0, n as in ``FISTATV``, where h is
    quadratic for small gradients, which smooths them evenly, and grows linearly beyond an edge, which keeps steps.
    Unlike total variation it makes no terraces of a gentle slope. Momentum, ordered subsets, and λ from the noise found
    in the projections as in ``FISTATV``: ``weight`` is λ, in units of what the noise does to a voxel in one update;
    ``edge`` is the gradient where linear begins, in the same unit and at least 12 times the weight, which keeps the
    descent stable.
    A coarser reconstruction goes ahead, as there. Memory: 2.5 copies of the volume, a quarter more while a change is
    carried over, and the projections 1.3 times.

    Raises
    ------
    ValueError
        When the weight or the edge is negative or the subsets are empty.
    """

    weight: float = 1.0
    edge: float = 12.0
    positivity: bool = True
    tilts_per_subset: int | None = 8
    name: ClassVar[str] = "huber"
    is_direct: ClassVar[bool] = False
    updates_borne: ClassVar[int] = 28
    """Each update smooths a little: what the tilts leave open settles sooner with many small subsets."""

    start = momentum_sweeps.start
    add = momentum_sweeps.add
    replace = momentum_sweeps.replace
    step = momentum_sweeps.step
    step_pieces = momentum_sweeps.step_pieces
    volume = momentum_sweeps.volume
    residual = momentum_sweeps.residual
    change = momentum_sweeps.change

    def __post_init__(self) -> None:
        momentum_sweeps.check_settings(self, self.weight)
        if not 0 <= self.edge <= _LARGEST_EDGE:
            raise ValueError(f"edge: expected 0 to {_LARGEST_EDGE:g}, in units of the noise, got {self.edge}")

    def smooth(self, state: MomentumState, push: float, piece_s: float) -> Generator[None, None, np.ndarray]:
        """Put ``extrapolated``, one step down Huber's function, into ``packed_volume``, and push on."""
        unit = noise_of_an_update(state.data, state.residual)
        edge = max(self.edge, self.weight / _STABLE_RATE)
        rate = self.weight / edge if edge > 0 else 0.0
        problem = rate, edge * unit, momentum_sweeps.floor_of(self)
        ways = yield from variation.huber_descent(state.data.grid, *state.volumes, problem, push, piece_s)
        return ways
