"""One running application: session, engine link, render thread and page, tied together."""

import asyncio
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from trame.app import get_server

from livetomo.app.access import guard
from livetomo.app.live_view.hub import Hub
from livetomo.app.live_view.route import LiveViewRoute
from livetomo.app.page import build_page
from livetomo.app.panels.convergence import logic as convergence
from livetomo.app.panels.projection import logic as projection
from livetomo.app.panels.run_bar import logic as run_bar
from livetomo.app.panels.slices import logic as slices
from livetomo.app.panels.tilts import logic as tilts
from livetomo.app.panels.transfer import logic as transfer
from livetomo.app.panels.volume import logic as volume
from livetomo.app.views.render_thread import RenderThread
from livetomo.session import EngineLink, Session, View

_PRESENTERS: tuple[Callable[[View], Any], ...] = (
    run_bar.present,
    volume.present,
    transfer.present,
    slices.present,
    projection.present,
    convergence.present,
    tilts.present,
)
_FACTS_INTERVAL_S = 0.25


class Application:
    """Made and used on the event loop's thread.

    Parameters
    ----------
    connection
        The viewer's end of the pipe to the engine.
    host, port, token
        Where to listen, port 0 for any that is free, and what a browser must show.
    """

    def __init__(self, connection: Connection, host: str, port: int, token: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = Session()
        self.is_over = asyncio.Event()
        """The engine has gone, or drawing has failed."""
        self.has_failed = False
        self._hub = Hub(self._loop, self._wake_renderer)
        self._renderer = RenderThread(self._session, self._hub, self._fail)
        self._link = EngineLink(connection, self._session, self._attach)
        self._host, self._port, self._token = host, port, token
        self._refresh_at: asyncio.TimerHandle | None = None
        self._refreshed = 0.0
        self._server = get_server("livetomo", client_type="vue3")
        self._server.cli.set_defaults(authKey=token, nowscompress=True, nosignalhandlers=True)
        self._server.controller.on_server_bind.add(self._bind)
        self._refresh()
        build_page(self._server, self._session, self._link)
        self._session.listen(self._on_session)

    @property
    def link(self) -> EngineLink:
        """The pipe to the engine."""
        return self._link

    async def start(self) -> int:
        """Begin to serve, and give the port.

        Raises
        ------
        OSError
            When the port cannot be had.
        """
        self._serving = asyncio.ensure_future(
            self._server.start(
                host=self._host,
                port=self._port,
                timeout=0,
                exec_mode="coroutine",
                open_browser=False,
                show_connection_info=False,
            )
        )
        ready = asyncio.ensure_future(self._server.ready)
        await asyncio.wait({self._serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            ready.cancel()
            self._serving.result()
        self._renderer.start()
        self._link.start()
        return int(self._server.port)

    async def stop(self) -> None:
        """End everything."""
        if self._refresh_at is not None:
            self._refresh_at.cancel()
        await self._server.stop()
        await self._serving
        await asyncio.to_thread(self._link.stop)
        await asyncio.to_thread(self._renderer.stop)

    def run_has_ended(self) -> bool:
        """Say whether the engine came to its own end, rather than being killed."""
        status = self._session.facts.status
        return status is not None and status.state in {"finished", "failed"}

    def is_watched(self) -> bool:
        """Say whether a browser is looking."""
        return self._hub.is_anyone_there()

    def _bind(self, web_server: Any) -> None:
        web_server.app.middlewares.append(guard(self._token, self._host))
        LiveViewRoute(self._session, self._renderer, self._hub).add_to(web_server.app)

    def _attach(self, snapshot_name: str) -> None:
        self._renderer.submit(lambda stage: stage.attach(snapshot_name))

    def _fail(self) -> None:
        self.has_failed = True
        self._loop.call_soon_threadsafe(self.is_over.set)

    def _wake_renderer(self) -> None:
        self._renderer.wake()

    def _on_session(self, kind: str) -> None:
        self._loop.call_soon_threadsafe(self._schedule_refresh, kind)

    def _schedule_refresh(self, kind: str) -> None:
        if self._session.facts.engine_gone:
            self.is_over.set()
        if kind == "wish":
            self._refresh()
        elif self._refresh_at is None:
            wait = self._refreshed + _FACTS_INTERVAL_S - time.monotonic()
            self._refresh_at = self._loop.call_later(max(wait, 0.0), self._refresh)

    def _refresh(self) -> None:
        if self._refresh_at is not None:
            self._refresh_at.cancel()
            self._refresh_at = None
        self._refreshed = time.monotonic()
        view = self._session.view()
        for present in _PRESENTERS:
            self._server.state.update(vars(present(view)))
        self._server.state.flush()
