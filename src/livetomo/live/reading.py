"""Reads what is new in one file: a single image, or the sections that a stack has gained."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livetomo.errors import FileError
from livetomo.formats import read_contents
from livetomo.formats.mrc import read_complete_sections

_GROWING = frozenset((".mrc", ".st", ".ali", ".mrcs", ".preali"))
_KNOW_THEIR_LENGTH = _GROWING | {".npy", ".dm3", ".dm4"}


@dataclass(frozen=True, eq=False)
class FileImages:
    """Images of one file from number ``first`` on."""

    first: int
    images: np.ndarray
    """(image, y, x) as stored."""
    tilt_angles: np.ndarray
    """(image,) degrees, NaN where neither the file nor one beside it says it."""
    n_images: int
    """Images in the file so far, those before ``first`` counted."""
    pixel_size_nm: float | None
    tilt_axis_deg: float | None


def can_grow(path: Path) -> bool:
    """Say whether a file of this name may gain images, which are then read one by one."""
    return path.suffix.lower() in _GROWING


def knows_its_length(path: Path) -> bool:
    """Say whether reading such a file fails when its end is missing, so that success means that it is complete."""
    return path.suffix.lower() in _KNOW_THEIR_LENGTH


def read_images(path: Path, first: int = 0) -> FileImages:
    """Read the images of a file; of one that can grow, from number ``first`` on.

    Raises
    ------
    LivetomoError
        When the file cannot be used, or not yet (``IncompleteFile``).
    """
    contents = read_complete_sections(path, first) if can_grow(path) else read_contents(path)
    if contents.kind == "volume":
        raise FileError(f"{path}: holds a volume, not projections")
    images, angles = contents.data, contents.tilt_angles
    n_images = int(contents.metadata["sections_complete"]) if can_grow(path) else len(images)
    if angles is None:
        angles = np.full(len(images), np.nan)
    return FileImages(first, images, angles, n_images, contents.pixel_size_nm, contents.tilt_axis_deg)
