"""A step with momentum on lane blocks, where what is to be added was found before."""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._vectors import WIDTH, larger, load, smaller, spread, store, total

_ROWS_AT_ONCE = 32
"""Rows whose products are added up in float32."""

_ZERO = np.float32(0)


@kernel
def advance(volumes, step, update, first, end):  # type: ignore[no-untyped-def]
    """Update rows first to end of y and x: x' = min(ceiling, max(floor, keep · y + step)) within the support.

    Then y = x' + momentum · (x' - x) and x = x'. ``volumes`` are (y, x, support), a support without rows is everywhere;
    ``update`` is (keep, floor, ceiling, momentum). Gives Σ (y - x') (x' - x).
    """
    gain, astray = np.ones(_ROWS_AT_ONCE, np.float32), np.float64(0)
    for row in range(first, end, _ROWS_AT_ONCE):
        astray += advance_rows(volumes, (row, 0), step, row, gain[: end - row], update)
    return astray


@part
def advance_rows(volumes, place, step, step_row, gain, update):  # type: ignore[no-untyped-def]
    """Do the same for neighbouring rows from a place (row, lane) on, with a gain (row,) for each row of the step."""
    extrapolated, volume, support = volumes
    keep, floor, ceiling, momentum = update
    lanes, astray = step.shape[1], spread(_ZERO)
    for number in range(len(gain)):
        at, factor = (place[0] + number) * volume.shape[1] + place[1], spread(gain[number])
        ahead = (step_row + number) * lanes - at
        for k in range(at, at + lanes, WIDTH):
            before = load(extrapolated, k)
            new = spread(keep) * before + factor * load(step, k + ahead)
            new = smaller(spread(ceiling), larger(spread(floor), new))
            new = new * load(support, k) if len(support) else new
            change = new - load(volume, k)
            astray = astray + (before - new) * change
            store(extrapolated, k, new + spread(momentum) * change)
            store(volume, k, new)
    return total(astray)
