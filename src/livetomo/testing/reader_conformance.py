"""What every reader of files must keep, whatever the format: run ``check_reader`` on a sample of a new one."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from livetomo.errors import FileError
from livetomo.formats import read_contents
from livetomo.formats.contents import Contents

Read = Callable[[Path], Contents]


def check_reader(sample: Path, scratch: Path, read: Read = read_contents) -> Contents:
    """Run the whole suite on one file and give what was read.

    Parameters
    ----------
    sample
        A file that the reader can read.
    scratch
        An empty folder to put damaged copies into.
    read
        The reader, with its options bound; the public one when not given.

    Raises
    ------
    AssertionError
        When the reader breaks a rule; the message names the file and the rule.
    """
    before, open_before = _fingerprint(sample), _open_files()
    contents = read(sample)
    assert _fingerprint(sample) == before, f"{sample}: reading changed the file"
    assert _open_files() == open_before, f"{sample}: reading left a file open"
    check_contents(sample, contents)
    check_truncated(sample, scratch, contents, read)
    return contents


def check_contents(sample: Path, contents: Contents) -> None:
    """Check that shape, type, angles and sizes fit together.

    Raises
    ------
    AssertionError
        When they do not.
    """
    data, angles = contents.data, contents.tilt_angles
    assert data.ndim == 3, f"{sample}: expected (tilt or z, y, x), got shape {data.shape}"
    assert data.size > 0, f"{sample}: read nothing"
    assert data.dtype.kind in "iuf", f"{sample}: expected real numbers, got {data.dtype}"
    assert data.dtype.isnative, f"{sample}: expected the computer's byte order, got {data.dtype.str}"
    assert contents.name, f"{sample}: has no name"
    if angles is not None:
        assert angles.shape == (len(data),), f"{sample}: {len(data)} images but angles of shape {angles.shape}"
        assert np.isfinite(angles).all(), f"{sample}: angles are not all finite"
        assert contents.angles_from, f"{sample}: does not say where its angles came from"
        assert contents.kind != "volume", f"{sample}: a volume has no tilt angles"
    if contents.pixel_size_nm is not None:
        assert 0 < contents.pixel_size_nm < 1e6, f"{sample}: pixel size {contents.pixel_size_nm} nm"


def check_truncated(sample: Path, scratch: Path, whole: Contents, read: Read = read_contents) -> None:
    """Check that a copy that was cut off fails with ``FileError`` or still gives the very same images.

    Raises
    ------
    AssertionError
        When it gives others; any other error goes through.
    """
    raw = sample.read_bytes()
    copy = scratch / sample.name
    for n_bytes in sorted({0, 1, 20, 600, 1500, len(raw) // 3, len(raw) * 9 // 10, len(raw) - 1}):
        if n_bytes >= len(raw):
            continue
        copy.write_bytes(raw[:n_bytes])
        try:
            cut = read(copy)
        except FileError as error:
            if copy.name not in str(error):
                raise AssertionError(f"{sample}: the error does not name the file: {error}") from error
            continue
        assert np.array_equal(cut.data, whole.data), f"{sample}: cut to {n_bytes} bytes it gives other images"
    copy.unlink()


def _fingerprint(path: Path) -> tuple[int, int, bytes]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, path.read_bytes()


def _open_files() -> set[str]:
    """Give the files that this process holds open, as far as the system tells."""
    table = Path("/proc/self/fd")
    if not table.is_dir():
        return set()
    return {
        target
        for entry in os.listdir(table)
        if (target := _target(table / entry)).startswith("/") and "/dev/" not in target
    }


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""
