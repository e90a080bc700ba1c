"""How strongly each ray and each voxel counts in an update: from sums, energies and the largest eigenvalue of A."""

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.sweeps import Update
from livetomo.kernels import packed

_LEAST_COLUMN_SUM = 1e-3
_LEAST_ENERGY = 1e-6
_POWER_STEPS = 8
"""A ray's weights are not negative and the eigenvalues fall fast, so from ones a few steps find the largest."""


def updates_by_sums(data: HeldData, subsets: list[np.ndarray], relaxation: float) -> list[Update]:
    """Give updates scaled by one over the row and the column sums of A over each subset, as SIRT and SART do."""
    column_sums = data.column_sums(subsets)
    gains = np.zeros_like(column_sums)
    np.divide(np.float32(relaxation), column_sums, out=gains, where=column_sums > _LEAST_COLUMN_SUM)
    ray_weights = data.ray_weights
    return [Update(subset, ray_weights, gain) for subset, gain in zip(subsets, gains, strict=True)]


def updates_by_norm(
    data: HeldData, subsets: list[np.ndarray], ray_weights: np.ndarray, relaxation: float
) -> list[Update]:
    """Give updates with one gain for all voxels: ``relaxation`` over the largest eigenvalue of Aᵀ W A of the subset."""
    gains = [relaxation / max(largest_eigenvalue(data, subset, ray_weights), _LEAST_ENERGY) for subset in subsets]
    return [
        Update(subset, ray_weights, np.full(data.grid.n_zx, gain, np.float32))
        for subset, gain in zip(subsets, gains, strict=True)
    ]


def ray_energies(data: HeldData) -> np.ndarray:
    """Give (tilt, x) float32: Σ a² of the voxel weights of each ray, exactly.

    Every other ray of a tilt shares no voxel with the next, so for these A Aᵀ is diagonal and shows its entries when it
    is applied to ones.
    """
    n_z, n_x = data.grid.n_zx
    grid, first = packed.PackedGrid((n_z, 2, n_x), data.grid.detector_width), np.arange(1)
    energies = np.zeros((len(data), grid.detector_width), np.float32)
    every_other = np.zeros((1, 2, grid.detector_width), np.float32)
    every_other[0, 0, ::2] = every_other[0, 1, 1::2] = 1
    rays, volume = grid.new_projections(1), grid.new_volume()
    plain = np.ones(grid.n_zx, np.float32), np.float32(0), packed.NO_FLOOR
    for number in range(len(data)):
        beams = data.rays_of(np.array([number]))
        grid.pack_projections(every_other, rays)
        packed.run(packed.backproject_tasks(grid, beams, volume[0], rays[0], first, plain))
        packed.run(packed.project_tasks(grid, beams, volume[0], rays[0], first))
        energies[number] = (grid.unpack_projections(rays, 0, 1) * every_other).sum(axis=(0, 1))
    return energies


def one_over(values: np.ndarray) -> np.ndarray:
    """Give float32 reciprocals, 0 where a value is too small to mean anything."""
    reciprocals = np.zeros(values.shape, np.float32)
    np.divide(1, values, out=reciprocals, where=values > _LEAST_ENERGY)
    return reciprocals


def largest_eigenvalue(data: HeldData, numbers: np.ndarray, ray_weights: np.ndarray) -> float:
    """Give the largest eigenvalue of Aᵀ W A over these tilts by the power method on one slice: all are alike."""
    n_z, n_x = data.grid.n_zx
    grid, tilts = packed.PackedGrid((n_z, 1, n_x), data.grid.detector_width), np.arange(len(numbers))
    beams, rays, volume = data.rays_of(numbers), grid.new_projections(len(numbers)), grid.new_volume()
    weights = grid.new_projections(len(numbers))
    grid.pack_projections(ray_weights[numbers][:, None], weights)
    grid.pack_volume(np.full(grid.volume_shape, 1 / np.sqrt(n_z * n_x), np.float32), volume)
    plain = np.ones(grid.n_zx, np.float32), np.float32(0), packed.NO_FLOOR
    norm = 0.0
    for _ in range(_POWER_STEPS):
        packed.run(packed.project_tasks(grid, beams, volume[0], rays[0], tilts))
        rays *= weights
        packed.run(packed.backproject_tasks(grid, beams, volume[0], rays[0], tilts, plain))
        norm = float(np.linalg.norm(volume))
        volume *= np.float32(1 / max(norm, _LEAST_ENERGY))
    return norm
