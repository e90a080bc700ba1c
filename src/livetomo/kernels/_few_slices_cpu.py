"""The matched Joseph pair for few slices on the processor, in lines instead of lanes.

A pass begins by turning what it reads, rows of LANE_STEP lanes, into lines and ends by turning what it found into rows,
so nothing else knows of lines. Only processors with AVX-512 have them (``HAS_LINES``).
"""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import LANE_STEP
from livetomo.kernels._lines import AT_ONCE, add_beams, add_crossings, lines_to_rows, rows_to_lines
from livetomo.kernels._positions import FRACTION_BITS, UNIT, coarse, pixels_under, rays_that_meet
from livetomo.kernels._project_cpu import RAY_BORDER, advance_tile, update_tile

HAS_LINES = VECTOR_LANES == AT_ONCE
"""Whether this processor has AVX-512."""

_MARGIN = 64
"""Values on both sides of a row or a tile: no window of voxels or rays that meet it reaches further."""

_MOST_COLUMNS, _ROWS = 512, 8
"""Of a tile that is projected: some 300 kB, which the second cache holds."""

_VOXELS, _TILTS = 32, 12
"""Of a tile that is projected back, and how many tilts pass it at once."""

_CACHE_LINE = 16
_ZERO, _ONE = np.float32(0), np.float32(1)


@kernel
def project(volume, out, crossings, scales, block_shape, row_length, tilts):  # type: ignore[no-untyped-def]
    """Write the projections of the named tilts into their rows of ``out``; ``block_shape`` is (n_z, n_x, n_slices)."""
    (n_z, n_x, n_slices), width, rays = block_shape, row_length - 2 * RAY_BORDER, (crossings, scales)
    length = _line_length(width + AT_ONCE)
    sums = _zeros(len(tilts) * LANE_STEP * length)
    target = sums, length, width, _counted(n_slices)
    _project_along((n_z, n_x), (n_x + 2, 1), volume, target, rays, tilts)
    _project_along((n_x, n_z), (1, n_x + 2), volume, target, rays, tilts)
    for k in range(len(tilts)):
        _to_rows(sums, out, (k * LANE_STEP * length, length, tilts[k] * row_length + RAY_BORDER, 1), width)


@part
def _project_along(sizes, strides, volume, target, rays, tilts):  # type: ignore[no-untyped-def]
    """Add up what the rays of those tilts cross that run along the first axis of these (sizes and strides)."""
    chosen, n_chosen = np.empty(len(tilts), np.int64), 0
    for k in range(len(tilts)):
        if rays[0][tilts[k], 3] == strides[0]:
            chosen[n_chosen], n_chosen = k, n_chosen + 1
    n_columns = min(sizes[1] + 1, _MOST_COLUMNS)
    tile = _new_tile(n_columns)
    for main in range(1, sizes[0] + 1 if n_chosen else 0, _ROWS):
        for cross in range(0, sizes[1] + 1, n_columns):
            place = main, min(main + _ROWS, sizes[0] + 1), cross, min(cross + n_columns, sizes[1] + 1)
            _fill(tile, volume, place, strides)
            for k in chosen[:n_chosen]:
                _cross(target, k, tile, rays[0][tilts[k]], rays[1][tilts[k]], place)


@part
def _new_tile(n_columns):  # type: ignore[no-untyped-def]
    """Give room for the lines of a tile, twice, the number of their values and the length of one."""
    length = _line_length(n_columns + 1 + 2 * _MARGIN)
    n_values = _ROWS * LANE_STEP * length
    return _zeros(2 * n_values + AT_ONCE), n_values, length


@part(inline="always")
def _fill(tile, volume, place, strides):  # type: ignore[no-untyped-def]
    """Turn rows of voxels into lines along what the rays cross, and write them once more half a vector further on."""
    values, n_values, length = tile
    main, main_end, cross, cross_end = place
    for row in range(main_end - main):
        first = (main + row) * strides[0] + cross * strides[1]
        ends = row * LANE_STEP * length + _MARGIN, length, first, strides[1]
        _to_lines(values, volume, ends, cross_end - cross + 1, n_values + LANE_STEP)


