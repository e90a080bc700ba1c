"""The background of a projection: the level of the empty field around a specimen."""

import numpy as np

from livetomo.arrays import namespace, to_numpy

_SAMPLES = 65536
_DARK_END = 0.15
_NEGLIGIBLE = 0.01
_LEAST_SHARE = 0.15
_QUARTER_WITHIN = 0.3186
"""Standard deviations within which a quarter of normal noise lies."""


def background_level(projection: np.ndarray) -> float:
    """Find the level of the empty field from the histogram of one projection.

    The empty field is the narrow peak at the dark end of the histogram, with at least 15 % of the pixels. Its mode is
    found by halving (Bickel and Frühwirth 2006, doi:10.1016/j.csda.2005.07.011) and refined by the mean of the values
    within its own noise. When the specimen fills the field there is no such peak: then the level is 0, or the darkest
    value if values are negative.

    Parameters
    ----------
    projection
        (y, x) counts, bright where the specimen is (dark field).

    Returns
    -------
    float
        Level in counts.
    """
    return _level(_sorted_sample(projection))


def has_empty_field(projection: np.ndarray) -> bool:
    """Say whether a projection (y, x) shows the empty field: the narrow peak that ``background_level`` looks for."""
    values = _sorted_sample(projection)
    return bool(values.size) and _empty_field(values) is not None


def background_level_and_noise(projection: np.ndarray) -> tuple[float, float]:
    """Give ``background_level`` and the standard deviation of the noise in the empty field; 0 where none shows.

    The noise is that of the quarter of pixels nearest to the level but not on it, so that scattered counts over nothing
    have noise, too. Where the specimen covers most of the field it comes out up to twice as large.
    """
    values = _sorted_sample(projection)
    level = _empty_field(values) if values.size else None
    if level is None:
        return _level(values), 0.0
    distances = np.abs(values - np.float32(level))
    distances = distances[distances > 0]
    return level, float(np.quantile(distances, 0.25)) / _QUARTER_WITHIN if distances.size else 0.0


def remove_background(projection: np.ndarray) -> np.ndarray:
    """Subtract the level of the empty field; nothing is clipped, so that noise stays centred on zero.

    A level of less than one per cent of the specimen's contrast is left alone: such data are background-free already.

    Parameters
    ----------
    projection
        (y, x) counts, bright where the specimen is (dark field).

    Returns
    -------
    numpy.ndarray
        (y, x) float32 counts above the background.
    """
    frame: np.ndarray = namespace(projection).array(projection, dtype=np.float32)
    values = _sorted_sample(frame)
    level = _level(values)
    contrast = float(np.quantile(values, 0.99)) - level if values.size else 0.0
    if abs(level) > _NEGLIGIBLE * abs(contrast):
        frame -= np.float32(level)
    return frame


def _level(values: np.ndarray) -> float:
    if values.size == 0:
        return 0.0
    level = _empty_field(values)
    return float(min(values[0], 0.0)) if level is None else level


def _empty_field(values: np.ndarray) -> float | None:
    darkest, brightest = np.quantile(values, (0.01, 0.99))
    mode = _half_sample_mode(values[: max(values.size // 2, 1)])
    peak = _within_noise(values, mode)
    if mode - darkest > _DARK_END * (brightest - darkest) or peak.size < _LEAST_SHARE * values.size:
        return None
    return float(peak.mean(dtype=np.float64))


def _sorted_sample(projection: np.ndarray) -> np.ndarray:
    stride = max(1, int(np.sqrt(projection.size / _SAMPLES)))
    # So few are looked at on the host, wherever the projection is: on a GPU every small step would cost a launch
    sample = np.asarray(to_numpy(projection[::stride, ::stride]), dtype=np.float32).ravel()
    return np.sort(sample[np.isfinite(sample)])


def _half_sample_mode(values: np.ndarray) -> float:
    while values.size > 3:
        half = (values.size + 1) // 2
        widths = values[half - 1 :] - values[: values.size - half + 1]
        narrowest = np.flatnonzero(widths == widths.min())
        start = int(narrowest[len(narrowest) // 2])  # counts tie often: the middle of the ties is the peak
        values = values[start : start + half]
    return float(np.median(values))


def _within_noise(values: np.ndarray, mode: float) -> np.ndarray:
    below = values[values < mode]
    noise = 1.4826 * float(np.median(mode - below)) if below.size else 0.0
    first = np.searchsorted(values, mode - 3 * noise, side="left")
    last = np.searchsorted(values, mode + 3 * noise, side="right")
    return values[first:last]
