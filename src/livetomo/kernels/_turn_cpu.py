"""Turn a packed volume in its own plane on the processor: a gather over (x, y), the same for every z.

Neighbours in y lie in lanes and in other blocks, so a turned row of lanes comes from a slanted line of voxels. A strip
of planes is therefore copied with z innermost; then each voxel of the turned strip is a sum of a few rows, whose
weights serve all its planes. A task writes its own part only, so tasks may run in any order.
"""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._octets import OCTET, STRIP, sum_rows, transpose_octet

TAPS = 4
"""Source voxels in a group of taps: what bilinear interpolation reads."""

_ZERO = np.float32(0)
_AFRESH = _ZERO, np.float32(np.finfo(np.float32).min)


@kernel
def gather(source, out, strip, taps, widths, n_zy, part, update):  # type: ignore[no-untyped-def]
    """Update a strip of planes of ``out``: out = max(floor, keep · out + Σ weight · source voxel).

    ``strip`` is scratch memory, (source column · lanes of all blocks, ``STRIP``). ``taps`` are (starts, sources,
    weights): row y of column x of the target sums the groups of taps from starts[x · lanes of all blocks + y] on.
    ``widths`` are the columns of source and target; ``part`` is (first plane, first column, end column), ``update``
    is (keep, floor).
    """
    n_z, n_y = n_zy
    z, first_x, end_x = part
    n_blocks, n_rows, lanes = out.shape
    n_planes, row_step = min(STRIP, n_z - z), (widths[1] + 2) * lanes
    _lift(source, strip, widths[0], z, n_planes)
    sums = np.empty((STRIP, STRIP), np.float32)
    # In square tiles: what a slanted line of voxels reads is still in cache for the next line
    for tile_x in range(first_x, end_x, STRIP):
        for block in range(n_blocks):
            for lane in range(0, min(lanes, n_y - block * lanes), OCTET):
                shape = min(OCTET, n_y - block * lanes - lane), n_planes
                for x in range(tile_x, min(tile_x + STRIP, end_x)):
                    _add_up(sums, strip, taps, (x * n_blocks + block) * lanes + lane)
                    at = (block * n_rows + (z + 1) * (widths[1] + 2) + x + 1) * lanes + lane
                    _flip(sums.reshape(-1), (0, STRIP), out.reshape(-1), (at, row_step), shape, update)


@part
def _lift(source, strip, n_x, z, n_planes):  # type: ignore[no-untyped-def]
    """Copy planes with z innermost; planes that a last strip lacks stay what they were, nobody reads their sums."""
    n_blocks, n_rows, lanes = source.shape
    values, lifted, row_step = source.reshape(-1), strip.reshape(-1), (n_x + 2) * lanes
    for block in range(n_blocks):
        for x in range(n_x):
            at = (block * n_rows + (z + 1) * (n_x + 2) + x + 1) * lanes
            target = (x * n_blocks + block) * lanes * STRIP
            for lane in range(0, lanes, OCTET):
                places = (at + lane, row_step), (target + lane * STRIP, STRIP)
                _flip(values, places[0], lifted, places[1], (n_planes, OCTET), _AFRESH)


@part
def _add_up(sums, strip, taps, target):  # type: ignore[no-untyped-def]
    starts, sources, weights = taps
    for k in range(OCTET):
        sum_rows(sums, strip, sources, weights, (k, starts[target + k], starts[target + k + 1]))


@part
def _flip(source, places, target, target_places, shape, update):  # type: ignore[no-untyped-def]
    """Update target[m, k] by source[k, m], (k, m) up to ``shape``; places are (start, from row to row)."""
    at, step = places
    target_at, target_step = target_places
    for k in range(0, shape[0], OCTET):
        for m in range(0, shape[1], OCTET):
            here, there = at + k * step + m, target_at + m * target_step + k
            n_k, n_m = min(OCTET, shape[0] - k), min(OCTET, shape[1] - m)
            if n_k == OCTET and n_m == OCTET:
                transpose_octet(source, (here, step), target, (there, target_step), update)
            else:
                _flip_part(source, (here, step), target, (there, target_step), (n_k, n_m), update)


@part
def _flip_part(source, places, target, target_places, shape, update):  # type: ignore[no-untyped-def]
    keep, floor = update
    for k in range(shape[0]):
        for m in range(shape[1]):
            there = target_places[0] + m * target_places[1] + k
            kept = _ZERO if keep == _ZERO else keep * target[there]
            target[there] = max(floor, kept + source[places[0] + k * places[1] + m])


@kernel
def permute(source, out, offsets, widths, n_y, block, planes, update):  # type: ignore[no-untyped-def]
    """Update the planes (first, end) of one block of ``out`` by voxels that move whole: no interpolation.

    Column x, row y of the target takes the value at ``offsets``[0][x] + ``offsets``[1][y] in a plane of the source,
    zero where offsets[0][x] is negative. ``widths`` are the columns of source and target, ``update`` is (keep, floor).
    """
    _, n_rows, lanes = out.shape
    n_x, values, targets = widths[1], source.reshape(-1), out.reshape(-1)
    first_y, end_y = block * lanes, min(n_y, (block + 1) * lanes)
    for z in range(planes[0], planes[1]):
        plane = (z + 1) * (widths[0] + 2) * lanes
        row = block * n_rows + (z + 1) * (n_x + 2) + 1
        for x in range(0, n_x, OCTET):
            for y in range(first_y, end_y, OCTET):
                tile = x, min(x + OCTET, n_x), y, min(y + OCTET, end_y)
                places = (row + x) * lanes + y - first_y, lanes
                _move(values, plane, offsets, tile, targets, places, update)


@part
def _move(values, plane, offsets, tile, targets, places, update):  # type: ignore[no-untyped-def]
    """Update a tile, up to eight by eight: by a transposition where eight source lanes follow each other."""
    of_x, of_y = offsets
    first_x, end_x, first_y, end_y = tile
    at, step = places
    keep, floor = update
    way_x, way_y = of_x[end_x - 1] - of_x[first_x], of_y[end_y - 1] - of_y[first_y]
    is_inside, is_whole = of_x[first_x] >= 0 and of_x[end_x - 1] >= 0, min(end_x - first_x, end_y - first_y) == OCTET
    if is_inside and is_whole and abs(way_x) == OCTET - 1 and abs(way_y) == (OCTET - 1) * step:
        source = plane + of_y[first_y] + min(of_x[first_x], of_x[end_x - 1]), way_y // (OCTET - 1)
        target = (at, step) if way_x > 0 else (at + (OCTET - 1) * step, -step)
        transpose_octet(values, source, targets, target, update)
        return
    for x in range(first_x, end_x):
        for y in range(first_y, end_y):
            target_at = at + (x - first_x) * step + y - first_y
            value = values[plane + of_x[x] + of_y[y]] if of_x[x] >= 0 else _ZERO
            kept = _ZERO if keep == _ZERO else keep * targets[target_at]
            targets[target_at] = max(floor, kept + value)
