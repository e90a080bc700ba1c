"""Raw binary: numbers in a row, whose shape and type the user gives."""

import math
from pathlib import Path

import numpy as np

from livetomo.errors import FileError, IncompleteFile, MissingMetadata
from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_sane_shape, reading


def read(path: Path, options: ReadOptions) -> Contents:
    """Read ``shape`` numbers of type ``dtype`` from ``offset_bytes`` on.

    Raises
    ------
    MissingMetadata
        When shape or type is not given.
    IncompleteFile
        When the file is shorter than they say.
    FileError
        When the file is longer than they say, or the sizes cannot be.
    ValueError
        When ``dtype`` is not a NumPy type.
    """
    if options.shape is None or options.dtype is None:
        missing = " and ".join(name for name in ("shape", "dtype") if getattr(options, name) is None)
        raise MissingMetadata(
            f"{path}: raw binary does not say its {missing}; give shape= and dtype= (--shape 77,256,256 --dtype '<i2')"
        )
    dtype = number_type(options.dtype)
    expect_sane_shape(path, options.shape, dtype.itemsize)
    expected = options.offset_bytes + math.prod(options.shape) * dtype.itemsize
    with reading(path, "raw binary"):
        n_bytes = path.stat().st_size
        sizes = f"shape {options.shape} of {dtype.name} after {options.offset_bytes} bytes needs {expected} bytes"
        if n_bytes < expected:
            raise IncompleteFile(
                f"{path}: {sizes}, the file has {n_bytes}; the shape or type is wrong, or it is still being written"
            )
        if n_bytes > expected:
            raise FileError(
                f"{path}: {sizes}, the file has {n_bytes}; correct shape= or dtype=, "
                "or skip a header with offset_bytes= (--offset-bytes)"
            )
        array = np.fromfile(path, dtype, math.prod(options.shape), offset=options.offset_bytes)
    data, kind = ordered(path, array.reshape(options.shape), options.axes, "?yx")
    return Contents(data=data, kind=kind, name=path.stem)


def number_type(name: str) -> np.dtype:
    """Give the NumPy type of that name.

    Raises
    ------
    ValueError
        When it is not the name of a type of real numbers.
    """
    try:
        dtype = np.dtype(name)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "iufb":
        raise ValueError(f'dtype: expected a NumPy type of real numbers such as "<i2", "uint16" or ">f4", got {name!r}')
    return dtype
