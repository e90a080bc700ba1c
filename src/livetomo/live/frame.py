"""One image of one tilt as it came from the microscope."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Frame:
    """A raw projection that can be used, with what is known of it."""

    name: str
    """The file's name; for images of a stack after its first with ``#`` and the image's number, counted from 0."""

    image: np.ndarray
    """(y, x) counts as the file stores them."""

    tilt_angle: float
    """Degrees."""

    pixel_size_nm: float | None = None
    tilt_axis_deg: float | None = None
    """Direction of the tilt axis in the image as the file says, degrees from +y towards −x."""


def frame_name(file: str, index: int) -> str:
    """Name the image number ``index`` of a file."""
    return file if index == 0 else f"{file}#{index}"


def file_and_index(name: str) -> tuple[str, int]:
    """Give back what ``frame_name`` was given; a file's own name may have a # in it."""
    file, _, number = name.rpartition("#")
    return (file, int(number)) if file and number.isdecimal() else (name, 0)


def digest(image: np.ndarray) -> str:
    """Give a short text that differs when any pixel, the shape or the type differs."""
    content = hashlib.blake2b(digest_size=16)
    content.update(f"{image.shape} {image.dtype.str}".encode())
    content.update(np.ascontiguousarray(image).data)
    return content.hexdigest()


def fault(image: np.ndarray) -> str | None:
    """Say why an image cannot be used; None when it can."""
    if not np.isfinite(image).all():
        n_wrong = int(image.size - np.isfinite(image).sum())
        return f"{n_wrong} of its {image.size} pixels are no numbers (NaN or infinite)"
    if image.min() == image.max():
        return f"every pixel is {image.flat[0]:g}: the beam was blanked or the file is empty"
    return None
