"""A change of a coarse packed volume, interpolated linearly, added to one with twice as many voxels along each axis.

First along y, from the lanes of the one to those of the other, then along z and x at once.
"""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._vectors import WIDTH, larger, load, spread, store, total

_ZERO = np.float32(0)


@kernel
def change_along_y(volume, carried, out, places, shares, rows):  # type: ignore[no-untyped-def]
    """Write volume - carried of the named rows (first, end), at the slices of ``out``, and carry the volume.

    Slice y lies ``shares[y]`` of the way on from the coarse slice ``places[y]`` to the next.
    """
    n_coarse, lanes, coarse_lanes = places[-1] + 2, out.shape[2], volume.shape[2]
    line = np.zeros(max(n_coarse, volume.shape[0] * coarse_lanes), np.float32)
    for row in range(rows[0], rows[1]):
        for block in range(volume.shape[0]):
            for lane in range(coarse_lanes):
                line[block * coarse_lanes + lane] = volume[block, row, lane] - carried[block, row, lane]
                carried[block, row, lane] = volume[block, row, lane]
        for block in range(out.shape[0]):
            first = block * lanes
            for lane in range(min(lanes, len(places) - first)):
                y = first + lane
                before = line[places[y]]
                out[block, row, lane] = before + shares[y] * (line[places[y] + 1] - before)


@kernel(fastmath=True)
def add_change(volume, change, sizes, z_axis, x_axis, floor, z_rows):  # type: ignore[no-untyped-def]
    """Do volume = max(floor, volume + change) for the voxel rows ``z_rows`` (first, end) of one block.

    ``change`` is (coarse z x, lane), ``sizes`` are (x, coarse z, coarse x); ``z_axis`` and ``x_axis`` are (places,
    shares) as along y. Gives Σ of the squares of what was added, and of the volume.
    """
    (n_x, n_z_coarse, n_x_coarse), (places, shares) = sizes, x_axis
    lanes = volume.shape[1]
    values, source, stride = volume.reshape(-1), change.reshape(-1), (n_x_coarse + 2) * lanes
    line = np.empty((n_x_coarse + 1) * lanes, np.float32)
    squares, energies = np.float64(0), np.float64(0)
    for z in range(z_rows[0], z_rows[1]):
        _interpolate_row(line, source, z_axis[0][z], z_axis[1][z], n_z_coarse, n_x_coarse, stride)
        added, energy = spread(_ZERO), spread(_ZERO)
        for x in range(n_x):
            at, there, share = ((z + 1) * (n_x + 2) + x + 1) * lanes, places[x] * lanes, spread(shares[x])
            for k in range(0, lanes, WIDTH):
                before, old = load(line, there + k), load(values, at + k)
                new = larger(old + before + share * (load(line, there + lanes + k) - before), spread(floor))
                store(values, at + k, new)
                added, energy = added + (new - old) * (new - old), energy + new * new
        squares, energies = squares + np.float64(total(added)), energies + np.float64(total(energy))
    return squares, energies


@part(fastmath=True)
def _interpolate_row(line, source, place, share, n_z_coarse, n_x_coarse, stride):  # type: ignore[no-untyped-def]
    """Write the row between two coarse ones, its last column twice."""
    lanes = stride // (n_x_coarse + 2)
    here = (place + 1) * stride + lanes
    following = here + stride if place + 1 < n_z_coarse else here
    for k in range(0, n_x_coarse * lanes, WIDTH):
        before = load(source, here + k)
        store(line, k, before + spread(share) * (load(source, following + k) - before))
    for k in range(n_x_coarse * lanes, len(line), WIDTH):
        store(line, k, load(line, k - lanes))
