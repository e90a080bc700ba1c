"""SART: the simultaneous algebraic reconstruction technique."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import single_tilts
from livetomo.algorithms.reconstruct.updates import Update


@dataclass(frozen=True)
class SART:
    """SART after Andersen and Kak, Ultrason. Imaging 6, 81 (1984), doi:10.1016/0161-7346(84)90008-7.

    One tilt at a time corrects the volume by its rays' misfit, scaled by row and column sums; tilts that follow each
    other lie far apart. The first sweep shows much, but the newest tilt always wins: with noisy data lower the
    relaxation. Damped by the noise as ``SIRT`` is; ``damping=0`` is the textbook's. Memory: one volume and the
    projections; and one (z, x) slice a tilt for the sums.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, or the damping is not from 0 to below 1.
    """

    relaxation: float = 0.3
    positivity: bool = True
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    name: ClassVar[str] = "sart"
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
        """Give single tilts, far apart."""
        return single_tilts(data, far_apart=True)

    def updates(self, data: HeldData, subsets: list[np.ndarray]) -> list[Update]:
        """Give updates scaled by row and column sums."""
        return updates_by_sums(data, subsets, self.relaxation)
