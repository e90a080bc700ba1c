"""What every written file carries beside the array, in plain values."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from livetomo.model import TiltSeries, Volume


def array_of(item: TiltSeries | Volume) -> np.ndarray:
    """Give the (tilt or z, y, x) array."""
    return np.asarray(item.projections if isinstance(item, TiltSeries) else item.data)


def pixel_size_of(item: TiltSeries | Volume) -> float | None:
    """Give the edge of a pixel or voxel in nanometres."""
    return item.pixel_size_nm if isinstance(item, TiltSeries) else item.voxel_size_nm


def facts_of(item: TiltSeries | Volume) -> dict[str, Any]:
    """Give kind, name, pixel size, angles, shifts and metadata as values that JSON can hold."""
    facts: dict[str, Any] = {"pixel_size_nm": pixel_size_of(item), "name": item.name}
    if isinstance(item, TiltSeries):
        facts["kind"] = "projections"
        facts["tilt_angles"] = item.tilt_angles.tolist()
        facts["tilt_axis_deg"] = None if item.tilt_axis_origin == "assumed" else 0.0
        if item.shifts_px is not None and item.shifts_px.any():
            facts["shifts_px"] = item.shifts_px.tolist()
    else:
        facts["kind"] = "volume"
    facts["metadata"] = plain_values(item.metadata)
    return facts


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a copy in which everything is what JSON can hold; numbers that are not finite become text."""
    plain: dict[str, Any] = _plain(values)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
