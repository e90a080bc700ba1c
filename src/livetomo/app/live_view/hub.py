"""Hands frames to browsers: the newest wins, one is on its way to each at a time."""

import asyncio
import json
import struct
from collections.abc import Callable

from aiohttp import WSCloseCode, web

from livetomo.app.views.picture import Frame
from livetomo.app.views.stage import ViewName


class Client:
    """One view open in one browser."""

    def __init__(self, view: ViewName, socket: web.WebSocketResponse) -> None:
        self.view = view
        self.socket = socket
        self.size: tuple[int, int] = (0, 0)
        """(width, height) of its window in pixels; zeros until it has said so."""
        self.is_sending = False
        self.waiting: Frame | None = None


class Hub:
    """The audience of the render thread. ``show`` may be called by any thread, everything else by the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_room: Callable[[], None]) -> None:
        self._loop = loop
        self._on_room = on_room
        self._clients: tuple[Client, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()

    def is_anyone_there(self) -> bool:
        """Say whether any view is open in a browser."""
        return bool(self._clients)

    def is_waiting_for(self, view: ViewName) -> bool:
        """Say whether a frame of this view would be sent at once or next."""
        return any(client.view == view and client.waiting is None for client in self._clients)

    def largest_size(self, view: ViewName) -> tuple[int, int]:
        """Give the (width, height) of the largest window in which this view is open; zeros when none has said so."""
        sizes = (client.size for client in self._clients if client.view == view)
        return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))

    def show(self, frame: Frame) -> None:
        """Send a frame to everyone who looks at its view."""
        self._loop.call_soon_threadsafe(self._hand_out, frame)

    def enter(self, client: Client) -> None:
        """Begin to send to a browser."""
        self._clients = (*self._clients, client)
        self._on_room()

    def leave(self, client: Client) -> None:
        """Stop sending to a browser."""
        self._clients = tuple(other for other in self._clients if other is not client)

    async def close(self, _: web.Application) -> None:
        """Let every browser go, so that the server need not wait for them."""
        for client in self._clients:
            await client.socket.close(code=WSCloseCode.GOING_AWAY)

    def acknowledge(self, client: Client) -> None:
        """Send the frame that waits, now that the browser has drawn the one before."""
        client.is_sending = False
        frame, client.waiting = client.waiting, None
        if frame is not None:
            self._send(client, frame)
        self._on_room()

    def _hand_out(self, frame: Frame) -> None:
        for client in self._clients:
            if client.view == frame.view:
                if client.is_sending:
                    client.waiting = frame
                else:
                    self._send(client, frame)

    def _send(self, client: Client, frame: Frame) -> None:
        client.is_sending = True
        task = self._loop.create_task(_send_bytes(client.socket, pack(frame)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def pack(frame: Frame, *, keep: bool = False) -> bytes:
    """Put a frame into one message: length of the header, header as JSON, picture."""
    header = json.dumps(
        {
            "view": frame.view,
            "sequence": frame.sequence,
            "still": frame.still,
            "width": frame.width,
            "height": frame.height,
            "info": frame.info,
            "keep": keep,
        }
    ).encode()
    return struct.pack("<I", len(header)) + header + frame.encoded


async def _send_bytes(socket: web.WebSocketResponse, message: bytes) -> None:
    try:
        await socket.send_bytes(message)
    except ConnectionError:
        await socket.close()
