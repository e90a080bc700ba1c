"""The engine's end of the pipe to a viewer, which may be slow, crash, or come back without the engine noticing."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Protocol

from livetomo.live.messages import Command, Hello, NewestProjection, Status

_POLL_SECONDS = 0.25
_RESTART_EVERY_S = 5.0
_LATEST_GOODBYE_S = 1.0
_log = logging.getLogger(__name__)


class ViewerLink(Protocol):
    """What the engine needs of a viewer. Nothing here ever waits."""

    @property
    def is_watching(self) -> bool:
        """Somebody may be looking."""
        ...

    @property
    def has_commands(self) -> bool:
        """The viewer has asked something."""
        ...

    def when_woken(self, wake: Callable[[], None]) -> None:
        """Call this, from any thread, after a command has come."""
        ...

    def send(self, message: Hello | Status | NewestProjection) -> None:
        """Hand over a message; it replaces an earlier one of its kind that has not been sent yet."""
        ...

    def commands(self) -> list[Command]:
        """Give what the viewer asked since the last call."""
        ...

    def close(self) -> None:
        """Send what is left, for a moment at most, and end."""
        ...


class NoViewer:
    """Nobody looks."""

    is_watching = False
    has_commands = False

    def when_woken(self, wake: Callable[[], None]) -> None:
        """Never call."""

    def send(self, message: Hello | Status | NewestProjection) -> None:
        """Drop the message."""

    def commands(self) -> list[Command]:
        """Give no command."""
        return []

    def close(self) -> None:
        """Do nothing."""


class PipeLink:
    """A viewer in another process, at the other end of a pipe.

    Parameters
    ----------
    connection
        This process's end of a duplex ``multiprocessing.Pipe``.
    restart
        Starts another viewer when one has gone, at most every five seconds, and gives the new connection; None when no
        other is wanted.
    hear
        Called, on a thread of this object, with every message that is not a command, such as ``ViewerReady``.
    """

    def __init__(
        self,
        connection: Connection,
        restart: Callable[[], Connection | None] | None = None,
        hear: Callable[[object], None] = lambda _: None,
    ) -> None:
        self._connection: Connection | None = connection
        self._restart = restart
        self._hear = hear
        self._wake: Callable[[], None] = lambda: None
        self._latest: dict[type, object] = {}
        self._unsent: set[type] = set()
        self._commands: deque[Command] = deque()
        self._something_to_send = threading.Condition()
        self._stopping = threading.Event()
        self._started_at = time.monotonic()
        self._threads = [
            threading.Thread(target=self._send_all, name="viewer sender", daemon=True),
            threading.Thread(target=self._listen, name="viewer listener", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_watching(self) -> bool:
        """Say whether a viewer is connected."""
        return self._connection is not None

    @property
    def has_commands(self) -> bool:
        """Say whether the viewer has asked something."""
        return bool(self._commands)

    def when_woken(self, wake: Callable[[], None]) -> None:
        """Call this, from any thread, after a command has come."""
        self._wake = wake

    def send(self, message: Hello | Status | NewestProjection) -> None:
        """Hand over a message; it replaces an earlier one of its kind that has not been sent yet."""
        with self._something_to_send:
            self._latest[type(message)] = message
            self._unsent.add(type(message))
            self._something_to_send.notify()

    def commands(self) -> list[Command]:
        """Give what the viewer asked since the last call."""
        taken = []
        while self._commands:
            taken.append(self._commands.popleft())
        return taken

    def close(self) -> None:
        """Send what is left, for a moment at most, and end."""
        deadline = time.monotonic() + _LATEST_GOODBYE_S
        while self._unsent and self.is_watching and time.monotonic() < deadline:
            time.sleep(0.01)
        with self._something_to_send:
            self._stopping.set()
            self._something_to_send.notify()
        for thread in self._threads:
            thread.join(_LATEST_GOODBYE_S)
        self._lose()

    def _send_all(self) -> None:
        while not self._stopping.is_set():
            with self._something_to_send:
                self._something_to_send.wait_for(lambda: self._unsent or self._stopping.is_set(), timeout=_POLL_SECONDS)
                connection = self._connection
                if connection is None or not self._unsent:
                    continue
                kind = next(kind for kind in (Hello, NewestProjection, Status) if kind in self._unsent)
                message = self._latest[kind]
                self._unsent.discard(kind)
            try:
                connection.send(message)
            except (OSError, ValueError):  # the listener finds out as well and sees to it
                self._unsent.add(kind)
                self._stopping.wait(_POLL_SECONDS)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            connection = self._connection
            if connection is None:
                self._try_another()
                continue
            try:
                if connection.poll(_POLL_SECONDS):
                    self._take(connection.recv())
            except (EOFError, OSError):
                _log.info("The viewer has gone; the reconstruction goes on")
                self._lose()

    def _take(self, message: object) -> None:
        if isinstance(message, Command):
            self._commands.append(message)
            self._wake()
        else:
            self._hear(message)

    def _lose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _try_another(self) -> None:
        """Start another viewer and tell it all that the last one knew."""
        if self._restart is None or self._stopping.wait(
            max(0.0, min(self._started_at + _RESTART_EVERY_S - time.monotonic(), _POLL_SECONDS))
        ):
            self._stopping.wait(_POLL_SECONDS)
            return
        if time.monotonic() < self._started_at + _RESTART_EVERY_S:
            return
        self._started_at = time.monotonic()
        connection = self._restart()
        if connection is None:
            self._restart = None
            return
        with self._something_to_send:
            if self._stopping.is_set():  # nobody is left to close it
                connection.close()
                return
            self._connection = connection
            self._unsent = set(self._latest)
            self._something_to_send.notify()
