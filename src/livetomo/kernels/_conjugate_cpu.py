"""The vector steps of conjugate gradients over rows of lanes."""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401


@njit(nogil=True, cache=True)
def squares(packed, weights, first, end):  # type: ignore[no-untyped-def]
    """Give Σ value² over rows first to end; rows without a weight do not count, if there are weights."""
    total = 0.0
    for row in range(first, end):
        if len(weights) == 0 or weights[row] > 0:
            total += _row_squares(packed[row])
    return total


@njit(nogil=True, cache=True, fastmath=True)
def add_scaled(target, source, factor, first, end):  # type: ignore[no-untyped-def]
    """Add factor · source to rows first to end of ``target``."""
    for row in range(first, end):
        for lane in range(target.shape[1]):
            target[row, lane] += factor * source[row, lane]


@njit(nogil=True, cache=True)
def take_back(remainder, projected, weights, factor, first, end):  # type: ignore[no-untyped-def]
    """Subtract factor · projected from the rays with a weight; gives Σ remainder² after it."""
    total = 0.0
    for row in range(first, end):
        if weights[row] > 0:
            total += _row_minus(remainder[row], factor, projected[row])
    return total


@njit(nogil=True, cache=True)
def damp(gradient, volume, damping, first, end):  # type: ignore[no-untyped-def]
    """Subtract damping · volume from rows first to end of the gradient; gives Σ gradient² after it."""
    total = 0.0
    for row in range(first, end):
        total += _row_minus(gradient[row], damping, volume[row])
    return total


@njit(nogil=True, cache=True, fastmath=True)
def turn(direction, gradient, factor, first, end):  # type: ignore[no-untyped-def]
    """Make rows first to end of the direction gradient + factor · direction."""
    for row in range(first, end):
        for lane in range(direction.shape[1]):
            direction[row, lane] = gradient[row, lane] + factor * direction[row, lane]


@njit(nogil=True, fastmath=True)
def _row_squares(row):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for lane in range(len(row)):
        total += row[lane] * row[lane]
    return total


@njit(nogil=True, fastmath=True)
def _row_minus(row, factor, other):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for lane in range(len(row)):
        value = row[lane] - factor * other[lane]
        row[lane] = value
        total += value * value
    return total
