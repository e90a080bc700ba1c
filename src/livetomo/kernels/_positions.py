"""Positions of rays, as fixed-point numbers: neighbouring tiles agree to the last bit on who owns a crossing."""

import numpy as np

from livetomo.kernels._compiled import part

FRACTION_BITS, POSITION_BITS = 32, 23
"""Bits of fraction, of an int64 that reaches over all and of an int32 within 256 rows, as many as a float32 has."""

UNIT = np.float32(1.0 / (1 << POSITION_BITS))
COARSER = FRACTION_BITS - POSITION_BITS
_HALF = 1 << (COARSER - 1)


@part(inline="always")
def coarse(position):  # type: ignore[no-untyped-def]
    """Give the nearest position with POSITION_BITS of fraction."""
    return np.int32((position + _HALF) >> COARSER)


@part
def rays_that_meet(crossing, main, owned):  # type: ignore[no-untyped-def]
    """Give the first and the end of the rays that may cross the rows ``main`` (first, end) within ``owned``."""
    origin, main_step, ray_step = crossing[0], crossing[1], crossing[2]
    low, high = owned
    start, stop = origin + main[0] * main_step, origin + (main[1] - 1) * main_step
    per_ray = 1.0 / ray_step
    left, right = (low - max(start, stop)) * per_ray, (high - min(start, stop)) * per_ray
    return np.int64(np.floor(min(left, right))), np.int64(np.ceil(max(left, right))) + 1


@part(inline="always")
def pixels_under(corner, over_z, over_x):  # type: ignore[no-untyped-def]
    """Give the first and the last pixel on which a tile's voxels land, from where one of its corners lands."""
    low = (corner + min(0, over_z) + min(0, over_x)) >> FRACTION_BITS
    high = (corner + max(0, over_z) + max(0, over_x)) >> FRACTION_BITS
    return low, high
