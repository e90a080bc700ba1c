"""Between the order people use, slices along the middle axis, and lane blocks, slices innermost."""

import numpy as np
from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401

_STRIP = 16


@njit(nogil=True, cache=True)
def pack(images, block, first_slice, first_row, row_step):  # type: ignore[no-untyped-def]
    """Write (image, y, x) into a lane block: image k, column x goes to row first_row + k row_step + x."""
    n_images, n_y, n_x = images.shape
    lanes = min(block.shape[1], n_y - first_slice)
    for k in range(n_images):
        for x in range(0, n_x, _STRIP):
            for lane in range(lanes):
                for i in range(x, min(x + _STRIP, n_x)):
                    block[first_row + k * row_step + i, lane] = images[k, first_slice + lane, i]


@njit(nogil=True, cache=True)
def unpack(images, block, first_slice, first_row, row_step):  # type: ignore[no-untyped-def]
    """Read (image, y, x) back out of a lane block."""
    n_images, n_y, n_x = images.shape
    lanes = min(block.shape[1], n_y - first_slice)
    for k in range(n_images):
        for x in range(0, n_x, _STRIP):
            for lane in range(lanes):
                for i in range(x, min(x + _STRIP, n_x)):
                    images[k, first_slice + lane, i] = block[first_row + k * row_step + i, lane]


@njit(nogil=True, cache=True)
def subtract_and_weigh(projected, measured, ray_weights, pixel_weights, tilts, row_length, border):  # type: ignore[no-untyped-def]
    """Turn A x into w R (b - A x), rows of lanes each, and give Σ w (b - A x)² over the rays with a weight R.

    ``pixel_weights`` w are rows of lanes too, or no rows where all are 1.
    """
    squares = np.float64(0)
    for t in tilts:
        for ray in range(ray_weights.shape[1]):
            row = t * row_length + border + ray
            weight = ray_weights[t, ray]
            if weight <= 0:
                projected[row] = 0
            elif len(pixel_weights) == 0:
                squares += _subtract(projected[row], measured[row], weight)
            else:
                squares += _subtract_weighed(projected[row], measured[row], weight, pixel_weights[row])
    return squares


@njit(nogil=True)
def _subtract(projected, measured, weight):  # type: ignore[no-untyped-def]
    squares = np.float32(0)
    for lane in range(len(projected)):
        difference = measured[lane] - projected[lane]
        squares += difference * difference
        projected[lane] = weight * difference
    return squares


@njit(nogil=True)
def _subtract_weighed(projected, measured, weight, pixel_weights):  # type: ignore[no-untyped-def]
    squares = np.float32(0)
    for lane in range(len(projected)):
        difference = measured[lane] - projected[lane]
        weighed = pixel_weights[lane] * difference
        squares += weighed * difference
        projected[lane] = weight * weighed
    return squares
