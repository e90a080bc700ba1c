"""The vector steps of conjugate gradients over rows of lanes."""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401


@njit(nogil=True, cache=True)
def squares(packed, weights, pixel_weights, first, end):  # type: ignore[no-untyped-def]
    """Give Σ weight · value² over rows first to end; without rows of weights they are 1."""
    total = 0.0
    for row in range(first, end):
        weight = weights[row] if len(weights) else np.float32(1)
        if weight > 0 and len(pixel_weights):
            total += weight * _row_weighed_squares(packed[row], pixel_weights[row])
        elif weight > 0:
            total += weight * _row_squares(packed[row])
    return total


@njit(nogil=True, cache=True)
def weigh(packed, weights, pixel_weights, out, first, end):  # type: ignore[no-untyped-def]
    """Write weight · value of rows first to end into ``out``."""
    for row in range(first, end):
        for lane in range(packed.shape[1]):
            out[row, lane] = weights[row] * packed[row, lane]
        if len(pixel_weights):
            for lane in range(packed.shape[1]):
                out[row, lane] *= pixel_weights[row, lane]


@njit(nogil=True, cache=True, fastmath=True)
def add_scaled(target, source, factor, first, end):  # type: ignore[no-untyped-def]
    """Add factor · source to rows first to end of ``target``."""
    for row in range(first, end):
        for lane in range(target.shape[1]):
            target[row, lane] += factor * source[row, lane]


@njit(nogil=True, cache=True)
def take_back(remainder, projected, weights, pixel_weights, factor, first, end):  # type: ignore[no-untyped-def]
    """Subtract factor · projected from the rays with a weight; gives Σ w remainder² after it, w those of the pixels."""
    total = 0.0
    for row in range(first, end):
        if weights[row] > 0:
            squares = _row_minus(remainder[row], factor, projected[row])
            total += _row_weighed_squares(remainder[row], pixel_weights[row]) if len(pixel_weights) else squares
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
def _row_weighed_squares(row, weights):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for lane in range(len(row)):
        total += weights[lane] * row[lane] * row[lane]
    return total


@njit(nogil=True, fastmath=True)
def _row_minus(row, factor, other):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for lane in range(len(row)):
        value = row[lane] - factor * other[lane]
        row[lane] = value
        total += value * value
    return total
