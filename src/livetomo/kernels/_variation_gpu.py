"""Descent down total variation and Huber's function on the GPU, momentum and distances: twins of ``_variation_cpu``.

A thread has one voxel and works out the flux at it and at the three voxels before it: more arithmetic than on the
processor, but no flux is kept and no thread waits for another.
"""

import math

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch, launch_sum
from livetomo.kernels._neighbours_gpu import put_at, steps_ahead, value_at, voxel_of
from livetomo.kernels._steps_gpu import larger

_ZERO = np.float32(0)


def descend(volume, out, n_zyx, z_rows, limits, move):  # type: ignore[no-untyped-def]
    """Write max(floor, volume - step · g) into ``out`` and give Σ g²; ``move`` is (writes, step, floor).

    g is the gradient of Σ |∇x|, each difference weighted by 1 / √max(|∇x|² + limits[0], limits[1]). ``z_rows`` are all:
    on the GPU there is nothing to cut.
    """
    n = volume.shape[0] * (z_rows[1] - z_rows[0]) * n_zyx[2] * volume.shape[2]
    return launch_sum(_descend, n, volume, volume, out, n_zyx, limits, move)


def extrapolate(volume, before, factor):  # type: ignore[no-untyped-def]
    """Push rows of lanes on by ``factor`` times their way since ``before``, which becomes what they were."""
    launch(_extrapolate, volume.size, volume, volume, before, factor)


def squared_distance(volume, other):  # type: ignore[no-untyped-def]
    """Give Σ (volume - other)² of rows of lanes."""
    return launch_sum(_squared_distance, volume.size, volume, volume, other)


@cuda.jit(device=True)
def _flux(volume, n_zyx, z, y, x, limits):  # type: ignore[no-untyped-def]
    step_z, step_y, step_x = steps_ahead(volume, n_zyx, z, y, x)
    square = step_z * step_z + step_y * step_y + step_x * step_x
    length = math.sqrt(larger(square + limits[0], limits[1]))
    return step_z / length, step_y / length, step_x / length


@cuda.jit(cache=True)
def _descend(n, volume, out, n_zyx, limits, move, sums):  # type: ignore[no-untyped-def]
    writes, step, floor = move
    squares = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        z, y, x = voxel_of(k, n_zyx, volume.shape[2])
        if y < n_zyx[1]:
            flux_z, flux_y, flux_x = _flux(volume, n_zyx, z, y, x, limits)
            from_z = _flux(volume, n_zyx, z - 1, y, x, limits)[0] if z > 0 else _ZERO
            from_y = _flux(volume, n_zyx, z, y - 1, x, limits)[1] if y > 0 else _ZERO
            from_x = _flux(volume, n_zyx, z, y, x - 1, limits)[2] if x > 0 else _ZERO
            divergence = flux_z - from_z + flux_y - from_y + flux_x - from_x
            squares += divergence * divergence
            if writes:
                moved = value_at(volume, n_zyx[2], z, y, x) + step * divergence
                put_at(out, n_zyx[2], z, y, x, larger(moved, floor))
    sums[cuda.grid(1)] = squares


@cuda.jit(cache=True)
def _extrapolate(n, volume, before, factor):  # type: ignore[no-untyped-def]
    lanes = volume.shape[1]
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        value = volume[k // lanes, k % lanes]
        volume[k // lanes, k % lanes] = value + factor * (value - before[k // lanes, k % lanes])
        before[k // lanes, k % lanes] = value


@cuda.jit(cache=True)
def _squared_distance(n, volume, other, sums):  # type: ignore[no-untyped-def]
    lanes = volume.shape[1]
    squares = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        change = volume[k // lanes, k % lanes] - other[k // lanes, k % lanes]
        squares += change * change
    sums[cuda.grid(1)] = squares
