"""The vector steps of conjugate gradients, for all lanes at once: every slice has its own step lengths."""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401


@njit(nogil=True, cache=True)
def squares(packed, weights, first, end, out):  # type: ignore[no-untyped-def]
    """Add Σ weight · value² over rows first to end to ``out`` (lane,)."""
    for row in range(first, end):
        weight = weights[row] if len(weights) else np.float32(1)
        if weight > 0:
            for lane in range(packed.shape[1]):
                out[lane] += weight * packed[row, lane] * packed[row, lane]


@njit(nogil=True, cache=True)
def add_scaled(target, source, factors, first, end):  # type: ignore[no-untyped-def]
    """Add factor · source to rows first to end of ``target``, a factor for each lane."""
    for row in range(first, end):
        for lane in range(target.shape[1]):
            target[row, lane] += factors[lane] * source[row, lane]


@njit(nogil=True, cache=True)
def take_back(remainder, projected, weights, factors, first, end):  # type: ignore[no-untyped-def]
    """Subtract factor · projected from the rays with a weight; gives Σ remainder² after it."""
    total = np.float64(0)
    for row in range(first, end):
        if weights[row] > 0:
            row_squares = np.float32(0)
            for lane in range(remainder.shape[1]):
                value = remainder[row, lane] - factors[lane] * projected[row, lane]
                remainder[row, lane] = value
                row_squares += value * value
            total += row_squares
    return total


@njit(nogil=True, cache=True)
def damp(gradient, volume, damping, first, end, out):  # type: ignore[no-untyped-def]
    """Subtract damping · volume from the gradient and add Σ gradient² to ``out`` (lane,)."""
    for row in range(first, end):
        for lane in range(gradient.shape[1]):
            value = gradient[row, lane] - damping * volume[row, lane]
            gradient[row, lane] = value
            out[lane] += value * value


@njit(nogil=True, cache=True)
def turn(direction, gradient, factors, first, end):  # type: ignore[no-untyped-def]
    """Make the direction gradient + factor · direction, a factor for each lane."""
    for row in range(first, end):
        for lane in range(direction.shape[1]):
            direction[row, lane] = gradient[row, lane] + factors[lane] * direction[row, lane]
