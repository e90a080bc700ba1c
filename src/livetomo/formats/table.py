"""Which reader knows which file: by the suffix, else by the first bytes. A reader is imported when it is needed."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from livetomo.errors import FileError, UnknownFormat
from livetomo.formats.compression import is_compressed, opened, zip_members

if TYPE_CHECKING:
    from livetomo.formats.contents import Reader


@dataclass(frozen=True)
class Format:
    """One entry of the table of readers."""

    name: str
    """What a user calls it."""
    suffixes: tuple[str, ...]
    module: str
    """File in ``livetomo.formats`` that holds its ``read``."""
    may_be_compressed: bool = False


FORMATS = (
    Format("MRC", (".mrc", ".st", ".ali", ".rec", ".map", ".mrcs", ".preali"), "mrc", may_be_compressed=True),
    Format("TIFF", (".tif", ".tiff", ".stk"), "tiff", may_be_compressed=True),
    Format("DigitalMicrograph", (".dm3", ".dm4"), "digital_micrograph"),
    Format("TIA", (".ser", ".emi"), "tia"),
    Format("HDF5", (".h5", ".hdf5", ".hdf", ".he5", ".emd", ".nxs", ".nx", ".nexus", ".hspy"), "hdf5"),
    Format("NumPy", (".npy", ".npz"), "npy", may_be_compressed=True),
    Format("image", (".png", ".jpg", ".jpeg", ".bmp"), "png"),
    Format("MATLAB", (".mat",), "matlab"),
    Format("XDMF", (".xdmf", ".xmf"), "xdmf"),
    Format("Bruker", (".bcf",), "bruker"),
    Format("Panta Rhei", (".prz",), "panta_rhei"),
    Format("raw binary", (".raw", ".dat", ".bin"), "raw"),
)

READERS = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
"""Suffix in small letters → format."""

_MARKS = (
    (0, b"\x89HDF\r\n\x1a\n", "HDF5"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"II+\x00", "TIFF"),
    (0, b"MM\x00+", "TIFF"),
    (0, b"\x93NUMPY", "NumPy"),
    (0, b"\x89PNG", "image"),
    (0, b"MATLAB 5", "MATLAB"),
    (208, b"MAP ", "MRC"),
    (0, b"II\x97\x01", "TIA"),
)


def inner_suffix(path: Path) -> str:
    """Give the suffix in small letters, under that of a compression if there is one."""
    if not is_compressed(path):
        return path.suffix.lower()
    suffix = Path(path.stem).suffix.lower()
    if path.suffix.lower() == ".zip" and suffix not in READERS and path.is_file():
        inside = {Path(name).suffix.lower() for name in zip_members(path)}
        return inside.pop() if len(inside) == 1 else suffix
    return suffix


def find_format(path: Path, raw_shape_given: bool = False) -> Format:
    """Give the format of a file.

    Raises
    ------
    UnknownFormat
        When neither the suffix nor the first bytes are known; the message lists the suffixes that are.
    """
    if raw_shape_given:
        return READERS[".raw"]
    found = READERS.get(inner_suffix(path)) or _by_first_bytes(path)
    if found is None:
        kind = repr(path.suffix) if path.suffix else "a name without suffix"
        raise UnknownFormat(
            f"{path}: no reader for {kind}; known are {', '.join(READERS)}; "
            "raw binary of any name is read when shape= and dtype= are given"
        )
    if is_compressed(path) and not found.may_be_compressed:
        raise FileError(f"{path}: {found.name} files are not read from a compressed file; unpack it first")
    return found


def load_reader(found: Format) -> "Reader":
    """Import the reader of a format."""
    return cast("Reader", import_module(f"livetomo.formats.{found.module}").read)


def _by_first_bytes(path: Path) -> Format | None:
    with opened(path) as stream:
        start = stream.read(256)
    by_name = {entry.name: entry for entry in FORMATS}
    return next((by_name[name] for at, mark, name in _MARKS if start[at : at + len(mark)] == mark), None)
