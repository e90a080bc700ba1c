"""The matched Joseph pair on the processor: one lane block of slices, forward and back, without atomics.

A packed volume block is ``[(n_z + 2) (n_x + 2), lane]``, the grid with a border of one zero voxel; a packed projection
block is ``[tilt (detector + 2 RAY_BORDER), lane]``. Positions are fixed-point numbers (int64 with 32 bits of fraction),
so that neighbouring tiles agree to the last bit on who owns a crossing. Both directions gather; a tile's data stays in
cache while all its tilts pass.
"""

import numpy as np

from livetomo.kernels._add_rays import add_rays
from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._fan import add_fan
from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import LANE_STEP, OFFSET_STEP
from livetomo.kernels._positions import FRACTION_BITS, POSITION_BITS, coarse, pixels_under, rays_that_meet
from livetomo.kernels._taps import TAPS_AT_ONCE, TAPS_READ_AT_ONCE, end_taps, lay_taps

RAY_BORDER = 24
"""Zeros beside each detector row: a back-projection tile that overlaps the detector reaches no further."""

_ZERO, _ONE = np.float32(0), np.float32(1)
_FAR = 1 << 31
_TINY = 2.0**-64  # instead of no step, which nothing may be divided by
_RAYS = 8  # whose taps are laid before they are added up
_MOST_ROWS = 32
"""Rows of voxels whose products are added up in float32."""

_CACHED_VALUES = 136_000 if VECTOR_LANES == 16 else 40_000
"""Values of a forward tile; the second cache of processors with such vectors holds twice as many at the least."""


