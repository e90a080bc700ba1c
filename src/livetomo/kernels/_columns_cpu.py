"""Column sums of the matched pair: how much all rays of some tilts take of each voxel, without projecting anything."""

import numpy as np

from livetomo.kernels._compiled import kernel
from livetomo.kernels._positions import FRACTION_BITS
from livetomo.kernels._project_cpu import RAY_BORDER

_ZERO, _ONE = np.float32(0), np.float32(1)
_UNIT = 1.0 / (1 << FRACTION_BITS)


@kernel(fastmath=True)
def add_columns(sums, landings, hats, tilt_weights, row_length, z_rows):  # type: ignore[no-untyped-def]
    """Add what the rays that exist take of the voxels of rows ``z_rows`` (first, end) to ``sums`` (z, x)."""
    first, last = float(RAY_BORDER), float(row_length - RAY_BORDER - 1)
    for z in range(z_rows[0], z_rows[1]):
        for t in range(len(landings)):
            start, step = (landings[t, 0] + z * landings[t, 1]) * _UNIT, landings[t, 2] * _UNIT
            slope, height = hats[t, 0], tilt_weights[t] * hats[t, 1]
            rise, foot = height * slope, height * (_ONE - slope)
            for x in range(sums.shape[1]):
                place = start + x * step
                ray = np.floor(place)
                climb = np.float32(place - ray) * rise
                here = max(_ZERO, height - climb) if first <= ray <= last else _ZERO
                after = max(_ZERO, foot + climb) if first <= ray + 1 <= last else _ZERO
                sums[z, x] += here + after
