"""How strongly each ray and each voxel counts in an update: from sums, energies and the largest eigenvalue of A."""

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.updates import Update
from livetomo.arrays import beside
from livetomo.kernels import packed
from livetomo.kernels.turn import Turn

_LEAST_COLUMN_SUM = 1e-3
_LEAST_ENERGY = 1e-6
_TINY = float(np.finfo(np.float32).tiny)
_POWER_STEPS, _POWER_GROWTH = 30, 1e-4
"""A ray's weights are not negative and the eigenvalues fall fast, so from ones a few steps find the largest mostly."""


def updates_by_sums(data: HeldData, subsets: list[np.ndarray], relaxation: float) -> list[Update]:
    """Give updates scaled by one over the row and the column sums of A over each subset, as SIRT and SART do.

    Subsets whose tilts have less weight than the mean go less far.
    """
    ray_weights, updates = beside(data.projections, data.ray_weights), []
    mean_weight = data.tilt_weights.mean(where=data.tilt_weights > 0) if data.tilt_weights.any() else 1.0
    for numbers in groups_of(data, subsets):
        column_sums, weight = data.column_sums(numbers), data.tilt_weights[numbers].mean()
        reach, least = relaxation * min(1.0, weight / mean_weight), _LEAST_COLUMN_SUM * weight
        gain = np.zeros_like(column_sums)
        np.divide(np.float32(reach), column_sums, out=gain, where=column_sums > least)
        updates.append(Update(numbers, ray_weights, beside(data.projections, gain), _turn(data, numbers)))
    return updates


def updates_by_norm(
    data: HeldData, subsets: list[np.ndarray], ray_weights: np.ndarray, relaxation: float
) -> list[Update]:
    """Give updates with one gain for all voxels: ``relaxation`` over the largest eigenvalue of Aᵀ W A of the subset."""
    updates = []
    for numbers in groups_of(data, subsets):
        largest = largest_eigenvalue(data, numbers, ray_weights)
        updates.append(evenly(data, numbers, ray_weights, relaxation / largest if largest > _TINY else 0.0))
    return updates


def evenly(data: HeldData, numbers: np.ndarray, ray_weights: np.ndarray, gain: float) -> Update:
    """Give the update with these tilts, all of one rotation, and one gain for all voxels."""
    grid = data.grid_at(data.rotations_deg[numbers[0]])
    return Update(numbers, beside(data.projections, ray_weights), grid.even_gain(gain), _turn(data, numbers))


def ray_energies(data: HeldData, numbers: np.ndarray, column_weights: np.ndarray | None = None) -> np.ndarray:
    """Give (tilt, x) float32: Σ a² of the voxel weights of each ray, exactly; 0 for tilts other than these.

    These have one rotation. Every other ray of a tilt shares no voxel with the next, so for these A Aᵀ is diagonal and
    shows its entries when it is applied to ones. With ``column_weights`` s, (z, x), Σ s a²;
    without, they are kept with the data.
    """
    n_z, n_x = data.grid_at(data.rotations_deg[numbers[0]]).n_zx
    grid, first = packed.PackedGrid((n_z, 2, n_x), data.grid.detector_width), np.arange(1)
    known = data.ray_energies if column_weights is None else np.full_like(data.ray_energies, np.nan)
    every_other = np.zeros((1, 2, grid.detector_width), np.float32)
    every_other[0, 0, ::2] = every_other[0, 1, 1::2] = 1
    rays, volume = grid.new_projections(1), grid.new_volume()
    gain = np.ones(grid.n_zx, np.float32) if column_weights is None else column_weights
    for number in numbers[np.isnan(known[numbers, 0])]:
        beams = data.rays_of(np.array([number]))
        grid.pack_projections(every_other, rays)
        once = gain, np.float32(0), packed.NO_FLOOR
        packed.run(packed.backproject_tasks(grid.block(0), beams, volume[0], rays[0], first, once))
        packed.run(packed.project_tasks(grid.block(0), beams, volume[0], rays[0], first))
        known[number] = (grid.unpack_projections(rays, 0, 1) * every_other).sum(axis=(0, 1))
    energies = np.zeros_like(known)
    energies[numbers] = known[numbers]
    return energies


def column_counts(data: HeldData, numbers: np.ndarray) -> np.ndarray:
    """Give (z, x) float32: by how many rays of these tilts of one rotation each voxel is crossed."""
    n_z, n_x = data.grid_at(data.rotations_deg[numbers[0]]).n_zx
    z, x = np.mgrid[:n_z, :n_x]
    counts = np.zeros((n_z, n_x), np.float32)
    beams = data.rays_of(numbers)
    for landing, (steepness, _), used in zip(beams.landings, beams.hats, data.rays_used[numbers] > 0, strict=True):
        place = (landing[0] + z * landing[1] + x * landing[2]) / 2.0**packed.FRACTION_BITS - packed.RAY_BORDER
        ray = np.floor(place).astype(int)
        for neighbour in (ray, ray + 1):
            is_ray = (neighbour >= 0) & (neighbour < len(used))
            meets = is_ray & (np.abs(place - neighbour) * steepness < 1)
            counts += meets & used[np.clip(neighbour, 0, len(used) - 1)]
    return counts


def one_over(values: np.ndarray) -> np.ndarray:
    """Give float32 reciprocals, 0 where a value is too small to mean anything."""
    reciprocals = np.zeros(values.shape, np.float32)
    np.divide(1, values, out=reciprocals, where=values > _LEAST_ENERGY)
    return reciprocals


def largest_eigenvalue(data: HeldData, numbers: np.ndarray, ray_weights: np.ndarray) -> float:
    """Give the largest eigenvalue of Aᵀ W A over these tilts by the power method on one slice: all are alike.

    Of tilts with several rotations, the sum over these, which it cannot exceed.
    """
    return sum(_eigenvalue(data, group, ray_weights) for group in data.of_one_rotation(numbers))


def _eigenvalue(data: HeldData, numbers: np.ndarray, ray_weights: np.ndarray) -> float:
    n_z, n_x = data.grid_at(data.rotations_deg[numbers[0]]).n_zx
    grid, tilts = packed.PackedGrid((n_z, 1, n_x), data.grid.detector_width), np.arange(len(numbers))
    beams, rays, volume = data.rays_of(numbers), grid.new_projections(len(numbers)), grid.new_volume()
    weights = grid.new_projections(len(numbers))
    grid.pack_projections(ray_weights[numbers][:, None], weights)
    grid.pack_volume(np.full(grid.volume_shape, 1 / np.sqrt(n_z * n_x), np.float32), volume)
    plain = np.ones(grid.n_zx, np.float32), np.float32(0), packed.NO_FLOOR
    norm, before = 0.0, -1.0
    for _ in range(_POWER_STEPS):
        if norm <= before * (1 + _POWER_GROWTH):
            break
        packed.run(packed.project_tasks(grid.block(0), beams, volume[0], rays[0], tilts))
        rays *= weights
        packed.run(packed.backproject_tasks(grid.block(0), beams, volume[0], rays[0], tilts, plain))
        before, norm = norm, float(np.linalg.norm(volume))
        volume *= np.float32(1 / max(norm, _TINY))
    return norm


def groups_of(data: HeldData, subsets: list[np.ndarray]) -> list[np.ndarray]:
    """Give the subsets, cut where the in-plane rotation of the specimen differs."""
    return [group for subset in subsets for group in data.of_one_rotation(subset)]


def _turn(data: HeldData, numbers: np.ndarray) -> Turn | None:
    return data.turn_at(data.rotations_deg[numbers[0]])
