"""Open a file for reading bytes, unpacked on the way when it is compressed."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from livetomo.errors import FileError
from livetomo.formats.guard import reading

COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz", ".zip")
_GZIP_MARK = b"\x1f\x8b"
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def is_compressed(path: Path) -> bool:
    """Tell whether the name says that the file is compressed."""
    return path.suffix.lower() in COMPRESSED_SUFFIXES


def opened(path: Path, member: str | None = None) -> BinaryIO:
    """Open a file, or what is packed in it, as a binary stream that can seek; the caller closes it.

    Raises
    ------
    IncompleteFile
        When the packed data end too early.
    FileError
        When the file cannot be opened or unpacked, is packed under a plain name, or a zip holds several files and
        ``member`` names none of them.
    """
    if not is_compressed(path):
        with reading(path, "a file"):
            stream = path.open("rb")
            begins = stream.read(2)
            stream.seek(0)
        if begins == _GZIP_MARK:
            stream.close()
            raise FileError(f"{path}: is packed with gzip, but its name does not say so; rename it to {path.name}.gz")
        return stream
    suffix = path.suffix.lower()
    with reading(path, f"a {suffix} archive", zlib.error, lzma.LZMAError, RuntimeError):
        if suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return io.BytesIO(archive.read(_member(path, archive, member)))
        with _OPENERS[suffix](path, "rb") as packed:
            return io.BytesIO(cast("bytes", packed.read()))


def zip_members(path: Path) -> list[str]:
    """Give the names of the files in a zip archive, in its order."""
    with reading(path, "a .zip archive"), zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]


def _member(path: Path, archive: zipfile.ZipFile, member: str | None) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
    if member is not None and member in names:
        return member
    if len(names) == 1 and member is None:
        return names[0]
    raise FileError(
        f"{path}: the archive holds {len(names)} files; choose one with dataset= (--dataset): {', '.join(names[:20])}"
    )
