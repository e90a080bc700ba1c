"""A lock file that the system lets go of by itself when its owner ends, however it ends."""

import os
import sys
from contextlib import suppress
from pathlib import Path


class FileLock:
    """Holds a file so that no second process can; a killed process holds nothing.

    Raises
    ------
    BlockingIOError
        When another process (or another lock of this one) holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            raise BlockingIOError(f"{path} is held by another process") from error

    def release(self, *, remove: bool = False) -> None:
        """Let go; the file stays, unless it is to be removed."""
        if self._descriptor is None:
            return
        if remove:
            with suppress(OSError):  # Windows removes no file that is open
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = None


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
