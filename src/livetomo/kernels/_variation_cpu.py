"""Descent down total variation and Huber's function on the processor, with momentum, and distances.

A packed volume is ``[block][(n_z + 2) (n_x + 2)][lane]``. The gradient of Σ |∇x|, each difference weighted, is minus
the divergence of a flux; gradients are forward differences, zero across the faces of the grid. A task does a slab of
planes of all blocks and keeps the flux of two planes, so the volume is read once, each voxel before it is written: the
result may take its place. The planes beside a slab, which another task may have written over, are copied before.
"""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._lane_neighbours import SPAN, look_ahead, look_behind
from livetomo.kernels._vectors import WIDTH, fetch, inverse_root, larger, load, load_change, spread, store, total


@kernel(fastmath=True)
def descend(volume, out, before, n_zyx, z_rows, planes, limits, move):  # type: ignore[no-untyped-def]
    """Write x = max(floor, volume - step · g) into ``out``; ``move`` is (writes, step, floor, push).

    g is the gradient of Σ |∇x|, each difference weighted by 1 / √max(|∇x|² + limits[0], limits[1]).
    With ``before`` that becomes x and ``out`` x + push · (x - before as it was). Without ``writes`` the rest of
    ``move`` has no effect. ``planes`` are those of the volume before the slab ``z_rows`` (first, end) and after it.
    Gives Σ g², Σ (x - before)² and Σ x².
    """
    n_z, n_y, n_x = n_zyx
    n_blocks, n_rows, lanes = volume.shape
    columns = max(1, SPAN // lanes)
    values, targets, stride, width = volume.reshape(-1), out.reshape(-1), (n_x + 2) * lanes, (n_x + 1) * lanes
    fluxes = np.zeros((3, n_blocks * width), np.float32)  # the first column of each block stays zero
    flux, earlier = (fluxes[0], fluxes[1], fluxes[2]), np.zeros(n_blocks * width, np.float32)
    beside, sums = np.empty(columns * lanes, np.float32), np.zeros(3)
    for z in range(max(0, z_rows[0] - 1), z_rows[1]):
        source = planes[0] if z < z_rows[0] else values
        below = planes[1] if z_rows[1] == z + 1 < n_z else values
        for block in range(n_blocks):
            n_used, to_before = min(lanes, n_y - block * lanes), width if block > 0 else 0
            row, plane = block * n_rows * lanes + (z + 1) * stride, block * stride
            to_next = 0 if block + 1 == n_blocks else stride if z < z_rows[0] else n_rows * lanes
            for x in range(0, n_x, columns):
                n, column = min(columns, n_x - x) * lanes, (x + 1) * lanes
                here, there = (plane if z < z_rows[0] else row) + column, block * width + column
                down = here if z + 1 == n_z else (plane if z + 1 == z_rows[1] else row + stride) + column
                look_ahead(source, here, n, lanes, n_used, to_next, beside)
                _flow((source, below), (here, down, here + lanes), beside, flux, there, n, limits)
                if x + columns >= n_x:
                    last = n - lanes
                    rows = here + last, down + last, here + last
                    _flow((source, below), rows, beside[last:], flux, there + last, lanes, limits)
                if z < z_rows[0]:
                    continue
                look_behind(flux[1], there, n, lanes, to_before, beside)
                if move[0]:
                    at = here, there, lanes
                    _step(values, targets, before, (*flux, earlier, beside), at, n, move, sums)
                else:
                    _squares((*flux, earlier, beside), (here, there, lanes), n, sums)
        flux, earlier = (earlier, flux[1], flux[2]), flux[0]
    return sums


@part(fastmath=True)
def _flow(sources, rows, ahead, flux, there, n, limits):  # type: ignore[no-untyped-def]
    """Write the weighted differences; ``rows`` are here, one on in z, which is in the second source, one on in x."""
    (values, below), (here, down, right) = sources, rows
    smoothing, least = spread(limits[0]), spread(limits[1])
    for k in range(0, n, WIDTH):
        c = load(values, here + k)
        step_z, step_y, step_x = load(below, down + k) - c, load(ahead, k) - c, load(values, right + k) - c
        square = step_z * step_z + step_y * step_y + step_x * step_x
        weight = inverse_root(larger(square + smoothing, least))
        store(flux[0], there + k, step_z * weight)
        store(flux[1], there + k, step_y * weight)
        store(flux[2], there + k, step_x * weight)
        fetch(below, down + k + SPAN)


@part(fastmath=True)
def _divergence(fluxes, at, k):  # type: ignore[no-untyped-def]
    """``fluxes`` are those along z, y, x, that along z in the plane before, that along y in the lane before."""
    (along_z, along_y, along_x, before, behind), here = fluxes, at[1] + k
    pull = load_change(along_z, here, before, here) + load_change(along_x, here, along_x, here - at[2])
    return pull + load_change(along_y, here, behind, k)


@part(fastmath=True)
def _step(values, targets, before, fluxes, at, n, move, sums):  # type: ignore[no-untyped-def]
    _, step, floor, push = move
    squares = ways = sizes = spread(np.float32(0))
    for k in range(0, n, WIDTH):
        here, change = at[0] + k, _divergence(fluxes, at, k)
        squares = squares + change * change
        new = larger(load(values, here) + spread(step) * change, spread(floor))
        if before is None:
            store(targets, here, new)
        else:
            way = new - load(before, here)
            ways, sizes = ways + way * way, sizes + new * new
            store(before, here, new)
            store(targets, here, new + spread(push) * way)
            fetch(before, here + SPAN)
    sums[0] += np.float64(total(squares))
    sums[1] += np.float64(total(ways))
    sums[2] += np.float64(total(sizes))


@part(fastmath=True)
def _squares(fluxes, at, n, sums):  # type: ignore[no-untyped-def]
    squares = spread(np.float32(0))
    for k in range(0, n, WIDTH):
        change = _divergence(fluxes, at, k)
        squares = squares + change * change
    sums[0] += np.float64(total(squares))


@kernel(fastmath=True)
def squared_distance(volume, other):  # type: ignore[no-untyped-def]
    """Give Σ (volume - other)² of rows of lanes."""
    values, base = volume.reshape(-1), other.reshape(-1)
    squares = np.float64(0)
    for first in range(0, values.size, SPAN):
        part = spread(np.float32(0))
        for k in range(first, min(first + SPAN, values.size), WIDTH):
            change = load_change(values, k, base, k)
            part = part + change * change
        squares += np.float64(total(part))
    return squares
