"""Landweber's method: steepest descent with a fixed step."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import updates_by_norm
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.updates import Update


@dataclass(frozen=True)
class Landweber:
    """Landweber's method, Am. J. Math. 73, 615 (1951), doi:10.2307/2372313.

    x ← (1 − damping) x + relaxation / ‖A‖² · Aᵀ (b − A x), with ‖A‖² by the power method on one slice. Every ray counts
    the same: it minimises the plain sum of squared misfits. Memory: one volume and the projections.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, or the damping is not from 0 to below 1.
    """

    relaxation: float = 1.0
    positivity: bool = True
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    name: ClassVar[str] = "landweber"
    is_direct: ClassVar[bool] = False

    start = sweeps.start
    add = sweeps.add
    replace = sweeps.replace
    step = sweeps.step
    step_pieces = sweeps.step_pieces
    volume = sweeps.volume
    residual = sweeps.residual

    def __post_init__(self) -> None:
        sweeps.check_relaxation(self.relaxation)
        sweeps.check_damping(self.damping)

    def subsets(self, data: HeldData) -> list[np.ndarray]:
        """Give one group of all tilts."""
        return spread_subsets(data, None)

    def updates(self, data: HeldData, subsets: list[np.ndarray]) -> list[Update]:
        """Give updates with one step size for all voxels."""
        return updates_by_norm(data, subsets, data.rays_used, self.relaxation)
