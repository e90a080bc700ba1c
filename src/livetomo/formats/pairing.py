"""Which tilt angle of a list belongs to which image of a folder."""

from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np

from livetomo.errors import MissingMetadata
from livetomo.formats.angle_names import guess_pattern
from livetomo.formats.angle_text import AngleList

_LARGEST_DIFFERENCE_DEG = 1.0


def angles_in_names(files: Sequence[str]) -> np.ndarray | None:
    """Give (file,) degrees as the names of the files say them; None unless every one clearly does."""
    found = _angle_by_file(files)
    return np.array(list(found.values())) if found and None not in found.values() else None


def the_one_without_angle(files: Sequence[str]) -> str | None:
    """Give the one file whose name lacks the angle that all others have; None when it is not just one."""
    without = [file for file, angle in _angle_by_file(files).items() if angle is None]
    return without[0] if len(without) == 1 < len(files) - 1 else None


def _angle_by_file(files: Sequence[str]) -> dict[str, float | None]:
    pattern = guess_pattern(files) if len(files) > 1 else None
    return {} if pattern is None else {file: pattern.angle(file) for file in files}


def paired(listed: AngleList, files: Sequence[str], source: Path) -> np.ndarray:
    """Give (file,) degrees: by the names in the list, else by the angles in the files' names, else in the files' order.

    Parameters
    ----------
    listed
        Angles, perhaps with names of images.
    files
        Name of each image's file.
    source
        The list's file, for messages.

    Raises
    ------
    MissingMetadata
        When the list names images, but not each of these.
    """
    found = by_name(listed, files)
    missing = [file for file, angle in zip(files, found, strict=True) if angle is None]
    if listed.names and not missing:
        return np.array(found, dtype=np.float64)
    # An .mdoc that names none of them names the frames that they were made of.
    if listed.names and (len(missing) < len(files) or source.suffix.lower() not in {".mdoc", ".idoc"}):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise MissingMetadata(
            f"{source}: it gives no angle for {missing[0]}{more}; add a line for each, or move the images elsewhere"
        )
    in_names = angles_in_names(files)
    if in_names is not None and _are_the_same(listed.angles, in_names):
        by_value = np.empty(len(files))
        by_value[np.argsort(in_names, kind="stable")] = np.sort(listed.angles)
        return by_value
    return listed.angles


def by_name(listed: AngleList, files: Sequence[str]) -> list[float | None]:
    """Give the angle of each file that the list names, with or without its suffix; None where it does not."""
    exact = {name.lower(): float(angle) for name, angle in zip(listed.names, listed.angles, strict=False)}
    stems = {PurePath(name).stem: angle for name, angle in exact.items()}
    found = []
    for file in files:
        name, stem = file.lower(), PurePath(file.lower()).stem
        found.append(exact.get(name, exact.get(stem, stems.get(stem))))
    return found


def names_any(listed: AngleList, files: Sequence[str]) -> bool:
    """Tell whether the list names at least one of the images."""
    return any(angle is not None for angle in by_name(listed, files))


def contradicts(listed: np.ndarray, files: Sequence[str]) -> bool:
    """Tell whether angles (file,) neither rise nor fall with those in the files' names."""
    in_names = angles_in_names(files)
    if in_names is None:
        return False
    steps = np.diff(listed[np.lexsort((listed, in_names))])
    return bool((steps < 0).any() and (steps > 0).any())


def _are_the_same(listed: np.ndarray, in_names: np.ndarray) -> bool:
    if len(listed) != len(in_names):
        return False
    steps = np.diff(np.unique(in_names))
    largest = min([_LARGEST_DIFFERENCE_DEG, *(steps / 2)])
    return bool((np.abs(np.sort(listed) - np.sort(in_names)) <= largest).all())
