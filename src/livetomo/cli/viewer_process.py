"""Starts the viewer as a child of the engine, and another one when it has died."""

import multiprocessing
import os
import signal
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from livetomo.live.messages import ViewerFailed, ViewerReady
from livetomo.live.viewer import PipeLink

_LET_GO_S = 3.0


@dataclass(frozen=True)
class ViewerSettings:
    """Where the view is served, and for whom.

    Raises
    ------
    ValueError
        When there can be no such port.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    """Any free port when None."""
    open_browser: bool = True
    stay_seconds: float = 2.0
    """How long browsers may go on looking at the last volume after the engine has ended."""

    def __post_init__(self) -> None:
        if self.port is not None and not 0 <= self.port <= 65535:
            raise ValueError(
                f"--port: expected a number from 1 to 65535, or no --port for any that is free, got {self.port}"
            )


class ViewerProcess:
    """One viewer after the other, all at one address.

    Parameters
    ----------
    settings
        Address and browser.
    say
        Takes lines for the user.
    """

    def __init__(self, settings: ViewerSettings, say: Callable[[str], None]) -> None:
        from livetomo.app import new_token

        self._settings = settings
        self._say = say
        self._token = new_token()
        self._port = settings.port
        self._has_failed = False
        self._is_first = True
        self._process: BaseProcess | None = None

    def link(self) -> PipeLink:
        """Start the viewer and give the engine's end of the pipe to it."""
        return PipeLink(self._start(), self._restart, self._hear)

    def wait(self) -> None:
        """Wait until nobody looks any more; the viewer ends by itself once the engine's end is closed."""
        if self._process is None:
            return
        try:
            self._process.join(_LET_GO_S)
            if self._process.is_alive() and self._settings.stay_seconds > _LET_GO_S:
                self._say("the view stays as long as its page is open; Ctrl-C closes it")
            self._process.join(self._settings.stay_seconds)
        except KeyboardInterrupt:
            self._say("closing the view")
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_LET_GO_S)

    def _start(self) -> Connection:
        from livetomo.app.serve import serve

        engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
        wants_browser = self._settings.open_browser and self._is_first
        self._is_first = False
        self._process = multiprocessing.get_context("spawn").Process(
            target=serve,
            args=(viewer_end, self._settings.host, self._port, self._token, wants_browser, self._settings.stay_seconds),
            name="livetomo viewer",
            daemon=True,  # should the engine end in haste, its viewer goes too
        )
        with _ctrl_c_held_back():
            self._process.start()
        viewer_end.close()
        return engine_end

    def _restart(self) -> Connection | None:
        if self._has_failed:
            return None
        self._say("the viewer has died; starting another one (the reconstruction was not touched)")
        return self._start()

    def _hear(self, message: object) -> None:
        if isinstance(message, ViewerReady):
            self._port = urllib.parse.urlsplit(message.url).port
            self._say(f"view: {message.url}")
        elif isinstance(message, ViewerFailed):
            self._has_failed = True
            self._say(f"no view, the reconstruction goes on: {message.reason}")


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Let a child be born deaf to Ctrl-C, which reaches it while it still imports; here it is heard a moment later."""
    if os.name == "nt":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its own start would end the holding back
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
