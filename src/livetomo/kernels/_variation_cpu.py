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
def descend(volume, out, block, n_zyx, z_rows, limits, step, floor):  # type: ignore[no-untyped-def]
    """Write max(floor, volume - step · g) into ``out`` and give Σ g²; with a step of zero only Σ g².

    g is the gradient of Σ |∇x|, each difference weighted by 1 / √max(|∇x|² + limits[0], limits[1]).
    """
    n_z, n_y, n_x = n_zyx
    lanes, stride = volume.shape[2], n_x + 2
    n = min(lanes, n_y - block * lanes)
    weights = np.zeros((2, n_x + 1, lanes), np.float32)  # of the plane before and of this one; column 0 stays zero
    gradient = np.zeros(lanes, np.float32)
    squares = np.float64(0)
    for z in range(max(0, z_rows[0] - 1), z_rows[1]):
        above, here = weights[(z + 1) % 2], weights[z % 2]
        for x in range(n_x):
            centre = (z + 1) * stride + x + 1
            down = centre + stride if z + 1 < n_z else centre
            right = centre + 1 if x + 1 < n_x else centre
            after = volume[block + 1, centre, 0] if block + 1 < len(volume) else volume[block, centre, n - 1]
            rows = volume[block, centre], volume[block, down], volume[block, right]
            _weigh(rows, after, n, limits, here[x + 1])
            if z < z_rows[0]:
                continue
            pull = _pull_from_block_before(volume, block, (centre, down, right), limits)
            rows_before = volume[block, centre - stride], volume[block, centre - 1]
            _add_up(rows, rows_before, (here[x + 1], above[x + 1], here[x]), (after, pull), n, gradient)
            squares += _step_row(rows[0], gradient, n, out[block, centre], step, floor)
    return squares


@njit(nogil=True, fastmath=True, error_model="numpy")
def _weigh(rows, after, n, limits, weights):  # type: ignore[no-untyped-def]
    voxel, down, right = rows
    for lane in range(n - 1):
        c = voxel[lane]
        square = (down[lane] - c) ** 2 + (right[lane] - c) ** 2 + (voxel[lane + 1] - c) ** 2
        weights[lane] = _ONE / np.sqrt(max(square + limits[0], limits[1]))
    c = voxel[n - 1]
    square = (down[n - 1] - c) ** 2 + (right[n - 1] - c) ** 2 + (after - c) ** 2
    weights[n - 1] = _ONE / np.sqrt(max(square + limits[0], limits[1]))


@njit(nogil=True, fastmath=True, error_model="numpy")
def _pull_from_block_before(volume, block, centre_down_right, limits):  # type: ignore[no-untyped-def]
    """Give the part of lane 0's gradient that comes from its neighbour, the last lane of the block before."""
    if block == 0:
        return np.float32(0)
    centre, down, right = centre_down_right
    last = volume[block - 1, :, volume.shape[2] - 1]
    c, step = last[centre], volume[block, centre, 0] - last[centre]
    square = (last[down] - c) ** 2 + (last[right] - c) ** 2 + step**2
    return step / np.sqrt(max(square + limits[0], limits[1]))


@njit(nogil=True, fastmath=True, error_model="numpy")
def _add_up(rows, rows_before, weights, edges, n, gradient):  # type: ignore[no-untyped-def]
    (voxel, down, right), (up, left) = rows, rows_before
    here, above, beside = weights
    for lane in range(n):
        c = voxel[lane]
        ahead = (c - down[lane]) + (c - right[lane])
        gradient[lane] = ahead * here[lane] + (c - up[lane]) * above[lane] + (c - left[lane]) * beside[lane]
    for lane in range(n - 1):
        gradient[lane] += (voxel[lane] - voxel[lane + 1]) * here[lane]
    for lane in range(1, n):
        gradient[lane] += (voxel[lane] - voxel[lane - 1]) * here[lane - 1]
    gradient[n - 1] += (voxel[n - 1] - edges[0]) * here[n - 1]
    gradient[0] += edges[1]


@njit(nogil=True, fastmath=True, error_model="numpy")
def _step_row(voxel, gradient, n, out, step, floor):  # type: ignore[no-untyped-def]
    squares = np.float32(0)
    for lane in range(n):
        squares += gradient[lane] * gradient[lane]
    if step != 0:
        for lane in range(n):
            out[lane] = max(floor, voxel[lane] - step * gradient[lane])
    return squares


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def primal(volume, duals, out, block, n_zyx, z_rows, weight, floor):  # type: ignore[no-untyped-def]
    """Write max(floor, volume + weight · div p) into ``out``; p are the ``duals`` (z, y, x), int16 of [-1, 1]."""
    _, n_y, n_x = n_zyx
    lanes, stride = volume.shape[2], n_x + 2
    n, scale = min(lanes, n_y - block * lanes), weight * _PER_DUAL_UNIT
    for z in range(z_rows[0], z_rows[1]):
        for x in range(n_x):
            centre = (z + 1) * stride + x + 1
            voxel, target, along_y = volume[block, centre], out[block, centre], duals[1, block, centre]
            here_z, above_z = duals[0, block, centre], duals[0, block, centre - stride]
            here_x, left_x = duals[2, block, centre], duals[2, block, centre - 1]
            for lane in range(1, n):
                flow = np.int32(here_z[lane]) - above_z[lane] + here_x[lane] - left_x[lane]
                flow += np.int32(along_y[lane]) - along_y[lane - 1]
                target[lane] = max(floor, voxel[lane] + scale * np.float32(flow))
            before = duals[1, block - 1, centre, lanes - 1] if block else np.int16(0)
            flow = np.int32(here_z[0]) - above_z[0] + here_x[0] - left_x[0] + along_y[0] - before
            target[0] = max(floor, voxel[0] + scale * np.float32(flow))


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def dual(volume, duals, block, n_zyx, z_rows, step):  # type: ignore[no-untyped-def]
    """Bring the duals p up: p + step · ∇volume, then back into the unit ball."""
    n_z, n_y, n_x = n_zyx
    lanes, stride = volume.shape[2], n_x + 2
    n, scale = min(lanes, n_y - block * lanes), step * _DUAL_UNIT
    ahead = np.zeros(lanes, np.float32)
    for z in range(z_rows[0], z_rows[1]):
        for x in range(n_x):
            centre = (z + 1) * stride + x + 1
            voxel = volume[block, centre]
            down = volume[block, centre + stride if z + 1 < n_z else centre]
            right = volume[block, centre + 1 if x + 1 < n_x else centre]
            for lane in range(n - 1):
                ahead[lane] = voxel[lane + 1]
            ahead[n - 1] = volume[block + 1, centre, 0] if block + 1 < len(volume) else voxel[n - 1]
            p_z, p_y, p_x = duals[0, block, centre], duals[1, block, centre], duals[2, block, centre]
            for lane in range(n):
                c = voxel[lane]
                q_z = np.float32(p_z[lane]) + scale * (down[lane] - c)
                q_y = np.float32(p_y[lane]) + scale * (ahead[lane] - c)
                q_x = np.float32(p_x[lane]) + scale * (right[lane] - c)
                shrink = _DUAL_UNIT / np.sqrt(max(q_z * q_z + q_y * q_y + q_x * q_x, _DUAL_UNIT * _DUAL_UNIT))
                p_z[lane] = np.int16(np.floor(q_z * shrink + _HALF))
                p_y[lane] = np.int16(np.floor(q_y * shrink + _HALF))
                p_x[lane] = np.int16(np.floor(q_x * shrink + _HALF))


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
