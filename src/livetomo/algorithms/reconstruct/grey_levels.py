"""The few grey levels of a discrete object: where they lie, which voxel has which, and where they meet."""

import numpy as np

from livetomo.arrays import beside, namespace, to_numpy

_BINS = 512
_ROUNDS = 60
"""Of Lloyd's iteration, which settles in fewer on a histogram."""


def labels_of(volume: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Give (z, y, x) uint8: the number of the nearest of the ascending levels."""
    between = beside(volume, (levels[1:] + levels[:-1]) / 2)
    labels: np.ndarray = namespace(volume).digitize(volume, between).astype(np.uint8)
    return labels


def boundary(labels: np.ndarray) -> np.ndarray:
    """Give (z, y, x) bool: voxels of which one of the six neighbours has another label."""
    xp = namespace(labels)
    edge: np.ndarray = xp.zeros(labels.shape, bool)
    for axis in range(3):
        lines, marks = xp.moveaxis(labels, axis, 0), xp.moveaxis(edge, axis, 0)
        differs = lines[1:] != lines[:-1]
        marks[1:] |= differs
        marks[:-1] |= differs
    return edge


def estimated_levels(volume: np.ndarray, n_levels: int) -> np.ndarray:
    """Give (level,) ascending grey levels of a (z, y, x) volume without negative values; the lowest is vacuum, 0.

    Each histogram class has its mean first, then the median of its voxels away from every boundary, because the
    blurred edges of a class pull its mean towards the neighbours.
    """
    highest = max(float(volume.max()), float(np.finfo(np.float32).tiny))
    xp = namespace(volume)
    counts, edges = (to_numpy(part) for part in xp.histogram(volume, _BINS, (0.0, highest)))
    middles = (edges[1:] + edges[:-1]) / 2
    levels = np.linspace(0, edges[-1], n_levels)
    for _ in range(_ROUNDS):
        labels = labels_of(middles, levels)
        for level in range(1, n_levels):
            of_class = counts * (labels == level)
            if of_class.any():
                levels[level] = np.average(middles, weights=of_class)
    labels = labels_of(volume, levels)
    inside = ~boundary(labels)
    for level in range(1, n_levels):
        values = volume[inside & (labels == level)]
        if len(values):
            levels[level] = float(xp.median(values))
    return np.sort(levels)
