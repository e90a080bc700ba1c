"""Turn a packed volume in its own plane on the GPU: twins of ``_turn_cpu``, a thread for each voxel of the target."""

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch
from livetomo.kernels._steps_gpu import larger

_ZERO = np.float32(0)


def permute(source, out, offsets, widths, n_y, block, planes, update):  # type: ignore[no-untyped-def]
    """Update the planes (first, end) of one block of ``out`` by voxels that move whole: no interpolation."""
    n = (planes[1] - planes[0]) * widths[1] * out.shape[2]
    launch(_permute, n, out, source.reshape(-1), out, offsets, (widths[0], widths[1], n_y), (block, planes[0]), update)


def gather(source, out, taps, widths, n_zy, update):  # type: ignore[no-untyped-def]
    """Update all of ``out``: out = max(floor, keep · out + Σ weight · source voxel)."""
    n = out.shape[0] * n_zy[0] * widths[1] * out.shape[2]
    launch(_gather, n, out, source, out, taps, widths, n_zy, update)


@cuda.jit(device=True)
def _updated(old, new, update):  # type: ignore[no-untyped-def]
    """Give max(floor, keep · old + new); with keep 0 it does not matter what the old one was."""
    return larger(new if update[0] == _ZERO else update[0] * old + new, update[1])


@cuda.jit(cache=True)
def _permute(n, values, out, offsets, sizes, start, update):  # type: ignore[no-untyped-def]
    of_x, of_y = offsets
    source_width, width, n_y = sizes
    lanes = out.shape[2]
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        lane, x, z = k % lanes, k // lanes % width, start[1] + k // lanes // width
        y = start[0] * lanes + lane
        if y < n_y:
            plane, row = (z + 1) * (source_width + 2) * lanes, (z + 1) * (width + 2) + x + 1
            value = _ZERO
            if of_x[x] >= 0:
                value = values[plane + of_x[x] + of_y[y]]
            out[start[0], row, lane] = _updated(out[start[0], row, lane], value, update)


@cuda.jit(cache=True)
def _gather(n, source, out, taps, widths, n_zy, update):  # type: ignore[no-untyped-def]
    starts, sources, weights = taps
    n_z, n_y = n_zy
    n_blocks, _, lanes = out.shape
    length = n_blocks * lanes
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        y, x, z = k % length, k // length % widths[1], k // length // widths[1]
        if y < n_y:
            total, target = _ZERO, x * length + y
            for group in range(starts[target], starts[target + 1]):
                for tap in range(sources.shape[1]):
                    from_x, from_y = sources[group, tap] // length, sources[group, tap] % length
                    from_row = (z + 1) * (widths[0] + 2) + from_x + 1
                    total += weights[group, tap] * source[from_y // lanes, from_row, from_y % lanes]
            row = (z + 1) * (widths[1] + 2) + x + 1
            out[y // lanes, row, y % lanes] = _updated(out[y // lanes, row, y % lanes], total, update)
