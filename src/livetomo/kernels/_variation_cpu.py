"""Descent down total variation and Huber's function on the processor, momentum and distances.

A packed volume is ``[block][(n_z + 2) (n_x + 2)][lane]``. The gradient of Σ |∇x|, each difference weighted, is minus
the divergence of a flux; gradients are forward differences, zero across the faces of the grid. A task does a slab of
planes of all blocks and keeps the flux of two planes, so the volume is read once.
"""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401
from livetomo.kernels._lane_neighbours import SPAN, look_ahead, look_behind
from livetomo.kernels._vectors import WIDTH, inverse_root, larger, load, load_change, spread, store, total


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def descend(volume, out, n_zyx, z_rows, limits, move):  # type: ignore[no-untyped-def]
    """Write max(floor, volume - step · g) into ``out`` and give Σ g²; ``move`` is (writes, step, floor).

    g is the gradient of Σ |∇x|, each difference weighted by 1 / √max(|∇x|² + limits[0], limits[1]).
    Without ``writes`` the rest of ``move`` has no effect.
    """
    n_z, n_y, n_x = n_zyx
    n_blocks, n_rows, lanes = volume.shape
    columns = max(1, SPAN // lanes)
    values, targets, stride, width = volume.reshape(-1), out.reshape(-1), (n_x + 2) * lanes, (n_x + 1) * lanes
    fluxes = np.zeros((3, n_blocks * width), np.float32)  # the first column of each block stays zero
    flux, before = (fluxes[0], fluxes[1], fluxes[2]), np.zeros(n_blocks * width, np.float32)
    beside = np.empty(columns * lanes, np.float32)
    squares = np.float64(0)
    for z in range(max(0, z_rows[0] - 1), z_rows[1]):
        for block in range(n_blocks):
            n_used, to_next = min(lanes, n_y - block * lanes), n_rows * lanes if block + 1 < n_blocks else 0
            to_before = width if block > 0 else 0
            for x in range(0, n_x, columns):
                n, here = min(columns, n_x - x) * lanes, block * n_rows * lanes + (z + 1) * stride + (x + 1) * lanes
                there, down = block * width + (x + 1) * lanes, here + stride if z + 1 < n_z else here
                look_ahead(values, here, n, lanes, n_used, to_next, beside)
                _flow(values, (here, down, here + lanes), beside, flux, there, n, limits)
                if x + columns >= n_x:
                    last = n - lanes
                    rows = here + last, down + last, here + last
                    _flow(values, rows, beside[last:], flux, there + last, lanes, limits)
                if z < z_rows[0]:
                    continue
                look_behind(flux[1], there, n, lanes, to_before, beside)
                if move[0]:
                    squares += _step(values, targets, (*flux, before, beside), (here, there, lanes), n, move)
                else:
                    squares += _squares((*flux, before, beside), (here, there, lanes), n)
        flux, before = (before, flux[1], flux[2]), flux[0]
    return squares


@njit(nogil=True, fastmath=True, error_model="numpy")
def _flow(values, rows, ahead, flux, there, n, limits):  # type: ignore[no-untyped-def]
    """Write the weighted differences; ``rows`` are here, one on in z, one on in x."""
    here, down, right = rows
    smoothing, least = spread(limits[0]), spread(limits[1])
    for k in range(0, n, WIDTH):
        c = load(values, here + k)
        step_z, step_y, step_x = load(values, down + k) - c, load(ahead, k) - c, load(values, right + k) - c
        square = step_z * step_z + step_y * step_y + step_x * step_x
        weight = inverse_root(larger(square + smoothing, least))
        store(flux[0], there + k, step_z * weight)
        store(flux[1], there + k, step_y * weight)
        store(flux[2], there + k, step_x * weight)


@njit(nogil=True, fastmath=True, error_model="numpy")
def _divergence(fluxes, at, k):  # type: ignore[no-untyped-def]
    """``fluxes`` are those along z, y, x, that along z in the plane before, that along y in the lane before."""
    (along_z, along_y, along_x, before, behind), here = fluxes, at[1] + k
    pull = load_change(along_z, here, before, here) + load_change(along_x, here, along_x, here - at[2])
    return pull + load_change(along_y, here, behind, k)


@njit(nogil=True, fastmath=True, error_model="numpy")
def _step(values, targets, fluxes, at, n, move):  # type: ignore[no-untyped-def]
    step, floor, squares = spread(move[1]), spread(move[2]), spread(np.float32(0))
    for k in range(0, n, WIDTH):
        change = _divergence(fluxes, at, k)
        squares = squares + change * change
        store(targets, at[0] + k, larger(load(values, at[0] + k) + step * change, floor))
    return np.float64(total(squares))


@njit(nogil=True, fastmath=True, error_model="numpy")
def _squares(fluxes, at, n):  # type: ignore[no-untyped-def]
    squares = spread(np.float32(0))
    for k in range(0, n, WIDTH):
        change = _divergence(fluxes, at, k)
        squares = squares + change * change
    return np.float64(total(squares))


@njit(nogil=True, cache=True, fastmath=True)
def extrapolate(volume, before, factor):  # type: ignore[no-untyped-def]
    """Push rows of lanes on by ``factor`` times their way since ``before``, which becomes what they were.

    Gives Σ way² and Σ of their squares.
    """
    values, old = volume.reshape(-1), before.reshape(-1)
    push, ways, squares = spread(factor), np.float64(0), np.float64(0)
    for first in range(0, values.size, SPAN):
        way_part, part = spread(np.float32(0)), spread(np.float32(0))
        for k in range(first, min(first + SPAN, values.size), WIDTH):
            value = load(values, k)
            way = value - load(old, k)
            way_part, part = way_part + way * way, part + value * value
            store(values, k, value + push * way)
            store(old, k, value)
        ways, squares = ways + np.float64(total(way_part)), squares + np.float64(total(part))
    return ways, squares


@njit(nogil=True, cache=True, fastmath=True)
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
