"""BP: plain back projection."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import filtered_back_projection
from livetomo.model import Geometry


@dataclass(frozen=True)
class BP:
    """Plain back projection: what every tilt saw, smeared back along its rays.

    After Gilbert, Proc. R. Soc. Lond. B 182, 89 (1972), doi:10.1098/rspb.1972.0068, who shows why it blurs: it weighs
    low frequencies too much, by one over the frequency. Each ray is spread evenly over the depth of the grid, and tilts
    count by their angular steps, so that tilts over 180° keep the mean. For a look at whether anything is there; its
    residual stays high. Memory: one volume and twice the projections.
    """

    name: ClassVar[str] = "bp"
    is_direct: ClassVar[bool] = True

    start = filtered_back_projection.start
    add = filtered_back_projection.add
    replace = filtered_back_projection.replace
    step = filtered_back_projection.step
    step_pieces = filtered_back_projection.step_pieces
    volume = filtered_back_projection.volume
    residual = filtered_back_projection.residual

    def filtered(self, projections: np.ndarray, geometry: Geometry) -> np.ndarray:
        """Spread projections (tilt, y, x) over the depth of the grid and 180°."""
        return projections / np.float32(np.pi * geometry.volume_shape[0])
