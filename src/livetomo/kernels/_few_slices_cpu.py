"""The matched Joseph pair for few slices on the processor, in lines instead of lanes.

A pass begins by turning what it reads, LANE_STEP lanes of rows, into lines and ends by turning what it found into rows,
so nothing else knows of lines. How lines lie and what adds them up is told by ``layout``, for processors with AVX-512
or with AVX2; others have none.
"""

from typing import Any

import numpy as np

from livetomo.kernels import _lines_avx2, _lines_avx512
from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._host_cpu import HAS_AVX2, VECTOR_LANES
from livetomo.kernels._lanes import LANE_STEP, update_rows
from livetomo.kernels._momentum_cpu import advance_rows
from livetomo.kernels._positions import FRACTION_BITS, pixels_under, rays_that_meet
from livetomo.kernels._project_cpu import RAY_BORDER
from livetomo.kernels._vectors import fetch

layout: Any = _lines_avx512 if VECTOR_LANES > LANE_STEP else _lines_avx2
AT_ONCE, BLOCK, BEAM = layout.AT_ONCE, layout.BLOCK, layout.BEAM

HAS_LINES, LEAST_TILTS = HAS_AVX2, layout.LEAST_TILTS
"""Whether this processor has lines, and with how many tilts they are worth it."""

_MARGIN = 64
"""Values on both sides of a row or a tile: no window of voxels or rays that meet it reaches further."""

_ROWS = 8
"""Of a tile that is projected."""

_ACROSS = 48
"""Columns of it that are projected with all tilts before the next, which the first cache holds."""

_NEVER = np.int64(1) << 62

_COURSE = np.dtype([(name, np.int64) for name in ("number", "tilt", "at_zero", "ray", "step", "n_left")])
"""How far a tilt has come in a tile; its number is that among those that are projected together."""

_VOXEL_ROWS = 32
"""Of a tile that is projected back."""

_ZERO = np.float32(0)


@kernel
def add_up(volume, crossings, scales, strip, row_length, tilts, share):  # type: ignore[no-untyped-def]
    """Give in lines what the rays of the named tilts cross in a share of the voxels.

    ``strip`` is (n_z, n_x, lane, slices), ``share`` is (number, of how many), of the rows along the rays' way.
    """
    (n_z, n_x, lane, n_slices), width, rays = strip, row_length - 2 * RAY_BORDER, (crossings, scales)
    room = _room_for(width)
    sums = _zeros(len(tilts) * room)
    target = sums, room, width, _counted(n_slices)
    _project_along((n_z, n_x), (n_x + 2, 1), (volume, lane), target, rays, tilts, share)
    _project_along((n_x, n_z), (1, n_x + 2), (volume, lane), target, rays, tilts, share)
    return sums


@kernel
def write(out, sums, strip, row_length, tilts):  # type: ignore[no-untyped-def]
    """Write these sums as the projections of the named tilts into their rows of ``out``."""
    width = row_length - 2 * RAY_BORDER
    for k in range(len(tilts)):
        _to_rows(sums, (out, strip[2]), (k * _room_for(width), tilts[k] * row_length + RAY_BORDER, 1), width)


