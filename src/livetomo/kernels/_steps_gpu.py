"""What one thread does with one voxel, in several kernels."""

import numpy as np
from numba import cuda

_ZERO = np.float32(0)


@cuda.jit(device=True)
def larger(one, other):  # type: ignore[no-untyped-def]
    """Give the larger of two."""
    return one if one > other else other


@cuda.jit(device=True)
def advanced(volumes, row, lane, step, update):  # type: ignore[no-untyped-def]
    """Do the step with momentum of ``_momentum_cpu`` with one voxel; gives (y - x') (x' - x)."""
    extrapolated, volume, support = volumes
    keep, floor, ceiling, momentum = update
    before = extrapolated[row, lane]
    new = larger(floor, keep * before + step)
    new = new if new < ceiling else ceiling
    if support.shape[0] > 0 and support[row, lane] == 0:
        new = _ZERO
    change = new - volume[row, lane]
    extrapolated[row, lane] = new + momentum * change
    volume[row, lane] = new
    return (before - new) * change
