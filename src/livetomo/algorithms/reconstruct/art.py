"""ART: the algebraic reconstruction technique, Kaczmarz' method."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import evenly, groups_of, one_over, ray_energies
from livetomo.algorithms.reconstruct.subsets import single_tilts
from livetomo.algorithms.reconstruct.updates import Update
from livetomo.arrays import beside


@dataclass(frozen=True)
class ART:
    """ART after Gordon, Bender and Herman, J. Theor. Biol. 29, 471 (1970), doi:10.1016/0022-5193(70)90109-8.

    Kaczmarz' method: ray by ray, x ← x + relaxation · a (b − a·x) / ‖a‖². Tilts come in the order of their angles; of
    each tilt first the even rays, then the odd ones. Every other ray shares no voxel with the next, so doing all even
    rays at once is exactly doing them one after the other. A sweep therefore costs two of the other methods. The volume
    settles on a cycle when the data contradict each other: the relaxation keeps it small. Damped by the noise as
    ``SIRT`` is; ``damping=0`` is the textbook's. Memory: one volume and the projections.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, or the damping is not from 0 to below 1.
    """

    relaxation: float = 0.2
    positivity: bool = True
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    name: ClassVar[str] = "art"
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
        """Give single tilts in the order of their angles."""
        return single_tilts(data, far_apart=False)

    def updates(self, data: HeldData, subsets: list[np.ndarray]) -> list[Update]:
        """Give two updates for each group, with even and with odd rays; several tilts at once share the step."""
        groups, energies = groups_of(data, subsets), np.zeros_like(data.ray_energies)
        for group in groups:
            energies += ray_energies(data, group)
        even = one_over(energies) * data.relative_rays_used
        odd = even.copy()
        even[:, 1::2] = odd[:, ::2] = 0
        halves = [beside(data.projections, rays) for rays in (even, odd)]
        updates: list[Update] = []
        alike: dict[tuple[float, int], Update] = {}  # one gain for all that have the same
        for group in groups:
            key = float(data.rotations_deg[group[0]]), len(group)
            update = alike.setdefault(key, evenly(data, group, halves[0], self.relaxation / len(group)))
            updates += [replace(update, numbers=group, ray_weights=rays, share=0.5) for rays in halves]
        return updates
