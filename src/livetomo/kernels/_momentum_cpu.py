"""A step with momentum on lane blocks, where what is to be added was found before."""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def advance(volumes, step, update, first, end):  # type: ignore[no-untyped-def]
    """Update rows first to end of y and x: x' = min(ceiling, max(floor, keep · y + step)) within the support.

    Then y = x' + momentum · (x' - x) and x = x'. ``volumes`` are (y, x, support), a support without rows is everywhere;
    ``update`` is (keep, floor, ceiling, momentum). Gives Σ (y - x') (x' - x).
    """
    extrapolated, volume, support = volumes
    keep, floor, ceiling, momentum = update
    astray = np.float64(0)
    for row in range(first, end):
        row_astray = np.float32(0)
        for lane in range(volume.shape[1]):
            new = min(ceiling, max(floor, keep * extrapolated[row, lane] + step[row, lane]))
            if len(support):
                new *= support[row, lane]
            change = new - volume[row, lane]
            row_astray += (extrapolated[row, lane] - new) * change
            extrapolated[row, lane] = new + momentum * change
            volume[row, lane] = new
        astray += row_astray
    return astray
