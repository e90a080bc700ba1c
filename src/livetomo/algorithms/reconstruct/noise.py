"""How much noise the projections hold, told from what changes from pixel to pixel."""

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData

_MEAN_TO_DEVIATION = np.sqrt(np.pi / 2)


def noise_deviations(projections: np.ndarray) -> np.ndarray:
    """Give (tilt,) standard deviations of the noise of (tilt, y, x) projections, in their unit.

    The mean size of the second differences along x and y, after Immerkær, Comput. Vis. Image Underst. 64, 300 (1996),
    doi:10.1006/cviu.1996.0060; noise must be free from pixel to pixel, and the finest detail counts as noise.
    """
    changes, gain = np.asarray(projections, np.float64), 1.0
    for axis in (1, 2):
        if changes.shape[axis] > 2:
            changes, gain = np.diff(changes, 2, axis=axis), gain * 6
    if gain == 1:
        return np.zeros(len(changes))
    deviations: np.ndarray = _MEAN_TO_DEVIATION * np.abs(changes).mean(axis=(1, 2)) / np.sqrt(gain)
    return deviations


def noise_of_an_update(data: HeldData, deviations: np.ndarray) -> float:
    """Give the standard deviation that the noise of all tilts gives to a voxel in one update of SIRT."""
    met = data.path_lengths[data.ray_weights > 0]
    return float(np.median(deviations) / np.median(met) / np.sqrt(len(data))) if met.size else 0.0
