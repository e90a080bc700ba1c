"""The matched Joseph pair on the processor: one lane block of slices, forward and back, without atomics.

A packed volume block is ``[(n_z + 2) (n_x + 2), lane]``, the grid with a border of one zero voxel; a packed projection
block is ``[tilt (detector + 2 RAY_BORDER), lane]``. Positions are fixed-point numbers (int64 with 32 bits of fraction),
so that neighbouring tiles agree to the last bit on who owns a crossing. Both directions gather; a tile's data stays in
cache while all its tilts pass.
"""

import numpy as np
from numba import njit

from livetomo.kernels._lanes import add_pairs

FRACTION_BITS = 32
RAY_BORDER = 24
"""Zeros beside each detector row: a back-projection tile that misses the detector is moved there."""

BACK_TILE = 8
_FORWARD_TILE = 24
_BACK_TILTS = 8

_FRACTION = (1 << FRACTION_BITS) - 1
_UNIT = np.float32(1.0 / (1 << FRACTION_BITS))
_ZERO, _ONE = np.float32(0), np.float32(1)


@njit(nogil=True, cache=True, error_model="numpy")
def project(volume, out, crossings, scales, n_zx, row_length, tilts):  # type: ignore[no-untyped-def]
    """Write the projections of the named tilts into their rows of ``out``."""
    taps = np.empty(_FORWARD_TILE, np.int64), np.empty(_FORWARD_TILE, np.float32), np.empty(_FORWARD_TILE, np.float32)
    n_z, n_x = n_zx
    for t in tilts:
        out[t * row_length : (t + 1) * row_length] = _ZERO
    for z in range(0, n_z + 1, _FORWARD_TILE):
        for x in range(0, n_x + 1, _FORWARD_TILE):
            z_end, x_end = min(z + _FORWARD_TILE, n_z + 1), min(x + _FORWARD_TILE, n_x + 1)
            for t in tilts:
                if crossings[t, 3] > crossings[t, 4]:
                    tile = max(z, 1), z_end, x, x_end
                else:
                    tile = max(x, 1), x_end, z, z_end
                _project_tile(volume, out, crossings[t], scales[t], tile, (t * row_length, row_length), taps)


@njit(nogil=True, error_model="numpy")
def _project_tile(volume, out, crossing, scale, tile, out_rows, taps):  # type: ignore[no-untyped-def]
    origin, main_step, ray_step = crossing[0], crossing[1], crossing[2]
    main_stride, cross_stride = crossing[3], crossing[4]
    rows, first, second = taps
    main, main_end, cross, cross_end = tile
    owned = cross << FRACTION_BITS, cross_end << FRACTION_BITS
    ray_first, ray_end = _rays_that_meet(origin, main_step, ray_step, (main, main_end), owned)
    for ray in range(max(ray_first, 0), min(ray_end, out_rows[1] - 2 * RAY_BORDER)):
        at_zero = origin + ray * ray_step
        begin, end = _rows_owned(at_zero, main_step, (main, main_end), owned)
        for k in range(end - begin):
            position = at_zero + (begin + k) * main_step
            rows[k] = (begin + k) * main_stride + (position >> FRACTION_BITS) * cross_stride
            weight = np.float32(position & _FRACTION) * _UNIT * scale
            first[k] = scale - weight
            second[k] = weight
        if end > begin:
            add_pairs(out, out_rows[0] + RAY_BORDER + ray, volume, cross_stride, taps, (0, end - begin, 1))


@njit(nogil=True, error_model="numpy")
def _rays_that_meet(origin, main_step, ray_step, main, owned):  # type: ignore[no-untyped-def]
    low, high = owned
    start, stop = origin + main[0] * main_step, origin + (main[1] - 1) * main_step
    per_ray = 1.0 / ray_step
    left, right = (low - max(start, stop)) * per_ray, (high - min(start, stop)) * per_ray
    return np.int64(np.floor(min(left, right))), np.int64(np.ceil(max(left, right))) + 1


