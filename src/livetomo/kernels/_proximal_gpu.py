"""A step of the proximal operator of total variation on the GPU, as two passes, a thread for each voxel.

From the duals p follows x = max(floor, volume + weight · div p), which takes the place of the result for a while; from
∇x the new duals. On the processor one pass does both (``_proximal_cpu``), slab by slab; here each pass ends before the
next begins, so nothing has to be kept for where slabs meet. Duals are int16 of [-1, 1].
"""

import math
from typing import Any

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch
from livetomo.kernels._neighbours_gpu import put_at, steps_ahead, value_at, voxel_of
from livetomo.kernels._steps_gpu import larger

_DUAL_UNIT = np.float32(32767)
_PER_DUAL_UNIT = np.float32(1 / 32767)
_ZERO, _HALF = np.float32(0), np.float32(0.5)


def primal(volume, duals, out, n_zyx, strengths):  # type: ignore[no-untyped-def]
    """Write max(floor, volume + weight · div p) into ``out``; ``strengths`` are (weight, rise, floor)."""
    launch(_primal, _values(volume, n_zyx), volume, volume, duals, out, n_zyx, strengths)


def dual(primal_volume, duals, n_zyx, strengths):  # type: ignore[no-untyped-def]
    """Make the duals p + rise · ∇x, drawn into the unit ball."""
    launch(_dual, _values(primal_volume, n_zyx), primal_volume, primal_volume, duals, n_zyx, strengths)


def _values(volume: Any, n_zyx: tuple[int, int, int]) -> int:
    return int(n_zyx[0] * n_zyx[2] * volume.shape[0] * volume.shape[2])


@cuda.jit(cache=True)
def _primal(n, volume, duals, out, n_zyx, strengths):  # type: ignore[no-untyped-def]
    n_x, weight = n_zyx[2], strengths[0] * _PER_DUAL_UNIT
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        z, y, x = voxel_of(k, n_zyx, volume.shape[2])
        if y < n_zyx[1]:
            # In z and x the border of zeros lies before the first voxel, in y nothing does
            flow = value_at(duals[0], n_x, z, y, x) - value_at(duals[0], n_x, z - 1, y, x)
            flow += value_at(duals[2], n_x, z, y, x) - value_at(duals[2], n_x, z, y, x - 1)
            flow += value_at(duals[1], n_x, z, y, x) - (value_at(duals[1], n_x, z, y - 1, x) if y > 0 else _ZERO)
            new = value_at(volume, n_x, z, y, x) + weight * flow
            put_at(out, n_x, z, y, x, larger(new, strengths[2]))


@cuda.jit(cache=True)
def _dual(n, volume, duals, n_zyx, strengths):  # type: ignore[no-untyped-def]
    n_x, rise = n_zyx[2], strengths[1] * _DUAL_UNIT
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        z, y, x = voxel_of(k, n_zyx, volume.shape[2])
        if y < n_zyx[1]:
            step_z, step_y, step_x = steps_ahead(volume, n_zyx, z, y, x)
            q_z = value_at(duals[0], n_x, z, y, x) + rise * step_z
            q_y = value_at(duals[1], n_x, z, y, x) + rise * step_y
            q_x = value_at(duals[2], n_x, z, y, x) + rise * step_x
            length = larger(math.sqrt(q_z * q_z + q_y * q_y + q_x * q_x), _DUAL_UNIT)
            shrink = _DUAL_UNIT / length
            put_at(duals[0], n_x, z, y, x, math.floor(q_z * shrink + _HALF))
            put_at(duals[1], n_x, z, y, x, math.floor(q_y * shrink + _HALF))
            put_at(duals[2], n_x, z, y, x, math.floor(q_x * shrink + _HALF))
