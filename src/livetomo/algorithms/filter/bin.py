"""Binning: fewer, larger, less noisy pixels."""

import numpy as np


def bin_projections(projections: np.ndarray, n: int) -> np.ndarray:
    """Average blocks of n × n pixels; rows and columns that fill no block are left out evenly on both sides.

    Parameters
    ----------
    projections
        (y, x) or (tilt, y, x) counts.
    n
        Pixels along each side of a block.

    Returns
    -------
    numpy.ndarray
        The same axes, float32, y and x divided by n.

    Raises
    ------
    ValueError
        When n is not a whole number of at least 1 or larger than the image.
    """
    n_y, n_x = projections.shape[-2:]
    if int(n) != n or not 1 <= n <= min(n_y, n_x):
        raise ValueError(f"bin: expected a whole number from 1 to {min(n_y, n_x)}, the shorter side, got {n}")
    if n == 1:
        return np.asarray(projections, dtype=np.float32)
    first_y, first_x = (n_y % n) // 2, (n_x % n) // 2
    m_y, m_x = n_y // n, n_x // n
    inside = projections[..., first_y : first_y + m_y * n, first_x : first_x + m_x * n]
    blocks = inside.reshape(*projections.shape[:-2], m_y, n, m_x, n)
    binned: np.ndarray = blocks.mean(axis=(-3, -1), dtype=np.float32)
    return binned
