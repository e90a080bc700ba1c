"""Which files of a folder are its images, and in which order they come."""

import re
import warnings
from collections import Counter
from pathlib import Path

from livetomo.errors import FileError
from livetomo.formats.angle_names import guess_pattern
from livetomo.formats.guard import reading
from livetomo.formats.sidecars import stem_of
from livetomo.formats.table import READERS, inner_suffix


def image_files(path: Path) -> list[Path]:
    """Give the folder's files that hold images, in natural order; hidden files and other formats' are left out.

    Several of another format are left out with a warning.

    Raises
    ------
    FileError
        When there are none, or two formats are equally common.
    """
    by_format: dict[str, list[Path]] = {}
    for file in _all_files(path):
        suffix = inner_suffix(file)
        if suffix in READERS:
            by_format.setdefault(READERS[suffix].name, []).append(file)
    if any(file.suffix.lower() == ".ser" for file in by_format.get("TIA", [])):
        by_format["TIA"] = [file for file in by_format["TIA"] if file.suffix.lower() == ".ser"]
    if stacks := [file for file in by_format.get("MRC", []) if not _is_reconstruction(file)]:
        by_format["MRC"] = stacks
    if not by_format:
        raise FileError(f"{path}: the folder holds no file of a known format; known are {', '.join(READERS)}")
    common = Counter({name: len(members) for name, members in by_format.items()}).most_common()
    if len(common) > 1 and common[0][1] == common[1][1]:
        names = " and ".join(f"{count} {name}" for name, count in common)
        raise FileError(f"{path}: the folder holds {names} files; name the file to read, or put each kind in its own")
    (usual, n_usual), *others = common
    if passed_over := [f"{count} {name}" for name, count in others if count > 1]:  # a single one may hold the angles
        words = f"{' and '.join(passed_over)} files passed over beside {n_usual} {usual} files"
        warnings.warn(f"{path}: {words}; name the file to read", stacklevel=2)
    return in_order(by_format[usual])


def _all_files(path: Path) -> list[Path]:
    with reading(path, "a folder"):
        entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        files = [entry for entry in entries if entry.is_file()]
        folders = [entry.name for entry in entries if entry.is_dir()]
    if not files:
        what = f"holds no files, only folders; name one of them: {', '.join(folders[:4])}" if folders else "is empty"
        raise FileError(f"{path}: the folder {what}")
    return files


def _is_reconstruction(file: Path) -> bool:
    return inner_suffix(file) in {".rec", ".map"} or stem_of(file).name.endswith("_rec")


def in_order(files: list[Path]) -> list[Path]:
    """Sort files naturally; where their names clearly carry signed tilt angles, −60 comes before −10 and 10."""
    pattern = guess_pattern([file.name for file in files])

    def key(file: Path) -> tuple[object, ...]:
        match = None if pattern is None else re.search(pattern.pattern, file.name)
        if pattern is None or match is None:
            return natural_order(file)
        before = file.name[: match.start("sign") if match["sign"] else match.start("angle")]
        return (*_pieces(before), (pattern.angle(file.name), ""), *natural_order(file))

    return sorted(files, key=key)


def natural_order(file: Path) -> tuple[object, ...]:
    """Give a key that sorts numbers in names by their value."""
    return _pieces(file.name)


def _pieces(text: str) -> tuple[object, ...]:
    pieces = re.split(r"(\d+)", text.lower())
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)
