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
    contents = _with_mdoc(contents, path)
    contents = _with_fei_log(contents, path)
    if given_angles or contents.kind == "volume":
        return contents
    return _with_angles(contents, path)


def stem_of(path: Path) -> Path:
    """Give the path without its suffix, and without that of a compression."""
    return _unpacked(path).with_suffix("")


def is_aligned(path: Path) -> bool:
    """Tell whether the name says that IMOD has turned the images (``.ali``, ``_ali``) or reconstructed from them."""
    return _unpacked(path).suffix.lower() in {".ali", ".rec", ".map"} or stem_of(path).name.endswith(("_ali", "_rec"))


def find_mdoc(path: Path) -> Path | None:
    """Give the ``.mdoc`` file of a data file: ``FILE.mrc.mdoc`` or ``FILE.mdoc``."""
    candidates = (path, _unpacked(path), stem_of(path))
    return next((found for base in candidates if (found := _beside(base, ".mdoc")) is not None), None)


def _unpacked(path: Path) -> Path:
    return path.with_suffix("") if is_compressed(path) else path


def _beside(base: Path, suffix: str) -> Path | None:
    """Give the file of that name and suffix, in small letters or in capitals as Windows programs write it."""
    candidates = (base.with_name(base.name + written) for written in (suffix, suffix.upper()))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _with_mdoc(contents: Contents, path: Path) -> Contents:
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
    if said.pixel_size_nm is not None and _has_its_pixels(said, contents, path, found):
        changes["pixel_size_nm"] = said.pixel_size_nm
    if said.is_volume:
        changes["kind"] = "volume"
    if said.tilt_axis_deg is not None and (not is_aligned(path) or _is_its_own(found, path)):
        changes["tilt_axis_deg"] = said.tilt_axis_deg
        changes["tilt_axis_from"] = found.name
    return replace(contents, **changes)


def _is_its_own(found: Path, path: Path) -> bool:
    """Tell whether the ``.mdoc`` is this file's (``FILE.ali.mdoc``) and not that of the raw series (``FILE.mdoc``)."""
    return found.stem in {path.name, _unpacked(path).name}


def _has_its_pixels(said: Mdoc, contents: Contents, path: Path, found: Path) -> bool:
    """Tell whether the pixel size in the ``.mdoc`` is that of these images: they may have been binned since."""
    is_later = is_aligned(path) or _unpacked(path).suffix.lower() == ".preali" or stem_of(path).name.endswith("_preali")
    if is_later and not _is_its_own(found, path):
        return False
    sizes = said.image_size_yx
    return contents.pixel_size_nm is None or sizes is None or sorted(sizes) == sorted(contents.data.shape[1:])


def _with_fei_log(contents: Contents, path: Path) -> Contents:
    log = _beside(stem_of(path), ".txt")
    if log is None or is_aligned(path):
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
        misfits[source] = len(angles)
    words = {source: f"{source} has {n_angles} angles" for source, n_angles in misfits.items()}
    notes = [word for source, word in words.items() if Path(source).suffix.lower() in {".txt", ".csv"}]
    if len(misfits) > len(notes) and contents.tilt_angles is None:
        raise MissingMetadata(
            f"{path}: it holds {n_images} images but {' and '.join(words.values())}; give the right angles with "
            "angles= (--angles FILE), " + order_advice(contents.data.shape, contents.stored_axes, misfits.values())
        )
    for name in _OF_ANY_NAME if contents.tilt_angles is None else ():
        of_any = _angles_if_any(path.with_name(name))
        if of_any is not None and len(of_any) == n_images:
            return replace(contents, tilt_angles=of_any, angles_from=name, kind="projections")
    if notes and contents.tilt_angles is None:  # it may be about something else
        return replace(contents, metadata={"note": f"{' and '.join(notes)} for {n_images} images", **contents.metadata})
    return contents


def angle_sources(path: Path, n_images: int) -> Iterator[tuple[str, np.ndarray]]:
    """Give the angle files that carry the data file's name, the most telling first."""
    stem = stem_of(path)
    bare = stem.with_name(re.sub(r"_(?:pre)?ali$", "", stem.name))  # IMOD's aligned stack keeps the series' .tlt
    suffixes = (".tlt", ".rawtlt") if is_aligned(path) else (".rawtlt", ".tlt")
    for base in dict.fromkeys((stem, bare)):
        for suffix in (*suffixes, ".csv", ".txt"):
            candidate = _beside(base, suffix)
            if candidate is not None and (angles := _angles_if_any(candidate)) is not None:
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
