"""Gatan's DM3 and DM4: an image with the stage's tilt in its tags, or a stack with tilts in its calibration."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from livetomo.errors import FileError
from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_bytes, reading
from livetomo.formats.vendor import Signal, choose_signal, find_tag, read_signals

_STAGE_TILT = (("Microscope Info", "Stage Position", "Stage Alpha"), ("Microscope Info", "Stage Alpha"))

_PLAN = ("ImageTags", "Tomography", "Tomography setup", "Tilt angles")
_PLAN_VALUES = ("Minimum tilt angle (deg)", "Maximum tilt angle (deg)", "Tilt angle step (deg)")


def read(path: Path, options: ReadOptions) -> Contents:
    """Read the images of a DM file; of several the first stack or image that is not a thumbnail, or ``dataset``.

    Raises
    ------
    IncompleteFile
        When the file holds fewer bytes than its header says.
    FileError
        When it is no DM file, or holds spectra.
    """
    _expect_complete(path)
    signal = choose_signal(path, read_signals(path, "digitalmicrograph"), options.dataset)
    array, default = signal.data, "?yx"
    angles, source = _angles(signal)
    data, kind = ordered(path, array, options.axes, default)
    return Contents(
        data=data,
        kind="projections" if angles is not None and kind == "unknown" else kind,
        tilt_angles=angles,
        angles_from=source if angles is not None else "",
        pixel_size_nm=signal.pixel_size_nm,
        name=path.stem,
        metadata={"original": signal.original, **signal.edges},
    )


def _expect_complete(path: Path) -> None:
    with reading(path, "DM"), path.open("rb") as stream:
        start = stream.read(24)
        n_bytes = stream.seek(0, 2)
    expect_bytes(path, 24, len(start), "a DM header")
    version = struct.unpack(">I", start[:4])[0]
    if version not in {3, 4}:
        raise FileError(f"{path}: not a DM3 or DM4 file: it does not start with its version number")
    root_bytes, head_bytes = (
        (struct.unpack(">I", start[4:8])[0], 16) if version == 3 else (struct.unpack(">Q", start[4:12])[0], 24)
    )
    expect_bytes(path, root_bytes + head_bytes, n_bytes, "its tags and images")


def _angles(signal: Signal) -> tuple[np.ndarray | None, str]:
    if signal.data.ndim == 3:
        calibrated = signal.stack_angles
        if calibrated is not None:
            return calibrated, "DM calibration"
        return _planned_tilts(signal.original, len(signal.data)), "plan in the DM tags"
    tilt = _stage_tilt(signal.original)
    return (None if tilt is None else np.array([tilt])), "DM tags"


def _planned_tilts(original: Mapping[str, Any], n_images: int) -> np.ndarray | None:
    """Give the tilts that Gatan's tomography was set to, from the lowest, when they are as many as there are images."""
    for image in _images(original):
        plan = find_tag(image, *_PLAN)
        lowest, highest, step = (find_tag(plan, name) for name in _PLAN_VALUES)
        if not all(isinstance(value, int | float) and np.isfinite(value) for value in (lowest, highest, step)):
            continue
        is_even = step > 0 and find_tag(plan, "Tilt model") in {None, "equal"}
        if is_even and round((highest - lowest) / step) + 1 == n_images:
            return np.asarray(lowest + step * np.arange(n_images), dtype=np.float64)
    return None


def _images(original: Mapping[str, Any]) -> list[Any]:
    """Give the images' tags, the last image first: a thumbnail may come before it."""
    images = find_tag(original, "ImageList")
    return list(images.values())[::-1] if isinstance(images, Mapping) else []


def _stage_tilt(original: Mapping[str, Any]) -> float | None:
    """Give the stage's alpha in degrees."""
    for image in _images(original):
        for names in _STAGE_TILT:
            tilt = find_tag(image, "ImageTags", *names)
            if isinstance(tilt, int | float) and np.isfinite(tilt) and abs(tilt) <= 360:
                return float(tilt)
    return None
