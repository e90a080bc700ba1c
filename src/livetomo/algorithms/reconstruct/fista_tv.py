"""FISTA-TV: least squares with total variation, fast by momentum and ordered subsets."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import momentum_sweeps
from livetomo.algorithms.reconstruct.momentum_sweeps import MomentumState
from livetomo.algorithms.reconstruct.noise import noise_of_an_update
from livetomo.kernels import variation

_FIRST_SWEEPS = 2
"""From nothing: the volume still moves far, and one step of the proximal operator is as good as more."""


@dataclass(frozen=True)
class FISTATV:
    """FISTA-TV after Beck and Teboulle, IEEE Trans. Image Process. 18, 2419 (2009), doi:10.1109/TIP.2009.2028250.

    Minimises ½ Σ R (b − A x)² + n λ TV(x) over x ≥ 0, R one over the path of a ray, n the column sums of A (about the
    number of tilts), TV isotropic in three dimensions.
    After each group of about ``tilts_per_subset`` tilts, spread over all angles, ``tv_steps`` steps of the proximal
    operator go on from the last. When the residual rises, momentum starts anew (O'Donoghue and Candès, Found. Comput.
    Math. 15, 715 (2015), doi:10.1007/s10208-013-9150-3) with subsets twice as large, so that in the end their
    disagreement does not matter; ``tilts_per_subset=None`` is FISTA proper. While there are few tilts for the width of
    the detector, the same at half the resolution goes ahead of each sweep (``coarser``).

    λ follows the data: ``weight`` is in units of what the noise found in the projections does to a voxel in one update,
    so intensities may have any scale; a tenth of the misfit counts as noise too. Larger is smoother. Memory: 3.3
    copies of the volume (two, the 8-bit duals, the coarser ones), a quarter more while a change is carried over, and
    the projections 1.3 times.

    Raises
    ------
    ValueError
        When the weight is negative, the subsets are empty or there is no step.
    """

    weight: float = 1.5
    positivity: bool = True
    tilts_per_subset: int | None = 8
    tv_steps: int = 2
    name: ClassVar[str] = "fista-tv"
    is_direct: ClassVar[bool] = False
    updates_borne: ClassVar[int] = 0

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
        if self.tv_steps < 1:
            raise ValueError(f"tv_steps: expected at least 1, got {self.tv_steps}")

    def smooth(self, state: MomentumState, push: float, piece_s: float) -> Generator[None, None, np.ndarray]:
        """Put the proximal point of ``extrapolated`` into ``packed_volume``, and push on."""
        if state.duals is None:
            state.duals = variation.new_duals(state.data.grid)
        strength = self.weight * noise_of_an_update(state.data, state.residual)
        n_steps = self.tv_steps if state.n_sweeps >= _FIRST_SWEEPS else 1
        problem, volumes = (strength, momentum_sweeps.floor_of(self), n_steps), state.volumes
        ways = yield from variation.tv_proximal(state.data.grid, *volumes, state.duals, problem, push, piece_s)
        return ways
