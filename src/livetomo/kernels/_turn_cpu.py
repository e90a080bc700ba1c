"""Turn a packed volume in its own plane on the processor: a gather over (x, y), the same for every z.

Neighbours in y lie in lanes and in other blocks, so a turned row of lanes comes from a slanted line of voxels. A strip
of planes is therefore copied with z innermost; then each voxel of the turned strip is a sum of a few rows, whose
weights serve all its planes. A task writes its own strip only, so tasks may run in any order.
"""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401

STRIP = 16
"""Planes in a strip: as many float32 as one cache line holds."""

TAPS = 4
"""Source voxels in a group of taps: what bilinear interpolation reads."""

_ZERO = np.float32(0)


@njit(nogil=True, cache=True)
def gather(source, out, strip, taps, widths, n_zy, part, update):  # type: ignore[no-untyped-def]
    """Update a strip of planes of ``out``: out = max(floor, keep · out + Σ weight · source voxel).

    ``strip`` is scratch memory, (source x · y, ``STRIP``). ``taps`` are (starts, sources, weights): column x, row y of
    the target sums the groups of taps from starts[x n_y + y] on. ``widths`` are the columns of source and target;
    ``part`` is (first plane, first column, end column), ``update`` is (keep, floor).
    """
    n_z, n_y = n_zy
    z, first_x, end_x = part
    n_planes, lanes = min(STRIP, n_z - z), out.shape[2]
    _lift(source, strip, widths[0], n_y, z, n_planes)
    sums = np.empty((STRIP, STRIP), np.float32)
    for block in range(out.shape[0]):
        for x in range(first_x, end_x):
            for lane in range(0, min(lanes, n_y - block * lanes), STRIP):
                y = block * lanes + lane
                n_lanes = min(STRIP, lanes - lane, n_y - y)
                for k in range(n_lanes):
                    _add_up(sums[k], strip, taps, x * n_y + y + k)
                row = (z + 1) * (widths[1] + 2) + x + 1
                for plane in range(n_planes):
                    _lay_down(out[block, row + plane * (widths[1] + 2)], lane, sums[:n_lanes, plane], update)


@njit(nogil=True)
def _lift(source, strip, n_x, n_y, z, n_planes):  # type: ignore[no-untyped-def]
    """Copy planes with z innermost; the planes that a last strip lacks are zero."""
    lanes = source.shape[2]
    if n_planes < STRIP:
        strip[:] = _ZERO
    for block in range(source.shape[0]):
        n_lanes = min(lanes, n_y - block * lanes)
        for x in range(n_x):
            for first in range(0, n_lanes, STRIP):
                rows = z * (n_x + 2) + n_x + 2 + x + 1, n_x + 2
                tile = first, min(first + STRIP, n_lanes)
                _lift_tile(source[block], rows, tile, strip, x * n_y + block * lanes, n_planes)


@njit(nogil=True)
def _lift_tile(block, rows, lanes, strip, target, n_planes):  # type: ignore[no-untyped-def]
    for plane in range(n_planes):
        row = block[rows[0] + plane * rows[1]]
        for lane in range(lanes[0], lanes[1]):
            strip[target + lane, plane] = row[lane]


@njit(nogil=True, fastmath=True)
def _add_up(total, strip, taps, target):  # type: ignore[no-untyped-def]
    starts, sources, weights = taps
    begin, end = starts[target], starts[target + 1]
    if begin == end:
        total[:] = _ZERO
    for group in range(begin, end):
        a, b = strip[sources[group, 0]], strip[sources[group, 1]]
        c, d = strip[sources[group, 2]], strip[sources[group, 3]]
        u, v, w, t = weights[group, 0], weights[group, 1], weights[group, 2], weights[group, 3]
        if group == begin:
            for plane in range(STRIP):
                total[plane] = (u * a[plane] + v * b[plane]) + (w * c[plane] + t * d[plane])
        else:
            for plane in range(STRIP):
                total[plane] += (u * a[plane] + v * b[plane]) + (w * c[plane] + t * d[plane])


@njit(nogil=True)
def _lay_down(row, first_lane, values, update):  # type: ignore[no-untyped-def]
    keep, floor = update
    if keep == _ZERO:
        for k in range(len(values)):
            row[first_lane + k] = max(floor, values[k])
    else:
        for k in range(len(values)):
            row[first_lane + k] = max(floor, keep * row[first_lane + k] + values[k])


@njit(nogil=True, cache=True)
def permute(source, out, offsets, widths, n_y, block, planes, update):  # type: ignore[no-untyped-def]
    """Update the planes (first, end) of one block of ``out`` by voxels that move whole: no interpolation.

    Column x, row y of the target takes the value at ``offsets``[0][x] + ``offsets``[1][y] in a plane of the source,
    zero where offsets[0][x] is negative. ``widths`` are the columns of source and target, ``update`` is (keep, floor).
    """
    of_x, of_y = offsets
    lanes, n_x, values = out.shape[2], widths[1], source.reshape(-1)
    n_lanes = min(lanes, n_y - block * lanes)
    tile = np.empty(STRIP, np.float32)
    for z in range(planes[0], planes[1]):
        plane = (z + 1) * (widths[0] + 2) * lanes
        for x in range(0, n_x, STRIP):
            for lane in range(0, n_lanes, STRIP):
                rows, n = of_y[block * lanes + lane :], min(STRIP, n_lanes - lane)
                for i in range(x, min(x + STRIP, n_x)):
                    _fetch(tile, values, (plane, of_x[i]), rows, n)
                    _lay_down(out[block, (z + 1) * (n_x + 2) + i + 1], lane, tile[:n], update)


@njit(nogil=True)
def _fetch(tile, values, column, offsets, n):  # type: ignore[no-untyped-def]
    plane, of_x = column
    for k in range(n):
        tile[k] = values[plane + of_x + offsets[k]] if of_x >= 0 else _ZERO