@njit(nogil=True, error_model="numpy")
def _rows_owned(at_zero, main_step, main, owned):  # type: ignore[no-untyped-def]
    low, high = owned
    begin, end = main
    if main_step != 0:
        enter, leave = (low - at_zero) / main_step, (high - at_zero) / main_step
        begin = np.int64(max(float(begin), min(float(end), np.floor(min(enter, leave)))))
        end = np.int64(max(float(begin), min(float(end), np.ceil(max(enter, leave)) + 1.0)))
    while begin < end and not low <= at_zero + begin * main_step < high:
        begin += 1
    while begin < end and not low <= at_zero + (end - 1) * main_step < high:
        end -= 1
    return begin, end


@njit(nogil=True, cache=True, error_model="numpy")
def backproject(volume, projections, beams, update, n_zx, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` (first, end): volume = max(floor, keep · volume + gain · Aᵀ projections).

    ``beams`` are (landings, hats, tilts), ``update`` is (gain (z, x), keep, floor).
    """
    sums = np.empty((BACK_TILE * BACK_TILE, volume.shape[1]), np.float32)
    group = np.empty((_BACK_TILTS, 3), np.int64), np.empty((_BACK_TILTS, 2), np.float32)
    n_taps = _BACK_TILTS * BACK_TILE
    taps = np.empty(n_taps, np.int64), np.empty(n_taps, np.float32), np.empty(n_taps, np.float32)
    n_x = n_zx[1]
    for z in range(z_rows[0], z_rows[1], BACK_TILE):
        for x in range(0, n_x, BACK_TILE):
            tile = z, min(BACK_TILE, z_rows[1] - z), x, min(BACK_TILE, n_x - x)
            sums[:] = _ZERO
            for start in range(0, len(beams[2]), _BACK_TILTS):
                n_group = _aim(beams, start, tile, row_length, group)
                _gather_tile(sums, projections, group, n_group, tile, taps)
            _update_tile(volume, sums, update, tile, n_x)


@njit(nogil=True)
def _aim(beams, start, tile, row_length, group):  # type: ignore[no-untyped-def]
    landings, hats, tilts = beams
    bases, shapes = group
    n_group = min(_BACK_TILTS, len(tilts) - start)
    for k in range(n_group):
        t = tilts[start + k]
        step_z, step_x = landings[t, 1], landings[t, 2]
        corner = landings[t, 0] + tile[0] * step_z + tile[2] * step_x
        corner = _held_in_border(corner, step_z, step_x, row_length)
        bases[k, 0] = corner + ((t * row_length) << FRACTION_BITS)
        bases[k, 1], bases[k, 2] = step_z, step_x
        shapes[k, 0], shapes[k, 1] = hats[t, 0], hats[t, 1]
    return n_group


@njit(nogil=True)
def _held_in_border(corner, step_z, step_x, row_length):  # type: ignore[no-untyped-def]
    span = BACK_TILE - 1
    low = corner + min(0, span * step_z) + min(0, span * step_x)
    if low < 0:
        return corner - low
    high = corner + max(0, span * step_z) + max(0, span * step_x)
    return corner - max(0, high - ((row_length - 2) << FRACTION_BITS))


@njit(nogil=True)
def _gather_tile(sums, projections, group, n_group, tile, taps):  # type: ignore[no-untyped-def]
    bases, shapes = group
    for j in range(tile[1]):
        for k in range(n_group):
            start = bases[k, 0] + j * bases[k, 1]
            _lay_taps(taps, k * BACK_TILE, start, bases[k, 2], shapes[k, 0], shapes[k, 1])
        for i in range(tile[3]):
            add_pairs(sums, j * BACK_TILE + i, projections, 1, taps, (i, n_group * BACK_TILE, BACK_TILE))


@njit(nogil=True)
def _lay_taps(taps, offset, start, step, slope, height):  # type: ignore[no-untyped-def]
    rows, first, second = taps
    for i in range(BACK_TILE):
        position = start + i * step
        rows[offset + i] = position >> FRACTION_BITS
        fraction = np.float32(position & _FRACTION) * _UNIT
        first[offset + i] = max(_ZERO, _ONE - fraction * slope) * height
        second[offset + i] = max(_ZERO, _ONE - (_ONE - fraction) * slope) * height


@njit(nogil=True)
def _update_tile(volume, sums, update, tile, n_x):  # type: ignore[no-untyped-def]
    gain, keep, floor = update
    z, n_j, x, n_i = tile
    for j in range(n_j):
        for i in range(n_i):
            voxel = (z + j + 1) * (n_x + 2) + x + i + 1
            factor = gain[z + j, x + i]
            for lane in range(volume.shape[1]):
                value = keep * volume[voxel, lane] + factor * sums[j * BACK_TILE + i, lane]
                volume[voxel, lane] = max(floor, value)


@njit(nogil=True, cache=True, error_model="numpy")
def backproject_with_momentum(volumes, projections, beams, update, n_zx, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` of y and x: x' = min(ceiling, max(floor, keep · y + gain · Aᵀ projections)).

    Then y = x' + momentum · (x' - x) and x = x'. ``volumes`` are (y, x, support), a support without rows is everywhere;
    ``update`` is (gain (z, x), keep, floor, ceiling, momentum). Gives Σ (y - x') (x' - x): above 0, it leads uphill.
    """
    extrapolated = volumes[0]
    sums = np.empty((BACK_TILE * BACK_TILE, extrapolated.shape[1]), np.float32)
    group = np.empty((_BACK_TILTS, 3), np.int64), np.empty((_BACK_TILTS, 2), np.float32)
    n_taps = _BACK_TILTS * BACK_TILE
    taps = np.empty(n_taps, np.int64), np.empty(n_taps, np.float32), np.empty(n_taps, np.float32)
    n_x, astray = n_zx[1], 0.0
    for z in range(z_rows[0], z_rows[1], BACK_TILE):
        for x in range(0, n_x, BACK_TILE):
            tile = z, min(BACK_TILE, z_rows[1] - z), x, min(BACK_TILE, n_x - x)
            sums[:] = _ZERO
            for start in range(0, len(beams[2]), _BACK_TILTS):
                n_group = _aim(beams, start, tile, row_length, group)
                _gather_tile(sums, projections, group, n_group, tile, taps)
            astray += _advance_tile(volumes, sums, update, tile, n_x)
    return astray


@njit(nogil=True)
def _advance_tile(volumes, sums, update, tile, n_x):  # type: ignore[no-untyped-def]
    extrapolated, volume, support = volumes
    z, n_j, x, n_i = tile
    astray = 0.0
    for j in range(n_j):
        for i in range(n_i):
            voxel = (z + j + 1) * (n_x + 2) + x + i + 1
            row = sums[j * BACK_TILE + i]
            _propose_row(extrapolated[voxel], row, update[0][z + j, x + i], update)
            if len(support):
                row *= support[voxel]
            astray += _advance_row(extrapolated[voxel], volume[voxel], row, update[4])
    return astray


@njit(nogil=True)
def _propose_row(extrapolated, sums, factor, update):  # type: ignore[no-untyped-def]
    _, keep, floor, ceiling, _ = update
    for lane in range(len(sums)):
        sums[lane] = min(ceiling, max(floor, keep * extrapolated[lane] + factor * sums[lane]))


@njit(nogil=True, fastmath=True)
def _advance_row(extrapolated, volume, proposed, momentum):  # type: ignore[no-untyped-def]
    astray = _ZERO
    for lane in range(len(proposed)):
        new = proposed[lane]
        change = new - volume[lane]
        astray += (extrapolated[lane] - new) * change
        extrapolated[lane] = new + momentum * change
        volume[lane] = new
    return astray
