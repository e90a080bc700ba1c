"""The vector steps of conjugate gradients over rows of lanes."""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._vectors import WIDTH, load, spread, store, total

_ROWS_AT_ONCE = 32
"""Rows whose squares are added up in float32."""

_ZERO, _ONE = np.float32(0), np.float32(1)


@kernel
def squares(packed, weights, pixel_weights, first, end):  # type: ignore[no-untyped-def]
    """Give Σ weight · value² over rows first to end; without rows of weights they are 1."""
    found = np.float64(0)
    for start in range(first, end, _ROWS_AT_ONCE):
        found += _squares(packed, weights, pixel_weights, start, min(end, start + _ROWS_AT_ONCE))
    return found


@part
def _squares(packed, weights, pixel_weights, first, end):  # type: ignore[no-untyped-def]
    lanes, found = packed.shape[1], spread(_ZERO)
    for row in range(first, end):
        weight, row_found = weights[row] if len(weights) else _ONE, spread(_ZERO)
        if weight > 0:
            for k in range(row * lanes, (row + 1) * lanes, WIDTH):
                value = load(packed, k)
                counted = value * load(pixel_weights, k) if len(pixel_weights) else value
                row_found = row_found + counted * value
            found = found + spread(weight) * row_found
    return total(found)


@kernel
def weigh(packed, weights, pixel_weights, out, first, end):  # type: ignore[no-untyped-def]
    """Write weight · value of rows first to end into ``out``."""
    lanes = packed.shape[1]
    for row in range(first, end):
        for k in range(row * lanes, (row + 1) * lanes, WIDTH):
            value = spread(weights[row]) * load(packed, k)
            store(out, k, value * load(pixel_weights, k) if len(pixel_weights) else value)


@kernel
def add_scaled(target, source, factor, first, end):  # type: ignore[no-untyped-def]
    """Add factor · source to rows first to end of ``target``."""
    lanes = target.shape[1]
    for k in range(first * lanes, end * lanes, WIDTH):
        store(target, k, load(target, k) + spread(factor) * load(source, k))


@kernel
def take_back(remainder, projected, weights, pixel_weights, factor, first, end):  # type: ignore[no-untyped-def]
    """Subtract factor · projected from the rays with a weight; gives Σ w remainder² after it, by both weights."""
    found = np.float64(0)
    for start in range(first, end, _ROWS_AT_ONCE):
        rows = start, min(end, start + _ROWS_AT_ONCE)
        found += _take_back(remainder, projected, weights, pixel_weights, factor, rows)
    return found


@part
def _take_back(remainder, projected, weights, pixel_weights, factor, rows):  # type: ignore[no-untyped-def]
    lanes, found = remainder.shape[1], spread(_ZERO)
    for row in range(*rows):
        if weights[row] > 0:
            for k in range(row * lanes, (row + 1) * lanes, WIDTH):
                value = load(remainder, k) - spread(factor) * load(projected, k)
                counted = value * load(pixel_weights, k) if len(pixel_weights) else value
                found = found + spread(weights[row]) * counted * value
                store(remainder, k, value)
    return total(found)


@kernel
def damp(gradient, volume, damping, first, end):  # type: ignore[no-untyped-def]
    """Subtract damping · volume from rows first to end of the gradient; gives Σ gradient² after it."""
    lanes, found = gradient.shape[1], np.float64(0)
    for start in range(first, end, _ROWS_AT_ONCE):
        end_here = min(end, start + _ROWS_AT_ONCE)
        found += _damp(gradient, volume, damping, start * lanes, end_here * lanes)
    return found


@part
def _damp(gradient, volume, damping, first, end):  # type: ignore[no-untyped-def]
    found = spread(_ZERO)
    for k in range(first, end, WIDTH):
        value = load(gradient, k) - spread(damping) * load(volume, k)
        found = found + value * value
        store(gradient, k, value)
    return total(found)


@kernel
def turn(direction, gradient, factor, first, end):  # type: ignore[no-untyped-def]
    """Make rows first to end of the direction gradient + factor · direction."""
    lanes = direction.shape[1]
    for k in range(first * lanes, end * lanes, WIDTH):
        store(direction, k, load(gradient, k) + spread(factor) * load(direction, k))