@part
def _forward_tile(lanes):  # type: ignore[no-untyped-def]
    return max(16, min(96, np.int64(np.sqrt(_CACHED_VALUES / lanes)) // 8 * 8))


@kernel
def project(volume, out, crossings, scales, strip, row_length, tilts):  # type: ignore[no-untyped-def]
    """Write the projections of the named tilts into their rows of ``out``, in the lanes of the strip.

    ``strip`` is (n_z, n_x, first lane, lanes).
    """
    n_z, n_x, first_lane, lanes = strip
    tile_size = _forward_tile(lanes)
    room = _new_taps(_RAYS, tile_size)
    for t in tilts:
        out[t * row_length : (t + 1) * row_length, first_lane : first_lane + lanes] = _ZERO
    for z in range(0, n_z + 1, tile_size):
        for x in range(0, n_x + 1, tile_size):
            z_end, x_end = min(z + tile_size, n_z + 1), min(x + tile_size, n_x + 1)
            for t in tilts:
                if crossings[t, 3] > crossings[t, 4]:
                    tile = max(z, 1), z_end, x, x_end
                else:
                    tile = max(x, 1), x_end, z, z_end
                rows = t * row_length, row_length
                _project_tile(volume, out, crossings[t], scales[t], tile, rows, (first_lane, lanes), room)


@part
def _new_taps(n_rows, taps_per_row):  # type: ignore[no-untyped-def]
    """Give room for the taps (where a row begins, its two weights) of so many rows, and for their counts."""
    n_taps = n_rows * (-(-taps_per_row // TAPS_AT_ONCE) * TAPS_AT_ONCE) + TAPS_READ_AT_ONCE
    return (np.empty(n_taps, np.int32), np.empty(2 * n_taps, np.float32)), np.empty(n_rows, np.int64)


@part(inline="always")
def _project_tile(volume, out, crossing, scale, tile, out_rows, strip, room):  # type: ignore[no-untyped-def]
    origin, main_step, ray_step = crossing[0], crossing[1], crossing[2]
    (first_lane, lanes), (taps, counts) = strip, room
    steps_per_row, taps_per_ray = volume.shape[1] // OFFSET_STEP, (len(taps[0]) - TAPS_READ_AT_ONCE) // _RAYS
    along, across = crossing[3] * steps_per_row, crossing[4] * steps_per_row
    main, main_end, cross, cross_end = tile
    owned = cross << FRACTION_BITS, cross_end << FRACTION_BITS
    # Counted in the direction in which a ray goes across, it enters at the one bound and leaves at the other
    sign, bounds = (1, owned) if main_step >= 0 else (-1, (1 - owned[1], 1 - owned[0]))
    limit, hat = np.int32(((cross_end - cross) << POSITION_BITS) - 1), (-scale, scale, scale + scale, -scale)
    ray_first, ray_end = rays_that_meet(crossing, (main, main_end), owned)
    steps = coarse(main_step), coarse(main_step * TAPS_AT_ONCE)
    ray_end, per_row = min(ray_end, out_rows[1] - 2 * RAY_BORDER), 1.0 / max(sign * main_step, _TINY)
    for ray_start in range(max(ray_first, 0), ray_end, _RAYS):
        n_rays = min(_RAYS, ray_end - ray_start)
        for number in range(n_rays):
            at_zero = origin + (ray_start + number) * ray_step
            path = sign * at_zero, sign * main_step, per_row
            begin, end = _first_row(bounds[0], path, (main, main_end)), _first_row(bounds[1], path, (main, main_end))
            counts[number] = end - begin
            base = begin * along + cross * across + first_lane // OFFSET_STEP
            start = at_zero + begin * main_step - owned[0]
            rows = np.int32(base), np.int32(along), np.int32(across)
            lay_taps(taps, number * taps_per_ray, end - begin, (coarse(start), *steps, limit, *rows), hat)
            end_taps(taps, number * taps_per_ray + end - begin, np.int32(base))
        target_at = (out_rows[0] + RAY_BORDER + ray_start) * out.shape[1] + first_lane
        add_rays(out, volume, taps, counts, (target_at, across * OFFSET_STEP, n_rays, taps_per_ray, lanes))


@part(inline="always")
def _first_row(bound, path, main):  # type: ignore[no-untyped-def]
    """Give the first of the rows main (first, end) where start + row · step reaches the bound, the end if none does.

    ``path`` is (start, step, 1 / step).
    """
    start, step, per_row = path
    row = np.int64(max(float(main[0]), min(float(main[1]), (bound - start) * per_row)))
    return min(row + (start + row * step < bound), main[1])


@kernel
def backproject(volume, projections, beams, update, strip, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` (first, end): volume = max(floor, keep · volume + gain · Aᵀ projections).

    ``beams`` are (landings, hats, tilts), ``update`` is (gain (z, x), keep, floor), ``strip`` is as in ``project``.
    """
    gain, keep, floor = update
    sums, room = _new_room(strip[3])
    _gather((volume,), (projections, beams), (sums, gain), (keep, floor), (strip[2], row_length, z_rows), room)


@kernel
def backproject_with_momentum(volumes, projections, beams, update, strip, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` of y and x: x' = min(ceiling, max(floor, keep · y + gain · Aᵀ projections)).

    Then y = x' + momentum · (x' - x) and x = x'. ``volumes`` are (y, x, support), a support without rows is everywhere;
    ``update`` is (gain (z, x), keep, floor, ceiling, momentum). Gives Σ (y - x') (x' - x): above 0, it leads uphill.
    """
    sums, room = _new_room(strip[3])
    astray, total = np.zeros(VECTOR_LANES, np.float32), np.float64(0)
    for z in range(z_rows[0], z_rows[1], _MOST_ROWS):
        places = strip[2], row_length, (z, min(z + _MOST_ROWS, z_rows[1]))
        _gather(volumes, (projections, beams), (sums, update[0], astray), update[1:], places, room)
        total += astray.sum()
        astray[:] = _ZERO
    return total


@part
def _new_room(lanes):  # type: ignore[no-untyped-def]
    """Give room for the sums of a tile, with a row of zeros at its end, for a fan of tilts, and for its taps."""
    fan_size, rows, columns = _fan_and_tile(lanes)
    fan = np.empty((fan_size, 5), np.int64), np.empty((fan_size, 4), np.float32)
    sums = np.empty((rows * columns + 1, lanes), np.float32)
    sums[rows * columns] = _ZERO
    taps, _ = _new_taps(fan_size, columns)
    return sums, (fan, taps, (rows, columns))


@part
def _fan_and_tile(lanes):  # type: ignore[no-untyped-def]
    """Give how many tilts pass a row of voxels at once, and the rows and columns of a tile."""
    if VECTOR_LANES == LANE_STEP and lanes <= 2 * LANE_STEP:  # so soon added that to begin and end a row takes as long
        return 12, 16, 64
    return (6, 32, 32) if lanes <= 64 else (6, 16, 16)


@part(inline="always")
def _gather(volumes, source, data, limits, places, room):  # type: ignore[no-untyped-def]
    """Update the voxel rows of ``places`` (first lane, row_length, (first, end)); see ``add_fan``."""
    (first_lane, row_length, z_rows), (rows, columns), n_x = places, room[2], data[1].shape[1]
    for z in range(z_rows[0], z_rows[1], rows):
        for x in range(0, n_x, columns):
            tile = z, min(rows, z_rows[1] - z), x, min(columns, n_x - x)
            _gather_tile(volumes, source, data, limits, (tile, first_lane, row_length), room)


@part
def _gather_tile(volumes, source, data, limits, places, room):  # type: ignore[no-untyped-def]
    """Update a tile (z, rows, x, columns): all tilts that pass it, in fans."""
    (projections, beams), (tile, first_lane, row_length), fan = source, places, room[0]
    row_shape = row_length, projections.shape[1] // OFFSET_STEP, first_lane // OFFSET_STEP
    # Zeros of a type: for plain ones numba would compile what takes them once more
    n_tilts, n_beams, from_step = len(beams[2]), np.int64(0), np.int64(0)
    n_fans = -(-n_tilts // len(fan[0]))
    for number in range(max(1, n_tilts)):
        if number < n_tilts:
            n_beams += _aim(beams, beams[2][number], tile, row_shape, fan, n_beams)
        is_last = number + 1 >= n_tilts
        if n_beams * n_fans >= n_tilts or is_last:
            _gather_fan(volumes, projections, data, limits, (tile, first_lane), room, (n_beams, from_step, is_last))
            n_beams, from_step = np.int64(0), data[0].shape[1]


@part(inline="always")
def _aim(beams, t, tile, row_shape, fan, k):  # type: ignore[no-untyped-def]
    """Make tilt ``t`` number k of the fan and give 1; give 0 if its rays pass the tile by."""
    (landings, hats, _), (places, shapes) = beams, fan
    row_length, steps_per_row, first_step = row_shape
    step_z, step_x = landings[t, 1], landings[t, 2]
    corner = landings[t, 0] + tile[0] * step_z + tile[2] * step_x
    low, high = pixels_under(corner, (tile[1] - 1) * step_z, (tile[3] - 1) * step_x)
    if high < RAY_BORDER - 1 or low >= row_length - RAY_BORDER:
        return 0
    low = max(low, 0)
    places[k, 0], places[k, 1], places[k, 2] = corner - (low << FRACTION_BITS), step_z, step_x
    places[k, 3] = (t * row_length + low) * steps_per_row + first_step
    places[k, 4] = min(_FAR, (row_length - 1 - low) << POSITION_BITS) - 1
    slope, height = hats[t, 0], hats[t, 1]
    rise = height * slope
    shapes[k, 0], shapes[k, 1], shapes[k, 2], shapes[k, 3] = -rise, rise, height + rise, height - rise - rise
    return 1


@part
def _gather_fan(volumes, projections, data, limits, places, room, stage):  # type: ignore[no-untyped-def]
    """Add up a fan row by row of the tile; ``stage`` is (tilts, step between the sums held, is_last)."""
    (n_beams, from_step, is_last), (tile, first_lane), (fan, taps, (rows, columns)) = stage, places, room
    (z, n_rows, x, n_columns), (n_x, stride), lanes = tile, (data[1].shape[1], volumes[0].shape[1]), data[0].shape[1]
    z_step, zeros_at = (n_x + 2) * stride, rows * columns * lanes
    for j in range(n_rows):
        _lay_row(taps, fan, j, (n_beams, n_columns, columns), projections)
        sums_at, volume_at = j * columns * lanes, (z + j + 1) * z_step + (x + 1) * stride + first_lane
        held = sums_at if from_step else zeros_at, from_step
        ends = sums_at, np.int64(is_last), volume_at, volume_at + 2 * z_step, (z + j) * n_x + x
        add_fan(volumes, projections, taps, data, (n_columns, n_beams, columns, *held, *ends), limits)


@part(inline="always")
def _lay_row(taps, fan, row, sizes, projections):  # type: ignore[no-untyped-def]
    """Lay the taps of a row of the tile, for each tilt of the fan; ``sizes`` are (tilts, columns, taps_per_tilt)."""
    (places, shapes), (n_beams, n_columns, taps_per_tilt) = fan, sizes
    steps_per_row = projections.shape[1] // OFFSET_STEP
    for k in range(n_beams):
        start, step = places[k, 0] + row * places[k, 1], places[k, 2]
        rows = np.int32(places[k, 4]), np.int32(places[k, 3]), np.int32(0), np.int32(steps_per_row)
        hat = shapes[k, 0], shapes[k, 1], shapes[k, 2], shapes[k, 3]
        steps = coarse(step), coarse(step * TAPS_AT_ONCE)
        lay_taps(taps, k * taps_per_tilt, n_columns, (coarse(start), *steps, *rows), hat)
