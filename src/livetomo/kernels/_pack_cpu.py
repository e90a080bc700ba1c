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
def subtract_and_weigh(projected, measured, ray_weights, tilts, row_length, border):  # type: ignore[no-untyped-def]
    """Turn A x into R (b - A x), rows of lanes each, and give Σ (b - A x)² over the rays with a weight."""
    squares = np.float64(0)
    for t in tilts:
        for ray in range(ray_weights.shape[1]):
            row = t * row_length + border + ray
            weight = ray_weights[t, ray]
            row_squares = np.float32(0)
            if weight > 0:
                for lane in range(projected.shape[1]):
                    difference = measured[row, lane] - projected[row, lane]
                    row_squares += difference * difference
                    projected[row, lane] = weight * difference
            else:
                projected[row] = 0
            squares += row_squares
    return squares
