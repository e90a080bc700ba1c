"""What is done to projections before they are used: background, binning."""

from livetomo.algorithms.filter.background import background_level, remove_background
from livetomo.algorithms.filter.bin import bin_projections

__all__ = ["background_level", "bin_projections", "remove_background"]
