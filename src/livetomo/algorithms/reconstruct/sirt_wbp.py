"""SIRT-WBP: one back projection that looks like so many iterations of SIRT."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import filtered_back_projection
from livetomo.algorithms.reconstruct.ramp_filter import filter_response, filtered
from livetomo.algorithms.reconstruct.sweeps import check_relaxation
from livetomo.model import Geometry


@dataclass(frozen=True)
class SIRTWBP:
    """Filtered back projection with the filter of ``iterations`` SIRT iterations.

    After Zeng, Med. Phys. 39, 603 (2012), doi:10.1118/1.3673956. To a frequency of f cycles per pixel one SIRT
    iteration brings the share λ = relaxation / (π f N) of what is missing, where N voxels is the mean path of a ray; so
    after n of them 1 − (1 − λ)ⁿ of the ramp's answer is there. Low frequencies are complete, high ones and their noise
    damped, as in SIRT, but in one pass and without positivity. It does not know of the missing wedge or of the edge of
    the grid, as SIRT does. Memory: one volume and twice the projections.

    Raises
    ------
    ValueError
        When there is not at least one iteration or the relaxation is not between 0 and 2.
    """

    iterations: int = 50
    relaxation: float = 1.0
    name: ClassVar[str] = "sirt-wbp"
    is_direct: ClassVar[bool] = True

    start = filtered_back_projection.start
    add = filtered_back_projection.add
    replace = filtered_back_projection.replace
    step = filtered_back_projection.step
    step_pieces = filtered_back_projection.step_pieces
    volume = filtered_back_projection.volume
    residual = filtered_back_projection.residual

    def __post_init__(self) -> None:
        check_relaxation(self.relaxation)
        if self.iterations < 1:
            raise ValueError(f"iterations: expected at least 1, got {self.iterations}")

    def filtered(self, projections: np.ndarray, geometry: Geometry) -> np.ndarray:
        """Filter projections (tilt, y, x) with the ramp and the share that the iterations have brought."""
        return filtered(projections, lambda length: self._response(length, geometry))

    def _response(self, length: int, geometry: Geometry) -> np.ndarray:
        ramp = filter_response(length, "ramp")
        path = (geometry.volume_shape[0] + geometry.volume_shape[2]) / 2
        share = np.minimum(1, self.relaxation / np.maximum(np.pi * path * ramp, 1e-6))
        return np.asarray(ramp * (1 - (1 - share) ** self.iterations), np.float32)
