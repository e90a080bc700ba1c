"""The viewer process: serves the application until the engine ends.

The engine starts it as a child process and keeps the other end of the pipe::

    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    token = livetomo.app.new_token()
    viewer = multiprocessing.get_context("spawn").Process(
        target=livetomo.app.serve.serve, args=(viewer_end, "127.0.0.1", None, token, True), name="livetomo viewer"
    )
    viewer.start()
    viewer_end.close()
    first = engine_end.recv()     # ViewerReady(url) or ViewerFailed(reason)
"""

import asyncio
import errno
import logging
import signal
import socket
import sys
import webbrowser
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from livetomo.app.drawing_probe import DrawingProbe
from livetomo.errors import EnvironmentProblem
from livetomo.live.messages import ViewerFailed, ViewerReady

if TYPE_CHECKING:
    from livetomo.app.application import Application

_LONGEST_STAY_S = 15.0
_LAST_WORDS_S = 1.0
_COMES_BACK_S = 15.0
_KILLED_STAY_S = 2.0

logger = logging.getLogger(__name__)


def serve(
    connection: Connection,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str = "",
    open_browser: bool = False,
    stay_seconds: float = _LONGEST_STAY_S,
) -> None:
    """Serve the application; returns when the engine is gone and nobody looks any more.

    The first message it sends is ``ViewerReady`` with the address to open, or ``ViewerFailed`` with what is missing.

    Parameters
    ----------
    connection
        The viewer's end of a duplex pipe; the other end is the engine's.
    host
        Address to listen on; anything but a loopback address lets other computers in that know the token.
    port
        Port to listen on; any free one when None.
    token
        What a browser must show; see ``new_token``.
    open_browser
        Open the address in the user's browser.
    stay_seconds
        How long a browser may go on looking at the last volume after the engine has finished; the viewer ends sooner
        when no page has been open for 15 s, and soon when the engine was killed.
    """
    # Ctrl-C reaches the whole process group: the engine decides what it means, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.argv = sys.argv[:1]  # trame would read the command line that was meant for livetomo
    try:
        probe = DrawingProbe()
        asyncio.run(_serve(connection, host, port, token, open_browser, stay_seconds, probe))
    except EnvironmentProblem as problem:
        connection.send(ViewerFailed(str(problem)))
        connection.close()


async def _serve(
    connection: Connection,
    host: str,
    port: int | None,
    token: str,
    open_browser: bool,
    stay_seconds: float,
    probe: DrawingProbe,
) -> None:
    application = _make(connection, host, port or 0, token)
    await asyncio.to_thread(probe.check)
    try:
        port = await application.start()
    except OSError as error:
        raise EnvironmentProblem(_why_not(host, port, error)) from error
    address = f"http://{_name_to_open(host)}:{port}/?secret={token}"
    application.link.send(ViewerReady(address))
    if open_browser:
        await asyncio.to_thread(webbrowser.open, address)
    await application.is_over.wait()
    if not application.has_failed:
        # An engine that was killed will be started again, perhaps on this very port.
        longest = stay_seconds if application.run_has_ended() else min(stay_seconds, _KILLED_STAY_S)
        await _wait_for_last_look(application, longest)
    await application.stop()
    if application.has_failed:  # the engine starts another viewer
        raise SystemExit(1)


def _name_to_open(host: str) -> str:
    if host in {"0.0.0.0", "::", ""}:  # every address of this computer
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _make(connection: Connection, host: str, port: int, token: str) -> "Application":
    try:
        from livetomo.app.application import Application
    except ModuleNotFoundError as error:
        raise EnvironmentProblem(
            f"the application needs the package {error.name}, which is not installed: pip install 'livetomo[app]'"
        ) from error
    return Application(connection, host, port, token)


def _why_not(host: str, port: int | None, error: OSError) -> str:
    reason = error.strerror or error
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"this computer has no address {host} ({reason}); give one it has with --host, or none for 127.0.0.1"
    advice = "give another one with --port, or none for any that is free"
    return f"port {port} of {host} cannot be used ({reason}); {advice}"


async def _wait_for_last_look(application: "Application", stay_seconds: float) -> None:
    """Stay while somebody looks and a while longer: a page that is loaded again is away for a moment."""
    clock = asyncio.get_running_loop().time
    end = clock() + stay_seconds
    leave_at = clock() + _LAST_WORDS_S
    while clock() < min(leave_at, end):
        if application.is_watched():
            leave_at = clock() + _COMES_BACK_S
        await asyncio.sleep(0.1)
