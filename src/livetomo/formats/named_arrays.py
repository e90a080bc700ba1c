"""Choose, among the named arrays of a container file, the images and their angles."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from livetomo.errors import FileError
from livetomo.formats.units import degrees_factor, is_unit

_ANGLE_WORDS = ("angle", "tilt", "theta", "alpha")


def choose_array(path: Path, shapes: Mapping[str, tuple[int, ...]], wanted: str | None) -> str:
    """Give the name of the array to read: the one wanted, else the only one with three axes, else with two.

    Raises
    ------
    FileError
        When there is no such array, or several that could be meant; the message lists them.
    """
    if wanted is not None:
        found = [name for name in shapes if name.strip("/") == wanted.strip("/")]
        if not found:
            raise FileError(f"{path}: dataset {wanted!r} is not in it; it holds {_listed(shapes)}")
        return found[0]
    for n_axes in (3, 2):
        candidates = [name for name, shape in shapes.items() if len(shape) == n_axes and min(shape) > 1]
        if n_axes == 2:
            candidates = [name for name in candidates if not is_angle_name(name)]
        if len(candidates) > 1:
            listed = _listed({name: shapes[name] for name in candidates})
            raise FileError(
                f"{path}: holds {len(candidates)} arrays with {n_axes} axes; choose one with dataset= (--dataset): "
                f"{listed}"
            )
        if candidates:
            return candidates[0]
    single = [name for name, shape in shapes.items() if len(shape) == 3]
    if len(single) == 1:
        return single[0]
    raise FileError(f"{path}: holds no array with two or three axes; it holds {_listed(shapes) or 'no arrays'}")


def is_angle_name(name: str) -> bool:
    """Tell whether an array's name says that it holds angles."""
    last = name.rsplit("/", 1)[-1].lower()
    return any(word in last for word in _ANGLE_WORDS)


def angle_factor(name: str, unit: object) -> float | None:
    """Give what turns the values of an array or axis into degrees, by its unit or else its name; None when no angle."""
    return 1.0 if not is_unit(unit) and is_angle_name(name) else degrees_factor(unit)


def choose_angles(arrays: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Give the tilt angles among named arrays: (tilt,) as stored; None when there are none.

    Of a table with several angles a tilt (such as three Euler angles) the one that varies most is the tilt.
    """
    for name, array in arrays.items():
        if not is_angle_name(name) or not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
            continue
        values = np.asarray(array, dtype=np.float64)
        if values.ndim > 2:
            continue
        if values.ndim == 2 and 1 not in values.shape and min(values.shape) <= 4:
            columns = values if values.shape[0] > values.shape[1] else values.T
            return columns[:, np.ptp(columns, axis=0).argmax()]
        if values.size == max(values.shape, default=0) and values.size > 1:
            return values.reshape(-1)
    return None


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    entries = [f"{name} {'×'.join(map(str, shape))}" for name, shape in shapes.items()]
    return ", ".join(entries[:20]) + (f" and {len(entries) - 20} more" if len(entries) > 20 else "")
