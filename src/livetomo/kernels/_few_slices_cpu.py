"""The matched Joseph pair for few slices on the processor, in lines instead of lanes.

A pass begins by turning what it reads, LANE_STEP lanes of rows, into lines and ends by turning what it found into rows,
so nothing else knows of lines. Only processors with AVX-512 have them (``HAS_LINES``).
"""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import LANE_STEP
from livetomo.kernels._lines import AT_ONCE, BEAM, BLOCK, add_beams, add_crossings, lines_to_rows, rows_to_lines
from livetomo.kernels._positions import FRACTION_BITS, coarse, pixels_under, rays_that_meet
from livetomo.kernels._project_cpu import RAY_BORDER, advance_tile, update_tile

HAS_LINES = VECTOR_LANES == AT_ONCE
"""Whether this processor has AVX-512."""

_MARGIN = 64
"""Values on both sides of a row or a tile: no window of voxels or rays that meet it reaches further."""

_MOST_COLUMNS, _ROWS = 512, 8
"""Of a tile that is projected: some 300 kB, which the second cache holds."""

_VOXEL_ROWS, _TILTS = 32, 12
"""Of a tile that is projected back, and how many tilts pass it at once."""

_ZERO = np.float32(0)


@kernel
def project(volume, out, crossings, scales, strip, row_length, tilts):  # type: ignore[no-untyped-def]
    """Write the projections of the named tilts into their rows of ``out``; ``strip`` is (n_z, n_x, lane, slices)."""
    (n_z, n_x, lane, n_slices), width, rays = strip, row_length - 2 * RAY_BORDER, (crossings, scales)
    room = _room_for(width)
    sums = _zeros(len(tilts) * room)
    target = sums, room, width, _counted(n_slices)
    _project_along((n_z, n_x), (n_x + 2, 1), (volume, lane), target, rays, tilts)
    _project_along((n_x, n_z), (1, n_x + 2), (volume, lane), target, rays, tilts)
    for k in range(len(tilts)):
        _to_rows(sums, (out, lane), (k * room, tilts[k] * row_length + RAY_BORDER, 1), width)


@part
def _project_along(sizes, strides, source, target, rays, tilts):  # type: ignore[no-untyped-def]
    """Add up what the rays of those tilts cross that run along the first axis of these (sizes and strides)."""
    chosen, n_chosen = np.empty(len(tilts), np.int64), 0
    for k in range(len(tilts)):
        if rays[0][tilts[k], 3] == strides[0]:
            chosen[n_chosen], n_chosen = k, n_chosen + 1
    n_columns = min(sizes[1] + 1, _MOST_COLUMNS)
    room = _room_for(n_columns + 1 + 2 * _MARGIN)
    tile = _zeros(2 * _ROWS * room), room  # the lines of so many rows, twice
    for main in range(1, sizes[0] + 1 if n_chosen else 0, _ROWS):
        for cross in range(0, sizes[1] + 1, n_columns):
            place = main, min(main + _ROWS, sizes[0] + 1), cross, min(cross + n_columns, sizes[1] + 1)
            _fill(tile, source, place, strides)
            for k in chosen[:n_chosen]:
                _cross(target, k, tile, rays[0][tilts[k]], rays[1][tilts[k]], place)


@part(inline="always")
def _fill(tile, source, place, strides):  # type: ignore[no-untyped-def]
    """Turn rows of voxels into lines along what the rays cross, and write them once more from half a block on."""
    values, room = tile
    main, main_end, cross, cross_end = place
    for row in range(main_end - main):
        first = (main + row) * strides[0] + cross * strides[1]
        ends = row * room + _place(_MARGIN, 0), first, strides[1]
        _to_lines(values, source, ends, cross_end - cross + 1, _ROWS * room)


