"""Orthogonal slices as pictures. Plain NumPy: a slice needs no renderer."""

import numpy as np

from livetomo.app.views.picture import Picture

_AXES = {"z": 0, "y": 1, "x": 2}


def draw_slice(voxels: np.ndarray, axis: str, index: int, colors: np.ndarray) -> Picture:
    """Draw one slice.

    Parameters
    ----------
    voxels
        (z, y, x) uint8.
    axis
        ``"z"`` gives x to the right and y down, ``"y"`` x to the right and z down, ``"x"`` z to the right and y down.
    index
        Which slice along that axis.
    colors
        (256, 3) uint8 colour of each stored value.
    """
    plane = voxels.take(index, axis=_AXES[axis])
    if axis == "x":
        plane = plane.T
    return Picture(colors[plane])


def draw_gray(image: np.ndarray) -> Picture:
    """Draw a (y, x) uint8 image in gray."""
    return Picture(np.repeat(image[:, :, np.newaxis], 3, axis=2))
