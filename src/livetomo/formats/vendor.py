"""The only door to RosettaSciIO, which reads the vendors' own formats (see decision 0002: it is GPL, so an extra)."""

import struct
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from livetomo.errors import FileError, IncompleteFile, MissingPackage
from livetomo.formats.guard import reading, silent
from livetomo.formats.units import degrees_factor, nanometres, unequal_edges

Plugin = Literal["digitalmicrograph", "tia", "bruker", "pantarhei"]
_ERRORS = (
    *(ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, NotImplementedError, RuntimeError),
    *(OverflowError, ZeroDivisionError, UnboundLocalError, MemoryError, SyntaxError, struct.error, zlib.error),
    StopIteration,
)
_ENERGY_UNITS = {"ev", "kev", "mev"}


@dataclass(frozen=True)
class Axis:
    """One calibrated axis: value = offset + scale × index."""

    name: str
    units: str
    scale: float
    offset: float


@dataclass(frozen=True, eq=False)
class Signal:
    """One array of a vendor's file."""

    data: np.ndarray
    axes: tuple[Axis, ...]
    """In the order of the array's axes."""
    title: str
    file_name: str
    """File that holds the array: a ``.ser`` where an ``.emi`` was read."""
    original: Mapping[str, Any]
    """The vendor's tags."""

    @property
    def is_images(self) -> bool:
        """It is an image or a stack of images, not a spectrum or a map of spectra."""
        return self.data.ndim in {2, 3} and not any(axis.units.lower() in _ENERGY_UNITS for axis in self.axes)

    @property
    def pixel_size_nm(self) -> float | None:
        """Edge of a pixel in x."""
        return nanometres(self.axes[-1].scale, self.axes[-1].units)

    @property
    def edges(self) -> dict[str, list[float]]:
        """The edges of the pixels along all axes, for the metadata, where they are lengths and not equal."""
        return unequal_edges([nanometres(axis.scale, axis.units) for axis in self.axes])

    @property
    def stack_angles(self) -> np.ndarray | None:
        """(tilt,) degrees where the calibration of a stack's first axis is an angle."""
        factor = degrees_factor(self.axes[0].units) if self.data.ndim == 3 else None
        if factor is None:
            return None
        return factor * (self.axes[0].offset + self.axes[0].scale * np.arange(len(self.data)))


def read_signals(path: Path, plugin: Plugin, **choices: str) -> list[Signal]:
    """Read all arrays of a file, or those that ``choices`` (the plugin's own arguments) select.

    Raises
    ------
    MissingPackage
        When RosettaSciIO is not installed.
    FileError
        When it cannot read the file.
    """
    try:
        reader = import_module(f"rsciio.{plugin}").file_reader
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "rsciio":
            raise
        raise MissingPackage(
            f"{path}: {path.suffix} files are read by RosettaSciIO, which is not installed: "
            'pip install "livetomo[vendor]"'
        ) from error
    with (
        reading(path, f"a {path.suffix} file", *_ERRORS, *_errors_of_its_own()),
        silent("rsciio"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        return [_signal(found) for found in reader(str(path), **choices)]


def _errors_of_its_own() -> tuple[type[Exception], ...]:
    place = "rsciio.exceptions" if find_spec("rsciio.exceptions") else "rsciio.utils.exceptions"
    named = vars(import_module(place)).values()
    return tuple(kind for kind in named if isinstance(kind, type) and issubclass(kind, Exception))


def _signal(found: Mapping[str, Any]) -> Signal:
    general = found.get("metadata", {}).get("General", {})
    axes = sorted(found["axes"], key=lambda axis: int(axis.get("index_in_array", 0)))
    return Signal(
        data=np.asarray(found["data"]),
        axes=tuple(
            Axis(
                str(axis.get("name") or ""),
                str(axis.get("units") or ""),
                float(axis.get("scale", 1)),
                float(axis.get("offset", 0)),
            )
            for axis in axes
        ),
        title=str(general.get("title", "")),
        file_name=str(general.get("original_filename", "")),
        original=found.get("original_metadata", {}),
    )


def choose_signal(path: Path, signals: list[Signal], wanted: str | None) -> Signal:
    """Give the images to read: those named or numbered ``wanted``, else HAADF, else the first.

    Raises
    ------
    FileError
        When there are none, or none of that name.
    """
    images = [signal for signal in signals if signal.is_images]
    titles = ", ".join(f"{number} {signal.title or 'untitled'}" for number, signal in enumerate(signals))
    if wanted is not None:
        chosen = [s for n, s in enumerate(signals) if wanted in {str(n), s.title}]
        if not chosen:
            raise FileError(f"{path}: dataset {wanted!r} is not in it; it holds {titles}")
        return chosen[0]
    if not signals:
        raise IncompleteFile(f"{path}: it holds no data yet")
    if not images:
        shapes = ", ".join(str(signal.data.shape) for signal in signals)
        raise FileError(f"{path}: holds no images, only spectra or maps of spectra of shape {shapes}")
    haadf = [signal for signal in images if "HAADF" in signal.title]
    return (haadf or images)[0]


def find_tag(tags: Any, *names: str) -> Any:
    """Give the value under the path of ``names`` in nested tags, None when there is none; case does not matter."""
    for name in names:
        if not isinstance(tags, Mapping):
            return None
        tags = next((value for key, value in tags.items() if str(key).lower() == name.lower()), None)
    return tags
