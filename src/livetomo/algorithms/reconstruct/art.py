"""ART: the algebraic reconstruction technique, Kaczmarz' method."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import one_over, ray_energies
from livetomo.algorithms.reconstruct.subsets import single_tilts


@dataclass(frozen=True)
class ART:
    """ART after Gordon, Bender and Herman, J. Theor. Biol. 29, 471 (1970), doi:10.1016/0022-5193(70)90109-8.

    Kaczmarz' method: ray by ray, x ← x + relaxation · a (b − a·x) / ‖a‖². Tilts come in the order of their angles; of
    each tilt first the even rays, then the odd ones. Every other ray shares no voxel with the next, so doing all even
    rays at once is exactly doing them one after the other. A sweep therefore costs two of the other methods. The volume
    settles on a cycle when the data contradict each other: the relaxation keeps it small. Memory: one volume and the
    projections.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, or the damping is not from 0 to below 1.
    """

    relaxation: float = 0.2
    positivity: bool = True
    damping: float = 0.0
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

    def subsets(self, tilt_angles: np.ndarray) -> list[np.ndarray]:
        """Give single tilts in the order of their angles."""
        return single_tilts(tilt_angles, far_apart=False)

    def updates(self, data: HeldData, subsets: list[np.ndarray]) -> list[sweeps.Update]:
        """Give two updates for each group, with even and with odd rays; several tilts at once share the step."""
        even, odd = (one_over(ray_energies(data)) for _ in range(2))
        even[:, 1::2] = odd[:, ::2] = 0
        return [
            sweeps.Update(subset, rays, np.full(data.grid.n_zx, self.relaxation / len(subset), np.float32))
            for subset in subsets
            for rays in (even, odd)
        ]
