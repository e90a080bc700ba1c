"""A folder with one file for each tilt (or one file in all)."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from livetomo.errors import FileError, MissingMetadata
from livetomo.formats.angle_names import guess_pattern
from livetomo.formats.angles import read_angle_list
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import reading
from livetomo.formats.pairing import angles_in_names, contradicts, names_any, paired
from livetomo.formats.sidecars import with_sidecars
from livetomo.formats.table import READERS, inner_suffix, load_reader

_ANGLE_FILES = {".rawtlt", ".tlt", ".mdoc", ".idoc", ".csv", ".txt", ".mat"}


def read(path: Path, options: ReadOptions) -> Contents:
    """Read the images of a folder in the natural order of their names: 2 before 10.

    Angles come from the user, from every file itself, from the file of angles in the folder that names the images or
    has as many, or from the files' names.

    Raises
    ------
    FileError
        When the folder holds no file that can be read, files of several formats, or images of several sizes.
    MissingMetadata
        When only some files know their tilt angle, or a file of angles lacks an image or contradicts the names.
    """
    files = image_files(path)
    for_one = replace(options, angles=None)
    given = options.angles is not None
    parts = [_read_one(file, for_one, given) for file in files]
    contents = parts[0] if len(parts) == 1 else _stacked(path, files, parts, given)
    return contents if given else _with_angles(contents, path, files)


def image_files(path: Path) -> list[Path]:
    """Give the folder's files that hold images, in natural order; hidden files and other formats' are left out.

    Raises
    ------
    FileError
        When there are none, or two formats are equally common.
    """
    with reading(path, "a folder"):
        files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    if not files:
        raise FileError(f"{path}: the folder is empty")
    by_format: dict[str, list[Path]] = {}
    for file in files:
        suffix = inner_suffix(file)
        if suffix in READERS:
            by_format.setdefault(READERS[suffix].name, []).append(file)
    if any(file.suffix.lower() == ".ser" for file in by_format.get("TIA", [])):
        by_format["TIA"] = [file for file in by_format["TIA"] if file.suffix.lower() == ".ser"]
    if not by_format:
        raise FileError(f"{path}: the folder holds no file of a known format; known are {', '.join(READERS)}")
    common = Counter({name: len(members) for name, members in by_format.items()}).most_common()
    if len(common) > 1 and common[0][1] == common[1][1]:
        names = " and ".join(f"{count} {name}" for name, count in common)
        raise FileError(f"{path}: the folder holds {names} files; name the file to read, or put each kind in its own")
    return in_order(by_format[common[0][0]])


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


def _read_one(file: Path, options: ReadOptions, angles_are_given: bool) -> Contents:
    contents = load_reader(READERS[inner_suffix(file)])(file, options)
    return with_sidecars(contents, file, angles_are_given)


def _stacked(path: Path, files: list[Path], parts: list[Contents], angles_are_given: bool) -> Contents:
    usual = Counter(part.data.shape[1:] for part in parts).most_common(1)[0][0]
    for file, part in zip(files, parts, strict=True):
        if part.data.shape[1:] != usual:
            sizes = " × ".join(map(str, part.data.shape[1:]))
            raise FileError(
                f"{file}: its images are {sizes} pixels (y, x), those of the other files in the folder "
                f"{' × '.join(map(str, usual))}; move it elsewhere"
            )
    known = [part.tilt_angles is not None for part in parts]
    if any(known) and not all(known) and not angles_are_given:
        raise MissingMetadata(
            f"{files[known.index(False)]}: gives no tilt angle while other files of the folder do; "
            "give all angles with angles= (--angles FILE)"
        )
    angles = [part.tilt_angles for part in parts if part.tilt_angles is not None] if all(known) else []
    first = parts[0]
    metadata = {**first.metadata, "files": [file.name for file in files]}
    return replace(
        first,
        data=np.concatenate([part.data for part in parts]),
        kind="projections" if angles else first.kind,
        tilt_angles=np.concatenate(angles) if angles else None,
        angles_from=f"{first.angles_from} of each file" if angles else "",
        name=path.resolve().name,
        metadata=metadata,
    )


def _with_angles(contents: Contents, path: Path, files: list[Path]) -> Contents:
    if contents.kind == "volume" or contents.tilt_angles is not None:
        return contents
    names = [file.name for file in files] if 1 < len(files) == len(contents.data) else []
    for candidate in sorted(path.iterdir(), key=natural_order):
        if candidate.suffix.lower() in _ANGLE_FILES and candidate.is_file():
            angles = _angles_listed(candidate, names, len(contents.data))
            if angles is not None:
                return replace(contents, tilt_angles=angles, angles_from=candidate.name, kind="projections")
    in_names = angles_in_names(names)
    if in_names is not None:
        return replace(contents, tilt_angles=in_names, angles_from="the file names", kind="projections")
    return contents


def _angles_listed(candidate: Path, names: list[str], n_images: int) -> np.ndarray | None:
    try:
        listed = read_angle_list(candidate)
    except FileError:
        return None  # some other text
    if names_any(listed, names):
        return paired(listed, names, candidate)
    if len(listed.angles) != n_images:
        return None
    angles = paired(listed, names, candidate) if names else listed.angles
    if contradicts(angles, names):
        raise MissingMetadata(
            f"{candidate}: its angles neither rise nor fall with those in the files' names, {names[0]} to {names[-1]}; "
            "say which angle is whose with angles= (--angles FILE), a line of name and angle each, or move it elsewhere"
        )
    return angles
