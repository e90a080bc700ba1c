"""Tilt angles from the user or from a file: a sequence, text, ``.mdoc``, MATLAB or NumPy."""

import codecs
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from livetomo.errors import FileError
from livetomo.formats import mdoc
from livetomo.formats.angle_text import AngleList, parse_angles
from livetomo.formats.guard import reading

_LARGEST_ANGLE = 360.0


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
    """Read tilt angles, (entry,) degrees, as ``read_angle_list`` does.

    Raises
    ------
    FileError
        When the file cannot be read or holds no angles.
    """
    return read_angle_list(path).angles


def read_angle_list(path: Path) -> AngleList:
    """Read angles from ``.rawtlt .tlt .txt .csv .aln .mdoc .idoc .mat .npy``, and the names of images if it has them.

    Text holds one angle a line, all on one line, or columns (``parse_angles``).

    Raises
    ------
    FileError
        When the file cannot be read or holds no angles.
    """
    suffix = path.suffix.lower()
    if suffix in {".mdoc", ".idoc"}:
        said = mdoc.read_mdoc(path)
        if said.tilt_angles is None:
            raise FileError(f"{path}: this {suffix} file gives no TiltAngle for each of its sections")
        return AngleList(said.tilt_angles, said.image_names)
    if suffix in {".mat", ".npy"}:
        return AngleList(_read_array(path))
    try:
        found = parse_angles(read_text(path), angles_come_first=suffix in {".rawtlt", ".tlt"})
        return AngleList(checked_angles(found.angles, path.name), found.names)
    except ValueError as error:
        raise FileError(f"{path}: expected tilt angles, one a line in degrees: {error}") from error


def read_text(path: Path) -> str:
    """Read text as programs write it: UTF-8, UTF-16 that says so, else Latin-1.

    Raises
    ------
    FileError
        When the file cannot be read.
    """
    with reading(path, "text"):
        raw = path.read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


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
