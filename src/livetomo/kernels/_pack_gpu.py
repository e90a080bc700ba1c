"""Between the order people use and lane blocks on the GPU, and the remainder of the rays: twins of ``_pack_cpu``.

A thread has one value of a lane block, so that threads next to each other have lanes next to each other.
"""

from typing import Any

import numpy as np
from numba import cuda

from livetomo.kernels._launch_gpu import launch, launch_sum

_ZERO = np.float32(0)


def pack(images, block, first_slice, first_row, row_step):  # type: ignore[no-untyped-def]
    """Write (image, y, x) into a lane block: image k, column x goes to row first_row + k row_step + x."""
    launch(_pack, _values(images, block), block, images, block, (first_slice, first_row, row_step))


def unpack(images, block, first_slice, first_row, row_step):  # type: ignore[no-untyped-def]
    """Read (image, y, x) back out of a lane block."""
    launch(_unpack, _values(images, block), block, images, block, (first_slice, first_row, row_step))


def subtract_and_weigh(projected, measured, weights, tilts, row, strip):  # type: ignore[no-untyped-def]
    """Turn A x into w R (b - A x), rows of lanes each, and give Σ t w (b - A x)² over the rays with a weight R."""
    n = len(tilts) * weights[0].shape[1] * strip[1]
    return launch_sum(_subtract, n, projected, projected, measured, weights, tilts, (row, strip))


def _values(images: Any, block: Any) -> int:
    return int(images.shape[0] * images.shape[2] * block.shape[1])


@cuda.jit(device=True)
def _place(k, images, block, places):  # type: ignore[no-untyped-def]
    """Give (row, lane, image, y, x) of value ``k`` of those that the images have in this block."""
    lanes, n_x = block.shape[1], images.shape[2]
    lane, x, image = k % lanes, k // lanes % n_x, k // lanes // n_x
    return places[1] + image * places[2] + x, lane, image, places[0] + lane, x


@cuda.jit(cache=True)
def _pack(n, images, block, places):  # type: ignore[no-untyped-def]
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        row, lane, image, y, x = _place(k, images, block, places)
        if y < images.shape[1]:
            block[row, lane] = images[image, y, x]


@cuda.jit(cache=True)
def _unpack(n, images, block, places):  # type: ignore[no-untyped-def]
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        row, lane, image, y, x = _place(k, images, block, places)
        if y < images.shape[1]:
            images[image, y, x] = block[row, lane]


@cuda.jit(cache=True)
def _subtract(n, projected, measured, weights, tilts, rows, sums):  # type: ignore[no-untyped-def]
    ray_weights, pixel_weights, tilt_weights = weights
    (row_length, border), (first_lane, lanes) = rows
    n_rays = ray_weights.shape[1]
    squares = np.float64(0)
    for k in range(cuda.grid(1), n, cuda.gridsize(1)):
        lane, ray, t = first_lane + k % lanes, k // lanes % n_rays, tilts[k // lanes // n_rays]
        row, weight, value = t * row_length + border + ray, ray_weights[t, ray], _ZERO
        if weight > _ZERO:
            difference = measured[row, lane] - projected[row, lane]
            value = difference * pixel_weights[row, lane] if pixel_weights.shape[0] > 0 else difference
            squares += tilt_weights[t] * value * difference
            value *= weight
        projected[row, lane] = value
    sums[cuda.grid(1)] = squares
