"""A JSON line for every happening of a live run, for scripts that follow it."""

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from livetomo.errors import EnvironmentProblem

EventName = Literal["seen", "read", "set_aside", "added", "published", "converged", "finished"]


class EventLog:
    """Appends events to a file; each line is complete on disk before the next begins. Any thread may write.

    Parameters
    ----------
    path
        The file, begun anew; None to write nothing.
    keep
        Append to what the file holds, as a resumed run does.

    Raises
    ------
    EnvironmentProblem
        When the file cannot be written.
    """

    def __init__(self, path: Path | None, keep: bool = False) -> None:
        self._lock = threading.Lock()
        self._stream = None
        self.trouble = ""
        """What could not be written last, in a sentence; empty when all could."""
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("ab" if keep else "wb", buffering=0)
        except OSError as error:
            raise EnvironmentProblem(f"--events: {path} cannot be written: {error.strerror or error}") from error

    def write(
        self,
        event: EventName,
        file: str | None = None,
        *,
        tilt_angle: float | None = None,
        n_tilts: int | None = None,
        residual: float | None = None,
        reason: str | None = None,
        files: Sequence[str] | None = None,
    ) -> None:
        """Write one event; what is None is left out.

        Parameters
        ----------
        event
            What happened.
        file
            The projection: the file's name, for images of a stack after its first with ``#`` and the image's number,
            counted from 0.
        tilt_angle
            Degrees.
        n_tilts
            Projections in the reconstruction.
        residual
            ‖A x − b‖ / ‖b‖.
        reason
            Why a file was set aside, or why the run ended.
        files
            For ``published``: projections that this volume contains and the one published before did not.
        """
        if self._stream is None:
            return
        values = {
            "file": file,
            "tilt_angle": tilt_angle,
            "n_tilts": n_tilts,
            "residual": residual,
            "reason": reason,
            "files": None if files is None else list(files),
        }
        with self._lock:
            line = {
                "t": time.time(),
                "event": event,
                **{key: value for key, value in values.items() if value is not None},
            }
            try:
                self._stream.write((json.dumps(line, ensure_ascii=False) + "\n").encode())
                self.trouble = ""
            except OSError as error:  # a full disk must not end what is being seen
                self.trouble = f"Events cannot be written: {error.strerror or error}."

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
