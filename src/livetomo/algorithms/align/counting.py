"""What of a tilt series counts for alignment: not what has no weight, nor what is no number."""

import numpy as np

from livetomo.arrays import to_numpy
from livetomo.model import TiltSeries


def projections_that_count(series: TiltSeries) -> np.ndarray:
    """Give projections (tilt, y, x) with 0 where the weight is, or where there is no number."""
    projections = to_numpy(series.projections)
    counts = np.isfinite(projections)
    if series.weights is not None:
        weights = to_numpy(series.weights)
        counts &= weights.reshape(*weights.shape, *(1,) * (3 - weights.ndim)) > 0
    return np.where(counts, projections, 0)


def tilts_that_count(series: TiltSeries) -> np.ndarray:
    """Say of each tilt (tilt,) whether any of its pixels has a weight."""
    if series.weights is None:
        return np.ones(len(series), bool)
    weights = to_numpy(series.weights).reshape(len(series), -1)
    return np.asarray((weights > 0).any(axis=1))
