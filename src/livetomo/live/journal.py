"""The memory of a live run on disk: every decision as a line, every projection that was used as a copy.

A run that was killed goes on from here with nothing lost, even when the microscope has moved its files away::

    journal.jsonl       one JSON line for each decision, in order
    frames/000001.npy   raw projections (y, x)
    lock                held while an engine runs

Lines are only ever appended; an image is complete on disk before its line is written. So a kill at any moment costs at
most a torn last line, which is dropped. When the volume is written the journal has done its work, and goes.
"""

import errno
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_state_path

from livetomo.errors import EnvironmentProblem
from livetomo.live.frame import Frame
from livetomo.live.lock import FileLock
from livetomo.live.watch import FileIdentity


@dataclass(frozen=True, eq=False)
class Kept:
    """One projection as the journal keeps it."""

    frame: Frame
    digest: str
    identity: FileIdentity
    """The file as it was when the image was read."""
    image_file: str
    angle_from_file: float
    """Degrees that the file or one beside it says; NaN when they do not, so that the angle in use may be a guess."""


def default_journal(folder: Path) -> Path:
    """Give the place of the journal for a watched folder: in the user's own state folder, never in the watched one."""
    absolute = str(folder.absolute())
    code = hashlib.blake2b(absolute.encode(), digest_size=6).hexdigest()
    return user_state_path("livetomo", appauthor=False) / "journals" / f"{folder.absolute().name or 'root'}-{code}"


