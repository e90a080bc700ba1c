"""How much noise the projections hold, told from what changes from pixel to pixel."""

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData

_MEAN_TO_DEVIATION = np.sqrt(np.pi / 2)
_SHARE_OF_MISFIT = 0.1


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


def noise_of_an_update(data: HeldData, deviations: np.ndarray, residual: float) -> float:
    """Give the standard deviation that the noise of all tilts gives to a voxel in one update of SIRT.

    A tenth of what the volume does not explain counts as noise too: misfit that is smooth from pixel to pixel, as
    denoised, interpolated or badly aligned projections leave it.
    """
    deviation = float(np.hypot(np.median(deviations), _SHARE_OF_MISFIT * residual * _mean_square_root(data)))
    return deviation / _median_path(data) / float(np.sqrt(len(data)))


def typical_density(data: HeldData) -> float:
    """Give the size of a voxel if the specimen filled the grid evenly: the scale of the volume."""
    return _mean_square_root(data) / _median_path(data)


def residual_of_noise(data: HeldData, deviations: np.ndarray) -> float:
    """Give the residual ‖A x − b‖ / ‖b‖ of the true volume, as far as it comes from noise."""
    root = _mean_square_root(data)
    return float(np.median(deviations)) / root if root > 0 else 0.0


def _mean_square_root(data: HeldData) -> float:
    n_rays = int((data.ray_weights > 0).sum()) * data.grid.volume_shape[1]
    return float(np.sqrt(data.energies.sum() / max(n_rays, 1)))


def _median_path(data: HeldData) -> float:
    met = data.path_lengths[data.ray_weights > 0]
    return float(np.median(met)) if met.size else 1.0
