"""Files beside a data file that say what it does not say itself: found by name, without being asked."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from livetomo.errors import FileError, MissingMetadata
from livetomo.formats.angles import read_angles
from livetomo.formats.axes import order_advice
from livetomo.formats.compression import is_compressed
from livetomo.formats.contents import Contents
from livetomo.formats.guard import reading
from livetomo.formats.mdoc import Mdoc, read_mdoc

_FEI_AXIS = re.compile(r"tilt axis angle[^:\n]*:\s*([-+.\d]+)", re.IGNORECASE)
_FEI_PIXEL = re.compile(r"image pixel size \[nm\]\s*:\s*([.\d]+)", re.IGNORECASE)
_OF_ANY_NAME = tuple(
    stem + suffix for stem in ("angles", "tilt_angles") for suffix in (".rawtlt", ".tlt", ".txt", ".csv", ".mat")
)


def with_sidecars(contents: Contents, path: Path, given_angles: bool = False) -> Contents:
    """Add what the files beside ``path`` say; a text file of angles wins over the angles in the data file.

    Angles are looked for unless the user gave them (``given_angles``) or the file says that it is a volume.

    Raises
    ------
    MissingMetadata
        When a file of angles has another number of angles than there are images, and nothing else has the right one.
    """
    stem = stem_of(path)
    contents = _with_mdoc(contents, path, stem)
    contents = _with_fei_log(contents, stem.with_name(stem.name + ".txt"))
    if given_angles or contents.kind == "volume":
        return contents
    return _with_angles(contents, path)


def stem_of(path: Path) -> Path:
    """Give the path without its suffix, and without that of a compression."""
    return (path.with_suffix("") if is_compressed(path) else path).with_suffix("")


def find_mdoc(path: Path) -> Path | None:
    """Give the ``.mdoc`` file of a data file: ``FILE.mrc.mdoc`` or ``FILE.mdoc``."""
    candidates = (path.with_name(path.name + ".mdoc"), stem_of(path).with_name(stem_of(path).name + ".mdoc"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _with_mdoc(contents: Contents, path: Path, stem: Path) -> Contents:
    found = find_mdoc(path)
    if found is None:
        return contents
    said: Mdoc = read_mdoc(found)
    changes: dict[str, Any] = {
        "metadata": {
            **contents.metadata,
            "mdoc": {"header": dict(said.header), "titles": list(said.titles), "sections": list(said.sections)},
        }
    }
    if said.pixel_size_nm is not None:
        changes["pixel_size_nm"] = said.pixel_size_nm
    if said.is_volume:
        changes["kind"] = "volume"
    if said.tilt_axis_deg is not None:
        changes["tilt_axis_deg"] = said.tilt_axis_deg
        changes["tilt_axis_from"] = found.name
    return replace(contents, **changes)


def _with_fei_log(contents: Contents, log: Path) -> Contents:
    if not log.is_file():
        return contents
    with reading(log, "an FEI log"):
        text = log.read_text(encoding="latin-1")
    changes: dict[str, Any] = {}
    if (match := _FEI_AXIS.search(text)) and contents.tilt_axis_deg is None:
        changes.update(tilt_axis_deg=float(match.group(1)), tilt_axis_from=log.name)
    if (match := _FEI_PIXEL.search(text)) and contents.pixel_size_nm is None:
        changes["pixel_size_nm"] = float(match.group(1))
    return replace(contents, **changes)


def _with_angles(contents: Contents, path: Path) -> Contents:
    n_images = len(contents.data)
    misfits: dict[str, int] = {}
    for source, angles in angle_sources(path, n_images):
        if len(angles) == n_images:
            return replace(contents, tilt_angles=angles, angles_from=source, kind="projections")
        misfits[f"{source} has {len(angles)} angles"] = len(angles)
    if misfits and contents.tilt_angles is None:
        raise MissingMetadata(
            f"{path}: it holds {n_images} images but {' and '.join(misfits)}; give the right angles with angles= "
            "(--angles FILE), " + order_advice(contents.data.shape, contents.stored_axes, misfits.values())
        )
    for name in _OF_ANY_NAME if contents.tilt_angles is None else ():
        of_any = _angles_if_any(path.with_name(name))
        if of_any is not None and len(of_any) == n_images:
            return replace(contents, tilt_angles=of_any, angles_from=name, kind="projections")
    return contents


def angle_sources(path: Path, n_images: int) -> Iterator[tuple[str, np.ndarray]]:
    """Give the angle files that carry the data file's name, the most telling first."""
    stem = stem_of(path)
    bare = stem.with_name(re.sub(r"_ali$", "", stem.name))  # IMOD's aligned stack keeps the series' .tlt
    suffixes = (".tlt", ".rawtlt") if path.suffix.lower() == ".ali" or bare != stem else (".rawtlt", ".tlt")
    for base in dict.fromkeys((stem, bare)):
        for suffix in (*suffixes, ".csv", ".txt"):
            candidate = base.with_name(base.name + suffix)
            if (angles := _angles_if_any(candidate)) is not None:
                yield candidate.name, angles
    found = find_mdoc(path)
    if found is None:
        return
    said = read_mdoc(found)
    if said.tilt_angles is not None:
        yield found.name, said.tilt_angles
    elif said.tilt_angle_of_frames is not None:
        yield found.name, np.full(n_images, said.tilt_angle_of_frames)


def _angles_if_any(candidate: Path) -> np.ndarray | None:
    if not candidate.is_file():
        return None
    try:
        return read_angles(candidate)
    except FileError:
        if candidate.suffix.lower() in {".tlt", ".rawtlt"}:  # a .txt or .csv may well hold something else
            raise
        return None
