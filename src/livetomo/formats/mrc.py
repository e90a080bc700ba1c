"""MRC stacks and volumes (``.mrc .st .ali .rec .map .mrcs``), plain or compressed, finished or still growing."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from livetomo.errors import IncompleteFile
from livetomo.formats.axes import Kind, ordered
from livetomo.formats.compression import is_compressed, opened
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_bytes, reading
from livetomo.formats.mdoc import VOLUME_TITLE, axis_in_titles
from livetomo.formats.mrc_extended import Extended, parse_extended
from livetomo.formats.mrc_header import HEADER_BYTES, MrcHeader, parse_header
from livetomo.formats.sidecars import angle_sources, is_aligned, stem_of, with_sidecars
from livetomo.formats.units import unequal_edges

VOLUME_LABEL = VOLUME_TITLE
TILT_AXIS_LABEL = "livetomo: tilt axis along y"
_VOLUME_SUFFIXES = {".rec", ".map"}


def read(path: Path, options: ReadOptions) -> Contents:
    """Read a whole MRC file.

    Raises
    ------
    IncompleteFile
        When the file holds fewer bytes than its header says.
    FileError
        When it is no MRC file or holds no plain images.
    """
    with opened(path, options.dataset) as stream, reading(path, "MRC"):
        header, raw_extended = _read_headers(stream, path)
        n_sections = header.n_sections or _complete_sections(stream, header)
        if n_sections == 0:
            raise IncompleteFile(f"{path}: the MRC file holds no complete section yet")
        data = _read_sections(stream, path, header, 0, n_sections)
    contents = _described(header, parse_extended(raw_extended, header, n_sections), path)
    is_volume = contents.kind == "volume" or (contents.kind == "unknown" and header.is_volume)
    stored = header.axes if is_volume and header.axes != "zyx" else "?yx"  # of projections the header knows no z
    data, kind = ordered(path, data, options.axes, stored, contents.kind)
    return replace(contents, data=data, kind=kind)


def read_complete_sections(path: Path, first: int = 0) -> Contents:
    """Read the sections of a growing MRC stack that are complete on disk, from number ``first`` on.

    How many there are is counted in bytes, because some programs set the header's number first and some last; a last
    section that is there in part is left for later.

    Returns
    -------
    contents
        ``data`` is (n_new, y, x), with n_new = 0 when there is nothing new. ``tilt_angles`` is (n_new,) degrees with
        NaN where neither the header nor a file beside says it yet. ``metadata["sections_complete"]`` counts all
        complete sections, ``metadata["sections_in_header"]`` is what the header says.

    Raises
    ------
    IncompleteFile
        When not even the headers are complete.
    FileError
        When it is no MRC file, is compressed, or holds no plain images.
    """
    if is_compressed(path):
        raise ValueError(f"path: a compressed MRC file cannot grow section by section, got {path}")
    with opened(path) as stream, reading(path, "MRC"):
        header, raw_extended = _read_headers(stream, path)
        n_complete = _complete_sections(stream, header)
        n_new = max(0, n_complete - first)
        data = _read_sections(stream, path, header, first, n_new)
    extended = parse_extended(raw_extended, header, n_complete)
    contents = _described(header, extended, path)
    angles, source = _angles_so_far(path, contents, n_complete)
    metadata = {**contents.metadata, "sections_complete": n_complete, "sections_in_header": header.n_sections}
    contents = replace(contents, data=data, tilt_angles=None, metadata=metadata)
    described = with_sidecars(contents, path, given_angles=True)
    kind: Kind = "volume" if described.kind == "volume" else "projections"
    return replace(described, tilt_angles=angles[first:], angles_from=source, kind=kind)


def _read_headers(stream: BinaryIO, path: Path) -> tuple[MrcHeader, bytes]:
    header = parse_header(stream.read(HEADER_BYTES), path)
    raw_extended = stream.read(header.extended_bytes)
    expect_bytes(path, header.data_offset, HEADER_BYTES + len(raw_extended), "its header with the extended header")
    return header, raw_extended


def _complete_sections(stream: BinaryIO, header: MrcHeader) -> int:
    n_bytes = stream.seek(0, os.SEEK_END)
    return max(0, n_bytes - header.data_offset) // header.section_bytes


def _read_sections(stream: BinaryIO, path: Path, header: MrcHeader, first: int, n_sections: int) -> np.ndarray:
    start = header.data_offset + first * header.section_bytes
    expected = start + n_sections * header.section_bytes
    what = f"{n_sections} sections of {header.n_rows} × {header.n_columns} {header.dtype.name}"
    expect_bytes(path, expected if n_sections else 0, stream.seek(0, os.SEEK_END), what)
    data = np.empty((n_sections, header.n_rows, header.n_columns), header.dtype)
    if n_sections == 0:
        return data
    stream.seek(start)
    buffer = data.reshape(-1).view(np.uint8).data
    filled = 0
    while filled < len(buffer):
        got = stream.readinto(buffer[filled:])  # type: ignore[attr-defined]
        expect_bytes(path, expected, expected if got else start + filled, what)
        filled += got
    return data


def _described(header: MrcHeader, extended: Extended, path: Path) -> Contents:
    metadata: dict[str, Any] = dict(extended.metadata)
    if header.labels:
        metadata["labels"] = [label for label in header.labels if label]
    sizes = header.pixel_sizes_nm
    is_volume = _suffix(path) in _VOLUME_SUFFIXES or VOLUME_LABEL in header.labels
    known = extended.tilt_angles if not is_volume else None
    if known is not None and header.n_sections and len(known) < header.n_sections:
        known = None
    metadata |= unequal_edges((sizes or ()) if known is None else ())
    axis_deg = _axis_deg(header, extended, path)
    return Contents(
        data=np.empty((0, header.n_rows, header.n_columns), header.dtype),
        kind="volume" if is_volume else "unknown" if known is None else "projections",
        tilt_angles=known,
        angles_from=extended.source if known is not None else "",
        pixel_size_nm=extended.pixel_size_nm or (None if sizes is None else sizes[2]),
        tilt_axis_deg=axis_deg,
        tilt_axis_from="" if axis_deg is None else "MRC header",
        name=stem_of(path).name,
        metadata=metadata,
    )


def _axis_deg(header: MrcHeader, extended: Extended, path: Path) -> float | None:
    if TILT_AXIS_LABEL in header.labels:
        return 0.0
    if extended.tilt_axis_deg is not None or is_aligned(path) or any("NEWSTACK" in label for label in header.labels):
        return extended.tilt_axis_deg  # IMOD keeps SerialEM's label when it has turned the images
    return axis_in_titles(header.labels)


def _suffix(path: Path) -> str:
    return (Path(path.stem) if is_compressed(path) else path).suffix.lower()


def _angles_so_far(path: Path, contents: Contents, n_complete: int) -> tuple[np.ndarray, str]:
    angles = np.full(n_complete, np.nan)
    sources = list(angle_sources(path, n_complete))
    if contents.tilt_angles is not None:
        sources.append((contents.angles_from, contents.tilt_angles))
    if not sources:
        return angles, ""
    source, known = max(sources, key=lambda entry: min(len(entry[1]), n_complete))
    n_known = min(len(known), n_complete)
    angles[:n_known] = known[:n_known]
    return angles, source
