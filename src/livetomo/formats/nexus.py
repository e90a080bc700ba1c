"""NeXus: tomography (NXtomo, with ``rotation_angle`` and ``image_key``) and plain data (NXdata)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.formats.hdf5_array import Hdf5Array, number, text
from livetomo.formats.named_arrays import choose_array, is_angle_name
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
    raw = group.attrs.get("axes", [])
    names = [text(name) for name in np.atleast_1d(raw)] if len(np.atleast_1d(raw)) else []
    names = [name if name in group and _is_array(group[name]) else "" for name in names[: dataset.ndim]]
    angles, size_nm = None, None
    first, last = (names[0], names[-1]) if len(names) == dataset.ndim else ("", "")
    if first and dataset.ndim == 3:
        units = text(group[first].attrs.get("units", ""))
        factor = degrees_factor(units)
        if not units and is_angle_name(first):
            factor = 1.0
        angles = None if factor is None else factor * np.asarray(group[first][()], dtype=np.float64)
    if last and group[last].size > 1:
        steps = np.asarray(group[last][:2], dtype=float)
        size_nm = nanometres(steps[1] - steps[0], text(group[last].attrs.get("units", "")))
    return Hdf5Array(
        dataset=dataset,
        kind="projections" if angles is not None else "unknown",
        tilt_angles=angles,
        angles_from="" if angles is None else f"{first} in the file",
        pixel_size_nm=size_nm,
    )


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size > 1)
