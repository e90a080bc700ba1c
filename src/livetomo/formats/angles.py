"""Tilt angles from the user or from text: a sequence, or a file with one angle a line or with columns."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from livetomo.errors import FileError
from livetomo.formats import mdoc
from livetomo.formats.guard import reading

_LARGEST_ANGLE = 360.0
_SEPARATORS = re.compile(r"[,;\s]+")


def checked_angles(angles: Sequence[float] | np.ndarray, source: str) -> np.ndarray:
    """Give (n,) float64 degrees.

    Raises
    ------
    ValueError
        When a value is no number or lies beyond ±360°.
    """
    try:
        values = np.asarray(angles, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise ValueError(f"angles: expected degrees from {source}, got {angles!r:.80}") from error
    wrong = values[~(np.abs(values) <= _LARGEST_ANGLE)]
    if values.size == 0 or wrong.size:
        got = f"{wrong[0]:g}" if wrong.size else "nothing"
        raise ValueError(f"angles: expected degrees between −360 and 360 from {source}, got {got}")
    return values


def read_angles(path: Path) -> np.ndarray:
    """Read tilt angles from ``.rawtlt``, ``.tlt``, ``.txt``, ``.csv``, ``.aln``, ``.mdoc``, ``.mat`` or ``.npy``.

    One angle a line, all on one line, or columns: then the column named angle or tilt, else the one after a running
    number or a file name.

    Returns
    -------
    tilt_angles
        (tilt,) degrees.

    Raises
    ------
    FileError
        When the file cannot be read or holds no angles.
    """
    if path.suffix.lower() == ".mdoc":
        tilt_angles = mdoc.read_mdoc(path).tilt_angles
        if tilt_angles is None:
            raise FileError(f"{path}: this .mdoc file gives no TiltAngle for each of its sections")
        return tilt_angles
    if path.suffix.lower() in {".mat", ".npy"}:
        return _read_array(path)
    with reading(path, "tilt angles"):
        text = path.read_text(encoding="latin-1").lstrip("\ufeff").removeprefix("ï»¿")
    try:
        return checked_angles(_angles_in(text), path.name)
    except ValueError as error:
        raise FileError(f"{path}: expected tilt angles, one a line in degrees: {error}") from error


def _read_array(path: Path) -> np.ndarray:
    if path.suffix.lower() == ".mat":
        from livetomo.formats.matlab import read_angle_variable

        angles = read_angle_variable(path)
    else:
        with reading(path, "NumPy .npy", ValueError):
            angles = np.load(path, allow_pickle=False)
    if angles is None:
        raise FileError(f"{path}: holds no variable called angle, tilt or theta")
    try:
        return checked_angles(angles, path.name)
    except ValueError as error:
        raise FileError(f"{path}: expected tilt angles in degrees: {error}") from error


def _angles_in(text: str) -> np.ndarray:
    names: list[str] = []
    rows: list[list[float]] = []
    for line in text.partition("# Local Alignment")[0].splitlines():  # AreTomo: then shifts of patches follow
        words = [word for word in _SEPARATORS.split(line.strip().lstrip("#%")) if word]
        numbers = [number for word in words if (number := _number(word)) is not None]
        if line.lstrip().startswith(("#", "%")) or (words and not numbers):
            names = words if not rows else names
        elif numbers:
            rows.append(numbers)
        if rows and len(numbers) != len(rows[0]) and words and not line.lstrip().startswith(("#", "%")):
            raise ValueError(f"line {line.strip()!r:.60} has {len(numbers)} numbers where the first has {len(rows[0])}")
    if len(rows) == 1:
        return np.array(rows[0])
    table = np.array(rows, dtype=np.float64)
    return table[:, _angle_column(names, table)] if table.ndim == 2 and table.size else table


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _angle_column(names: list[str], table: np.ndarray) -> int:
    n_columns = table.shape[1]
    if len(names) >= n_columns:
        names = names[-n_columns:]  # a first column of file names holds no number and is already gone
        for position, name in enumerate(names):
            if "angle" in name.lower() or "tilt" in name.lower():
                return position
    counts_up = np.array_equal(table[:, 0], table[0, 0] + np.arange(len(table))) and table[0, 0] in {0, 1}
    return 1 if n_columns > 1 and counts_up else 0
