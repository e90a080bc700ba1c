"""HDF5 in its many dialects: the file is asked which one it speaks; else the user names the array."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.errors import FileError, IncompleteFile
from livetomo.formats import data_exchange, emd_ncem, emd_velox, hyperspy, nexus
from livetomo.formats.axes import Kind, ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_bytes, expect_sane_shape, reading
from livetomo.formats.hdf5_array import Hdf5Array, text, without_ones
from livetomo.formats.named_arrays import choose_angles, choose_array, is_angle_name

if TYPE_CHECKING:
    import h5py

_ERRORS = (KeyError, ValueError, TypeError, RuntimeError, IndexError, AttributeError, OverflowError, MemoryError)
_MARK, _SUPERBLOCK_BYTES = b"\x89HDF\r\n\x1a\n", 48
_DIALECTS: tuple[Callable[["h5py.File", Path, str | None], Hdf5Array | None], ...] = (
    data_exchange.find,
    emd_velox.find,
    hyperspy.find,
    emd_ncem.find,
    nexus.find,
)


def read(path: Path, options: ReadOptions) -> Contents:
    """Read one array: the images of a dialect that is known, or the array ``dataset``.

    Raises
    ------
    IncompleteFile
        When the file is cut off or still open for writing.
    FileError
        When it is no HDF5 file, ``dataset`` is not in it, or it holds several arrays that could be meant.
    """
    import h5py

    _expect_hdf5(path)
    with reading(path, "HDF5", *_ERRORS), _opened(path) as file:
        found = next((array for find in _DIALECTS if (array := find(file, path, options.dataset)) is not None), None)
        found = found or _by_name(file, path, options.dataset)
        if not isinstance(found.dataset, h5py.Dataset):
            raise FileError(f"{path}: {options.dataset!r} is a group, not an array")
        if 0 in found.dataset.shape:
            sizes = " × ".join(map(str, found.dataset.shape))
            raise IncompleteFile(f"{path}: {found.dataset.name} holds no image yet, its sizes are {sizes}")
        expect_sane_shape(path, found.dataset.shape or (0,), found.dataset.dtype.itemsize)
        values = found.take()
    data, kind = ordered(path, values, options.axes, found.axes, found.kind)
    return _contents(path, found, data, kind)


def _expect_hdf5(path: Path) -> None:
    with reading(path, "HDF5"), path.open("rb") as stream:
        start = stream.read(_SUPERBLOCK_BYTES)
    if not start.strip(b"\x00"):
        raise IncompleteFile(f"{path}: its first bytes are still empty; it is still being written or was cut off")
    if start[:8] == _MARK[: len(start)]:
        expect_bytes(path, _SUPERBLOCK_BYTES, len(start), "an HDF5 header")
    else:
        raise FileError(f"{path}: not an HDF5 file: it does not start with HDF5's mark")


def _opened(path: Path) -> "h5py.File":
    import h5py

    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if "truncated" in str(error) or "eof" in str(error).lower() or "already open" in str(error).lower():
            raise IncompleteFile(
                f"{path}: the HDF5 file ends before its end; it is still being written or was cut off"
            ) from error
        raise


def _by_name(file: "h5py.File", path: Path, wanted: str | None) -> Hdf5Array:
    arrays = _arrays(file, path)
    shapes = {name: without_ones(array.shape) for name, array in arrays.items() if array.dtype.kind in "iufb"}
    name = choose_array(path, shapes, wanted)
    beside = {other: array for other, array in arrays.items() if is_angle_name(other) and array.ndim <= 2}
    angles = choose_angles(
        {other: array[()] for other, array in beside.items()},
        shapes[name],
        {other: text(array.attrs.get("units", "")) for other, array in beside.items()},
    )
    is_series = angles is not None and len(shapes[name]) == 3
    return Hdf5Array(
        dataset=arrays[name],
        tilt_angles=angles if is_series else None,
        angles_from="angles in the file" if is_series else "",
        kind="projections" if is_series else "unknown",
        metadata={"dataset": name},
    )


def _arrays(file: "h5py.File", path: Path) -> dict[str, Any]:
    import h5py

    found: dict[str, Any] = {}
    lost: list[str] = []

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim >= 1:
            found[name] = item

    def follow(name: str, link: Any) -> None:
        if not isinstance(link, h5py.ExternalLink):
            return
        item = file.get(name)
        if item is None:
            lost.append(f"{link.path} of {link.filename}")
        elif isinstance(item, h5py.Group):
            item.visititems(lambda inner, below: note(f"{name}/{inner}", below))
        else:
            note(name, item)

    file.visititems(note)
    file.visititems_links(follow)  # visititems itself stays in its file
    if lost and not found:
        raise FileError(f"{path}: its data are {', '.join(lost)}, which is not there; put that file beside it")
    return found


def _contents(path: Path, found: Hdf5Array, data: np.ndarray, kind: Kind) -> Contents:
    if kind == "volume":
        found = replace(found, tilt_angles=None, angles_from="")
    return Contents(
        data=data,
        stored_axes=found.axes,
        kind=kind,
        tilt_angles=found.tilt_angles,
        angles_from=found.angles_from,
        pixel_size_nm=found.pixel_size_nm,
        tilt_axis_deg=found.tilt_axis_deg,
        tilt_axis_from="" if found.tilt_axis_deg is None else path.name,
        name=found.name or path.stem,
        metadata=found.metadata,
    )
