"""The matched Joseph pair on the GPU: twins of ``_project_cpu``, with the same fixed-point positions and weights.

Both directions gather, without atomics. Forward a thread follows one ray of one lane over the rows of its main axis;
back a thread adds up what the tilts give to one voxel of one lane. Threads next to each other have lanes next to each
other: they share every position and read neighbouring values.
"""

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch, launch_sum
from livetomo.kernels._positions import COARSER, FRACTION_BITS, UNIT
from livetomo.kernels._project_cpu import RAY_BORDER
from livetomo.kernels._steps_gpu import advanced, larger

_ZERO, _ONE = np.float32(0), np.float32(1)
_FRACTION = (1 << FRACTION_BITS) - 1


def project(volume, out, crossings, scales, strip, row_length, tilts):  # type: ignore[no-untyped-def]
    """Write the projections of the named tilts into their rows of ``out``."""
    n = len(tilts) * row_length * volume.shape[1]
    launch(_project, n, volume, volume, out, (crossings, scales, tilts), strip, row_length)


def backproject(volume, projections, beams, update, strip, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Update the voxel rows ``z_rows`` (first, end): volume = max(floor, keep · volume + gain · Aᵀ projections).

    ``beams`` are (landings, hats, tilts), ``update`` is (gain (z, x), keep, floor).
    """
    n = (z_rows[1] - z_rows[0]) * strip[1] * volume.shape[1]
    launch(_backproject, n, volume, volume, projections, beams, update, (strip[1], row_length, z_rows[0]))


def backproject_with_momentum(volumes, projections, beams, update, strip, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Do the step with momentum of ``_project_cpu`` and give Σ (y - x') (x' - x)."""
    n = (z_rows[1] - z_rows[0]) * strip[1] * projections.shape[1]
    sizes = strip[1], row_length, z_rows[0]
    return launch_sum(_with_momentum, n, projections, volumes, projections, beams, update, sizes)


@cuda.jit(cache=True)
def _project(n, volume, out, rays, strip, row_length):  # type: ignore[no-untyped-def]
    crossings, scales, tilts = rays
    lanes = volume.shape[1]
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        lane, place, t = k % lanes, k // lanes % row_length, tilts[k // lanes // row_length]
        total = _ZERO
        if RAY_BORDER <= place < row_length - RAY_BORDER:
            at_zero = crossings[t, 0] + (place - RAY_BORDER) * crossings[t, 2]
            step, along, across = crossings[t, 1], crossings[t, 3], crossings[t, 4]
            n_main, n_cross = (strip[0], strip[1]) if along > across else (strip[1], strip[0])
            end = (n_cross + 1) << FRACTION_BITS
            for row in range(1, n_main + 1):
                position = at_zero + row * step
                if 0 <= position < end:
                    second = np.float32((position & _FRACTION) >> COARSER) * UNIT
                    at = row * along + (position >> FRACTION_BITS) * across
                    total += (_ONE - second) * volume[at, lane] + second * volume[at + across, lane]
        out[t * row_length + place, lane] = total * scales[t]


@cuda.jit(device=True)
def _gathered(projections, beams, row_length, z, x, lane):  # type: ignore[no-untyped-def]
    """Give Aᵀ projections of one voxel."""
    landings, hats, tilts = beams
    total = _ZERO
    for number in range(tilts.shape[0]):
        t = tilts[number]
        position = landings[t, 0] + z * landings[t, 1] + x * landings[t, 2]
        place = position >> FRACTION_BITS
        if RAY_BORDER - 1 <= place < row_length - RAY_BORDER:
            slope, height = hats[t, 0], hats[t, 1]
            climb = np.float32((position & _FRACTION) >> COARSER) * UNIT * slope
            first, second = larger(_ONE - climb, _ZERO), larger(_ONE - slope + climb, _ZERO)
            row = t * row_length + place
            total += height * (first * projections[row, lane] + second * projections[row + 1, lane])
    return total


@cuda.jit(device=True)
def _voxel(k, lanes, n_x, first_z):  # type: ignore[no-untyped-def]
    """Give (lane, z, x, row) of voxel number ``k`` of a block."""
    x, z = k // lanes % n_x, first_z + k // lanes // n_x
    return k % lanes, z, x, (z + 1) * (n_x + 2) + x + 1


@cuda.jit(cache=True)
def _backproject(n, volume, projections, beams, update, sizes):  # type: ignore[no-untyped-def]
    n_x, row_length, first_z = sizes
    gain, keep, floor = update
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        lane, z, x, row = _voxel(k, projections.shape[1], n_x, first_z)
        found = _gathered(projections, beams, row_length, z, x, lane)
        volume[row, lane] = larger(keep * volume[row, lane] + gain[z, x] * found, floor)


@cuda.jit(cache=True)
def _with_momentum(n, volumes, projections, beams, update, sizes, sums):  # type: ignore[no-untyped-def]
    n_x, row_length, first_z = sizes
    gain, keep, floor, ceiling, momentum = update
    astray = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        lane, z, x, row = _voxel(k, projections.shape[1], n_x, first_z)
        found = gain[z, x] * _gathered(projections, beams, row_length, z, x, lane)
        astray += advanced(volumes, row, lane, found, (keep, floor, ceiling, momentum))
    sums[cuda.grid(1)] = astray
