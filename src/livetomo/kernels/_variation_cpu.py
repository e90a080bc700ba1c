"""Stencils of total variation on the processor, over lane blocks: neighbours in y lie in lanes, also of the next block.

A packed volume is ``[block][(n_z + 2) (n_x + 2)][lane]``. Gradients are forward differences, zero across the faces of
the grid. Each kernel does the voxel rows ``z_rows`` (first, end) of one block and reads what no other task writes, so
tasks may run in any order.
"""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401

_DUAL_UNIT = np.float32(32767)
_PER_DUAL_UNIT = np.float32(1 / 32767)
_HALF, _ONE = np.float32(0.5), np.float32(1)


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def descend(volume, out, block, n_zyx, z_rows, limits, move):  # type: ignore[no-untyped-def]
    """Write max(floor, volume - step · g) into ``out`` and give Σ g²; ``move`` is (writes, step, floor).

    g is the gradient of Σ |∇x|, each difference weighted by 1 / √max(|∇x|² + limits[0], limits[1]).
    Without ``writes`` the rest of ``move`` has no effect.
    """
    n_z, n_y, n_x = n_zyx
    n_blocks, n_rows, lanes = volume.shape
    values, targets, stride = volume.reshape(-1, lanes), out.reshape(-1, lanes), n_x + 2
    n, is_last = min(lanes, n_y - block * lanes), block + 1 == n_blocks
    weights = np.zeros((2 * stride, lanes), np.float32)  # of the plane before and of this one; their first stays zero
    gradient = np.zeros(lanes, np.float32)
    squares = np.float64(0)
    for z in range(max(0, z_rows[0] - 1), z_rows[1]):
        plane_before, plane = (z + 1) % 2 * stride, z % 2 * stride
        for x in range(n_x):
            here = block * n_rows + (z + 1) * stride + x + 1
            down = here + stride if z + 1 < n_z else here
            right = here + 1 if x + 1 < n_x else here
            after = values[here, n - 1] if is_last else values[here + n_rows, 0]
            rows, known = (here, down, right), (plane + x + 1, plane_before + x + 1, plane + x)
            _weigh(values, rows, after, n, limits, weights, known[0])
            if z < z_rows[0]:
                continue
            pull = np.float32(0)
            if block > 0:
                pull = _pull_of_last_lane(
                    values, (here - n_rows, down - n_rows, right - n_rows), values[here, 0], limits
                )
            _add_up(values, (here, down, right, here - stride, here - 1), (after, pull), n, weights, known, gradient)
            squares += _step_row(values, targets, here, gradient, n, move)
    return squares


@njit(nogil=True, fastmath=True, error_model="numpy")
def _weigh(values, rows, after, n, limits, weights, target):  # type: ignore[no-untyped-def]
    here, down, right = rows
    for lane in range(n - 1):
        c = values[here, lane]
        step_z, step_x, step_y = values[down, lane] - c, values[right, lane] - c, values[here, lane + 1] - c
        square = step_z * step_z + step_x * step_x + step_y * step_y
        weights[target, lane] = _ONE / np.sqrt(max(square + limits[0], limits[1]))
    c = values[here, n - 1]
    step_z, step_x, step_y = values[down, n - 1] - c, values[right, n - 1] - c, after - c
    square = step_z * step_z + step_x * step_x + step_y * step_y
    weights[target, n - 1] = _ONE / np.sqrt(max(square + limits[0], limits[1]))


@njit(nogil=True, fastmath=True, error_model="numpy")
def _pull_of_last_lane(values, rows, after, limits):  # type: ignore[no-untyped-def]
    """Give the part of lane 0's gradient that comes from its neighbour, the last lane of the block before."""
    here, down, right = rows
    last = values.shape[1] - 1
    c = values[here, last]
    step_z, step_x, step_y = values[down, last] - c, values[right, last] - c, after - c
    square = step_z * step_z + step_x * step_x + step_y * step_y
    return step_y / np.sqrt(max(square + limits[0], limits[1]))


@njit(nogil=True, fastmath=True, error_model="numpy")
def _add_up(values, rows, edges, n, weights, known, gradient):  # type: ignore[no-untyped-def]
    here, down, right, up, left = rows
    own, above, beside = known
    for lane in range(n):
        c = values[here, lane]
        ahead = (c - values[down, lane]) + (c - values[right, lane])
        behind = (c - values[up, lane]) * weights[above, lane] + (c - values[left, lane]) * weights[beside, lane]
        gradient[lane] = ahead * weights[own, lane] + behind
    for lane in range(n - 1):
        gradient[lane] += (values[here, lane] - values[here, lane + 1]) * weights[own, lane]
    for lane in range(1, n):
        gradient[lane] += (values[here, lane] - values[here, lane - 1]) * weights[own, lane - 1]
    gradient[n - 1] += (values[here, n - 1] - edges[0]) * weights[own, n - 1]
    gradient[0] += edges[1]