class Journal:
    """One run's journal, locked as long as it is open. Used by one thread at a time.

    Parameters
    ----------
    path
        The journal's folder, made when missing.
    watched
        The folder that is watched; written into the first line for whoever looks.
    resume
        Go on with the run that is there. If not, a run that did not finish is kept under another name.

    Raises
    ------
    EnvironmentProblem
        When another engine uses this journal or the folder cannot be written.
    """

    def __init__(self, path: Path, watched: Path, resume: bool = False) -> None:
        self.path = path
        self.note = ""
        """One sentence for the user about what was found; empty when there is nothing to say."""
        self.trouble = ""
        """Why the journal is no longer complete, such as a full disk; that never ends a run."""
        self._is_finished = False
        self.kept: dict[str, Kept] = {}
        """Projections of the resumed run by name, in order of arrival."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / "lock")
        except BlockingIOError as error:
            raise EnvironmentProblem(
                f"{path}: another livetomo is watching {watched} with this journal; end it first, or give this run a "
                "journal of its own with --journal FOLDER"
            ) from error
        except OSError as error:
            raise EnvironmentProblem(
                f"{path}: cannot keep a journal here ({error}); choose --journal FOLDER"
            ) from error
        self._lines = path / "journal.jsonl"
        self._images = path / "frames"
        if resume:
            self._load()
        else:
            self._clear_away()
        self._images.mkdir(exist_ok=True)
        self._n_images = max((int(image.stem) for image in self._images.glob("[0-9]*.npy")), default=0)
        self._stream = self._lines.open("ab", buffering=0)
        self._append("run", folder=str(watched.absolute()), resumed=resume, t=time.time())

    def keep(self, frame: Frame, digest: str, identity: FileIdentity, angle_from_file: float) -> None:
        """Remember a projection, in place of an earlier one of its name."""
        with self._noting_trouble():
            self._keep(frame, digest, identity, angle_from_file)

    def _keep(self, frame: Frame, digest: str, identity: FileIdentity, angle_from_file: float) -> None:
        self._n_images += 1
        image = self._images / f"{self._n_images:06d}.npy"
        temporary = image.with_suffix(".part")
        with temporary.open("wb") as stream:
            np.save(stream, frame.image, allow_pickle=False)
        os.replace(temporary, image)
        self._write(  # an earlier image goes only when the line that names the new one is on disk
            "frame",
            name=frame.name,
            image=image.name,
            tilt_angle=frame.tilt_angle,
            angle_from_file=_null_for_nan(angle_from_file),
            pixel_size_nm=frame.pixel_size_nm,
            tilt_axis_deg=frame.tilt_axis_deg,
            digest=digest,
            identity=[identity.size, identity.mtime_ns, identity.inode],
        )
        earlier = self.kept.get(frame.name)
        without_image = replace(frame, image=np.empty((0, 0)))
        self.kept[frame.name] = Kept(without_image, digest, identity, image.name, angle_from_file)
        if earlier is not None:
            (self._images / earlier.image_file).unlink(missing_ok=True)

    def correct_angle(self, name: str, tilt_angle: float, angle_from_file: float) -> None:
        """Remember that a projection's angle is another one, and what the file says now."""
        self._append("angle", name=name, tilt_angle=tilt_angle, angle_from_file=_null_for_nan(angle_from_file))

    def set_aside(self, name: str, reason: str) -> None:
        """Remember why a file was not used."""
        self._append("set_aside", name=name, reason=reason)

    def begin_anew(self) -> None:
        """Forget the projections so far: those to come make another series. Their images stay until the run ends."""
        self._append("anew")
        self.kept = {}

    def release_images(self) -> None:
        """Let go of the images in memory; they stay on disk."""
        empty = np.empty((0, 0))
        self.kept = {name: replace(kept, frame=replace(kept.frame, image=empty)) for name, kept in self.kept.items()}

    def finish(self, output: Path) -> None:
        """Remember that the run ended and its volume is written: nothing else needs to be remembered."""
        self._append("finished", output=str(output), t=time.time())
        self._is_finished = True

    def close(self) -> None:
        """Close the files and let go of the lock.

        What a finished run kept goes, and what one kept that never had a projection; whatever else lies there stays.
        """
        self._stream.close()
        is_of_no_use = self._is_finished or self._n_images == 0
        if is_of_no_use:
            self._remove_run()
        self._lock.release(remove=is_of_no_use)
        if is_of_no_use:
            with suppress(OSError):
                self.path.rmdir()

    def _remove_run(self) -> None:
        with suppress(OSError):
            self._lines.unlink(missing_ok=True)
        shutil.rmtree(self._images, ignore_errors=True)

    def _append(self, kind: str, **values: Any) -> None:
        with self._noting_trouble():
            self._write(kind, **values)

    def _write(self, kind: str, **values: Any) -> None:
        """Write one line, all of it or nothing.

        Raises
        ------
        OSError
            When the disk does not take it.
        """
        line = (json.dumps({"kind": kind, **values}, ensure_ascii=False) + "\n").encode()
        n_written = self._stream.write(line)
        if n_written != len(line):  # the disk is full: what follows must not grow together with the torn line
            self._stream.truncate(self._stream.tell() - n_written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @contextmanager
    def _noting_trouble(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.trouble = f"The journal cannot be written ({error}): a killed run could not be resumed in full."

    def _clear_away(self) -> None:
        """Make room for a new run: an unfinished one is renamed, a finished one goes."""
        entries = _read_lines(self._lines)
        frames = [entry for entry in entries if entry["kind"] == "frame"]
        if frames and entries[-1]["kind"] != "finished":
            aside = self.path.with_name(
                f"{self.path.name}.{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6:06d}"
            )
            aside.mkdir()
            for old in (self._lines, self._images):
                if old.exists():
                    os.replace(old, aside / old.name)
            self.note = (
                f"An earlier run of this folder did not finish; its {len(frames)} projections are kept in {aside}. "
                "--resume would have continued it."
            )
            return
        self._remove_run()

    def _load(self) -> None:
        """Take up an earlier run; lines or images that a kill left incomplete are passed over."""
        entries = _read_lines(self._lines, repair=True)
        lost: set[str] = set()
        for entry in entries:
            if entry["kind"] == "frame":
                kept = self._kept_from(entry)
                if kept is None:  # taken away because a later line replaces it, or damaged
                    lost.add(entry["name"])
                else:
                    self.kept[kept.frame.name] = kept
                    lost.discard(kept.frame.name)
            elif entry["kind"] == "angle" and entry["name"] in self.kept:
                kept = self.kept[entry["name"]]
                frame = replace(kept.frame, tilt_angle=entry["tilt_angle"])
                self.kept[entry["name"]] = replace(kept, frame=frame, angle_from_file=_angle_from_file(entry))
            elif entry["kind"] == "anew":
                self.kept.clear()
                lost.clear()
        held = "1 projection" if len(self.kept) == 1 else f"{len(self.kept)} projections"
        self.note = f"Resumed with {held}." if entries else "There was no earlier run to resume."
        if lost:
            self.note += f" {len(lost)} more could not be read from {self._images}."

    def _kept_from(self, entry: dict[str, Any]) -> Kept | None:
        try:
            image = np.load(self._images / entry["image"], allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        frame = Frame(entry["name"], image, entry["tilt_angle"], entry["pixel_size_nm"], entry["tilt_axis_deg"])
        identity = FileIdentity(*entry["identity"])
        return Kept(frame, entry["digest"], identity, entry["image"], _angle_from_file(entry))


def _null_for_nan(angle: float) -> float | None:
    return None if math.isnan(angle) else angle


def _angle_from_file(entry: dict[str, Any]) -> float:
    """Give what a line says that the file said; an older journal does not tell a guess from it."""
    angle = entry.get("angle_from_file", entry["tilt_angle"])
    return math.nan if angle is None else float(angle)


def _read_lines(path: Path, repair: bool = False) -> list[dict[str, Any]]:
    """Read the complete lines; ``repair`` cuts a torn one off the file."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    entries = []
    good_bytes = 0
    for line in raw.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        good_bytes += len(line)
        try:
            entries.append(dict(json.loads(line)))
        except (ValueError, TypeError):  # a disk that was full for a moment tears lines in the middle
            continue
    if repair and good_bytes < len(raw):
        with path.open("r+b") as stream:
            stream.truncate(good_bytes)
    return entries
