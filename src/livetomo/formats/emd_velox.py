"""EMD of Velox: images with one column of JSON metadata for each frame, the stage's tilt (radians) in every one."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.errors import FileError, IncompleteFile
from livetomo.formats.hdf5_array import Hdf5Array, number, text
from livetomo.formats.units import nanometres

if TYPE_CHECKING:
    import h5py


def find(file: "h5py.File", path: Path, wanted: str | None) -> Hdf5Array | None:
    """Give the image wanted (its detector's name or its place in the file), else HAADF, else the longest stack."""
    images = file.get("Data/Image")
    if images is None or "Version" not in file:
        return None
    groups = [group for group in images.values() if "Data" in group and "Metadata" in group]
    if not groups:
        raise IncompleteFile(f"{path}: the Velox file holds no image yet")
    names = [_detector(group) for group in groups]
    if wanted is None:
        usable = [place for place, group in enumerate(groups) if group["Data"].dtype.kind in "iuf"] or [0]
        place = max(usable, key=lambda at: (groups[at]["Data"].shape[-1], "HAADF" in names[at], -at))
    else:
        asked = wanted.strip("/")
        fitting = [at for at, group in enumerate(groups) if asked in _calls(group, names[at])]
        if not fitting:
            known = ", ".join(f"{name or 'unnamed'} ({group.name})" for name, group in zip(names, groups, strict=True))
            raise FileError(f"{path}: dataset {wanted!r} is not in it; it holds the images {known}")
        place = fitting[0]
    return _calibrated(groups[place], names[place], path)


def _calls(group: "h5py.Group", name: str) -> set[str]:
    full = group.name.strip("/")
    return {name, full, f"{full}/Data", full.rsplit("/", 1)[-1]}


def _calibrated(group: "h5py.Group", name: str, path: Path) -> Hdf5Array:
    dataset = group["Data"]
    if dataset.dtype.kind not in "iuf":
        raise FileError(f"{path}: image {name or group.name} holds complex numbers; choose another with dataset=")
    n_frames = dataset.shape[-1]
    columns = [_metadata(group, frame) for frame in range(min(n_frames, group["Metadata"].shape[-1]))]
    tilts = [number(column.get("Stage", {}).get("AlphaTilt")) for column in columns]
    angles = [math.degrees(tilt) for tilt in tilts if tilt is not None]
    first = columns[0] if columns else {}
    result = first.get("BinaryResult", {})
    size = number(result.get("PixelSize", {}).get("width"))
    knows_tilts = len(angles) == n_frames
    return Hdf5Array(
        dataset=dataset,
        axes="yx?",
        kind="projections" if knows_tilts else "unknown",
        tilt_angles=np.array(angles) if knows_tilts else None,
        angles_from="Velox metadata" if knows_tilts else "",
        pixel_size_nm=None if size is None else nanometres(size, text(result.get("PixelUnitX", ""))),
        metadata={"detector": name, "velox": first, **({} if knows_tilts else {"stage_tilts_deg": angles})},
    )


def _detector(group: "h5py.Group") -> str:
    return str(_metadata(group, 0).get("BinaryResult", {}).get("Detector", ""))


def _metadata(group: "h5py.Group", frame: int) -> dict[str, Any]:
    column = np.asarray(group["Metadata"][:, frame], dtype=np.uint8).tobytes()
    try:
        said = json.loads(column.split(b"\x00", 1)[0].decode("utf-8", "replace"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
