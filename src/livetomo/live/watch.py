"""Watches a folder: says which files appeared, changed or went, as soon as it can be known."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 1.0
_STEP_MS = 10
_GROUP_MS = 50


@dataclass(frozen=True)
class FileIdentity:
    """What tells two states of a file apart without opening it."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True)
class Sighting:
    """A file as it was seen; ``identity`` is None when it is gone."""

    name: str
    identity: FileIdentity | None


def identify(path: Path) -> FileIdentity | None:
    """Look at a file; None when there is none or it is not a plain file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileIdentity(found.st_size, found.st_mtime_ns, found.st_ino) if os.path.isfile(path) else None


class FolderWatcher:
    """Looks at one folder, without its subfolders, on a thread of its own.

    The system's events only say where to look. Once a second the whole folder is listed as well, without opening a
    file, because on network shares events do not come; so nothing depends on them but speed. The folder may appear,
    go and come back.

    Parameters
    ----------
    folder
        The folder; it need not exist yet.
    report
        Called on the watcher's thread with every change; files there from the start come first, in order of time.
    """

    def __init__(self, folder: Path, report: Callable[[Sighting], None]) -> None:
        self._folder = folder
        self._report = report
        self._known: dict[str, FileIdentity] = {}
        self._last_poll = -_POLL_SECONDS
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="folder watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and wait for the thread to end."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            folder = _folder_identity(self._folder)
            if folder is None:
                self._poll()
                self._stopping.wait(0.2)
            else:
                self._watch_existing(folder)

    def _watch_existing(self, folder: tuple[int, int]) -> None:
        """Watch until the folder is another one or gone, or until asked to stop."""
        from watchfiles import watch

        timing = {"debounce": _GROUP_MS, "step": _STEP_MS, "rust_timeout": int(1000 * _POLL_SECONDS)}
        self._poll()
        try:
            for changes in watch(
                self._folder,
                watch_filter=None,
                stop_event=self._stopping,
                yield_on_timeout=True,
                raise_interrupt=False,
                recursive=False,
                **timing,  # type: ignore[arg-type]
            ):
                self._look_at({os.path.basename(path) for _, path in changes})
                if time.monotonic() - self._last_poll >= _POLL_SECONDS:
                    self._poll()
                    if _folder_identity(self._folder) != folder:
                        return
        except (OSError, RuntimeError):  # the system has no events to give (no watches left, and the like): list only
            while _folder_identity(self._folder) == folder and not self._stopping.wait(_POLL_SECONDS / 4):
                self._poll()

    def _look_at(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            self._compare(name, identify(self._folder / name))

    def _poll(self) -> None:
        """List the whole folder and report what changed."""
        self._last_poll = time.monotonic()
        found = _listing(self._folder)
        for name in self._known.keys() - found.keys():
            self._compare(name, None)
        for name in sorted(found, key=lambda name: (found[name].mtime_ns, name)):
            self._compare(name, found[name])

    def _compare(self, name: str, identity: FileIdentity | None) -> None:
        if self._known.get(name) == identity:
            return
        if identity is None:
            del self._known[name]
        else:
            self._known[name] = identity
        self._report(Sighting(name, identity))


def _folder_identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if folder.is_dir() else None


def _listing(folder: Path) -> dict[str, FileIdentity]:
    found: dict[str, FileIdentity] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_file():
                    continue
                stat = entry.stat()
                found[entry.name] = FileIdentity(stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except OSError:  # the folder went away, or an entry did, in this very moment: the next look knows more
        return found
    return found
