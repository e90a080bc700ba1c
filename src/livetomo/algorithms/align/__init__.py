"""Where each projection belongs: shifts kept beside the raw projections, never a resampled copy."""

from livetomo.algorithms.align.align_series import align
from livetomo.algorithms.align.along_axis import centre_along_axis
from livetomo.algorithms.align.centre_of_mass import ComAlignment
from livetomo.algorithms.align.tilt_axis import has_enough_for_evidence, lies_along_x, tilt_axis_evidence

__all__ = [
    "ComAlignment",
    "align",
    "centre_along_axis",
    "has_enough_for_evidence",
    "lies_along_x",
    "tilt_axis_evidence",
]
