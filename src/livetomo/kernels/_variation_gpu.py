"""Descent down total variation and Huber's function on the GPU, momentum and distances: twins of ``_variation_cpu``.

A thread has one voxel and works out the flux at it and at the three voxels before it: more arithmetic than on the
processor, but no flux is kept and no thread waits for another.
"""

import math

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch_sum, launch_sums
from livetomo.kernels._neighbours_gpu import before, place_of, row_of, steps_ahead
from livetomo.kernels._steps_gpu import larger


def descend(volume, out, earlier, n_zyx, z_rows, planes, limits, move):  # type: ignore[no-untyped-def]
    """Write x = max(floor, volume - step · g) into ``out``; ``move`` is (writes, step, floor, push).

    g is the gradient of Σ |∇x|, each difference weighted by 1 / √max(|∇x|² + limits[0], limits[1]).
    With ``earlier`` that becomes x and ``out`` x + push · (x - earlier as it was). ``z_rows`` are all and ``planes`` do
    not matter: on the GPU there is nothing to cut. Gives Σ g², Σ (x - earlier)² and Σ x².
    """
    n = volume.shape[0] * (z_rows[1] - z_rows[0]) * n_zyx[2] * volume.shape[2]
    source = volume.copy() if move[0] and out is volume else volume  # other threads still read what one writes over
    squares = launch_sum(_descend, n, volume, source, out, n_zyx, limits, move[:3])
    if earlier is None:
        return squares, 0.0, 0.0
    return squares, *extrapolate(out, earlier, move[3])  # type: ignore[no-untyped-call]


def extrapolate(volume, earlier, factor):  # type: ignore[no-untyped-def]
    """Push rows of lanes on by ``factor`` times their way since ``earlier``, which becomes what they were.

    Gives Σ way² and Σ of their squares.
    """
    return launch_sums(2, _extrapolate, volume.size, volume, volume.reshape(-1), earlier.reshape(-1), factor)


def squared_distance(volume, other):  # type: ignore[no-untyped-def]
    """Give Σ (volume - other)² of rows of lanes."""
    return launch_sum(_squared_distance, volume.size, volume, volume.reshape(-1), other.reshape(-1))


@cuda.jit(device=True)
def _flux(volume, place, n_zyx, limits):  # type: ignore[no-untyped-def]
    step_z, step_y, step_x = steps_ahead(volume, place, n_zyx)
    square = step_z * step_z + step_y * step_y + step_x * step_x
    length = math.sqrt(larger(square + limits[0], limits[1]))
    return step_z / length, step_y / length, step_x / length


@cuda.jit(device=True)
def _divergence(volume, place, n_zyx, limits):  # type: ignore[no-untyped-def]
    """Give the divergence of the flux: what comes from the voxels before is taken off; at the faces nothing comes."""
    block, z, x, lane = place
    flux_z, flux_y, flux_x = _flux(volume, place, n_zyx, limits)
    if z > 0:
        flux_z -= _flux(volume, (block, z - 1, x, lane), n_zyx, limits)[0]
    if block > 0 or lane > 0:
        flux_y -= _flux(volume, before(place, volume.shape[2]), n_zyx, limits)[1]
    if x > 0:
        flux_x -= _flux(volume, (block, z, x - 1, lane), n_zyx, limits)[2]
    return flux_z + flux_y + flux_x


@cuda.jit(cache=True)
def _descend(n, volume, out, n_zyx, limits, move, sums):  # type: ignore[no-untyped-def]
    writes, step, floor = move
    squares, lanes = np.float64(0), volume.shape[2]
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        place = place_of(k, n_zyx, lanes)
        block, lane = place[0], place[3]
        if block * lanes + lane < n_zyx[1]:
            change, row = _divergence(volume, place, n_zyx, limits), row_of(place, n_zyx)
            squares += change * change
            if writes:
                out[block, row, lane] = larger(volume[block, row, lane] + step * change, floor)
    sums[cuda.grid(1)] = squares


@cuda.jit(cache=True)
def _extrapolate(n, volume, earlier, factor, ways, squares):  # type: ignore[no-untyped-def]
    way_part, part = np.float64(0), np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        value = volume[k]
        way = value - earlier[k]
        way_part, part = way_part + way * way, part + value * value
        volume[k] = value + factor * way
        earlier[k] = value
    ways[cuda.grid(1)], squares[cuda.grid(1)] = way_part, part


@cuda.jit(cache=True)
def _squared_distance(n, volume, other, sums):  # type: ignore[no-untyped-def]
    squares = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        change = volume[k] - other[k]
        squares += change * change
    sums[cuda.grid(1)] = squares
