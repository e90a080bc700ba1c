"""Ctrl-C and a polite kill ask the engine to finish; a second one ends it at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Set by a signal; looked at by the engine between two pieces of work."""

    def __init__(self) -> None:
        self.by = ""
        """Who asked, in words; empty when nobody has."""

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        # Only a plain attribute is set: a lock taken here could be the one that the interrupted code holds.
        if self.by:
            raise KeyboardInterrupt
        self.by = "stopped with Ctrl-C" if number == signal.SIGINT else "asked to end by the system"


@contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Catch SIGINT and SIGTERM while the block runs; outside the main thread none can be caught and none is."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    earlier = {number: signal.signal(number, request._hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
