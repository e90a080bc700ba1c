"""Choose, among the named arrays of a container file, the images and their angles."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from livetomo.errors import FileError
from livetomo.formats.units import degrees_factor, is_unit

_ANGLE_WORDS = ("angle", "tilt", "theta", "alpha")
_OF_A_TILT_BUT_NO_ANGLE = ("axis", "shift", "offset")
_RADIANS = re.compile(r"(?<![a-z])rad(ian)?s?(?![a-z])")


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
    return any(word in _last(name) for word in _ANGLE_WORDS)


def angle_factor(name: str, unit: object) -> float | None:
    """Give what turns the values of an array or axis into degrees, by its unit or else its name; None when no angle."""
    if is_unit(unit):
        return degrees_factor(unit)
    if not is_angle_name(name):
        return None
    return degrees_factor("rad" if _RADIANS.search(_last(name)) else "deg")


def choose_angles(
    arrays: Mapping[str, np.ndarray], shape: tuple[int, ...] = (), units: Mapping[str, str] | None = None
) -> np.ndarray | None:
    """Give the tilt angles among named arrays: (tilt,) degrees; None when there are none.

    Those go first that have as many values as an axis of the images has entries, then those called angles. Of a table
    with several angles a tilt (such as three Euler angles) the one that varies most is the tilt.

    Parameters
    ----------
    shape
        Sizes of the images' axes.
    units
        What the arrays say they are in; degrees when neither this nor the name says otherwise.
    """
    found = {
        name: values
        for name, array in arrays.items()
        if is_angle_name(name)
        and not any(word in _last(name) for word in _OF_A_TILT_BUT_NO_ANGLE)
        and (values := _one_a_tilt(array)) is not None
    }
    if not found:
        return None
    best = min(found, key=lambda name: (len(found[name]) not in shape, "angle" not in _last(name)))
    return (angle_factor(best, (units or {}).get(best)) or 1.0) * found[best]


def _one_a_tilt(array: np.ndarray) -> np.ndarray | None:
    """Give a vector, or of a table of angles the column that varies most; None when it is neither."""
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array) or array.ndim > 2:
        return None
    values = np.asarray(array, dtype=np.float64)
    if values.ndim == 2 and 1 not in values.shape and min(values.shape) <= 4:
        columns = values if values.shape[0] > values.shape[1] else values.T
        return columns[:, np.ptp(columns, axis=0).argmax()]
    return values.reshape(-1) if 1 < values.size == max(values.shape, default=0) else None


def _last(name: str) -> str:
    return re.split(r"[/.]", name)[-1].lower()


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    entries = [f"{name} {'×'.join(map(str, shape))}" for name, shape in shapes.items()]
    return ", ".join(entries[:20]) + (f" and {len(entries) - 20} more" if len(entries) > 20 else "")
