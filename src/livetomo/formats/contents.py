"""What a reader hands over: an array in the project's own axis order and everything else the file knew."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np


@dataclass(frozen=True, eq=False)
class Contents:
    """One file's data, already in the order (tilt or z, y, x), rows of y from top to bottom as the file stores them."""

    data: np.ndarray
    """(tilt, y, x), (z, y, x) or, from a file with one image, (1, y, x)."""

    stored_axes: str = "?yx"
    """Order in which the file has these axes, slowest first; ``?`` for tilt or z."""

    kind: Literal["projections", "volume", "unknown"] = "unknown"
    """What the file says the first axis is; ``unknown`` when it does not say."""

    tilt_angles: np.ndarray | None = None
    """(tilt,) degrees as the file or a file beside it gives them."""

    angles_from: str = ""
    """Where the angles came from, in words for the user: "FEI extended header", "HAADF.rawtlt"."""

    pixel_size_nm: float | None = None
    """Edge of a pixel in x, nanometres. Unequal edges: ``metadata["pixel_sizes_nm"]`` in the order of the axes."""

    tilt_axis_deg: float | None = None
    """Direction of the tilt axis in the image, degrees from +y towards −x (0 = y, ±90 = x); None when not said."""

    tilt_axis_from: str = ""
    """Where the tilt axis came from, in words for the user."""

    name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadOptions:
    """What the user says about a file that the file does not say itself (or says wrongly)."""

    angles: Path | tuple[float, ...] | None = None
    """A file with one angle a line, or the angles themselves, degrees."""

    tilt_axis: str | float | None = None
    """``"x"``, ``"y"`` or degrees: where the tilt axis lies in the file's images."""

    flip_angles: bool = False
    """Count the angles the other way round."""

    axes: str | None = None
    """Order of the array's axes in the file, slowest first, such as ``"tyx"`` or ``"xyt"`` (``z`` for a volume)."""

    dataset: str | None = None
    """Path of the array inside an HDF5 file, or the name of the variable in a MATLAB file."""

    shape: tuple[int, ...] | None = None
    """Raw binary: sizes, slowest axis first."""

    dtype: str | None = None
    """Raw binary: NumPy type such as ``"<i2"``."""

    offset_bytes: int = 0
    """Raw binary: bytes before the first value."""

    pixel_size_nm: float | None = None
    """Overrides the file's pixel size."""


class Reader(Protocol):
    """Reads one format: a plain function.

    Raises ``IncompleteFile`` when the file is shorter than it says it is, ``FileError`` when it cannot be used; both
    name the file.
    """

    def __call__(self, path: Path, options: ReadOptions) -> Contents:
        """Read the file."""
        ...
