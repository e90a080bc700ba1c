"""A drawn picture, and one encoded for a browser."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels with what an overlay needs to know about them."""

    pixels: np.ndarray
    """(y, x, 3) uint8, rows from top to bottom."""
    info: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Frame:
    """An encoded picture of one view."""

    view: str
    sequence: int
    """Counts the frames of this view from 1."""
    still: bool
    """Drawn in full quality; another one comes only when something changes."""
    width: int
    height: int
    info: dict[str, Any]
    encoded: bytes
    """JPEG, or PNG when a picture to keep was asked for."""


def encode_jpeg(pixels: np.ndarray, *, fine: bool) -> bytes:
    """Encode (y, x, 3) uint8 pixels; fine pictures keep their colours at full resolution."""
    import simplejpeg

    quality, subsampling = (92, "444") if fine else (80, "420")
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", subsampling, fastdct=not fine))


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode (y, x, 3) uint8 pixels without loss."""
    import imageio.v3

    return bytes(imageio.v3.imwrite("<bytes>", pixels, extension=".png"))
