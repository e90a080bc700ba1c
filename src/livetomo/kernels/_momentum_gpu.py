"""A step with momentum on lane blocks on the GPU: the twin of ``_momentum_cpu``."""

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch_sum
from livetomo.kernels._steps_gpu import advanced


def advance(volumes, step, update, first, end):  # type: ignore[no-untyped-def]
    """Update rows first to end of y and x by ``step``; gives Σ (y - x') (x' - x)."""
    return launch_sum(_advance, (end - first) * step.shape[1], step, volumes, step, update, first)


@cuda.jit(cache=True)
def _advance(n, volumes, step, update, first, sums):  # type: ignore[no-untyped-def]
    lanes = step.shape[1]
    astray = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        row, lane = first + k // lanes, k % lanes
        astray += advanced(volumes, row, lane, step[row, lane], update)
    sums[cuda.grid(1)] = astray
