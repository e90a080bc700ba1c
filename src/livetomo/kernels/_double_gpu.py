"""A change of a coarse packed volume added to one of twice as many voxels, on the GPU: the twin of ``_double_cpu``."""

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch, launch_sums
from livetomo.kernels._steps_gpu import larger


def change_along_y(volume, carried, out, places, shares, rows):  # type: ignore[no-untyped-def]
    """Write volume - carried of the named rows (first, end), at the slices of ``out``, and carry the volume."""
    n = rows[1] - rows[0]
    launch(_change_along_y, n * len(places), volume, volume, carried, out, places, shares, rows[0])
    carried[:, rows[0] : rows[1]] = volume[:, rows[0] : rows[1]]


def add_change(volume, change, sizes, z_axis, x_axis, floor, z_rows):  # type: ignore[no-untyped-def]
    """Do volume = max(floor, volume + change) for the voxel rows ``z_rows``; gives two sums of squares."""
    n = (z_rows[1] - z_rows[0]) * sizes[0] * volume.shape[1]
    sums = launch_sums(2, _add_change, n, volume, volume, change, (*sizes, z_rows[0]), (z_axis, x_axis), floor)
    return sums[0], sums[1]


@cuda.jit(cache=True)
def _change_along_y(n, volume, carried, out, places, shares, first_row):  # type: ignore[no-untyped-def]
    n_y, lanes, coarse_lanes = places.shape[0], out.shape[2], volume.shape[2]
    n_coarse = volume.shape[0] * coarse_lanes
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        row, y = first_row + k // n_y, k % n_y
        place = places[y]
        following = min(place + 1, n_coarse - 1)
        block, lane = place // coarse_lanes, place % coarse_lanes
        before = volume[block, row, lane] - carried[block, row, lane]
        block, lane = following // coarse_lanes, following % coarse_lanes
        after = volume[block, row, lane] - carried[block, row, lane]
        out[y // lanes, row, y % lanes] = before + shares[y] * (after - before)


@cuda.jit(cache=True)
def _add_change(n, volume, change, sizes, axes, floor, squares, energies):  # type: ignore[no-untyped-def]
    n_x, n_z_coarse, n_x_coarse, first_z = sizes
    z_axis, x_axis = axes
    lanes = volume.shape[1]
    square, energy = np.float64(0), np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        lane, x, z = k % lanes, k // lanes % n_x, first_z + k // lanes // n_x
        here = (z_axis[0][z] + 1) * (n_x_coarse + 2) + x_axis[0][x] + 1
        down = n_x_coarse + 2 if z_axis[0][z] + 1 < n_z_coarse else 0
        right = 1 if x_axis[0][x] + 1 < n_x_coarse else 0
        share = z_axis[1][z]
        left_value = change[here, lane] + share * (change[here + down, lane] - change[here, lane])
        right_value = change[here + right, lane]
        right_value += share * (change[here + right + down, lane] - right_value)
        row = (z + 1) * (n_x + 2) + x + 1
        old = volume[row, lane]
        new = larger(floor, old + left_value + x_axis[1][x] * (right_value - left_value))
        volume[row, lane] = new
        square += (new - old) * (new - old)
        energy += new * new
    squares[cuda.grid(1)], energies[cuda.grid(1)] = square, energy