@njit(nogil=True, fastmath=True, error_model="numpy")
def _step_row(values, targets, here, gradient, n, move):  # type: ignore[no-untyped-def]
    (writes, step, floor), squares = move, np.float32(0)
    for lane in range(n):
        squares += gradient[lane] * gradient[lane]
    if writes:
        for lane in range(n):
            targets[here, lane] = max(floor, values[here, lane] - step * gradient[lane])
    return squares


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def primal(volume, duals, out, block, n_zyx, z_rows, weight, floor):  # type: ignore[no-untyped-def]
    """Write max(floor, volume + weight · div p) into ``out``; p are the ``duals`` (z, y, x), int16 of [-1, 1]."""
    n_blocks, n_rows, lanes = volume.shape
    stride, n, scale = n_zyx[2] + 2, min(lanes, n_zyx[1] - block * lanes), weight * _PER_DUAL_UNIT
    values, targets, p = volume.reshape(-1, lanes), out.reshape(-1, lanes), duals.reshape(-1, lanes)
    in_y, in_x = n_blocks * n_rows, 2 * n_blocks * n_rows
    for z in range(z_rows[0], z_rows[1]):
        for x in range(n_zyx[2]):
            here = block * n_rows + (z + 1) * stride + x + 1
            y_row, x_row = in_y + here, in_x + here
            for lane in range(1, n):
                flow = np.int32(p[here, lane]) - np.int32(p[here - stride, lane])
                flow += np.int32(p[x_row, lane]) - np.int32(p[x_row - 1, lane])
                flow += np.int32(p[y_row, lane]) - np.int32(p[y_row, lane - 1])
                targets[here, lane] = max(floor, values[here, lane] + scale * np.float32(flow))
            flow = np.int32(p[here, 0]) - np.int32(p[here - stride, 0]) + np.int32(p[y_row, 0])
            flow += np.int32(p[x_row, 0]) - np.int32(p[x_row - 1, 0])
            if block > 0:
                flow -= np.int32(p[y_row - n_rows, lanes - 1])
            targets[here, 0] = max(floor, values[here, 0] + scale * np.float32(flow))


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def dual(volume, duals, block, n_zyx, z_rows, step):  # type: ignore[no-untyped-def]
    """Bring the duals p up: p + step · ∇volume, then back into the unit ball."""
    n_z, n_y, n_x = n_zyx
    n_blocks, n_rows, lanes = volume.shape
    values, p, stride = volume.reshape(-1, lanes), duals.reshape(-1, lanes), n_x + 2
    n, is_last, scale = min(lanes, n_y - block * lanes), block + 1 == n_blocks, step * _DUAL_UNIT
    in_y, in_x = n_blocks * n_rows, 2 * n_blocks * n_rows
    ahead = np.zeros(lanes, np.float32)
    for z in range(z_rows[0], z_rows[1]):
        for x in range(n_x):
            here = block * n_rows + (z + 1) * stride + x + 1
            down = here + stride if z + 1 < n_z else here
            right = here + 1 if x + 1 < n_x else here
            for lane in range(n - 1):
                ahead[lane] = values[here, lane + 1]
            ahead[n - 1] = values[here, n - 1] if is_last else values[here + n_rows, 0]
            for lane in range(n):
                c = values[here, lane]
                q_z = np.float32(p[here, lane]) + scale * (values[down, lane] - c)
                q_y = np.float32(p[in_y + here, lane]) + scale * (ahead[lane] - c)
                q_x = np.float32(p[in_x + here, lane]) + scale * (values[right, lane] - c)
                shrink = _DUAL_UNIT / np.sqrt(max(q_z * q_z + q_y * q_y + q_x * q_x, _DUAL_UNIT * _DUAL_UNIT))
                p[here, lane] = np.int16(np.floor(q_z * shrink + _HALF))
                p[in_y + here, lane] = np.int16(np.floor(q_y * shrink + _HALF))
                p[in_x + here, lane] = np.int16(np.floor(q_x * shrink + _HALF))


@njit(nogil=True, cache=True, fastmath=True)
def extrapolate(volume, before, factor):  # type: ignore[no-untyped-def]
    """Push a lane block on by ``factor`` times its way since ``before``, which becomes what it was."""
    for row in range(volume.shape[0]):
        for lane in range(volume.shape[1]):
            value = volume[row, lane]
            volume[row, lane] = value + factor * (value - before[row, lane])
            before[row, lane] = value


@njit(nogil=True, cache=True, fastmath=True)
def squared_distance(volume, other):  # type: ignore[no-untyped-def]
    """Give Σ (volume - other)² of a lane block."""
    total = np.float64(0)
    for row in range(volume.shape[0]):
        squares = np.float32(0)
        for lane in range(volume.shape[1]):
            squares += (volume[row, lane] - other[row, lane]) ** 2
        total += squares
    return total
