"""Neighbours of a voxel in a packed volume: in z and x they lie rows away, in y a lane or a lane block."""

import numpy as np
from numba import cuda


@cuda.jit(device=True)
def voxel_of(k, n_zyx, lanes):  # type: ignore[no-untyped-def]
    """Give (z, y, x) of number ``k``, so counted that threads next to each other read lanes next to each other."""
    n_z, n_y, n_x = n_zyx
    rest, lane = k // lanes, k % lanes
    return rest // n_x % n_z, rest // n_x // n_z * lanes + lane, rest % n_x


@cuda.jit(device=True)
def value_at(volume, n_x, z, y, x):  # type: ignore[no-untyped-def]
    """Give the value of a voxel of a packed volume or of duals, as float32."""
    lanes = volume.shape[2]
    return np.float32(volume[y // lanes, (z + 1) * (n_x + 2) + x + 1, y % lanes])


@cuda.jit(device=True)
def put_at(volume, n_x, z, y, x, value):  # type: ignore[no-untyped-def]
    """Write the value of a voxel."""
    lanes = volume.shape[2]
    volume[y // lanes, (z + 1) * (n_x + 2) + x + 1, y % lanes] = value


@cuda.jit(device=True)
def steps_ahead(volume, n_zyx, z, y, x):  # type: ignore[no-untyped-def]
    """Give the differences to the next voxels in z, y and x; zero across the faces of the grid."""
    n_z, n_y, n_x = n_zyx
    here = value_at(volume, n_x, z, y, x)
    down = value_at(volume, n_x, z + 1, y, x) if z + 1 < n_z else here
    ahead = value_at(volume, n_x, z, y + 1, x) if y + 1 < n_y else here
    right = value_at(volume, n_x, z, y, x + 1) if x + 1 < n_x else here
    return down - here, ahead - here, right - here
