"""The vector steps of conjugate gradients on the GPU: twins of ``_conjugate_cpu``, a thread for each value."""

from typing import Any

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch, launch_sum

_ZERO, _ONE = np.float32(0), np.float32(1)


def squares(packed, weights, pixel_weights, first, end):  # type: ignore[no-untyped-def]
    """Give Σ weight · value² over rows first to end; without rows of weights they are 1."""
    return launch_sum(_squares, _values(packed, first, end), packed, packed, (weights, pixel_weights), first)


def weigh(packed, weights, pixel_weights, out, first, end):  # type: ignore[no-untyped-def]
    """Write weight · value of rows first to end into ``out``."""
    launch(_weigh, _values(packed, first, end), packed, packed, (weights, pixel_weights), out, first)


def add_scaled(target, source, factor, first, end):  # type: ignore[no-untyped-def]
    """Add factor · source to rows first to end of ``target``."""
    rows = slice(first, end)
    launch(_add, _values(target, first, end), target, *_flat(target, target, source, rows=rows), factor)


def take_back(remainder, projected, weights, pixel_weights, factor, first, end):  # type: ignore[no-untyped-def]
    """Subtract factor · projected from the rays with a weight; gives Σ w remainder² after it, by both weights."""
    n, both = _values(remainder, first, end), (weights, pixel_weights)
    return launch_sum(_take_back, n, remainder, remainder, projected, both, factor, first)


def damp(gradient, volume, damping, first, end):  # type: ignore[no-untyped-def]
    """Subtract damping · volume from rows first to end of the gradient; gives Σ gradient² after it."""
    rows = slice(first, end)
    return launch_sum(_damp, _values(gradient, first, end), gradient, *_flat(gradient, volume, rows=rows), damping)


def turn(direction, gradient, factor, first, end):  # type: ignore[no-untyped-def]
    """Make rows first to end of the direction gradient + factor · direction."""
    rows = slice(first, end)
    launch(_add, _values(direction, first, end), direction, *_flat(direction, gradient, direction, rows=rows), factor)


def _flat(*blocks: Any, rows: slice) -> tuple[Any, ...]:
    return tuple(block[rows].reshape(-1) for block in blocks)


def _values(packed: Any, first: int, end: int) -> int:
    return int((end - first) * packed.shape[1])


@cuda.jit(device=True)
def _weighed(value, weights, row, lane):  # type: ignore[no-untyped-def]
    return value * weights[row, lane] if weights.shape[0] > 0 else value


@cuda.jit(cache=True)
def _squares(n, packed, weights, first, sums):  # type: ignore[no-untyped-def]
    lanes = packed.shape[1]
    ray_weights, pixel_weights = weights
    found = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        row, lane = first + k // lanes, k % lanes
        weight = ray_weights[row] if ray_weights.shape[0] > 0 else _ONE
        if weight > _ZERO:
            value = packed[row, lane]
            found += weight * _weighed(value, pixel_weights, row, lane) * value
    sums[cuda.grid(1)] = found


@cuda.jit(cache=True)
def _weigh(n, packed, weights, out, first):  # type: ignore[no-untyped-def]
    lanes = packed.shape[1]
    ray_weights, pixel_weights = weights
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        row, lane = first + k // lanes, k % lanes
        out[row, lane] = _weighed(ray_weights[row] * packed[row, lane], pixel_weights, row, lane)


@cuda.jit(cache=True)
def _add(n, out, base, other, factor):  # type: ignore[no-untyped-def]
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        out[k] = base[k] + factor * other[k]


@cuda.jit(cache=True)
def _take_back(n, remainder, projected, weights, factor, first, sums):  # type: ignore[no-untyped-def]
    lanes = remainder.shape[1]
    ray_weights, pixel_weights = weights
    found = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        row, lane = first + k // lanes, k % lanes
        if ray_weights[row] > _ZERO:
            value = remainder[row, lane] - factor * projected[row, lane]
            found += ray_weights[row] * _weighed(value, pixel_weights, row, lane) * value
            remainder[row, lane] = value
    sums[cuda.grid(1)] = found


@cuda.jit(cache=True)
def _damp(n, gradient, volume, damping, sums):  # type: ignore[no-untyped-def]
    found = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        value = gradient[k] - damping * volume[k]
        found += value * value
        gradient[k] = value
    sums[cuda.grid(1)] = found
