"""OS-SIRT: SIRT that goes through ordered subsets of the tilts."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.updates import Update


@dataclass(frozen=True)
class OSSIRT:
    """OS-SIRT after Xu et al., J. Struct. Biol. 171, 142 (2010), doi:10.1016/j.jsb.2010.03.018.

    SIRT's update for one group of about ``tilts_per_subset`` tilts after the other. It is damped as ``SIRT`` is, and so
    is ``SIRT`` with other groups; ``damping=0`` is the textbook's, which fits noise as the sweeps go on. With one tilt
    a group it is SART, with all of them plain SIRT. Memory: one volume and the projections.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, the subsets are empty, or the damping is not from 0 to below 1.
    """

    relaxation: float = 1.0
    positivity: bool = True
    tilts_per_subset: int = 5
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    name: ClassVar[str] = "os-sirt"
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
        sweeps.check_tilts_per_subset(self.tilts_per_subset)
        sweeps.check_damping(self.damping)

    def subsets(self, data: HeldData) -> list[np.ndarray]:
        """Give groups of tilts, each spread over all angles."""
        return spread_subsets(data, self.tilts_per_subset)

    def updates(self, data: HeldData, subsets: list[np.ndarray]) -> list[Update]:
        """Give updates scaled by row and column sums."""
        return updates_by_sums(data, subsets, self.relaxation)
