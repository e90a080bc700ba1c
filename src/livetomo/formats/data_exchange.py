"""Data Exchange (``/exchange/data`` with ``theta``), its older cousin from FXI, and what our own writer adds."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from livetomo.formats.hdf5_array import Hdf5Array, number, text
from livetomo.formats.units import degrees_factor, nanometres

if TYPE_CHECKING:
    import h5py

OUR_GROUP = "livetomo"
_DETECTOR = "measurement/instrument/detector"


def find(file: "h5py.File", path: Path, wanted: str | None) -> Hdf5Array | None:
    """Give the projections (or the volume) when the file speaks this dialect and no other array is wanted."""
    if wanted is not None and wanted.strip("/") not in {"exchange/data", "img_tomo"}:
        return None
    if "exchange/data" in file:
        return _exchange(file)
    if "img_tomo" in file:
        angles = np.asarray(file["angle"][()], dtype=float) if "angle" in file else None
        return Hdf5Array(file["img_tomo"], "tyx", None, "projections", angles, "angle in the file")
    return None


def _exchange(file: "h5py.File") -> Hdf5Array:
    dataset = file["exchange/data"]
    axes = _axes(text(dataset.attrs.get("axes", "")))
    is_volume = "z" in axes
    angles = None
    if "exchange/theta" in file and not is_volume:
        theta = file["exchange/theta"]
        factor = degrees_factor(text(theta.attrs.get("units", "degrees"))) or 1.0
        angles = factor * np.asarray(theta[()], dtype=np.float64).reshape(-1)
    ours = file[OUR_GROUP].attrs if OUR_GROUP in file else {}
    metadata = json.loads(text(file[f"{OUR_GROUP}/metadata"][()])) if f"{OUR_GROUP}/metadata" in file else {}
    if f"{OUR_GROUP}/shifts_px" in file:
        metadata["shifts_px"] = file[f"{OUR_GROUP}/shifts_px"][()]
    return Hdf5Array(
        dataset=dataset,
        axes=axes,
        kind="volume" if is_volume else "projections",
        tilt_angles=angles,
        angles_from="theta in the file" if angles is not None else "",
        pixel_size_nm=number(ours.get("pixel_size_nm")) or _pixel_size(file),
        tilt_axis_deg=number(ours.get("tilt_axis_deg")) if ours else None,
        name=text(ours.get("name", "")) if ours else "",
        metadata=metadata,
    )


def _axes(named: str) -> str:
    """Give the order that an attribute such as ``theta:y:x`` names, ``tyx`` when it names none."""
    letters = "".join("t" if name in {"theta", "angle"} else name for name in named.lower().split(":"))
    return letters if sorted(letters) in (["t", "x", "y"], ["x", "y", "z"]) else "tyx"


def _pixel_size(file: "h5py.File") -> float | None:
    for place in (
        "measurement/instrument/detector/actual_pixel_size_x",
        "measurement/instrument/detector/pixel_size_x",
    ):
        size = number(file[place][()]) if place in file else None
        if size is not None:
            return nanometres(size, text(file[place].attrs.get("units", "")))
    return None
