"""Tilt angles in text: one a line, all on one line, or a table; and the names of the images they belong to."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePath

import numpy as np

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+]?nan", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
_AN_ANGLE = (r"tilt.*angle|angle.*tilt", r"tilt", r"angle", r"alpha|theta")
_NO_ANGLE = re.compile(r"axis|error|defocus", re.IGNORECASE)
_RADIANS = re.compile(r"(?<![a-z])rad(?:ian)?s?(?![a-z])", re.IGNORECASE)
_AN_IMAGE = re.compile(r"file|name|image|frame|path", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class AngleList:
    """What a list of angles says."""

    angles: np.ndarray
    """(entry,) degrees."""
    names: tuple[str, ...] = ()
    """Of the image that each angle belongs to, without its folder; empty when the list follows the images' order."""


def parse_angles(text: str, angles_come_first: bool = False) -> AngleList:
    """Read a list or a table: its column named tilt, angle, alpha or theta, else the one after a running number.

    Parameters
    ----------
    text
        Lines of numbers, perhaps with decimal commas; ``#`` and ``%`` begin comments and headings.
    angles_come_first
        Each line begins with its angle, as in ``.rawtlt`` and ``.tlt``; one comma is then a decimal comma.

    Raises
    ------
    ValueError
        When lines differ in kind, or it is not clear which column holds the angles.
    """
    heading, rows = _heading_and_rows(text.partition("# Local Alignment")[0], angles_come_first)  # AreTomo: of patches
    if not rows:
        return AngleList(np.empty(0))
    heading = heading[-len(rows[0]) :] if len(heading) >= len(rows[0]) else []
    cells = [[_number(cell) for cell in row] for row in rows]
    n_numbers = [sum(cell is not None for cell in column) for column in zip(*cells, strict=True)]
    is_column = 2 * np.array(n_numbers) > len(rows)
    numbers = np.array(cells, dtype=np.float64)
    column = _named_column(heading, is_column)
    if column is None and len(rows) == 1:
        return AngleList(numbers[0, is_column], _names(rows, heading))
    column = _unnamed_column(numbers, is_column, angles_come_first) if column is None else column
    lacking = [row for row in rows if _number(row[column]) is None]
    if lacking:
        raise ValueError(f"line {' '.join(lacking[0])!r:.60} has no number where the others have their angle")
    angles = numbers[:, column]
    in_radians = bool(heading) and _RADIANS.search(heading[column]) is not None
    return AngleList(np.rad2deg(angles) if in_radians else angles, _names(rows, heading))


def named_angles(text: str) -> dict[str, float]:
    """Read lines of a name and an angle, and pass over all others: for a table that is still being written."""
    angles: dict[str, float] = {}
    for line in text.splitlines():
        *of_name, last = _cells(line) or [""]
        if len(of_name) > 1 and not re.search(r"[;,\t]", line):
            of_name = [" ".join(of_name)]  # blanks only: the last one separates
        number = _number(last)
        if len(of_name) == 1 and number is not None and _is_name(of_name[0]):
            angles[file_name(of_name[0])] = number
    return angles


def file_name(path: str) -> str:
    """Give a path's last part, whichever system wrote it."""
    return PurePath(path.replace("\\", "/")).name


def _heading_and_rows(text: str, angles_come_first: bool) -> tuple[list[str], list[list[str]]]:
    heading: list[str] = []
    rows: list[list[str]] = []
    for line in text.splitlines():
        is_comment = line.lstrip().startswith(("#", "%"))
        cells = _cells(line.strip().lstrip("#%"), angles_come_first)
        if is_comment or not rows and all(_number(cell) is None for cell in cells):
            heading = cells if cells and not rows else heading
        elif cells:
            rows.append(cells)
        if rows and cells and not is_comment and len(cells) != len(rows[0]):
            raise ValueError(f"line {line.strip()!r:.60} has {len(cells)} columns where the first has {len(rows[0])}")
    return heading, rows


def _cells(line: str, one_comma_is_decimal: bool = False) -> list[str]:
    line = re.sub(r"(?<=\d)\s+°", "°", line)
    unquoted, words = re.sub(r'"[^"]*"', "", line), line.split()
    delimiter = next((mark for mark in ";\t," if mark in unquoted), " ")
    if delimiter == "," and (len(words) > 1 or one_comma_is_decimal):
        blanks_separate = not any(word.endswith(",") for word in words)
        delimiter = " " if blanks_separate and words[-1].count(",") == 1 and _number(words[-1]) is not None else ","
    row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    if delimiter != " ":
        return [cell.strip() for cell in row] if any(cell.strip() for cell in row) else []
    row = [cell for cell in row if cell]
    n_of_name = max((place + 1 for place, word in enumerate(row) if _SUFFIX.search(word)), default=0)
    n_of_name = n_of_name or len(list(takewhile(lambda word: _number(word) is None, row)))  # blanks in a file's name
    return [" ".join(row[:n_of_name]), *row[n_of_name:]] if 0 < n_of_name < len(row) else row


def _number(cell: str) -> float | None:
    plain = cell.strip().removesuffix("°").strip().translate({0x2212: "-", 0x2013: "-"})  # minus sign, dash
    plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
    return float(plain) if _NUMBER.fullmatch(plain) else None


def _named_column(heading: Sequence[str], is_column: np.ndarray) -> int | None:
    columns = [int(column) for column in np.flatnonzero(is_column)]
    named = [column for column in columns if heading and not _NO_ANGLE.search(heading[column])]
    for words in _AN_ANGLE:
        for column in named:
            if re.search(words, heading[column], re.IGNORECASE):
                return column
    return None


def _unnamed_column(numbers: np.ndarray, is_column: np.ndarray, angles_come_first: bool) -> int:
    columns = [int(column) for column in np.flatnonzero(is_column)]
    if len(columns) > 1 and _is_running(numbers[:, columns[0]]):
        columns = columns[1:]
    if not columns or (len(columns) > 1 and not angles_come_first):
        raise ValueError(
            f"{len(columns)} columns hold numbers and none is named; write a first line such as file,angle,dose, "
            "and decimals with a point"
        )
    return columns[0]


def _is_running(values: np.ndarray) -> bool:
    return values[0] in {0, 1} and np.array_equal(values, values[0] + np.arange(len(values)))


def _names(rows: list[list[str]], heading: Sequence[str]) -> tuple[str, ...]:
    """Give the first column of names, each of them another; a remark or a time of day names no image."""
    for column, cells in enumerate(zip(*rows, strict=True)):
        says_so = bool(heading) and _AN_IMAGE.search(heading[column]) is not None
        if all(map(_is_name, cells)) and (column == 0 or says_so) and len(set(cells)) == len(cells):
            return tuple(file_name(cell) for cell in cells)
    return ()


def _is_name(cell: str) -> bool:
    return _number(cell) is None and re.search(r"[A-Za-z]", cell) is not None
