"""NumPy's ``.npy`` and ``.npz``."""

import math
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from livetomo.errors import FileError
from livetomo.formats.axes import ordered
from livetomo.formats.compression import opened
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_bytes, expect_sane_shape, reading
from livetomo.formats.named_arrays import choose_angles, choose_array
from livetomo.formats.sidecars import stem_of

_ERRORS = (ValueError, TypeError, KeyError, SyntaxError, UnicodeDecodeError, zlib.error, tokenize.TokenError)


def read(path: Path, options: ReadOptions) -> Contents:
    """Read one array from ``.npy``, or from ``.npz`` the array and the angles beside it, but no Python objects.

    Raises
    ------
    IncompleteFile
        When the file holds fewer bytes than its header says.
    FileError
        When it is no NumPy file, holds nothing but Python objects, or no array of two or three axes.
    """
    angles = None
    if path.suffix.lower() == ".npz":
        array, angles = _read_npz(path, options)
    else:
        with opened(path) as stream:
            array = _read_npy(stream, path)
    data, kind = ordered(path, array, options.axes, "?yx")
    angles = None if kind == "volume" else angles
    return Contents(
        data=data,
        kind=kind if angles is None else "projections",
        tilt_angles=angles,
        angles_from="" if angles is None else path.name,
        name=stem_of(path).name,
    )


def _read_npy(stream: BinaryIO, path: Path) -> np.ndarray:
    with reading(path, "NumPy .npy", *_ERRORS):
        start = stream.read(8)
        if len(start) == 8 and not start.startswith(b"\x93NUMPY"):
            raise FileError(f"{path}: not a NumPy .npy file: it does not start with NumPy's mark")
        stream.seek(0)
        try:
            shape, dtype = _read_header(stream)
        except ValueError as error:
            if "EOF" in str(error):
                raise EOFError(str(error)) from error
            raise
        if dtype.hasobject:
            raise FileError(f"{path}: holds Python objects, which are not read; save a plain array of numbers")
        if shape:
            expect_sane_shape(path, shape, dtype.itemsize)
        offset = stream.tell()
        expect_bytes(path, offset + math.prod(shape) * dtype.itemsize, stream.seek(0, 2), f"its array of {shape}")
        stream.seek(0)
        array: np.ndarray = np.load(stream, allow_pickle=False)
        return array


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(stream)
    return shape, dtype


def _holds_objects(archive: zipfile.ZipFile, entry: str) -> bool:
    """Tell whether an entry holds Python objects, such as notes of a program, which are not read."""
    with archive.open(entry) as stream:
        return _read_header(stream)[1].hasobject


def _read_npz(path: Path, options: ReadOptions) -> tuple[np.ndarray, np.ndarray | None]:
    with reading(path, "NumPy .npz", *_ERRORS), np.load(path, allow_pickle=False) as archive:
        entries = [entry for entry in archive.zip.namelist() if entry.endswith(".npy")]
        arrays = {
            entry.removesuffix(".npy"): archive[entry] for entry in entries if not _holds_objects(archive.zip, entry)
        }
    name = choose_array(path, {name: array.shape for name, array in arrays.items()}, options.dataset)
    array = arrays.pop(name)
    return array, choose_angles(arrays, array.shape) if array.ndim == 3 else None
