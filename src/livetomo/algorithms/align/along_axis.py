"""The specimen in the middle along the tilt axis too: so that series about different axes share an origin."""

import numpy as np

from livetomo.algorithms.align.counting import projections_that_count, tilts_that_count
from livetomo.model import TiltSeries


def centre_along_axis(series: TiltSeries) -> TiltSeries:
    """Give the series with one more dy for all its projections, which brings the centre of mass to the middle of y.

    Alignment along the axis only lays the projections onto one another; where they lie together is free until another
    series, about another axis, is to be joined.

    Parameters
    ----------
    series
        Background-free projections (tilt, y, x), aligned.
    """
    shifts_px = np.asarray(series.shifts_px)
    profiles = projections_that_count(series).sum(axis=2, dtype=np.float64)
    from_centre_px = np.arange(profiles.shape[1]) - (profiles.shape[1] - 1) / 2
    masses = profiles.sum(axis=1)
    centres_px = np.divide(profiles @ from_centre_px, masses, out=np.zeros_like(masses), where=masses > 0)
    counts = tilts_that_count(series)
    if not counts.any():
        return series
    dy = -float(np.median((centres_px + shifts_px[:, 0])[counts]))
    return series.replace(shifts_px=shifts_px + [dy, 0])
