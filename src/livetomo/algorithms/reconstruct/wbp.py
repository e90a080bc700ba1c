"""WBP: weighted back projection."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import filtered_back_projection
from livetomo.algorithms.reconstruct.ramp_filter import Window, check_window, filter_response, filtered
from livetomo.model import Geometry


@dataclass(frozen=True)
class WBP:
    """Filtered back projection for parallel beams, the tilts weighted for unequal steps.

    After Radermacher, in Electron Tomography (ed. Frank, 2006), doi:10.1007/978-0-387-69008-7_9. A new tilt changes the
    weights of its neighbours only, so ``add`` back-projects just those differences and the volume is complete at once;
    ``step`` computes it anew, free of rounding that gathered, and measures the residual.

    Raises
    ------
    ValueError
        When the window is not known.
    """

    window: Window = "ramp"
    name: ClassVar[str] = "wbp"
    is_direct: ClassVar[bool] = True

    start = filtered_back_projection.start
    add = filtered_back_projection.add
    replace = filtered_back_projection.replace
    step = filtered_back_projection.step
    step_pieces = filtered_back_projection.step_pieces
    volume = filtered_back_projection.volume
    residual = filtered_back_projection.residual

    def __post_init__(self) -> None:
        check_window(self.window)

    def filtered(self, projections: np.ndarray, geometry: Geometry) -> np.ndarray:
        """Filter projections (tilt, y, x) with the ramp and its window."""
        return filtered(projections, lambda length: filter_response(length, self.window))
