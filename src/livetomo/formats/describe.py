"""Say what a file knows and what it does not, in plain values."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from livetomo.formats.contents import Contents
from livetomo.formats.read import make_options, read_contents, tilt_axis_of
from livetomo.formats.table import find_format
from livetomo.formats.writers.facts import plain_values

_FEWEST_TO_TELL = 10
_RADIANS_NOTE = "these look like radians but are taken as degrees; give degrees with --angles FILE"


def describe(path: str | os.PathLike[str], **what_the_user_says: Any) -> dict[str, Any]:
    """Read a file and give what ``livetomo info FILE --json`` prints; the keywords are those of ``read``.

    Returns
    -------
    facts
        ``kind`` ("tilt series" or "volume"), ``format``, ``name``, ``shape``, ``axes``, ``dtype``, ``tilt_angles`` in
        degrees, ``angles_from`` and ``angles_note``, ``pixel_size_nm``, ``tilt_axis_deg``, ``tilt_axis_origin``,
        ``tilt_axis_from``, ``metadata``, and ``unknown``: for each thing that the file does not say ``what`` it is and
        the ``option`` that supplies it. Shape and tilt axis are those of the images as stored, not yet turned.

    Raises
    ------
    FileError, MissingMetadata, ValueError
        As ``read``; but projections without angles are described, not refused.
    """
    options = make_options(**what_the_user_says)
    contents = read_contents(path, options)
    is_series = contents.kind == "projections" or (contents.kind == "unknown" and contents.tilt_angles is not None)
    axis_deg, origin = tilt_axis_of(contents, options)
    facts: dict[str, Any] = {
        "file": str(path),
        "kind": "tilt series" if is_series else "volume",
        "format": "folder" if Path(path).is_dir() else find_format(Path(path), options.shape is not None).name,
        "name": contents.name,
        "shape": list(contents.data.shape),
        "axes": "tilt, y, x" if is_series else "z, y, x",
        "dtype": contents.data.dtype.name,
        "pixel_size_nm": contents.pixel_size_nm,
    }
    if is_series:
        angles = contents.tilt_angles
        sign = -1 if options.flip_angles else 1
        facts["tilt_angles"] = None if angles is None else (sign * angles).tolist()
        facts["angles_from"] = contents.angles_from or None
        facts["angles_note"] = _RADIANS_NOTE if angles is not None and _look_like_radians(angles) else None
        facts["tilt_axis_deg"] = axis_deg
        facts["tilt_axis_origin"] = origin
        facts["tilt_axis_from"] = contents.tilt_axis_from if origin == "file" else origin
    facts["metadata"] = plain_values(contents.metadata)
    facts["unknown"] = _unknown(contents, is_series, origin)
    return facts


def _look_like_radians(angles: np.ndarray) -> bool:
    is_narrow = len(angles) >= _FEWEST_TO_TELL and np.abs(angles).max() <= np.pi
    return bool(is_narrow and not np.equal(angles, np.round(angles)).all())


def _unknown(contents: Contents, is_series: bool, tilt_axis_origin: str) -> list[dict[str, str]]:
    unknown = []
    if contents.kind == "unknown" and contents.tilt_angles is None:
        unknown.append({"what": "whether it is a tilt series or a volume", "option": "--axes tyx or --axes zyx"})
    if contents.tilt_angles is None and contents.kind != "volume":
        unknown.append({"what": "tilt angles", "option": "--angles FILE"})
    if contents.pixel_size_nm is None:
        unknown.append({"what": "pixel size", "option": "--pixel-size-nm NM"})
    if is_series and tilt_axis_origin == "assumed":
        unknown.append({"what": "tilt axis (y is assumed)", "option": "--tilt-axis x|y|DEGREES"})
    return unknown
