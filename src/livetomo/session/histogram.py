"""How often each stored value occurs in a volume, and what follows from it."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

_SAMPLES = 300_000
_PEAK_BLUR = 2.0
_PEAK_PROMINENCE = 0.4  # half as many again as in the valleys beside it


def count_values(voxels: np.ndarray) -> tuple[int, ...]:
    """Count the stored values of a volume in a regular subsample.

    Parameters
    ----------
    voxels
        (z, y, x) uint8.

    Returns
    -------
    tuple
        (256,) counts.
    """
    step = max(1, round((voxels.size / _SAMPLES) ** (1 / 3)))
    sample = voxels[::step, ::step, ::step]
    return tuple(np.bincount(sample.ravel(), minlength=256).tolist())


def percentile(counts: tuple[int, ...], percent: float) -> int:
    """Give the stored value, 0 to 255, that this share of the voxels does not exceed."""
    cumulative = np.cumsum(counts)
    return int(np.searchsorted(cumulative, percent / 100 * cumulative[-1]))


def background_end(counts: tuple[int, ...]) -> int:
    """Give the stored value, 0 to 255, where the peak of the background ends and the first parts of the object begin.

    The corner of the histogram: the value farthest below the straight line from the peak to the highest value (Zack,
    Rogers and Latt 1977, doi:10.1177/25.7.70454), on a logarithmic scale.
    """
    heights = np.log1p(np.asarray(counts, dtype=np.float64))
    peak = int(np.argmax(heights))
    last = int(np.flatnonzero(heights)[-1])
    if last <= peak:
        return peak
    places = np.arange(peak, last + 1)
    line = np.interp(places, (peak, last), (heights[peak], heights[last]))
    return int(places[np.argmax(line - heights[places])])


class Levels(NamedTuple):
    """Stored values, 0 to 255, that rise from background to object."""

    background: float
    quiet: float
    """Where the background's noise ends."""
    edge: float
    """Where the faint parts of the object begin."""
    middle: float
    """Surely object."""
    dense: float
    """The densest parts of the object."""


def object_levels(counts: tuple[int, ...]) -> Levels:
    """Read background and object off a histogram of stored values, (256,) counts."""
    peak = int(np.argmax(counts))
    threshold = float(foreground_threshold(counts))
    # The end of the background's peak, but not above the faint parts when these are a peak of their own.
    corner = min(float(background_end(counts)), peak + 0.45 * max(threshold - peak, 0.0))
    bulk = min(float(percentile(counts, 90)), 0.8 * threshold)  # most of a field of view is background
    valley = (peak + _next_peak(counts, peak)) / 2
    if percentile(counts, 50) <= valley:  # what makes a peak of its own in the lesser half of the field is object
        bulk = min(bulk, valley)
    quiet = max(_noise_end(counts, peak), bulk, peak + 0.35 * (corner - peak))
    quiet = min(max(quiet, 1.0), 180.0)
    edge = min(max(corner, quiet + 3), 200.0)
    middle = min(max(threshold, edge + 5), 220.0)
    dense = min(max(float(percentile(counts, 99.8)), middle + 15), 250.0)
    return Levels(float(peak), quiet, edge, middle, dense)


def _next_peak(counts: tuple[int, ...], peak: int) -> int:
    """Give the first peak above this one that is clearly one, on a logarithmic scale; 255 when there is none."""
    heights = gaussian_filter1d(np.log1p(np.asarray(counts, dtype=np.float64)), _PEAK_BLUR)
    peaks, _ = find_peaks(heights, prominence=_PEAK_PROMINENCE)
    return int(min(peaks[peaks > peak + _PEAK_BLUR], default=255))


def _noise_end(counts: tuple[int, ...], peak: int) -> float:
    """Three standard deviations above the peak, as told by its half width at half height."""
    below_half = np.flatnonzero(np.asarray(counts[peak:]) < 0.5 * counts[peak])
    half_width = float(below_half[0]) if below_half.size else 0.0
    return peak + 3 * half_width / 1.177


def foreground_threshold(counts: tuple[int, ...]) -> int:
    """Give the stored value, 0 to 255, that best parts background from object.

    The split with the largest variance between the two classes (Otsu 1979, doi:10.1109/TSMC.1979.4310076), on the
    square root of the counts, so that a small object in a large empty field still weighs something.
    """
    weights = np.sqrt(np.asarray(counts, dtype=np.float64))
    values = np.arange(256.0)
    below = np.cumsum(weights)
    above = below[-1] - below
    first_moment = np.cumsum(weights * values)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = first_moment / below - (first_moment[-1] - first_moment) / above
        between = np.nan_to_num(below * above * distance**2)
    return int(np.argmax(between))
