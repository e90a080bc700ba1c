"""EMD of NCEM (0.x, as tomviz writes it, and 1.0 of py4DSTEM): arrays with one ``dim`` vector for each axis."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.errors import FileError
from livetomo.formats.axes import order_of
from livetomo.formats.hdf5_array import Hdf5Array, step_nm, text, unit_of
from livetomo.formats.named_arrays import angle_factor
from livetomo.formats.units import unequal_edges

if TYPE_CHECKING:
    import h5py

OUR_FACTS = "livetomo"


def find(file: "h5py.File", path: Path, wanted: str | None) -> Hdf5Array | None:
    """Give the array wanted, else HAADF, else the first with three axes (those with angles go before), else two."""
    groups = _array_groups(file)
    if not groups:
        return None
    if wanted is not None:
        asked = wanted.strip("/")
        fitting = [
            (group, dataset)
            for group, dataset in groups
            if asked in {group.name.strip("/"), dataset.name.strip("/"), group.name.rsplit("/", 1)[-1]}
        ]
        if not fitting:
            return None
    else:
        fitting = [entry for entry in groups if entry[1].ndim in {2, 3}]
    if not fitting:
        shapes = ", ".join(f"{group.name} {dataset.shape}" for group, dataset in groups)
        raise FileError(f"{path}: holds no image or stack of images but {shapes}; extract one with its own program")
    found = [_calibrated(*entry) for entry in fitting]
    return min(found, key=_rank)


def _rank(array: Hdf5Array) -> tuple[bool, bool, bool]:
    is_haadf = "HAADF" in array.metadata["array"].upper()
    return not is_haadf, array.dataset.ndim != 3, array.tilt_angles is None


def _array_groups(file: "h5py.File") -> list[tuple[Any, Any]]:
    import h5py

    found: list[tuple[Any, Any]] = []

    def note(_: str, item: Any) -> None:
        kind = text(item.attrs.get("emd_group_type", ""))
        if not isinstance(item, h5py.Group) or kind not in {"1", "array"}:
            return
        arrays = [entry for entry in item.values() if isinstance(entry, h5py.Dataset) and entry.ndim >= 2]
        if arrays:
            found.append((item, max(arrays, key=lambda entry: (entry.name.endswith("/data"), entry.ndim))))

    file.visititems(note)
    return found


def _calibrated(group: "h5py.Group", dataset: "h5py.Dataset") -> Hdf5Array:
    first = 0 if "dim0" in group else 1
    dims = [group.get(f"dim{first + position}") for position in range(dataset.ndim)]
    axes = _axes(dims)
    sizes = [step_nm(dim) for dim in dims]
    angles = None
    if dataset.ndim == 3:
        across = next(position for position, letter in enumerate(axes) if letter not in "yx")
        angles = _angles(dims[across], dataset.shape[across])
    ours = json.loads(text(group[OUR_FACTS][()])) if OUR_FACTS in group else {}
    metadata: dict[str, Any] = dict(ours.get("metadata", {}))
    if ours.get("shifts_px"):
        metadata["shifts_px"] = np.array(ours["shifts_px"])
    if angles is not None and ours.get("tilt_angles"):
        angles = np.array(ours["tilt_angles"])
    return Hdf5Array(
        dataset=dataset,
        axes=axes,
        kind="projections" if angles is not None else ours.get("kind", "unknown"),
        tilt_angles=angles,
        angles_from="EMD dimension" if angles is not None else "",
        pixel_size_nm=ours.get("pixel_size_nm") or sizes[axes.index("x") if dataset.ndim == 3 else -1],
        tilt_axis_deg=ours.get("tilt_axis_deg"),
        name=ours.get("name", ""),
        metadata={"array": group.name, **unequal_edges(sizes), **metadata},
    )


def _axes(dims: "list[h5py.Dataset | None]") -> str:
    """Give the order of the axes by their names (tomviz stores volumes as x, y, z); as stored when they do not say."""
    known = [dim for dim in dims if dim is not None]
    if len(known) != 3 or len(dims) != 3:
        return "?yx"
    names = [_name(dim).lower().removeprefix("r").strip("_ ") for dim in known]
    return order_of(names, [angle_factor(_name(dim), unit_of(dim)) is not None for dim in known])


def _name(dim: "h5py.Dataset") -> str:
    return text(dim.attrs.get("name", ""))


def _angles(dim: "h5py.Dataset | None", n_tilts: int) -> np.ndarray | None:
    """Give the tilt angles of the first axis: in degrees or radians, one value each or the first two (EMD 1.0)."""
    if dim is None:
        return None
    factor = angle_factor(_name(dim), unit_of(dim))
    values = np.asarray(dim[()], dtype=np.float64).reshape(-1)
    if factor is None:
        return None
    if values.size == 2 and n_tilts != 2:
        values = values[0] + (values[1] - values[0]) * np.arange(n_tilts)
    return factor * values
