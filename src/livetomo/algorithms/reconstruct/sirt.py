"""SIRT: the simultaneous iterative reconstruction technique."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.updates import Update


@dataclass(frozen=True)
class SIRT:
    """SIRT after Gregor and Benson, IEEE Trans. Med. Imaging 27, 918 (2008), doi:10.1109/TMI.2008.923696.

    x ← (1 − damping) x + relaxation · C Aᵀ R (b − A x), where R and C are one over the row and column sums of A; they
    follow the data as tilts arrive. With ordered subsets (Xu et al., J. Struct. Biol. 171, 142 (2010),
    doi:10.1016/j.jsb.2010.03.018) a sweep does that once for each group of about ``tilts_per_subset`` tilts spread over
    all angles, and converges about as many times faster as there are groups. The damping (Tikhonov's) settles what the
    tilts leave open: the volume no longer depends on the order in which they came, and noise is not fitted for ever;
    it follows the noise found in the projections, from 0.3 % where there is hardly any to 5 %.
    ``SIRT(tilts_per_subset=None, damping=0)`` is plain SIRT.

    ``add`` to an empty state is its first update. The residual is that of the volume as the newest sweep met it, which
    costs nothing extra.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, where SIRT converges, the subsets are empty, or the damping is not
        from 0 to below 1.
    """

    relaxation: float = 1.0
    positivity: bool = True
    tilts_per_subset: int | None = 8
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    name: ClassVar[str] = "sirt"
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
