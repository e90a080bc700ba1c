"""The WebSocket route of the live view."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from livetomo.app.live_view.gestures import fit, perform
from livetomo.app.live_view.hub import Client, Hub, pack
from livetomo.app.views.picture import Frame, encode_png
from livetomo.app.views.render_thread import RenderThread
from livetomo.app.views.stage import VIEW_NAMES, Stage, ViewName
from livetomo.session import Session

_LARGEST_MESSAGE_BYTES = 4096


class LiveViewRoute:
    """Answers ``/live/{view}``: frames out, gestures in."""

    def __init__(self, session: Session, renderer: RenderThread, hub: Hub) -> None:
        self._session = session
        self._renderer = renderer
        self._hub = hub

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_get("/live/{view}", self.handle)
        app.on_shutdown.append(self._hub.close)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one view of one browser until it goes."""
        view = next((name for name in VIEW_NAMES if name == request.match_info["view"]), None)
        if view is None:
            raise web.HTTPNotFound(text=f"There is no such view; there are {', '.join(VIEW_NAMES)}.")
        socket = web.WebSocketResponse(compress=False, heartbeat=20, max_msg_size=_LARGEST_MESSAGE_BYTES)
        await socket.prepare(request)
        client = Client(view, socket)
        self._hub.enter(client)
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT or not self._take(client, message.data):
                    await socket.close(code=1003, message=b"not a message of the live view")
        finally:
            self._hub.leave(client)
            self._resize(view)
            self._renderer.touch(pressed=False)  # should it go in the middle of a drag
        return socket

    def _take(self, client: Client, text: str) -> bool:
        try:
            message: Any = json.loads(text)
            if message["kind"] == "ack":
                self._hub.acknowledge(client)
            elif message["kind"] == "size":
                client.size = fit(int(message["width"]), int(message["height"]))
                self._resize(client.view)
            elif message["kind"] == "keep":
                self._keep(client)
            else:
                perform(message, client.view, self._session, self._renderer)
        except (ValueError, KeyError, TypeError):
            return False
        return True

    def _resize(self, view: ViewName) -> None:
        """Draw a view for the largest window in which it is open: in a smaller one a large picture is sharp too."""
        size = self._hub.largest_size(view)
        if all(size):
            self._renderer.resize(view, *size)

    def _keep(self, client: Client) -> None:
        """Draw the view once more without loss and send it as a picture to keep."""
        loop = asyncio.get_running_loop()

        def draw(stage: Stage) -> None:
            picture = stage.draw(client.view, self._renderer.size_of(client.view), fine=True)
            if picture is None:
                return
            height, width, _ = picture.pixels.shape
            frame = Frame(client.view, 0, True, width, height, {}, encode_png(picture.pixels))
            asyncio.run_coroutine_threadsafe(client.socket.send_bytes(pack(frame, keep=True)), loop)

        self._renderer.submit(draw)