@part(inline="always")
def _cross(target, number, tile, crossing, scale, place):  # type: ignore[no-untyped-def]
    """Add what the rays of a tilt, which has this number of those in the target, cross in a tile."""
    sums, sums_step, width, n_slices = target
    values, n_values, length = tile
    main, main_end, cross, cross_end = place
    owned = cross << FRACTION_BITS, cross_end << FRACTION_BITS
    first, end = rays_that_meet(crossing, (main, main_end), owned)
    at_zero = crossing[0] + main * crossing[1] - owned[0]
    lines_at = _MARGIN, n_values + LANE_STEP + _MARGIN, LANE_STEP * length, length
    # From a multiple on, whatever the tile, for rays to be where neighbouring tiles see them
    for ray in range(max(first, 0) // AT_ONCE * AT_ONCE, min(end, width), AT_ONCE):
        ends, sizes = (number * LANE_STEP * sums_step + ray, sums_step), (main_end - main, cross_end - cross, n_slices)
        path = at_zero + ray * crossing[2], crossing[1], crossing[2]
        add_crossings(sums, values, (*ends, *lines_at, *sizes), path, scale)


@kernel
def backproject(volume, projections, beams, update, block_shape, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` (first, end): volume = max(floor, keep · volume + gain · Aᵀ projections).

    ``beams`` are (landings, hats, tilts), ``update`` is (gain (z, x), keep, floor).
    """
    sums, room = _new_room(projections, beams, row_length)
    for z in range(z_rows[0], z_rows[1], _VOXELS):
        for x in range(0, block_shape[1], _VOXELS):
            tile = z, min(_VOXELS, z_rows[1] - z), x, min(_VOXELS, block_shape[1] - x)
            _gather_tile(sums, beams, (row_length, block_shape[2]), tile, room)
            update_tile(volume, sums, update, tile, block_shape[1], _VOXELS)


@kernel
def backproject_with_momentum(volumes, projections, beams, update, block_shape, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` of y and x as the kernel of this name for more slices does."""
    sums, room = _new_room(projections, beams, row_length)
    astray = 0.0
    for z in range(z_rows[0], z_rows[1], _VOXELS):
        for x in range(0, block_shape[1], _VOXELS):
            tile = z, min(_VOXELS, z_rows[1] - z), x, min(_VOXELS, block_shape[1] - x)
            _gather_tile(sums, beams, (row_length, block_shape[2]), tile, room)
            astray += advance_tile(volumes, sums, update, tile, block_shape[1], _VOXELS)
    return astray


@part
def _new_room(projections, beams, row_length):  # type: ignore[no-untyped-def]
    """Give room for the sums of a tile; and all else: tilts that pass it, its sums in lines, the lines of all rays."""
    landings, hats, tilts = beams
    length, n_tilts = _line_length(row_length + 2 * _MARGIN), len(tilts)
    steps, ramps = np.empty((n_tilts, 4), np.int64), np.empty((n_tilts, AT_ONCE), np.int32)
    shapes, lines = np.empty((n_tilts, 3), np.float32), _zeros(n_tilts * LANE_STEP * length)
    for k in range(n_tilts):
        t, begin = tilts[k], k * LANE_STEP * length + _MARGIN
        steps[k, 0], steps[k, 1], steps[k, 3] = landings[t, 1], landings[t, 2], begin
        steps[k, 2] = min(0, (AT_ONCE - 1) * landings[t, 2])
        for m in range(AT_ONCE):
            ramps[k, m] = m * coarse(landings[t, 2])
        slope, height = hats[t, 0], hats[t, 1]
        shapes[k, 0], shapes[k, 1], shapes[k, 2] = height, height * slope * UNIT, height * (_ONE - slope)
        ends = begin + RAY_BORDER, length, t * row_length + RAY_BORDER, 1
        _to_lines(lines, projections, ends, row_length - 2 * RAY_BORDER, 0)
    sums, totals = np.empty((_VOXELS * _VOXELS, LANE_STEP), np.float32), _zeros(_VOXELS * _VOXELS * LANE_STEP)
    return sums, ((np.empty((_TILTS, 2), np.int64), steps, ramps, shapes), totals, (lines, length))


@part
def _gather_tile(sums, beams, sizes, tile, room):  # type: ignore[no-untyped-def]
    """Write Aᵀ projections of a tile (z, rows, x, columns) into ``sums``; ``sizes`` are (row_length, n_slices)."""
    fan, totals, lines = room
    n_groups = -(-tile[3] // AT_ONCE)
    totals[:] = _ZERO
    n_beams = 0
    for number in range(len(beams[2])):
        n_beams += _aim(fan[0], n_beams, (beams[0], beams[2], number), sizes[0], tile)
        if n_beams == _TILTS or number + 1 == len(beams[2]):
            for j in range(tile[1]):
                for group in range(n_groups):
                    sums_at = (j * n_groups + group) * LANE_STEP * AT_ONCE
                    places = sums_at, j, group * AT_ONCE, n_beams, lines[1], _counted(sizes[1])
                    add_beams(totals, lines[0], fan, places)
            n_beams = 0
    for j in range(tile[1]):
        for group in range(n_groups):
            sums_at = (j * n_groups + group) * LANE_STEP * AT_ONCE
            _to_rows(totals, sums, (sums_at, AT_ONCE, j * _VOXELS + group * AT_ONCE, 1), AT_ONCE)


@part(inline="always")
def _aim(fan, k, beam, row_length, tile):  # type: ignore[no-untyped-def]
    """Make a tilt number k of the fan and give 1; give 0 if its rays pass the tile by."""
    landings, tilts, number = beam
    step_z, step_x = landings[tilts[number], 1], landings[tilts[number], 2]
    corner = landings[tilts[number], 0] + tile[0] * step_z + tile[2] * step_x
    low, high = pixels_under(corner, (tile[1] - 1) * step_z, (tile[3] - 1) * step_x)
    if high < RAY_BORDER - 1 or low >= row_length - RAY_BORDER:
        return 0
    fan[k, 0], fan[k, 1] = corner, number
    return 1


@part
def _line_length(n_values):  # type: ignore[no-untyped-def]
    """Give an odd number of whole cache lines, so that lines side by side do not compete for places in the cache."""
    return (-(-n_values // _CACHE_LINE) | 1) * _CACHE_LINE


@part
def _zeros(n_values):  # type: ignore[no-untyped-def]
    memory = np.zeros(n_values + _CACHE_LINE, np.float32)
    start = -(memory.ctypes.data // 4) % _CACHE_LINE
    return memory[start : start + n_values]


@part(inline="always")
def _counted(n_slices):  # type: ignore[no-untyped-def]
    """Give the next number of slices that there is code for."""
    return 8 if n_slices > 4 else 4 if n_slices > 2 else n_slices


@part(inline="always")
def _to_lines(lines, rows, ends, n_values, again):  # type: ignore[no-untyped-def]
    """Turn rows into lines, and once more so many values further on.

    ``ends`` are (lines_at, line_length, first row, step from row to row).
    """
    at, length, first, step = ends
    whole = n_values // AT_ONCE * AT_ONCE
    for k in range(0, whole, AT_ONCE):
        rows_to_lines(lines, rows, (at + k, length, (first + k * step) * LANE_STEP, step * LANE_STEP), again)
    for k in range(whole, n_values):
        for lane in range(LANE_STEP):
            place, value = at + lane * length + k, rows[first + k * step, lane]
            lines[place] = lines[place + again] = value


@part(inline="always")
def _to_rows(lines, rows, ends, n_values):  # type: ignore[no-untyped-def]
    """Turn lines into rows, as ``_to_lines`` the other way round."""
    at, length, first, step = ends
    whole = n_values // AT_ONCE * AT_ONCE
    for k in range(0, whole, AT_ONCE):
        lines_to_rows(lines, rows, (at + k, length, (first + k * step) * LANE_STEP, step * LANE_STEP))
    for k in range(whole, n_values):
        for lane in range(LANE_STEP):
            rows[first + k * step, lane] = lines[at + lane * length + k]
