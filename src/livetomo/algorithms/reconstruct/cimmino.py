"""Cimmino's method: the mean of all projections onto the rays' equations."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import sweeps
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import groups_of, one_over, ray_energies, updates_by_norm
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.updates import Update


@dataclass(frozen=True)
class Cimmino:
    """Cimmino's method, in the step sizes of Elfving, Nikazad and Hansen, ETNA 37, 321 (2010).

    x ← (1 − damping) x + relaxation / ρ · Aᵀ D (b − A x), where D is one over ‖a‖² of each ray and ρ the largest
    eigenvalue of Aᵀ D A. That is the mean of the projections onto all rays' equations, with the longest safe step
    instead of one over the number of rays, which would hardly move; compare Hansen and Saxild-Hansen, J. Comput. Appl.
    Math. 236, 2167 (2012), doi:10.1016/j.cam.2011.09.039. Memory: one volume and the projections.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, or the damping is not from 0 to below 1.
    """

    relaxation: float = 1.0
    positivity: bool = True
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    name: ClassVar[str] = "cimmino"
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
        """Give updates with one step size for all voxels and rays weighed by one over their energy."""
        return [
            update
            for group in groups_of(data, subsets)
            for update in updates_by_norm(data, [group], self._ray_weights(data, group), self.relaxation)
        ]

    @staticmethod
    def _ray_weights(data: HeldData, numbers: np.ndarray) -> np.ndarray:
        weights: np.ndarray = one_over(ray_energies(data, numbers)) * data.rays_used
        return weights
