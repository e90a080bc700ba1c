"""HyperSpy's ``.hspy``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from livetomo.formats.hdf5_array import Hdf5Array, number, text
from livetomo.formats.named_arrays import angle_factor, choose_array
from livetomo.formats.units import is_unit, nanometres, unequal_edges

if TYPE_CHECKING:
    import h5py

_STAGE_TILT = tuple(f"metadata/Acquisition_instrument/{microscope}/Stage" for microscope in ("TEM", "SEM"))
_ETSPY = "metadata/Tomography"
_ETSPY_TILTS = tuple(f"{_ETSPY}/{name}" for name in ("tilts", "_list_tilts", "_tuple_tilts", "_sig_tilts/data"))


@dataclass(frozen=True, eq=False)
class _Axis:
    values: np.ndarray
    """Where each entry lies."""
    step: float | None
    """From one entry to the next; None when the entries are listed one by one."""
    units: str
    degrees: float | None
    """What turns the values into degrees; None when they are no angles."""
    is_counted: bool
    """The entries are only numbered 0, 1, 2, …: nobody has calibrated the axis."""


def find(file: "h5py.File", path: Path, wanted: str | None) -> Hdf5Array | None:
    """Give the signal when the file is HyperSpy's and no array outside of ``Experiments`` is wanted."""
    experiments = file.get("Experiments")
    if text(file.attrs.get("file_format", "")) != "HyperSpy" or experiments is None:
        return None
    names = {name: group["data"].shape for name, group in experiments.items() if "data" in group}
    if wanted is not None and wanted not in names:
        return None
    group = experiments[choose_array(path, names, wanted)]
    dataset = group["data"]
    axes = [_axis(group, position, size) for position, size in enumerate(dataset.shape)]
    angles, source = _angles(group, axes)
    sizes = [None if axis.step is None else nanometres(axis.step, axis.units) for axis in axes]
    is_tilted = angles is not None or (len(axes) == 3 and axes[0].degrees is not None)
    return Hdf5Array(
        dataset=dataset,
        kind="projections" if is_tilted else "unknown",
        tilt_angles=angles,
        angles_from=source,
        pixel_size_nm=sizes[-1] if sizes else None,
        name="",
        metadata={"title": group.name.rsplit("/", 1)[-1], **unequal_edges(sizes)},
    )


def _axis(group: "h5py.Group", position: int, size: int) -> _Axis:
    said = group.get(f"axis-{position}")
    attributes = {} if said is None else said.attrs
    units = text(attributes.get("units", ""))
    degrees = angle_factor(text(attributes.get("name", "")), units)
    listed = None if said is None else said.get("axis")
    if listed is not None and listed.shape == (size,):
        return _Axis(np.asarray(listed[()], dtype=float), None, units, degrees, is_counted=False)
    scale, offset = number(attributes.get("scale", 1)), number(attributes.get("offset", 0)) or 0.0
    step = 1.0 if scale is None else scale
    return _Axis(offset + step * np.arange(size), step, units, degrees, is_counted=(offset, step) == (0, 1))


def _angles(group: "h5py.Group", axes: list[_Axis]) -> tuple[np.ndarray | None, str]:
    if len(axes) == 3:
        return _angles_of_stack(group, axes[0])
    for place in _STAGE_TILT if len(axes) == 2 else ():
        tilt = number(group[place].attrs.get("tilt_alpha")) if place in group else None
        if tilt is not None:
            return np.array([tilt]), "HyperSpy metadata"
    return None, ""


def _angles_of_stack(group: "h5py.Group", axis: _Axis) -> tuple[np.ndarray | None, str]:
    saved = next((group[place] for place in _ETSPY_TILTS if getattr(group.get(place), "size", 0)), None)
    if saved is not None:
        return np.asarray(saved[()], dtype=float).reshape(-1), "HyperSpy metadata"
    # ETSpy calls an axis that nobody has calibrated "degrees", and a name without units calibrates nothing
    is_trusted = not axis.is_counted or (_ETSPY not in group and is_unit(axis.units))
    if axis.degrees is None or not is_trusted:
        return None, ""
    return axis.degrees * axis.values, "HyperSpy axis"
