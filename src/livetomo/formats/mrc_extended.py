"""What the extended header of an MRC file says of each section: FEI's three kinds, SerialEM's and the older one."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from livetomo.formats.mrc_header import MrcHeader

_OLD_FEI_BYTES = 1024 * 128
_OLD_FEI_COLUMNS = {"tilt_angle": 0, "tilt_axis": 10, "pixel_size_m": 11}
_FEI_VALID = {"Alpha tilt": 7, "Tilt axis angle": 12, "Pixel size X": 14}  # bit of "Bitmask 1"
# SerialEM: flag → bytes of that item in a section's record, in the order in which they lie there.
_SERIALEM_ITEMS = {1: 2, 2: 6, 4: 4, 8: 2, 16: 2, 32: 4, 64: 2, 128: 4, 256: 2, 512: 4, 1024: 2}


@dataclass(frozen=True, eq=False)
class Extended:
    """What an extended header says."""

    tilt_angles: np.ndarray | None = None
    """(section,) degrees, for as many sections as it describes."""
    pixel_size_nm: float | None = None
    tilt_axis_deg: float | None = None
    source: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


def parse_extended(raw: bytes, header: MrcHeader, n_sections: int) -> Extended:
    """Read the extended header of ``n_sections`` sections; what cannot be understood is passed over."""
    if not raw:
        return Extended()
    if header.extended_type in {"FEI1", "FEI2"}:
        return _fei(raw, header, n_sections)
    if header.extended_type not in {"", "SERI", "AGAR"}:
        return Extended()
    if _is_serialem(header):
        return _serialem(raw, header, n_sections)
    if header.extended_type != "SERI" and header.n_ints >= 0 and header.n_reals > 0:
        return _reals(raw, header, n_sections)
    return Extended()


def _fei(raw: bytes, header: MrcHeader, n_sections: int) -> Extended:
    from mrcfile.dtypes import get_ext_header_dtype

    dtype = get_ext_header_dtype(header.extended_type.encode(), header.byte_order)
    record_bytes = int(np.frombuffer(raw[:4], header.byte_order + "i4")[0]) if len(raw) >= 4 else 0
    if record_bytes < dtype.itemsize:
        record_bytes = dtype.itemsize
    n_records = min(n_sections, len(raw) // record_bytes)
    if n_records == 0:
        return Extended()
    records = np.ndarray(n_records, dtype, raw, strides=(record_bytes,))
    pixel_m = _valid(records, "Pixel size X")
    axis = _valid(records, "Tilt axis angle")
    return Extended(
        tilt_angles=_valid(records, "Alpha tilt"),
        pixel_size_nm=float(pixel_m[0]) * 1e9 if pixel_m is not None and pixel_m[0] > 0 else None,
        tilt_axis_deg=float(axis[0]) if axis is not None and axis[0] != 0 else None,
        source=f"{header.extended_type} extended header",
        metadata={"fei": _plain_record(records[0])},
    )


def _valid(records: np.ndarray, name: str) -> np.ndarray | None:
    """Give a column when every section's bit mask says that it was set, and its values are numbers."""
    values = np.array(records[name], dtype=np.float64)
    is_set = (records["Bitmask 1"].astype(np.int64) >> _FEI_VALID[name]) & 1
    return values if is_set.all() and np.isfinite(values).all() else None


def _plain_record(record: np.void) -> dict[str, Any]:
    names = record.dtype.names or ()
    values = {name: record[name].item() for name in names}
    texts = {name: value.decode("latin-1").strip("\x00 ") for name, value in values.items() if isinstance(value, bytes)}
    return {name: texts.get(name, value) for name, value in values.items() if texts.get(name, value) != ""}


def _is_serialem(header: MrcHeader) -> bool:
    flags = header.n_reals
    n_bytes = sum(size for flag, size in _SERIALEM_ITEMS.items() if flags & flag)
    return 0 < flags < 2048 and header.n_ints == n_bytes


def _serialem(raw: bytes, header: MrcHeader, n_sections: int) -> Extended:
    n_records = min(n_sections, len(raw) // header.n_ints)
    if n_records == 0 or not header.n_reals & 1:
        return Extended(source="SerialEM extended header")
    hundredths = np.ndarray(n_records, header.byte_order + "i2", raw, strides=(header.n_ints,))
    return Extended(tilt_angles=hundredths / 100, source="SerialEM extended header")


def _reals(raw: bytes, header: MrcHeader, n_sections: int) -> Extended:
    """Read a section's record of ``n_ints`` whole numbers and ``n_reals`` reals, the tilt angle the first real."""
    words = header.n_ints + header.n_reals
    n_records = min(n_sections, len(raw) // (4 * words))
    table = np.frombuffer(raw, header.byte_order + "f4", count=n_records * words).reshape(n_records, words)
    reals = table[:, header.n_ints :].astype(np.float64)
    is_fei = len(raw) == _OLD_FEI_BYTES and header.n_ints == 0 and header.n_reals == 32
    column = reals[:, _OLD_FEI_COLUMNS["tilt_angle"]]
    is_filled_in = np.isfinite(column).all() and np.abs(column).max(initial=0) <= 180 and column.any()
    angles = column if is_filled_in else None
    if not is_fei or n_records == 0:
        return Extended(tilt_angles=angles, source="extended header")
    pixel_size_m = float(reals[0, _OLD_FEI_COLUMNS["pixel_size_m"]])
    axis = float(reals[0, _OLD_FEI_COLUMNS["tilt_axis"]])
    return Extended(
        tilt_angles=angles,
        pixel_size_nm=round(pixel_size_m * 1e9, 6) if 1e-13 < pixel_size_m < 1e-3 else None,
        tilt_axis_deg=axis if axis != 0 and abs(axis) <= 360 else None,  # 0 stands for not known
        source="FEI extended header",
    )
