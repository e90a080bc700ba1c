"""Whether all that a TIFF file's directories point to is there: a file that is being written fails this."""

import struct
from pathlib import Path
from typing import BinaryIO

from livetomo.errors import FileError, IncompleteFile
from livetomo.formats.guard import expect_bytes

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {3: "H", 4: "I", 16: "Q"}
_DATA_OFFSETS, _DATA_BYTE_COUNTS = {273, 324}, {279, 325}
_MOST_DIRECTORIES = 1_000_000


def expect_complete(stream: BinaryIO, path: Path) -> None:
    """Follow the directories to the last and check that they, their tags' values and their images lie in the file.

    Raises
    ------
    IncompleteFile
        When something lies beyond the end of the file, or no directory has been written yet.
    FileError
        When it is no TIFF file, or its directories run in a circle.
    """
    n_bytes = stream.seek(0, 2)
    stream.seek(0)
    start = stream.read(16)
    expect_bytes(path, 16, len(start), "a TIFF header")
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    version = struct.unpack(f"{order}H", start[2:4])[0] if order else 0
    if order is None or version not in {42, 43}:
        raise FileError(f"{path}: not a TIFF file: it does not start with TIFF's mark")
    directory = _Directory(path, stream, n_bytes, order, is_big=version == 43)
    place = struct.unpack(f"{order}Q", start[8:16])[0] if version == 43 else struct.unpack(f"{order}I", start[4:8])[0]
    if place == 0:
        raise IncompleteFile(f"{path}: the TIFF file has no image yet; it is still being written or was cut off")
    seen: set[int] = set()
    while place:
        if place in seen or len(seen) > _MOST_DIRECTORIES:
            raise FileError(f"{path}: its TIFF directories run in a circle; the file is damaged")
        seen.add(place)
        place = directory.check(place)


class _Directory:
    """Reads one directory after the other of an open file."""

    def __init__(self, path: Path, stream: BinaryIO, n_bytes: int, order: str, is_big: bool) -> None:
        self._path, self._stream, self._n_bytes, self._order = path, stream, n_bytes, order
        self._count_format, self._word_format = ("Q", "Q") if is_big else ("H", "I")
        self._word = 8 if is_big else 4
        self._entry_bytes = 4 + 2 * self._word

    def check(self, place: int) -> int:
        """Check the directory at ``place`` and give the place of the next one, 0 when it is the last."""
        count_bytes = struct.calcsize(self._count_format)
        expect_bytes(self._path, place + count_bytes, self._n_bytes, "its directory of tags")
        self._stream.seek(place)
        n_entries = self._unpack(self._count_format, self._stream.read(count_bytes))[0]
        expected = n_entries * self._entry_bytes + self._word
        expect_bytes(self._path, place + count_bytes + expected, self._n_bytes, "its directory of tags")
        raw = self._stream.read(expected)
        offsets: tuple[int, ...] = ()
        counts: tuple[int, ...] = ()
        for at in range(0, n_entries * self._entry_bytes, self._entry_bytes):
            code, values = self._values(raw[at : at + self._entry_bytes])
            offsets = values if code in _DATA_OFFSETS else offsets
            counts = values if code in _DATA_BYTE_COUNTS else counts
        ends = [offset + count for offset, count in zip(offsets, counts, strict=False)]
        expect_bytes(self._path, max(ends, default=0), self._n_bytes, "its image")
        return int(self._unpack(self._word_format, raw[-self._word :])[0])

    def _values(self, entry: bytes) -> tuple[int, tuple[int, ...]]:
        code, kind = self._unpack("HH", entry[:4])
        count = self._unpack(self._word_format, entry[4 : 4 + self._word])[0]
        n_bytes = count * _TYPE_BYTES.get(kind, 0)
        raw = entry[4 + self._word :]
        if n_bytes > self._word:
            place = self._unpack(self._word_format, raw)[0]
            expect_bytes(self._path, place + n_bytes, self._n_bytes, f"the value of its tag {code}")
        if code not in _DATA_OFFSETS | _DATA_BYTE_COUNTS or kind not in _INTEGERS:
            return code, ()
        if n_bytes > self._word:
            self._stream.seek(place)
            raw = self._stream.read(n_bytes)
        return code, self._unpack(f"{count}{_INTEGERS[kind]}", raw[:n_bytes])

    def _unpack(self, form: str, raw: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + form, raw)
