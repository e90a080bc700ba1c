"""The 1024 bytes at the start of an MRC file: the MRC2014 header, its ancestors, either byte order."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from livetomo.errors import FileError
from livetomo.formats.guard import expect_bytes, expect_sane_shape

HEADER_BYTES = 1024
_ORDERS: tuple[Literal["<"], Literal[">"]] = ("<", ">")
_STAMP_AT = 212
_BIG_ENDIAN_STAMP = b"\x11"
_IMOD_STAMP = 1146047817
_LARGEST_EXTENDED_HEADER = 2**30
_MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_UNSUPPORTED_MODES = {
    3: "complex whole numbers",
    4: "complex numbers",
    16: "colour",
    101: "values of 4 bits",
}

_FIELDS = np.dtype(
    {
        "names": [
            *("sizes", "mode", "grid", "cell", "axes", "lowest", "highest", "space_group", "extended_bytes"),
            *("extended_type", "n_ints", "n_reals", "imod_stamp", "imod_flags", "map", "n_labels", "labels"),
        ],
        "formats": [
            *("(3,)i4", "i4", "(3,)i4", "(3,)f4", "(3,)i4", "f4", "f4", "i4", "i4"),
            *("S4", "i2", "i2", "i4", "i4", "S4", "i4", "(10,)S80"),
        ],
        "offsets": [0, 12, 28, 40, 64, 76, 80, 88, 92, 104, 128, 130, 152, 156, 208, 220, 224],
        "itemsize": HEADER_BYTES,
    }
)


@dataclass(frozen=True)
class MrcHeader:
    """What the header says, with its oddities settled."""

    n_sections: int
    n_rows: int
    n_columns: int
    dtype: np.dtype
    """Type of the values with the file's byte order."""
    byte_order: str
    """``<`` or ``>``."""
    extended_bytes: int
    extended_type: str
    """``FEI1``, ``FEI2``, ``SERI`` and the like; empty in headers from before MRC2014."""
    n_ints: int
    n_reals: int
    """Words 33a and 33b, which say how a section's part of an older extended header is laid out."""
    pixel_sizes_nm: tuple[float, float, float] | None
    """(z, y, x) edges; None when the header holds only the value that stands for unknown."""
    labels: tuple[str, ...]
    axes: str
    """Of sections, rows and columns: ``zyx`` unless the header clearly says another order."""
    is_volume: bool
    """The space group is one of volumes."""

    @property
    def data_offset(self) -> int:
        """Bytes before the first section."""
        return HEADER_BYTES + self.extended_bytes

    @property
    def section_bytes(self) -> int:
        """Bytes of one section."""
        return self.n_rows * self.n_columns * self.dtype.itemsize


def parse_header(raw: bytes, path: Path) -> MrcHeader:
    """Read a header.

    Raises
    ------
    IncompleteFile
        When there are fewer than 1024 bytes.
    FileError
        When the bytes are no MRC header, or one of a kind that holds no real images.
    """
    expect_bytes(path, HEADER_BYTES, len(raw), "an MRC header")
    stamped_first = _ORDERS[::-1] if raw[_STAMP_AT : _STAMP_AT + 1] == _BIG_ENDIAN_STAMP else _ORDERS
    order = next((order for order in stamped_first if _plausible(_fields(raw, order))), None)
    if order is None:
        raise FileError(
            f"{path}: not an MRC file: its first bytes give neither sizes nor a mode that MRC knows; "
            "if it is raw binary, give shape= and dtype="
        )
    fields = _fields(raw, order)
    mode = int(fields["mode"])
    if mode in _UNSUPPORTED_MODES:
        raise FileError(
            f"{path}: MRC mode {mode} ({_UNSUPPORTED_MODES[mode]}) holds no plain images; "
            f"convert it to one of the modes {', '.join(map(str, _MODES))}"
        )
    n_columns, n_rows, n_sections = (int(size) for size in fields["sizes"])
    dtype = np.dtype(order + ("u1" if mode == 0 and not _bytes_are_signed(fields) else _MODES[mode]))
    expect_sane_shape(path, (max(n_sections, 1), n_rows, n_columns), dtype.itemsize)
    return MrcHeader(
        n_sections=n_sections,
        n_rows=n_rows,
        n_columns=n_columns,
        dtype=dtype,
        byte_order=order,
        extended_bytes=int(fields["extended_bytes"]),
        extended_type=_text(fields["extended_type"]),
        n_ints=int(fields["n_ints"]),
        n_reals=int(fields["n_reals"]),
        pixel_sizes_nm=_pixel_sizes_nm(fields),
        axes=_axes(fields),
        is_volume=int(fields["space_group"]) == 1,
        labels=tuple(_text(label) for label in fields["labels"][: max(0, min(10, int(fields["n_labels"])))]),
    )


def _axes(fields: np.void) -> str:
    """Give the axes of sections, rows and columns (MAPS, MAPR, MAPC, of which 1 is x)."""
    numbers = [int(number) for number in fields["axes"][::-1]]
    return "".join(" xyz"[number] for number in numbers) if sorted(numbers) == [1, 2, 3] else "zyx"


def _fields(raw: bytes, order: Literal["<", ">"]) -> np.void:
    fields: np.void = np.frombuffer(raw, _FIELDS.newbyteorder(order), count=1)[0]
    return fields


def _plausible(fields: np.void) -> bool:
    n_columns, n_rows, n_sections = (int(size) for size in fields["sizes"])
    return (
        0 < n_columns <= 2**20
        and 0 < n_rows <= 2**20
        and 0 <= n_sections <= 2**24
        and int(fields["mode"]) in {*_MODES, *_UNSUPPORTED_MODES}
        and 0 <= int(fields["extended_bytes"]) <= _LARGEST_EXTENDED_HEADER
    )


def _keeps_mrc2014(fields: np.void) -> bool:
    return bytes(fields["map"]).startswith(b"MAP")


def _bytes_are_signed(fields: np.void) -> bool:
    """Mode 0: IMOD's flag decides where IMOD wrote; else the header's extremes where they can; else MRC2014 does."""
    if int(fields["imod_stamp"]) == _IMOD_STAMP:
        return bool(int(fields["imod_flags"]) & 1)
    lowest, highest = float(fields["lowest"]), float(fields["highest"])
    return not (lowest >= 0 and highest >= 128)


def _pixel_sizes_nm(fields: np.void) -> tuple[float, float, float] | None:
    grid, cell = fields["grid"].astype(float), fields["cell"].astype(float)
    if not (np.isfinite(cell).all() and (grid[:2] > 0).all() and (cell[:2] > 0).all()):
        return None
    x, y = cell[:2] / grid[:2]
    z = cell[2] / grid[2] if grid[2] > 0 and cell[2] > 0 else x
    # Å to nm. Programs that know no pixel size leave 1 Å; those that keep MRC2014 leave 0, and IMOD's leave 1.
    writes_one = not _keeps_mrc2014(fields) or int(fields["imod_stamp"]) == _IMOD_STAMP
    if writes_one and x == y == 1.0:
        return None
    return float(z) / 10, float(y) / 10, float(x) / 10


def _text(raw: bytes) -> str:
    return bytes(raw).decode("latin-1").strip(" \x00")
