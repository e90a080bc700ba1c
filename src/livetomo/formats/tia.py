"""TIA's SER and EMI: a series of images, with what the microscope knew in the EMI file beside."""

import re
import struct
from pathlib import Path

import numpy as np

from livetomo.errors import FileError, IncompleteFile
from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import expect_bytes, reading
from livetomo.formats.vendor import Signal, choose_signal, find_tag, read_signals

_TAG_BYTES = 8
_SER_NAME = re.compile(r"^(?P<base>.+)_(?P<number>\d+)$")


def read(path: Path, options: ReadOptions) -> Contents:
    """Read ``.ser`` (with the ``.emi`` beside, if there) or the first series that belongs to an ``.emi``.

    Raises
    ------
    IncompleteFile
        When an element of the series is not there in full.
    FileError
        When it is no such file, or the ``.ser`` of an ``.emi`` is missing.
    """
    if path.suffix.lower() == ".ser":
        signal = _read_ser(path, options)
    else:
        for series in sorted(path.parent.glob(f"{_literal(path.stem)}_*.ser")):
            _expect_complete(series)
        signals = read_signals(path, "tia")
        if not signals:
            raise FileError(f"{path}: the .ser files that hold its images ({path.stem}_1.ser, …) are not beside it")
        signal = choose_signal(path, signals, options.dataset)
    data, kind = ordered(path, signal.data, options.axes, "?yx")
    tilt = find_tag(signal.original, "ObjectInfo", "ExperimentalDescription", "Stage A_deg")
    angles = np.array([tilt], dtype=float) if len(data) == 1 and isinstance(tilt, int | float) else None
    return Contents(
        data=data,
        kind="projections" if angles is not None and kind == "unknown" else kind,
        tilt_angles=angles,
        angles_from="EMI file" if angles is not None else "",
        pixel_size_nm=signal.pixel_size_nm,
        name=path.stem,
        metadata={"original": signal.original, **({} if angles is not None else _stage(tilt))},
    )


def _stage(tilt: object) -> dict[str, object]:
    return {"stage_tilt_deg": tilt} if isinstance(tilt, int | float) else {}


def _read_ser(path: Path, options: ReadOptions) -> Signal:
    _expect_complete(path)
    match = _SER_NAME.match(path.stem)
    emi = path.with_name(f"{match['base']}.emi") if match else path
    if match and emi.is_file():
        for signal in _try_emi(emi):
            if signal.file_name == path.name:
                return signal
    return choose_signal(path, read_signals(path, "tia"), options.dataset)


def _literal(name: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", name)


def _try_emi(emi: Path) -> list[Signal]:
    try:
        return read_signals(emi, "tia")
    except FileError:  # what it would add is welcome, not needed
        return []


def _expect_complete(path: Path) -> None:
    """Check that every element that the header calls valid is there in full."""
    with reading(path, "SER", struct.error), path.open("rb") as stream:
        head = stream.read(34)
        n_bytes = stream.seek(0, 2)
        expect_bytes(path, 34, len(head), "a SER header")
        mark, series_id, version = struct.unpack("<HHH", head[:6])
        if (mark, series_id) != (0x4949, 0x0197):
            raise FileError(f"{path}: not a SER file: it does not start with TIA's mark")
        data_type, _, n_elements, n_valid = struct.unpack("<IIII", head[6:22])
        word, size = ("Q", 8) if version >= 0x0220 else ("I", 4)
        offset = struct.unpack(f"<{word}", head[22 : 22 + size])[0]
        n_valid = min(n_valid, n_elements)
        if n_valid == 0:
            raise IncompleteFile(f"{path}: the SER file holds no valid image yet")
        expect_bytes(path, offset + 2 * n_elements * size, n_bytes, "its table of images")
        stream.seek(offset)
        table = struct.unpack(f"<{2 * n_elements}{word}", stream.read(2 * n_elements * size))
        last = max(table[:n_valid])
        expect_bytes(path, max(table[n_elements : n_elements + n_valid]) + _TAG_BYTES, n_bytes, "its last image's tag")
        header_bytes = 50 if data_type == 0x4122 else 26
        expect_bytes(path, last + header_bytes, n_bytes, "its last image")
        stream.seek(last)
        element = stream.read(header_bytes)
    sizes = struct.unpack("<II", element[42:50]) if data_type == 0x4122 else struct.unpack("<I", element[22:26])
    value_bytes = {1: 1, 2: 2, 3: 4, 4: 1, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 16}
    code = struct.unpack("<H", element[-10:-8] if data_type == 0x4122 else element[20:22])[0]
    if code not in value_bytes:
        raise FileError(f"{path}: its images have the unknown type {code}; the file is damaged")
    expect_bytes(path, last + header_bytes + int(np.prod(sizes)) * value_bytes[code], n_bytes, "its last image")
