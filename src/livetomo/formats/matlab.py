"""MATLAB ``.mat``: up to version 7.2 through SciPy, 7.3 (which is HDF5) through h5py."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from livetomo.errors import IncompleteFile
from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_bytes, reading
from livetomo.formats.named_arrays import choose_angles, choose_array

_ERRORS = (
    *(ValueError, TypeError, KeyError, IndexError, NotImplementedError, RuntimeError, AttributeError, OverflowError),
    *(MemoryError, zlib.error, UnicodeDecodeError),
)
_HEADER_BYTES = 128
_DEFAULT_AXES = "xy?"  # the first index runs fastest in the file: x, as in every other format


def read(path: Path, options: ReadOptions) -> Contents:
    """Read the one array with three axes (or ``dataset``) as x, y, tilt (or z) unless ``axes`` says otherwise.

    Fields of a struct are variables called ``struct.field``. Angles are taken from a variable in the file, or from
    ``angles.mat`` beside.

    Raises
    ------
    IncompleteFile
        When the file is cut off.
    FileError
        When it is no MATLAB file, or which array is meant is not clear.
    """
    arrays = _arrays(path)
    name = choose_array(path, {name: array.shape for name, array in arrays.items()}, options.dataset)
    data, kind = ordered(path, arrays[name], options.axes, _DEFAULT_AXES)
    others = {other: array for other, array in arrays.items() if other != name}
    is_stack = arrays[name].ndim == 3 and kind != "volume"
    angles = choose_angles(others, arrays[name].shape) if is_stack else None
    return Contents(
        data=data,
        stored_axes=_DEFAULT_AXES,
        kind=kind if angles is None else "projections",
        tilt_angles=angles,
        angles_from="" if angles is None else "a variable in the file",
        name=path.stem,
        metadata={"variable": name},
    )


def read_angle_variable(path: Path) -> np.ndarray | None:
    """Give (tilt,) degrees from a variable whose name speaks of angles, None when there is none.

    Raises
    ------
    FileError
        When it is no MATLAB file.
    """
    return choose_angles(_arrays(path))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with reading(path, "MATLAB"), path.open("rb") as stream:
        start = stream.read(128)
    if b"MATLAB 7.3" in start or start.startswith(b"\x89HDF"):
        return _arrays_of_73(path)
    return _arrays_of_72(path)


def _arrays_of_72(path: Path) -> dict[str, np.ndarray]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    _expect_complete(path)
    with reading(path, "MATLAB", *_ERRORS, MatReadError):
        loaded: Mapping[str, object] = loadmat(path)
    return _numbers(loaded)


def _expect_complete(path: Path) -> None:
    """Step from variable to variable of a version 5 file: each says how many bytes it takes."""
    with reading(path, "MATLAB", struct.error), path.open("rb") as stream:
        n_bytes = stream.seek(0, 2)
        stream.seek(0)
        header = stream.read(_HEADER_BYTES)
        if not header.startswith(b"MATLAB"):
            return  # version 4 has no mark; SciPy finds out
        expect_bytes(path, _HEADER_BYTES, n_bytes, "a MATLAB header")
        order = ">" if header[126:128] == b"MI" else "<"
        place = _HEADER_BYTES
        while place < n_bytes:
            expect_bytes(path, place + 8, n_bytes, "its next variable")
            stream.seek(place)
            place += 8 + struct.unpack(f"{order}II", stream.read(8))[1]
            expect_bytes(path, place, n_bytes, "its variable")


def _arrays_of_73(path: Path) -> dict[str, np.ndarray]:
    import h5py

    with reading(path, "MATLAB 7.3", *_ERRORS):
        try:
            file = h5py.File(path, "r", locking=False)
        except OSError as error:
            if "truncated" in str(error):
                raise IncompleteFile(f"{path}: the MATLAB file is cut off or still being written") from error
            raise
        with file:  # MATLAB lays arrays out column by column, so h5py sees their axes the other way round
            arrays = {}

            def note(name: str, item: object) -> None:
                if isinstance(item, h5py.Dataset) and not name.startswith("#"):
                    arrays[name.replace("/", ".")] = item[()].T

            file.visititems(note)
    return _numbers(arrays)


def _numbers(loaded: Mapping[str, object]) -> dict[str, np.ndarray]:
    """Give the variables that are numbers, among them the fields of structs."""
    arrays: dict[str, np.ndarray] = {}
    for name, value in loaded.items():
        if name.startswith("__") or not isinstance(value, np.ndarray):
            continue
        if value.dtype.names and value.size == 1:
            fields = value.reshape(-1)[0]
            arrays |= _numbers({f"{name}.{field}": fields[field] for field in value.dtype.names})
        elif value.dtype.kind in "iufcb" and value.size > 1:
            arrays[name] = value
    return arrays
