"""A step of the proximal operator of total variation on the GPU, as two passes, a thread for each voxel.

From the duals p follows x = max(floor, volume + weight · div p), which takes the place of the result for a while; from
∇x the new duals. On the processor one pass does both (``_proximal_cpu``), slab by slab; here each pass ends before the
next begins, so nothing has to be kept for where slabs meet. Duals are int8 of [-1, 1].
"""

import math
from typing import Any

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch
from livetomo.kernels._neighbours_gpu import before, place_of, row_of, steps_ahead
from livetomo.kernels._steps_gpu import larger

_DUAL_UNIT = np.float32(127)
_PER_DUAL_UNIT = np.float32(1 / 127)
_HALF = np.float32(0.5)


def primal(volume, duals, out, n_zyx, strengths):  # type: ignore[no-untyped-def]
    """Write max(floor, volume + weight · div p) into ``out``; ``strengths`` are (weight, rise, floor)."""
    launch(_primal, _values(volume, n_zyx), volume, volume, duals, out, n_zyx, strengths)


def dual(primal_volume, duals, n_zyx, strengths):  # type: ignore[no-untyped-def]
    """Make the duals p + rise · ∇x, drawn into the unit ball."""
    launch(_dual, _values(primal_volume, n_zyx), primal_volume, primal_volume, duals, n_zyx, strengths)


def _values(volume: Any, n_zyx: tuple[int, int, int]) -> int:
    return int(n_zyx[0] * n_zyx[2] * volume.shape[0] * volume.shape[2])


@cuda.jit(device=True)
def _flow(duals, place, n_zyx):  # type: ignore[no-untyped-def]
    """Give div p in the unit of the duals; in z and x the border of zeros lies before the first voxel."""
    block, _, _, lane = place
    row, lanes = row_of(place, n_zyx), duals.shape[3]
    flow = np.float32(duals[0, block, row, lane]) - np.float32(duals[0, block, row - n_zyx[2] - 2, lane])
    flow += np.float32(duals[2, block, row, lane]) - np.float32(duals[2, block, row - 1, lane])
    flow += np.float32(duals[1, block, row, lane])
    if block > 0 or lane > 0:
        block, _, _, lane = before(place, lanes)
        flow -= np.float32(duals[1, block, row, lane])
    return flow


@cuda.jit(cache=True)
def _primal(n, volume, duals, out, n_zyx, strengths):  # type: ignore[no-untyped-def]
    lanes, weight = volume.shape[2], strengths[0] * _PER_DUAL_UNIT
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        place = place_of(k, n_zyx, lanes)
        block, lane, row = place[0], place[3], row_of(place, n_zyx)
        if block * lanes + lane < n_zyx[1]:
            new = volume[block, row, lane] + weight * _flow(duals, place, n_zyx)
            out[block, row, lane] = larger(new, strengths[2])


@cuda.jit(cache=True)
def _dual(n, volume, duals, n_zyx, strengths):  # type: ignore[no-untyped-def]
    lanes, rise = volume.shape[2], strengths[1] * _DUAL_UNIT
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        place = place_of(k, n_zyx, lanes)
        block, lane, row = place[0], place[3], row_of(place, n_zyx)
        if block * lanes + lane < n_zyx[1]:
            step_z, step_y, step_x = steps_ahead(volume, place, n_zyx)
            q_z = np.float32(duals[0, block, row, lane]) + rise * step_z
            q_y = np.float32(duals[1, block, row, lane]) + rise * step_y
            q_x = np.float32(duals[2, block, row, lane]) + rise * step_x
            shrink = _DUAL_UNIT / larger(math.sqrt(q_z * q_z + q_y * q_y + q_x * q_x), _DUAL_UNIT)
            duals[0, block, row, lane] = math.floor(q_z * shrink + _HALF)
            duals[1, block, row, lane] = math.floor(q_y * shrink + _HALF)
            duals[2, block, row, lane] = math.floor(q_x * shrink + _HALF)
