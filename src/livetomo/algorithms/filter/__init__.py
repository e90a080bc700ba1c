"""What is done to projections before they are used: hot pixels, background, binning."""

from livetomo.algorithms.filter.background import background_level, remove_background
from livetomo.algorithms.filter.bin import bin_projections
from livetomo.algorithms.filter.hot_pixels import remove_hot_pixels

__all__ = ["background_level", "bin_projections", "remove_background", "remove_hot_pixels"]
