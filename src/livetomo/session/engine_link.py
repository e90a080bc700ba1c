"""The pipe to the engine: its messages become facts, the user's orders become commands."""

import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Literal

from livetomo.live.messages import Command, Hello, NewestProjection, Status
from livetomo.session.session import Session

CommandName = Literal["start", "pause", "finish", "method", "expect"]

_POLL_SECONDS = 0.25


class EngineLink:
    """Reads the engine's messages on a thread of its own and tells the session.

    Parameters
    ----------
    connection
        The viewer's end of the duplex pipe.
    session
        Learns what the engine says; ``engine_gone`` when the pipe closes.
    on_snapshots
        Called, on this object's thread, with the name of the shared memory each time the engine names one.
    """

    def __init__(self, connection: Connection, session: Session, on_snapshots: Callable[[str], None]) -> None:
        self._connection = connection
        self._session = session
        self._on_snapshots = on_snapshots
        self._stopping = threading.Event()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._listen, name="engine link", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close the pipe."""
        self._stopping.set()
        self._thread.join()
        self._connection.close()

    def command(self, name: CommandName, values: dict[str, Any] | None = None) -> None:
        """Ask something of the engine; nothing happens when it is gone."""
        self.send(Command(name, values or {}))

    def send(self, message: object) -> None:
        """Send a message; nothing happens when the engine is gone."""
        with self._sending:
            try:
                self._connection.send(message)
            except (OSError, ValueError):
                self._session.learn(engine_gone=True)

    def _listen(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._connection.poll(_POLL_SECONDS):
                    self._take(self._connection.recv())
        except (EOFError, OSError):
            self._session.learn(engine_gone=True)

    def _take(self, message: object) -> None:
        if isinstance(message, Status):
            self._session.learn(status=message)
        elif isinstance(message, NewestProjection):
            self._session.learn(projection=message)
        elif isinstance(message, Hello):
            self._on_snapshots(message.snapshot_name)