@part
def _project_along(sizes, strides, source, target, rays, tilts, share):  # type: ignore[no-untyped-def]
    """Add up what the rays of those tilts cross that run along the first axis of these (sizes and strides)."""
    courses, n_courses = np.empty(len(tilts), _COURSE), 0
    for k in range(len(tilts)):
        if rays[0][tilts[k], 3] == strides[0]:
            courses[n_courses].number, courses[n_courses].tilt = k, tilts[k]
            n_courses += 1
    if n_courses == 0:
        return
    n_columns, n_tiles = min(sizes[1] + 1, layout.MOST_COLUMNS), -(-sizes[0] // _ROWS)
    room = _room_for(n_columns + 1 + 2 * _MARGIN)
    tile = _zeros(layout.COPIES * _ROWS * room), room
    for number in range(n_tiles * share[0] // share[1], n_tiles * (share[0] + 1) // share[1]):
        main = 1 + number * _ROWS
        for cross in range(0, sizes[1] + 1, n_columns):
            place = main, min(main + _ROWS, sizes[0] + 1), cross, min(cross + n_columns, sizes[1] + 1)
            _fill(tile, source, place, strides)
            _cross(target, tile, rays, courses[:n_courses], place)


@part(inline="always")
def _fill(tile, source, place, strides):  # type: ignore[no-untyped-def]
    """Turn rows of voxels into lines along what the rays cross, and write them once more from half a block on.

    Block by block, as what the rows have in one lies in the same cache lines where they run along z.
    """
    values, room = tile
    main, main_end, cross, cross_end = place
    n_values = cross_end - cross + 1
    for k in range(0, n_values, AT_ONCE):
        for row in range(main_end - main):
            first = (main + row) * strides[0] + (cross + k) * strides[1]
            ends = row * room + layout.place(_MARGIN + k, 0), first, strides[1]
            _to_lines(values, source, ends, min(AT_ONCE, n_values - k), (layout.COPIES - 1) * _ROWS * room)


@part(inline="always")
def _cross(target, tile, rays, courses, place):  # type: ignore[no-untyped-def]
    """Add what rays cross in a tile: of all tilts what is at its left, then further right, within the first cache."""
    main, main_end, cross, cross_end = place
    owned = cross << FRACTION_BITS, cross_end << FRACTION_BITS
    for k in range(len(courses)):
        course, crossing = courses[k], rays[0][courses[k].tilt]
        first, end = rays_that_meet(crossing, (main, main_end), owned)
        # From a multiple on, whatever the tile, for rays to be where neighbouring tiles see them
        first, end = max(first, 0) // AT_ONCE * AT_ONCE, min(end, target[2])
        course.n_left, course.ray, course.step = max(0, -(-(end - first) // AT_ONCE)), first, AT_ONCE
        if crossing[2] < 0:
            course.ray, course.step = first + (course.n_left - 1) * AT_ONCE, -AT_ONCE
        course.at_zero = crossing[0] + main * crossing[1] - owned[0]
    n_columns = cross_end - cross
    for column in range(_ACROSS, n_columns + _ACROSS, _ACROSS):
        limit = column << FRACTION_BITS if column < n_columns else _NEVER
        for k in range(len(courses)):
            t = courses[k].tilt
            _follow(target, tile, courses[k], (rays[0][t], rays[1][t]), (main_end - main, n_columns), limit)


@part(inline="always")
def _follow(target, tile, course, ray, sizes, limit):  # type: ignore[no-untyped-def]
    """Add what the rays of a tilt cross, 16 at once, until they enter the tile at this limit."""
    sums, sums_room, _, n_slices = target
    (values, room), (crossing, scale) = tile, ray
    while course.n_left > 0:
        start = course.at_zero + course.ray * crossing[2]
        if start >= limit:
            return
        places = course.number * sums_room + layout.place(course.ray, 0), layout.place(_MARGIN, 0), _ROWS * room, room
        layout.add_crossings(sums, values, (*places, *sizes, n_slices), (start, crossing[1], crossing[2]), scale)
        course.ray += course.step
        course.n_left -= 1


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
            _gather_tile(beams, (row_length, n_slices), tile, room, (volume, n_x, lane))
            _update_tile(volume, sums, room[2], update, tile, (n_x, lane))


@kernel
def backproject_with_momentum(volumes, projections, beams, update, strip, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` of y and x as the kernel of this name for more slices does."""
    _, n_x, lane, n_slices = strip
    sums, room = _new_room((projections, lane), beams, row_length)
    astray = 0.0
    for z in range(z_rows[0], z_rows[1], _VOXEL_ROWS):
        for x in range(0, n_x, AT_ONCE):
            tile = z, min(_VOXEL_ROWS, z_rows[1] - z), x, min(AT_ONCE, n_x - x)
            _gather_tile(beams, (row_length, n_slices), tile, room, (volumes[0], n_x, lane))
            _totals_to_rows(sums, room[2], tile)
            astray += _advance_tile(volumes, sums, update, tile, (n_x, lane))
    return astray


@part
def _new_room(source, beams, row_length):  # type: ignore[no-untyped-def]
    """Give room for the sums of a tile; and all else: the tilts, those that pass it, its sums in lines, all lines."""
    landings, hats, tilts = beams
    room, known = _room_for(row_length + 2 * _MARGIN), np.empty(len(tilts), BEAM)
    lines, last = _empty(len(tilts) * room), layout.place(_MARGIN + row_length // AT_ONCE * AT_ONCE, 0)
    for k in range(len(tilts)):
        lines[k * room : k * room + layout.place(_MARGIN, 0)] = _ZERO
        lines[k * room + last : (k + 1) * room] = _ZERO
        t, beam, start = tilts[k], known[k], k * room + layout.place(_MARGIN, 0)
        layout.follow(beam, landings[t], start)
        height, rise = hats[t, 1], hats[t, 0] * hats[t, 1]
        beam.fall, beam.rise, beam.before, beam.after = -rise, rise, height + rise, height - rise - rise
        _to_lines(lines, source, (start, t * row_length, 1), row_length, 0)
    sums, totals = np.empty((_VOXEL_ROWS * AT_ONCE, LANE_STEP), np.float32), _zeros(_VOXEL_ROWS * BLOCK)
    return sums, (known, np.empty(layout.MOST_AT_ONCE, BEAM), totals, lines)


@part
def _gather_tile(beams, sizes, tile, room, wanted):  # type: ignore[no-untyped-def]
    """Add up Aᵀ projections of a tile (z, rows, x, columns) in lines; ``sizes`` are (row_length, n_slices).

    Meanwhile the tile's part of ``wanted`` (volume, n_x, lane) is asked for: memory has little else to do.
    """
    (landings, _, tilts), (known, fan, totals, lines) = beams, room
    totals[:] = _ZERO
    n_beams = 0
    for number in range(len(tilts)):
        corner, lowest, passes = _landing(landings[tilts[number]], sizes[0], tile)
        if passes:
            fan[n_beams] = known[number]
            layout.aim(fan[n_beams], corner, lowest)
            n_beams += 1
        if n_beams == layout.MOST_AT_ONCE or number + 1 == len(tilts):
            for j in range(tile[1]):
                layout.add_beams(totals, lines, fan, (j * BLOCK, n_beams, _counted(sizes[1])))
                if number + 1 == len(tilts):
                    _ask_for_rows(wanted, tile, j)
            n_beams = 0


@part(inline="always")
def _ask_for_rows(wanted, tile, row):  # type: ignore[no-untyped-def]
    first, step = _first_value(wanted, tile, row), wanted[0].shape[1]
    for m in range(AT_ONCE):
        fetch(wanted[0], first + m * step)


@part
def _update_tile(volume, sums, totals, update, tile, row):  # type: ignore[no-untyped-def]
    ((gain, keep, floor), (n_x, lane)), is_whole = (update, row), tile[3] == AT_ONCE
    if not is_whole:
        _totals_to_rows(sums, totals, tile)
    for j in range(tile[1]):
        first, gain_at = _first_value((volume, n_x, lane), tile, j), (tile[0] + j) * n_x + tile[2]
        if is_whole:
            places = first, volume.shape[1], j * BLOCK, gain_at
            layout.update_from_lines(volume, totals, gain, places, (keep, floor))
        else:
            update_rows(volume, sums, gain, (first, j * BLOCK, gain_at, tile[3]), (keep, floor))


@part
def _advance_tile(volumes, sums, update, tile, row):  # type: ignore[no-untyped-def]
    (z, n_rows, x, n_columns), (n_x, lane) = tile, row
    astray = np.float64(0)
    for j in range(n_rows):
        place, gain = ((z + j + 1) * (n_x + 2) + x + 1, lane), update[0][z + j, x : x + n_columns]
        astray += advance_rows(volumes, place, sums, j * AT_ONCE, gain, update[1:])
    return astray


@part(inline="always")
def _first_value(volume, tile, row):  # type: ignore[no-untyped-def]
    """Give where a row of a tile begins in (volume, n_x, lane)."""
    values, n_x, lane = volume
    return ((tile[0] + row + 1) * (n_x + 2) + tile[2] + 1) * values.shape[1] + lane


@part
def _totals_to_rows(sums, totals, tile):  # type: ignore[no-untyped-def]
    for j in range(tile[1]):
        _to_rows(totals, (sums, 0), (j * BLOCK, j * AT_ONCE, 1), AT_ONCE)


@part(inline="always")
def _landing(landing, row_length, tile):  # type: ignore[no-untyped-def]
    """Give where the first voxel of a tile lands, its lowest pixel, and whether the tile meets rays at all."""
    corner = landing[0] + tile[0] * landing[1] + tile[2] * landing[2]
    low, high = pixels_under(corner, (tile[1] - 1) * landing[1], (AT_ONCE - 1) * landing[2])
    return corner, low, high >= RAY_BORDER - 1 and low < row_length - RAY_BORDER


@part
def _zeros(n_values):  # type: ignore[no-untyped-def]
    values = _empty(n_values)
    values[:] = _ZERO
    return values


@part
def _empty(n_values):  # type: ignore[no-untyped-def]
    """Give room that begins at a cache line."""
    memory = np.empty(n_values + AT_ONCE, np.float32)
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
def _to_lines(lines, source, ends, n_values, again):  # type: ignore[no-untyped-def]
    """Turn rows into lines, and if ``again`` is not 0 into others so far on that begin half a block later.

    ``source`` is (rows, first lane), ``ends`` are (lines_at, first row, step from row to row).
    """
    (rows, first_lane), (at, first, step), lanes = source, ends, source[0].shape[1]
    whole = n_values // AT_ONCE * AT_ONCE
    for k in range(0, whole, AT_ONCE):
        places = at + layout.place(k, 0), (first + k * step) * lanes + first_lane, step * lanes
        layout.rows_to_lines(lines, rows, places, again)
    for k in range(whole, n_values):
        for lane in range(LANE_STEP):
            value = lines[at + layout.place(k, lane)] = rows[first + k * step, first_lane + lane]
            if again:
                lines[at + again + layout.place(k - AT_ONCE // 2, lane)] = value


@part(inline="always")
def _to_rows(lines, target, ends, n_values):  # type: ignore[no-untyped-def]
    """Turn lines into rows, as ``_to_lines`` the other way round."""
    (rows, first_lane), (at, first, step), lanes = target, ends, target[0].shape[1]
    whole = n_values // AT_ONCE * AT_ONCE
    for k in range(0, whole, AT_ONCE):
        layout.lines_to_rows(
            lines, rows, (at + layout.place(k, 0), (first + k * step) * lanes + first_lane, step * lanes)
        )
    for k in range(whole, n_values):
        for lane in range(LANE_STEP):
            rows[first + k * step, first_lane + lane] = lines[at + layout.place(k, lane)]
