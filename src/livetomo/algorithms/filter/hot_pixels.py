"""Hot pixels: single ones far brighter than all around them, from defects of a camera and X-rays that hit it."""

import numpy as np

from livetomo.algorithms.filter.background import background_level_and_noise

_TIMES = 4
"""So many times as high above the background as its neighbours a hot pixel is; what a microscope resolves is not."""

_DEVIATIONS = 8
"""And by so many standard deviations of the noise, which chance does not reach."""

_MOST, _FEW = 0.01, 64
"""Where more pixels stand out than this share of many, it is how the image is: counts scattered over it."""

_REACH = 3
"""Pixels around a hot one that tell the noise there."""


def remove_hot_pixels(projection: np.ndarray) -> np.ndarray:
    """Put the median of its neighbours in the place of a pixel that stands out from them as nothing resolved does.

    A pixel is hot when it is four times as high above the background as the second brightest of its eight neighbours,
    and above that by eight standard deviations of the noise around it and of the empty field. So two hot neighbours
    are found, and lines one pixel wide are kept. Where neighbours lack, as at a border, the brightest counts instead.

    Parameters
    ----------
    projection
        (y, x) counts as recorded, bright where the specimen is (dark field); pixels without a number stay so.

    Returns
    -------
    numpy.ndarray
        (y, x), the same array where no pixel is hot, else float32.
    """
    background, field_noise = background_level_and_noise(projection)
    level, least = np.float32(background), _DEVIATIONS * field_noise
    heights = np.asarray(projection, np.float32) - level
    rows, columns = np.nonzero(_stand_out(heights, least))
    if not 0 < rows.size <= max(_FEW, _MOST * heights.size):
        return projection
    ring = _around(heights, rows, columns, 1)
    *_, second, first = np.sort(np.where(np.isfinite(ring), ring, 0), axis=1).T
    second = np.where(np.isnan(ring).any(axis=1), first, second)
    noise = _DEVIATIONS * _deviation(_around(heights, rows, columns, _REACH))
    tops = heights[rows, columns]
    is_hot = (tops > _TIMES * second) & (tops - second > np.maximum(least, noise))
    if not is_hot.any():
        return projection
    cleaned = np.array(projection, np.float32)
    cleaned[rows[is_hot], columns[is_hot]] = np.nanmedian(ring[is_hot], axis=1) + level
    return cleaned


def _stand_out(heights: np.ndarray, least: float) -> np.ndarray:
    """Mark what may be hot: the second brightest neighbour is no darker than the darker one of any two."""
    padded = np.pad(heights, 1, constant_values=np.nan)
    across = np.fmin(padded[1:-1, :-2], padded[1:-1, 2:])
    along = np.fmin(padded[:-2, 1:-1], padded[2:, 1:-1])
    marked: np.ndarray = (heights > np.maximum(least, _TIMES * np.fmax(across, along))) & (heights < np.inf)
    return marked


def _around(heights: np.ndarray, rows: np.ndarray, columns: np.ndarray, reach: int) -> np.ndarray:
    """Give (pixel, neighbour) heights of all within a square around each but itself, NaN beyond the image."""
    padded = np.pad(heights, reach, constant_values=np.nan)
    side = range(2 * reach + 1)
    offsets = [(dy, dx) for dy in side for dx in side if (dy, dx) != (reach, reach)]
    return np.stack([padded[rows + dy, columns + dx] for dy, dx in offsets], axis=1)


def _deviation(values: np.ndarray) -> np.ndarray:
    """Give the standard deviation of (pixel, neighbour) values, each row by itself, from their median deviation."""
    middle = np.nanmedian(values, axis=1, keepdims=True)
    deviation: np.ndarray = 1.4826 * np.nanmedian(np.abs(values - middle), axis=1)
    return deviation
