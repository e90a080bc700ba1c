"""How often each stored value occurs in a volume, and what follows from it."""

import numpy as np

_SAMPLES = 300_000


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
