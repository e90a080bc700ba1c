"""Bring an array into the order (tilt or z, y, x)."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from livetomo.errors import FileError

Kind = Literal["projections", "volume", "unknown"]


def checked_axes(axes: str) -> str:
    """Give the axes in small letters.

    Raises
    ------
    ValueError
        When they are not an order of ``tyx``, ``zyx`` or ``yx``.
    """
    letters = str(axes).lower()
    if "".join(sorted(letters)) not in {"txy", "xyz", "xy"}:
        raise ValueError(
            f'axes: expected the order of the array\'s axes, slowest first, such as "tyx", "xyt" or "zyx", got {axes!r}'
        )
    return letters


def ordered(
    path: Path, array: np.ndarray, axes: str | None, default: str, kind: Kind = "unknown"
) -> tuple[np.ndarray, Kind]:
    """Give the array as (tilt or z, y, x) and what its first axis is.

    Parameters
    ----------
    array
        (y, x) one image or three axes in the order ``axes``.
    axes
        What the user says, None to take ``default``, in which ``?`` stands for a first axis that may be either.
    kind
        What is known of the first axis where ``axes`` does not say it.

    Raises
    ------
    FileError
        When the array has not as many axes as are named, or is not made of real numbers.
    """
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool) or np.iscomplexobj(array):
        raise FileError(f"{path}: expected an array of real numbers, got {_named(array.dtype)}")
    if array.dtype == bool:
        array = array.astype(np.uint8)
    letters = checked_axes(axes) if axes else default
    if array.ndim == 2 and len(letters) == 3:
        letters = "".join(letter for letter in letters if letter in "yx")
    if array.ndim != len(letters) or array.size == 0:
        raise FileError(
            f"{path}: expected a filled array of {len(letters)} axes ({letters.replace('?', 't or z, ')}), "
            f"got {array.ndim} of sizes {array.shape}"
        )
    if array.ndim == 2:
        turned = array[np.newaxis] if letters == "yx" else array.T[np.newaxis]
    else:
        first = next(letter for letter in letters if letter not in "yx")
        turned = array.transpose([letters.index(letter) for letter in (first, "y", "x")])
        kind = {"t": "projections", "z": "volume"}.get(first, kind)  # type: ignore[assignment]
    return turned.astype(turned.dtype.newbyteorder("="), copy=False), kind


def order_of(names: Sequence[str], are_angles: Sequence[bool]) -> str:
    """Give the order of three axes by what they are called, ``?yx`` when that does not say it.

    An angle is the tilt, whatever it is called; beside it, axes that are not called x and y are y and x in turn.
    """
    letters = [
        "?" if is_angle or name not in {"x", "y", "z"} else name
        for name, is_angle in zip(names, are_angles, strict=True)
    ]
    if sorted(letters) in (["?", "x", "y"], ["x", "y", "z"]):
        return "".join(letters)
    if sum(are_angles) != 1 or len(letters) != 3:
        return "?yx"
    place = list(are_angles).index(True)
    return "yx"[:place] + "?" + "yx"[place:]


def order_advice(shape: tuple[int, ...], stored_axes: str, n_angles: Collection[int]) -> str:
    """Say what order of the axes to try when a stack has not as many images as there are angles.

    Parameters
    ----------
    shape
        Sizes as (tilt, y, x).
    stored_axes
        Order in which the file has them, ``?`` for tilt or z.
    n_angles
        How many angles each source gives.
    """
    fitting = [size for size in shape[1:] if size in n_angles and shape[0] > 1]
    if not fitting:
        order = stored_axes.replace("?", "z").replace("t", "z")
        return f'or, when it is a volume, axes="{order}" (--axes {order})'
    place = stored_axes.index("yx"[shape[1:].index(fitting[0])])
    order = "yx"[:place] + "t" + "yx"[place:]
    return f'or, when its axis of {fitting[0]} entries is that of the tilts, axes="{order}" (--axes {order})'


def _named(dtype: np.dtype) -> str:
    """Say what values are that no image is made of, and what to do."""
    if dtype.kind == "c":
        return "complex numbers: save their amplitude or phase"
    if dtype.names:
        return f"values with the parts {', '.join(dtype.names)}, such as colours: save grey values or one of them"
    return f"{dtype} values"
