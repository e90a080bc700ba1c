"""CAV: component averaging."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import column_counts, evenly, groups_of, one_over, ray_energies
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.updates import Update


@dataclass(frozen=True)
class CAV:
    """Component averaging: Censor, Gordon and Gordon, Parallel Comput. 27, 777 (2001).

    doi:10.1016/S0167-8191(00)00100-9. x ← (1 − damping) x + relaxation · Aᵀ D (b − A x), where D is one over Σ s a² of
    each ray and s the number of rays that cross a voxel: the mean of the projections onto the rays' equations in which
    every voxel is averaged over the rays that meet it, not over all. With ``tilts_per_subset`` it goes through ordered
    subsets, block by block (IEEE Trans. Med. Imaging 20, 1050 (2001), doi:10.1109/42.959302). Memory: one volume and
    the projections.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, the subsets are empty, or the damping is not from 0 to below 1.
    """

    relaxation: float = 1.0
    positivity: bool = True
    tilts_per_subset: int | None = None
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    name: ClassVar[str] = "cav"
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
        """Give updates with one gain for all voxels and rays weighed by the crossings of their voxels."""
        updates = []
        for group in groups_of(data, subsets):
            energies = ray_energies(data, group, column_counts(data, group))
            updates.append(evenly(data, group, one_over(energies) * data.relative_rays_used, self.relaxation))
        return updates
