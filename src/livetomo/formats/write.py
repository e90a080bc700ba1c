"""Write a tilt series or a volume: the one door out. Nothing is ever half-written."""

import os
import shutil
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from livetomo.arrays import require_on
from livetomo.errors import FileError, UnknownFormat
from livetomo.model import TiltSeries, Volume

WRITERS = {
    ".mrc": "mrc",
    ".st": "mrc",
    ".ali": "mrc",
    ".rec": "mrc",
    ".map": "mrc",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".emd": "emd",
    ".npy": "npy",
    ".xdmf": "xdmf",
    ".xmf": "xdmf",
}
"""Suffix in small letters → file in ``livetomo.formats.writers`` that holds its ``write``."""


def write(item: TiltSeries | Volume, path: str | os.PathLike[str]) -> None:
    """Write a tilt series or a volume in the format that the suffix of ``path`` names.

    It is written beside and then renamed into place, so that an older file of that name stays whole until the new one
    is. Values, angles and pixel size come back with ``read``; MRC rounds float64 to float32.

    Raises
    ------
    UnknownFormat
        When no format of that suffix is written; the message lists those that are.
    FileError
        When the folder is missing or cannot be written to, or the disk is full.
    ValueError
        When the format cannot hold the type of the values; the message says which can.
    TypeError
        When ``item`` is neither a tilt series nor a volume, or lives on a GPU.
    """
    if not isinstance(item, TiltSeries | Volume):
        raise TypeError(f"item: expected a TiltSeries or a Volume, got {type(item).__name__}")
    values = item.projections if isinstance(item, TiltSeries) else item.data
    require_on("cpu", values, "item", "files are written from the host")
    target = check_target(path)
    free = shutil.disk_usage(target.parent).free
    if free < values.nbytes:
        raise FileError(f"{target}: cannot be written: it takes {values.nbytes:,} bytes, the disk has {free:,} left")
    try:
        import_module(f"livetomo.formats.writers.{WRITERS[target.suffix.lower()]}").write(item, target)
    except (OSError, RuntimeError) as error:  # h5py tells of a full disk by the latter
        raise FileError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}") from error


def check_target(path: str | os.PathLike[str], sources: Iterable[Path | None] = ()) -> Path:
    """Check, before the work is done, that a file of this name can be written; give it as a ``Path``.

    ``sources`` are the files and folders that it is made from, which must stay as they are.

    Raises
    ------
    UnknownFormat
        When no format of that suffix is written.
    FileError
        When the folder is missing or cannot be written to, the name is that of a folder, or a source lies there.
    """
    target = Path(path)
    if target.suffix.lower() not in WRITERS:
        raise UnknownFormat(
            f"{target}: no writer for {target.suffix or 'a name without suffix'!r}; known are {', '.join(WRITERS)}"
        )
    if target.is_dir():
        raise FileError(f"{target}: is a folder; give the name of a file")
    if not target.parent.is_dir():
        raise FileError(f"{target}: the folder {target.parent} does not exist; make it first")
    if not os.access(target.parent, os.W_OK):
        raise FileError(f"{target}: no permission to write into the folder {target.parent}")
    _check_sources(target, [source for source in sources if source is not None])
    return target


def _check_sources(target: Path, sources: list[Path]) -> None:
    """Refuse to write over what the file is made from; XDMF's values go into a file of their own."""
    values = target.with_name(f"{target.name}.h5") if WRITERS[target.suffix.lower()] == "xdmf" else target
    for source in sources:
        if source.resolve() in {target.resolve(), values.resolve()}:
            raise FileError(f"{target}: would write over {source}, which it is made from; give another name")
        if source.is_dir() and target.parent.resolve() == source.resolve():
            raise FileError(f"{target}: lies among the images that it is made from; give a name in another folder")
