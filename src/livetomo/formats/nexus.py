"""NeXus: tomography (NXtomo, with ``rotation_angle`` and ``image_key``) and plain data (NXdata)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.formats.axes import order_of
from livetomo.formats.hdf5_array import Hdf5Array, number, step_nm, text, unit_of
from livetomo.formats.named_arrays import angle_factor, choose_array
from livetomo.formats.units import degrees_factor, nanometres

if TYPE_CHECKING:
    import h5py

_PROJECTION = 0  # image_key: 0 projection, 1 flat, 2 dark, 3 invalid


def find(file: "h5py.File", path: Path, wanted: str | None) -> Hdf5Array | None:
    """Give the images of the tomography entry, else the signal of the one NXdata group."""
    groups = _groups(file)
    for group, kind in groups:
        found = _tomography(group) if kind in {"NXentry", "NXsubentry"} else None
        if found is not None and (wanted is None or found.dataset.name.strip("/") == wanted.strip("/")):
            return found
    signals = {
        found.name: (group, found)
        for group, kind in groups
        if kind == "NXdata" and (found := _signal(group)) is not None and found.ndim >= 2
    }
    if not signals or (wanted is not None and wanted.strip("/") not in {name.strip("/") for name in signals}):
        return None
    shapes = {name: _without_ones(dataset.shape) for name, (_, dataset) in signals.items()}
    group, dataset = signals[choose_array(path, shapes, wanted)]
    return _data(group, dataset)


def _groups(file: "h5py.File") -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []

    def note(_: str, item: Any) -> None:
        kind = text(item.attrs.get("NX_class", ""))
        if kind and not _is_array(item):
            found.append((item, kind))

    file.visititems(note)
    return found


def _is_array(item: Any) -> bool:
    import h5py

    return isinstance(item, h5py.Dataset)


def _tomography(entry: "h5py.Group") -> Hdf5Array | None:
    detector = next(
        (
            entry[place]
            for place in ("instrument/detector", "data", "tomo_entry/instrument/detector")
            if place in entry and "data" in entry[place] and ("image_key" in entry[place] or place.endswith("detector"))
        ),
        None,
    )
    rotation = next((entry[p] for p in ("sample/rotation_angle", "data/rotation_angle") if p in entry), None)
    if detector is None or rotation is None or detector["data"].ndim != 3:
        return None
    factor = degrees_factor(text(rotation.attrs.get("units", "degrees"))) or 1.0
    angles = factor * np.asarray(rotation[()], dtype=np.float64).reshape(-1)
    rows = None
    if "image_key" in detector:
        rows = np.flatnonzero(np.asarray(detector["image_key"][()]).reshape(-1) == _PROJECTION)
        angles = angles[rows] if len(angles) == detector["data"].shape[0] else angles
    size = detector.get("x_pixel_size")
    return Hdf5Array(
        dataset=detector["data"],
        rows=rows,
        kind="projections",
        tilt_angles=angles,
        angles_from="rotation_angle in the file",
        pixel_size_nm=None if size is None else nanometres(number(size[()]) or 0, text(size.attrs.get("units", "m"))),
    )


def _signal(group: "h5py.Group") -> "h5py.Dataset | None":
    name = text(group.attrs.get("signal", ""))
    if name in group and _is_array(group[name]):
        return group[name]
    marked = [item for item in group.values() if _is_array(item) and text(item.attrs.get("signal", "")) == "1"]
    return marked[0] if marked else None


def _data(group: "h5py.Group", dataset: "h5py.Dataset") -> Hdf5Array:
    names = [text(name) for name in np.atleast_1d(group.attrs.get("axes", []))][: dataset.ndim]
    dims = [group[name] if name in group and _is_array(group[name]) else None for name in names]
    if len(dims) != dataset.ndim:
        return Hdf5Array(dataset=dataset)
    if dataset.ndim != 3:
        return Hdf5Array(dataset=dataset, pixel_size_nm=step_nm(dims[-1]))
    are_angles = [_angles(name, dim) is not None for name, dim in zip(names, dims, strict=True)]
    axes = order_of([name.lower() for name in names], are_angles)
    across = next(position for position, letter in enumerate(axes) if letter not in "yx")
    angles = _angles(names[across], dims[across])
    return Hdf5Array(
        dataset=dataset,
        axes=axes,
        kind="projections" if angles is not None else "unknown",
        tilt_angles=angles,
        angles_from="" if angles is None else f"{names[across]} in the file",
        pixel_size_nm=step_nm(dims[axes.index("x")]),
    )


def _angles(name: str, dim: "h5py.Dataset | None") -> np.ndarray | None:
    factor = None if dim is None else angle_factor(name, unit_of(dim))
    return None if dim is None or factor is None else factor * np.asarray(dim[()], dtype=np.float64).reshape(-1)


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size > 1)
