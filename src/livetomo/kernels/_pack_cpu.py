"""Between the order people use, slices along the middle axis, and lane blocks, slices innermost."""

import numpy as np

from livetomo.kernels._compiled import kernel, part
from livetomo.kernels._vectors import WIDTH, load, spread, store, total

_STRIP = 16
_ROWS_AT_ONCE = 32
"""Rows whose squares are added up in float32."""

_ZERO = np.float32(0)


@kernel
def pack(images, block, first_slice, first_row, row_step):  # type: ignore[no-untyped-def]
    """Write (image, y, x) into a lane block: image k, column x goes to row first_row + k row_step + x."""
    n_images, n_y, n_x = images.shape
    lanes = min(block.shape[1], n_y - first_slice)
    for k in range(n_images):
        for x in range(0, n_x, _STRIP):
            for lane in range(lanes):
                for i in range(x, min(x + _STRIP, n_x)):
                    block[first_row + k * row_step + i, lane] = images[k, first_slice + lane, i]


@kernel
def unpack(images, block, first_slice, first_row, row_step):  # type: ignore[no-untyped-def]
    """Read (image, y, x) back out of a lane block."""
    n_images, n_y, n_x = images.shape
    lanes = min(block.shape[1], n_y - first_slice)
    for k in range(n_images):
        for x in range(0, n_x, _STRIP):
            for lane in range(lanes):
                for i in range(x, min(x + _STRIP, n_x)):
                    images[k, first_slice + lane, i] = block[first_row + k * row_step + i, lane]


@kernel
def subtract_and_weigh(projected, measured, weights, tilts, row, strip):  # type: ignore[no-untyped-def]
    """Turn A x into w R (b - A x), rows of lanes each, and give Σ t w (b - A x)² over the rays with a weight R.

    ``weights`` are R (tilt, x), w, rows of lanes too, or no rows where all are 1, and t (tilt,). ``row`` is (length of
    a tilt's row, border), ``strip`` (first lane, lanes, a multiple of 8).
    """
    (ray_weights, pixel_weights, tilt_weights), squares = weights, np.float64(0)
    for t in tilts:
        for ray in range(0, ray_weights.shape[1], _ROWS_AT_ONCE):
            first_row, of_rays = t * row[0] + row[1] + ray, ray_weights[t, ray : ray + _ROWS_AT_ONCE]
            squares += tilt_weights[t] * _subtract(projected, measured, of_rays, pixel_weights, first_row, strip)
    return squares


@part
def _subtract(projected, measured, weights, pixel_weights, first_row, strip):  # type: ignore[no-untyped-def]
    weighed, squares = len(pixel_weights) > 0, spread(_ZERO)
    for number in range(len(weights)):
        at, weight = (first_row + number) * projected.shape[1] + strip[0], spread(weights[number])
        for k in range(at, at + strip[1], WIDTH):
            if weights[number] > 0:
                difference = load(measured, k) - load(projected, k)
                counted = difference * load(pixel_weights, k) if weighed else difference
                squares = squares + counted * difference
                store(projected, k, weight * counted)
            else:
                store(projected, k, spread(_ZERO))
    return total(squares)
