"""A step of the proximal operator of total variation on the processor, as one pass over volume and duals.

From the duals p follows x = max(floor, volume + weight · div p), from ∇x the new duals, from these the result. x is
only kept for two planes: that of z + 1 is worked out when z is done, just before the duals of z are written over. Each
voxel of the volume is read before it is written, so the result, pushed on by momentum, takes its place. Old duals and
old voxels are needed on both sides of where two slabs meet: what follows from them there, the seam, is worked out
before any slab begins.

Gradients are forward differences, zero across the faces of the grid. Duals are int8 of [-1, 1], the border and lanes
without a slice stay zero.
"""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._lane_neighbours import SPAN, look_ahead, look_behind
from livetomo.kernels._vectors import WIDTH, fetch, inverse_root, larger, load, load_change, spread, store, total

_DUAL_UNIT = np.float32(127)
_PER_DUAL_UNIT = np.float32(1 / 127)


@kernel(fastmath=True)
def seam(volume, duals, n_zyx, z, problem, x_plane, pull):  # type: ignore[no-untyped-def]
    """Write x of plane ``z``, where a slab starts, and the new p_z of the plane before (int8), all blocks."""
    n_blocks, n_rows, lanes = volume.shape
    columns = max(1, SPAN // lanes)
    values, p = volume.reshape(-1), (duals[0].reshape(-1), duals[1].reshape(-1), duals[2].reshape(-1))
    stride, width = (n_zyx[2] + 2) * lanes, (n_zyx[2] + 1) * lanes
    planes, ahead = np.empty(2 * n_blocks * width, np.float32), np.empty(columns * lanes, np.float32)
    targets = pull, np.empty(pull.size, np.int8), np.empty(pull.size, np.int8)
    for block in range(n_blocks):
        for x in range(0, n_zyx[2], columns):
            n, here = min(columns, n_zyx[2] - x) * lanes, block * n_rows * lanes + (z + 1) * stride + (x + 1) * lanes
            there = block * width + x * lanes
            gap = n_rows * lanes if block > 0 else 0
            _primal(values, p, x_plane, (here, here - stride, there, lanes, gap), n, problem, ahead)
            if z > 0:
                above = here - stride
                _primal(values, p, planes, (above, above - stride, there, lanes, gap), n, problem, ahead)
        _repeat_last_column(planes, (block + 1) * width, lanes)
        _repeat_last_column(x_plane, (block + 1) * width, lanes)
    _copy(x_plane, planes, n_blocks * width)
    for block in range(n_blocks if z > 0 else 0):
        n_used, gap = min(lanes, n_zyx[1] - block * lanes), width if block + 1 < n_blocks else 0
        for x in range(0, n_zyx[2], columns):
            n, here = min(columns, n_zyx[2] - x) * lanes, block * n_rows * lanes + z * stride + (x + 1) * lanes
            there = block * width + x * lanes
            look_ahead(planes, there, n, lanes, n_used, gap, ahead)
            at = there, there + n_blocks * width, there + lanes, here, there
            _dual(planes, ahead, p, targets, at, n, problem)


@kernel(fastmath=True)
def proximal_step(volume, before, duals, n_zyx, z_rows, problem, push, seams):  # type: ignore[no-untyped-def]
    """Do a step for the slab ``z_rows`` (first, end) of all blocks; ``problem`` is (weight, rise, floor).

    ``before`` becomes x and ``volume`` x + push · (x - before as it was); without blocks of it only the duals change.
    ``seams`` are x and the new p_z before where the slab starts, and x where the next starts. Gives Σ (x - before)²
    and Σ x².
    """
    n_z, n_y, n_x = n_zyx
    n_blocks, n_rows, lanes = volume.shape
    columns = max(1, SPAN // lanes)
    values, results = volume.reshape(-1), before.reshape(-1)
    p = duals[0].reshape(-1), duals[1].reshape(-1), duals[2].reshape(-1)
    stride, width = (n_x + 2) * lanes, (n_x + 1) * lanes
    planes, beside = np.empty(2 * n_blocks * width, np.float32), np.empty(columns * lanes, np.float32)
    this, following = 0, n_blocks * width
    ways, sizes = np.float64(0), np.float64(0)
    _copy(seams[0], planes, this)
    for z in range(z_rows[0], z_rows[1]):
        if z + 1 == n_z:
            following = this
        elif z + 1 == z_rows[1]:
            _copy(seams[2], planes, following)
        for block in range(n_blocks):
            n_used, gap = min(lanes, n_y - block * lanes), width if block + 1 < n_blocks else 0
            to_before = n_rows * lanes if block > 0 else 0
            for x in range(0, n_x, columns):
                n, here = min(columns, n_x - x) * lanes, block * n_rows * lanes + (z + 1) * stride + (x + 1) * lanes
                now = this + block * width + x * lanes
                then = following + now - this
                if z + 1 < z_rows[1]:
                    at = here + stride, here, then, lanes, to_before
                    _primal(values, p, planes, at, n, problem, beside)
                look_ahead(planes, now, n, lanes, n_used, gap, beside)
                _dual(planes, beside, p, p, (now, then, now + lanes, here, here), n, problem)
                if len(before):
                    above = seams[1] if z == z_rows[0] else p[0]
                    at = here, now - this if z == z_rows[0] else here - stride, here, lanes, to_before
                    way, size = _push_on(values, results, p, above, at, n, (*problem, push), beside)
                    ways, sizes = ways + way, sizes + size
            _repeat_last_column(planes, following + (block + 1) * width, lanes)
        this, following = following, this
    return ways, sizes


@part(fastmath=True)
def _primal(values, p, target, at, n, problem, behind):  # type: ignore[no-untyped-def]
    """Write max(floor, volume + weight · div p); ``at`` is (volume and p, p_z above, target, lanes, gap)."""
    here, _, there, lanes, gap = at
    look_behind(p[1], here, n, lanes, gap, behind)
    scale, floor = spread(problem[0] * _PER_DUAL_UNIT), spread(problem[2])
    for k in range(0, n, WIDTH):
        flow = _divergence(p, p[0], behind, at, k)
        store(target, there + k, larger(load(values, here + k) + scale * flow, floor))
        fetch(values, here + k + SPAN)
        fetch(p[0], here + k + SPAN)
        fetch(p[1], here + k + SPAN)
        fetch(p[2], here + k + SPAN)


@part(fastmath=True)
def _push_on(values, before, p, above, at, n, problem, behind):  # type: ignore[no-untyped-def]
    """Write x = max(floor, volume + weight · div p) into ``before``, and where it is pushed to into the volume."""
    here, _, there, lanes, gap = at
    look_behind(p[1], here, n, lanes, gap, behind)
    scale, floor, push = spread(problem[0] * _PER_DUAL_UNIT), spread(problem[2]), spread(problem[3])
    ways, sizes = spread(np.float32(0)), spread(np.float32(0))
    for k in range(0, n, WIDTH):
        new = larger(load(values, here + k) + scale * _divergence(p, above, behind, at, k), floor)
        way = new - load(before, here + k)
        ways, sizes = ways + way * way, sizes + new * new
        store(before, here + k, new)
        store(values, here + k, new + push * way)
        fetch(before, here + k + SPAN)
    return np.float64(total(ways)), np.float64(total(sizes))


@part(fastmath=True)
def _divergence(p, above, behind, at, k):  # type: ignore[no-untyped-def]
    here, lanes = at[0] + k, at[3]
    flow = load_change(p[0], here, above, at[1] + k) + load_change(p[2], here, p[2], here - lanes)
    return flow + (load(p[1], here) - load(behind, k))


@part(fastmath=True)
def _dual(planes, ahead, p, targets, at, n, problem):  # type: ignore[no-untyped-def]
    """Write p + rise · ∇x, drawn into the unit ball; ``at`` is (x, x one on in z, x one on in x, p, targets)."""
    now, down, right, here, there = at
    rise, unit, square = spread(problem[1] * _DUAL_UNIT), spread(_DUAL_UNIT), spread(_DUAL_UNIT * _DUAL_UNIT)
    for k in range(0, n, WIDTH):
        c = load(planes, now + k)
        q_z = load(p[0], here + k) + rise * (load(planes, down + k) - c)
        q_y = load(p[1], here + k) + rise * (load(ahead, k) - c)
        q_x = load(p[2], here + k) + rise * (load(planes, right + k) - c)
        shrink = unit * inverse_root(larger(q_z * q_z + q_y * q_y + q_x * q_x, square))
        store(targets[0], there + k, q_z * shrink)
        store(targets[1], there + k, q_y * shrink)
        store(targets[2], there + k, q_x * shrink)


@part(fastmath=True)
def _repeat_last_column(planes, end, lanes):  # type: ignore[no-untyped-def]
    """There the difference in x is zero."""
    for k in range(end - lanes, end, WIDTH):
        store(planes, k, load(planes, k - lanes))


@part(fastmath=True)
def _copy(plane, planes, at):  # type: ignore[no-untyped-def]
    for k in range(0, plane.size, WIDTH):
        store(planes, at + k, load(plane, k))