@part(inline="always")
def _cross(target, number, tile, crossing, scale, place):  # type: ignore[no-untyped-def]
    """Add what the rays of a tilt, which has this number of those in the target, cross in a tile."""
    sums, sums_room, width, n_slices = target
    values, room = tile
    main, main_end, cross, cross_end = place
    owned = cross << FRACTION_BITS, cross_end << FRACTION_BITS
    first, end = rays_that_meet(crossing, (main, main_end), owned)
    at_zero = crossing[0] + main * crossing[1] - owned[0]
    lines_at, sizes = (_place(_MARGIN, 0), _ROWS * room, room), (main_end - main, cross_end - cross, n_slices)
    # From a multiple on, whatever the tile, for rays to be where neighbouring tiles see them
    for ray in range(max(first, 0) // AT_ONCE * AT_ONCE, min(end, width), AT_ONCE):
        path = at_zero + ray * crossing[2], crossing[1], crossing[2]
        add_crossings(sums, values, (number * sums_room + _place(ray, 0), *lines_at, *sizes), path, scale)


@kernel
def backproject(volume, projections, beams, update, strip, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` (first, end): volume = max(floor, keep · volume + gain · Aᵀ projections).

    ``beams`` are (landings, hats, tilts), ``update`` is (gain (z, x), keep, floor), ``strip`` is as in ``project``.
    """
    _, n_x, lane, n_slices = strip
    sums, room = _new_room((projections, lane), beams, row_length)
    for z in range(z_rows[0], z_rows[1], _VOXEL_ROWS):
        for x in range(0, n_x, AT_ONCE):
            tile = z, min(_VOXEL_ROWS, z_rows[1] - z), x, min(AT_ONCE, n_x - x)
            _gather_tile(sums, beams, (row_length, n_slices), tile, room)
            update_tile(volume, sums, update, tile, (n_x, lane), AT_ONCE)


@kernel
def backproject_with_momentum(volumes, projections, beams, update, strip, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` of y and x as the kernel of this name for more slices does."""
    _, n_x, lane, n_slices = strip
    sums, room = _new_room((projections, lane), beams, row_length)
    astray = 0.0
    for z in range(z_rows[0], z_rows[1], _VOXEL_ROWS):
        for x in range(0, n_x, AT_ONCE):
            tile = z, min(_VOXEL_ROWS, z_rows[1] - z), x, min(AT_ONCE, n_x - x)
            _gather_tile(sums, beams, (row_length, n_slices), tile, room)
            astray += advance_tile(volumes, sums, update, tile, (n_x, lane), AT_ONCE)
    return astray


@part
def _new_room(source, beams, row_length):  # type: ignore[no-untyped-def]
    """Give room for the sums of a tile; and all else: the tilts, those that pass it, its sums in lines, all lines."""
    landings, hats, tilts = beams
    room, known = _room_for(row_length + 2 * _MARGIN), np.empty(len(tilts), BEAM)
    lines = _zeros(len(tilts) * room)
    for k in range(len(tilts)):
        t, beam, step = tilts[k], known[k], landings[tilts[k], 2]
        beam.down, beam.reach = landings[t, 1], min(0, (AT_ONCE - 1) * step)
        beam.lines_at = k * room + _place(_MARGIN, 0)
        height, rise = hats[t, 1], hats[t, 0] * hats[t, 1]
        beam.fall, beam.rise, beam.before, beam.after = -rise, rise, height + rise, height - rise - rise
        for m in range(AT_ONCE):
            beam.ramp[m] = m * coarse(step)
        _to_lines(lines, source, (beam.lines_at, t * row_length, 1), row_length, 0)
    sums, totals = np.empty((_VOXEL_ROWS * AT_ONCE, LANE_STEP), np.float32), _zeros(_VOXEL_ROWS * BLOCK)
    return sums, (known, np.empty(_TILTS, BEAM), totals, lines)


@part
def _gather_tile(sums, beams, sizes, tile, room):  # type: ignore[no-untyped-def]
    """Write Aᵀ projections of a tile (z, rows, x, columns) into ``sums``; ``sizes`` are (row_length, n_slices)."""
    (landings, _, tilts), (known, fan, totals, lines) = beams, room
    totals[:] = _ZERO
    n_beams = 0
    for number in range(len(tilts)):
        corner, passes = _aim(landings[tilts[number]], sizes[0], tile)
        if passes:
            fan[n_beams] = known[number]
            fan[n_beams].landing = corner
            n_beams += 1
        if n_beams == _TILTS or number + 1 == len(tilts):
            for j in range(tile[1]):
                add_beams(totals, lines, fan, (j * BLOCK, n_beams, _counted(sizes[1])))
            n_beams = 0
    for j in range(tile[1]):
        _to_rows(totals, (sums, 0), (j * BLOCK, j * AT_ONCE, 1), AT_ONCE)


@part(inline="always")
def _aim(landing, row_length, tile):  # type: ignore[no-untyped-def]
    """Give where the first voxel of a tile lands, and whether the tile meets rays at all."""
    corner = landing[0] + tile[0] * landing[1] + tile[2] * landing[2]
    low, high = pixels_under(corner, (tile[1] - 1) * landing[1], (tile[3] - 1) * landing[2])
    return corner, high >= RAY_BORDER - 1 and low < row_length - RAY_BORDER


@part
def _zeros(n_values):  # type: ignore[no-untyped-def]
    """Give zeros that begin at a cache line."""
    memory = np.zeros(n_values + AT_ONCE, np.float32)
    start = -(memory.ctypes.data // 4) % AT_ONCE
    return memory[start : start + n_values]


@part(inline="always")
def _counted(n_slices):  # type: ignore[no-untyped-def]
    """Give the next number of slices that there is code for."""
    return 8 if n_slices > 4 else 4 if n_slices > 2 else n_slices


@part(inline="always")
def _room_for(n_values):  # type: ignore[no-untyped-def]
    """Give how much so many values of all lines take: whole blocks."""
    return -(-n_values // AT_ONCE) * BLOCK


@part(inline="always")
def _place(number, lane):  # type: ignore[no-untyped-def]
    """Give where a value of a line lies."""
    return number // AT_ONCE * BLOCK + lane * AT_ONCE + number % AT_ONCE


@part(inline="always")
def _to_lines(lines, source, ends, n_values, again):  # type: ignore[no-untyped-def]
    """Turn rows into lines, and if ``again`` is not 0 into others so far on that begin half a block later.

    ``source`` is (rows, first lane), ``ends`` are (lines_at, first row, step from row to row).
    """
    (rows, first_lane), (at, first, step), lanes = source, ends, source[0].shape[1]
    whole = n_values // AT_ONCE * AT_ONCE
    for k in range(0, whole, AT_ONCE):
        places = at + _place(k, 0), (first + k * step) * lanes + first_lane, step * lanes
        rows_to_lines(lines, rows, places, again)
    for k in range(whole, n_values):
        for lane in range(LANE_STEP):
            value = lines[at + _place(k, lane)] = rows[first + k * step, first_lane + lane]
            if again:
                lines[at + again + _place(k - AT_ONCE // 2, lane)] = value


@part(inline="always")
def _to_rows(lines, target, ends, n_values):  # type: ignore[no-untyped-def]
    """Turn lines into rows, as ``_to_lines`` the other way round."""
    (rows, first_lane), (at, first, step), lanes = target, ends, target[0].shape[1]
    whole = n_values // AT_ONCE * AT_ONCE
    for k in range(0, whole, AT_ONCE):
        lines_to_rows(lines, rows, (at + _place(k, 0), (first + k * step) * lanes + first_lane, step * lanes))
    for k in range(whole, n_values):
        for lane in range(LANE_STEP):
            rows[first + k * step, first_lane + lane] = lines[at + _place(k, lane)]
