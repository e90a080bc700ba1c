"""A folder with one file for each tilt (or one file in all)."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from livetomo.errors import FileError, MissingMetadata
from livetomo.formats.angles import read_angle_list
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.image_files import image_files, natural_order
from livetomo.formats.pairing import angles_in_names, contradicts, names_any, paired, the_one_without_angle
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
        When the folder holds no file that can be read, files of several formats, several tilt series, or images of
        several sizes.
    MissingMetadata
        When only some files or names know their tilt angle, or a file of angles lacks an image or contradicts names.
    """
    files = image_files(path)
    for_one = replace(options, angles=None)
    given = options.angles is not None
    parts = [_read_one(file, for_one, given) for file in files]
    contents = parts[0] if len(parts) == 1 else _stacked(path, files, parts, given)
    return contents if given else _with_angles(contents, path, files)


def _read_one(file: Path, options: ReadOptions, angles_are_given: bool) -> Contents:
    contents = load_reader(READERS[inner_suffix(file)])(file, options)
    return with_sidecars(contents, file, angles_are_given)


def _stacked(path: Path, files: list[Path], parts: list[Contents], angles_are_given: bool) -> Contents:
    _expect_one_series(path, files, parts)
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


def _expect_one_series(path: Path, files: list[Path], parts: list[Contents]) -> None:
    series = [
        file.name
        for file, part in zip(files, parts, strict=True)
        if part.tilt_angles is not None and len(np.unique(part.tilt_angles)) > 1
    ]
    if len(series) > 1:
        raise FileError(
            f"{path}: {' and '.join(series[:4])} each hold a tilt series; name the one to read, and with --second "
            "another of the same specimen turned about the beam"
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
    in_names = _angles_named(path, names)
    if in_names is not None:
        return replace(contents, tilt_angles=in_names, angles_from="the file names", kind="projections")
    return contents


def _angles_named(path: Path, names: list[str]) -> np.ndarray | None:
    if (odd := the_one_without_angle(names)) is not None:
        raise MissingMetadata(
            f"{path / odd}: no tilt angle in its name, as in those of the other {len(names) - 1} files; move it "
            'elsewhere, give all angles with angles= (--angles FILE), or read a volume with axes="zyx" (--axes zyx)'
        )
    return angles_in_names(names)


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
