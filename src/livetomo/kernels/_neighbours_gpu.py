"""Neighbours of a voxel in a packed volume: in z and x they lie rows away, in y a lane away or in the next lane block.

A place is (block, z, x, lane). Divisions are slow on a GPU: a thread does them once, to find its own place.
"""

from numba import cuda


@cuda.jit(device=True)
def place_of(k, n_zyx, lanes):  # type: ignore[no-untyped-def]
    """Give the place of voxel number ``k``, so counted that threads side by side have lanes side by side."""
    rest, plane = k // lanes, k // lanes // n_zyx[2]
    return plane // n_zyx[0], plane % n_zyx[0], rest % n_zyx[2], k % lanes


@cuda.jit(device=True)
def row_of(place, n_zyx):  # type: ignore[no-untyped-def]
    """Give the row of a place in its block, whose border is one voxel wide."""
    return (place[1] + 1) * (n_zyx[2] + 2) + place[2] + 1


@cuda.jit(device=True)
def after(place, lanes):  # type: ignore[no-untyped-def]
    """Give the place of the next voxel in y."""
    block, z, x, lane = place
    return (block, z, x, lane + 1) if lane + 1 < lanes else (block + 1, z, x, lane + 1 - lanes)


@cuda.jit(device=True)
def before(place, lanes):  # type: ignore[no-untyped-def]
    """Give the place of the voxel before in y."""
    block, z, x, lane = place
    return (block, z, x, lane - 1) if lane > 0 else (block - 1, z, x, lanes - 1)


@cuda.jit(device=True)
def steps_ahead(volume, place, n_zyx):  # type: ignore[no-untyped-def]
    """Give the differences to the next voxels in z, y and x; zero across the faces of the grid."""
    n_z, n_y, n_x = n_zyx
    block, z, x, lane = place
    row, lanes = row_of(place, n_zyx), volume.shape[2]
    here = volume[block, row, lane]
    down = volume[block, row + n_x + 2, lane] if z + 1 < n_z else here
    right = volume[block, row + 1, lane] if x + 1 < n_x else here
    ahead = here
    if block * lanes + lane + 1 < n_y:
        next_block, _, _, next_lane = after(place, lanes)
        ahead = volume[next_block, row, next_lane]
    return down - here, ahead - here, right - here
