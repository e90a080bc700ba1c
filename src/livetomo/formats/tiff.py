"""TIFF: one image or a stack, plain or as written by ImageJ, OME, DigitalMicrograph, FEI, JEOL, TVIPS or Olympus."""

import math
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.errors import FileError, IncompleteFile, MissingPackage
from livetomo.formats.axes import ordered
from livetomo.formats.compression import is_compressed, opened, zip_members
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_bytes, expect_sane_shape, reading, silent
from livetomo.formats.luminance import luminance
from livetomo.formats.sidecars import stem_of
from livetomo.formats.tiff_structure import expect_complete
from livetomo.formats.tiff_tags import Tags, read_tags

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

_ERRORS = (
    *(ValueError, IndexError, KeyError, TypeError, AttributeError, ZeroDivisionError, OverflowError, MemoryError),
    *(RuntimeError, struct.error, zlib.error, AssertionError),
)

_GREY_COUNTS = 4  # times as much as colour when an image is chosen by its size


def read(path: Path, options: ReadOptions) -> Contents:
    """Read one image or one stack; of several the largest (grey goes before colour), or ``dataset``.

    Single images of one size and type, which some programs write as if they were not related, are one stack.

    Raises
    ------
    IncompleteFile
        When the file ends before its images do.
    FileError
        When it is no TIFF, its images have more axes than one stack has, or its pages are not alike.
    """
    import tifffile

    member = options.dataset if path.suffix.lower() == ".zip" else None
    wanted = None if member in _members(path) else options.dataset
    with (
        opened(path, member if wanted is None else None) as stream,
        reading(path, "TIFF", tifffile.TiffFileError, *_ERRORS),
        silent("tifffile"),
    ):
        expect_complete(stream, path)
        n_bytes = stream.seek(0, 2)
        stream.seek(0)
        with tifffile.TiffFile(stream, name=path.name) as tiff:
            chosen = _choose_series(path, tiff, wanted)
            for series in chosen:
                _expect_values(path, series, n_bytes)
                _expect_pages_alike(path, series)
            tags = read_tags(tiff, chosen[0])
            arrays = [_decoded(path, series) for series in chosen]
    axes = chosen[0].axes
    array, note = _plane(path, np.stack(arrays), "I" + axes) if len(chosen) > 1 else _plane(path, arrays[0], axes)
    data, kind = ordered(path, array, options.axes, "?yx", tags.kind)
    return replace(_contents(path, tags, note), data=data, kind=kind)


def _members(path: Path) -> list[str]:
    return zip_members(path) if is_compressed(path) and path.suffix.lower() == ".zip" else []


def _choose_series(path: Path, tiff: "TiffFile", wanted: str | None) -> "list[TiffPageSeries]":
    if not tiff.series:
        raise IncompleteFile(f"{path}: the TIFF file holds no image yet; it is still being written or was cut off")
    if wanted is not None:
        if wanted.isdecimal() and int(wanted) < len(tiff.series):
            return [tiff.series[int(wanted)]]
        raise FileError(
            f"{path}: dataset {wanted!r} is not in it; it holds {len(tiff.series)} series, numbered from 0, of shapes "
            f"{', '.join(str(series.shape) for series in tiff.series)}"
        )
    best = max(tiff.series, key=_weight)
    if best.axes not in {"YX", "YXS"}:
        return [best]
    return [series for series in tiff.series if (series.shape, series.dtype) == (best.shape, best.dtype)]


def _weight(series: "TiffPageSeries") -> int:
    """Count pixels; those of a picture in colour, which is mostly a preview or a screenshot, count less."""
    n_pixels: int = math.prod(size for size, axis in zip(series.shape, series.axes, strict=True) if axis != "S")
    return n_pixels if "S" in series.axes else _GREY_COUNTS * n_pixels


def _expect_values(path: Path, series: "TiffPageSeries", n_bytes: int) -> None:
    """ImageJ writes one directory for a whole stack, so the number of images tells where the data end."""
    expect_sane_shape(path, series.shape, series.dtype.itemsize)
    if series.dataoffset is not None:
        n_values = math.prod(series.shape)
        expect_bytes(path, series.dataoffset + n_values * series.dtype.itemsize, n_bytes, "its stack of images")


def _expect_pages_alike(path: Path, series: "TiffPageSeries") -> None:
    """Look at every page of a stack: tifffile looks at a few, and reads the others as if they were like these."""
    expected = _layout(series.keyframe)
    for number, frame in enumerate(series.pages if series.kind == "uniform" else ()):
        if (got := _layout(frame.aspage())) != expected:
            raise FileError(
                f"{path}: expected pages of {expected} as the first, got page {number} of {got}; save the images of "
                "one stack in one size and type"
            )


def _layout(page: "TiffPage") -> str:
    compression = getattr(page.compression, "name", str(page.compression)).lower()
    return f"{' × '.join(map(str, page.shape))} {page.dtype} values with compression {compression}"


def _decoded(path: Path, series: "TiffPageSeries") -> np.ndarray:
    try:
        array: np.ndarray = series.asarray()
    except ValueError as error:
        if "imagecodecs" in str(error):
            raise MissingPackage(f"{path}: its compression needs a package: pip install imagecodecs") from error
        raise
    return array


def _plane(path: Path, array: np.ndarray, axes: str) -> tuple[np.ndarray, str]:
    """Take the colour out and leave two or three axes."""
    note = ""
    if "S" in axes:
        array, note = luminance(np.moveaxis(array, axes.index("S"), -1))
        axes = axes.replace("S", "")
    keep = [position for position, size in enumerate(array.shape) if size > 1 or axes[position] in "YX"]
    array = array.reshape([array.shape[position] for position in keep])
    if array.ndim > 3:
        named = ", ".join(f"{axes[position]} {size}" for position, size in zip(keep, array.shape, strict=True))
        raise FileError(f"{path}: expected one stack of images, got the axes {named}; save one channel as a stack")
    return array, note


def _contents(path: Path, tags: Tags, note: str) -> Contents:
    metadata: dict[str, Any] = dict(tags.metadata)
    if note:
        metadata["note"] = note
    return Contents(
        data=np.empty((0, 1, 1)),
        tilt_angles=tags.tilt_angles,
        angles_from=tags.angles_from,
        pixel_size_nm=tags.pixel_size_nm,
        tilt_axis_deg=tags.tilt_axis_deg,
        tilt_axis_from="TIFF description" if tags.tilt_axis_deg is not None else "",
        name=stem_of(path).name,
        metadata=metadata,
    )
