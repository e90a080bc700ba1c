"""The edge between livetomo and what lies outside: every trouble with a file becomes one of our own errors."""

import logging
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livetomo.errors import FileError, IncompleteFile

_LARGEST_SIDE = 1_000_000
_LARGEST_ARRAY_BYTES = 2**46


@contextmanager
def reading(path: Path, format_name: str, *library_errors: type[Exception]) -> Iterator[None]:
    """Turn errors of the system and those that a format's library is known to raise into ``FileError``.

    A file that ends before its end (``EOFError``) becomes ``IncompleteFile``.
    """
    try:
        yield
    except zipfile.BadZipFile as error:
        with path.open("rb") as stream:
            begins_well = stream.read(2) == b"PK"
        kind, why = (IncompleteFile, "it is cut off") if begins_well else (FileError, "it is no archive")
        raise kind(f"{path}: cannot be unpacked: {why}, or is still being written") from error
    except PermissionError as error:
        raise FileError(f"{path}: no permission to read it; ask for read access or copy it elsewhere") from error
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file") from error
    except EOFError as error:
        raise IncompleteFile(
            f"{path}: the {format_name} file ends too early ({error}); it is still being written or was cut off"
        ) from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read as {format_name}: {_first_line(error)}") from error
    except library_errors as error:
        raise FileError(f"{path}: cannot be read as {format_name}: {_first_line(error)}") from error


@contextmanager
def silent(logger_name: str) -> Iterator[None]:
    """Keep a library from printing what comes to the user as one error of ours."""
    logger = logging.getLogger(logger_name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def expect_bytes(path: Path, expected: int, got: int, what: str) -> None:
    """Raise ``IncompleteFile`` when fewer bytes came than ``what`` needs."""
    if got < expected:
        raise IncompleteFile(
            f"{path}: {what} needs {expected} bytes, the file has {got}; it is still being written or was cut off"
        )


def expect_sane_shape(path: Path, shape: tuple[int, ...], bytes_per_value: int) -> None:
    """Raise ``FileError`` when a header's sizes cannot be those of images."""
    n_bytes = bytes_per_value
    for size in shape:
        n_bytes *= int(size)
    if not shape or min(shape) < 1 or max(shape) > _LARGEST_SIDE or n_bytes > _LARGEST_ARRAY_BYTES:
        sizes = " × ".join(map(str, shape))
        raise FileError(f"{path}: its header gives the sizes {sizes}, which cannot be; the file is damaged")
