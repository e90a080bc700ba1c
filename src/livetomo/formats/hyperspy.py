"""HyperSpy's ``.hspy``."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from livetomo.formats.hdf5_array import Hdf5Array, number, text
from livetomo.formats.named_arrays import choose_array
from livetomo.formats.units import degrees_factor, nanometres, unequal_edges

if TYPE_CHECKING:
    import h5py

_STAGE_TILT = tuple(f"metadata/Acquisition_instrument/{microscope}/Stage" for microscope in ("TEM", "SEM"))


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
    axes = [_axis(group, position) for position in range(dataset.ndim)]
    angles, source = _angles(group, dataset.shape, axes)
    sizes = [nanometres(scale, units) for scale, _, units in axes]
    return Hdf5Array(
        dataset=dataset,
        kind="projections" if angles is not None else "unknown",
        tilt_angles=angles,
        angles_from=source,
        pixel_size_nm=sizes[-1] if sizes else None,
        name="",
        metadata={"title": group.name.rsplit("/", 1)[-1], **unequal_edges(sizes)},
    )


def _axis(group: "h5py.Group", position: int) -> tuple[float, float, str]:
    attributes = group[f"axis-{position}"].attrs if f"axis-{position}" in group else {}
    scale, offset = number(attributes.get("scale", 1)), number(attributes.get("offset", 0))
    return (1.0 if scale is None else scale), offset or 0.0, text(attributes.get("units", ""))


def _angles(
    group: "h5py.Group", shape: tuple[int, ...], axes: list[tuple[float, float, str]]
) -> tuple[np.ndarray | None, str]:
    if len(shape) == 3:
        saved = group.get("metadata/Tomography/tilts")
        if saved is not None and saved.size == shape[0]:
            return np.asarray(saved[()], dtype=float).reshape(-1), "HyperSpy metadata"
        scale, offset, units = axes[0]
        factor = degrees_factor(units)
        if factor is not None:
            return factor * (offset + scale * np.arange(shape[0])), "HyperSpy axis"
        return None, ""
    for place in _STAGE_TILT if len(shape) == 2 else ():
        tilt = number(group[place].attrs.get("tilt_alpha")) if place in group else None
        if tilt is not None:
            return np.array([tilt]), "HyperSpy metadata"
    return None, ""
