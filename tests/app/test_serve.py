"""How long the viewer stays when the engine has ended, and why it cannot be where it should."""

import asyncio
import multiprocessing
from urllib.parse import urlsplit

import pytest

aiohttp = pytest.importorskip("aiohttp")


@pytest.fixture
def finished_engine(can_draw):
    from fake_engine import FakeEngine

    engine = FakeEngine()
    engine.start_viewer(stay_seconds=5)
    engine.publish()
    yield engine
    engine.close()


def test_a_page_loaded_again_after_the_end_finds_the_view_still_there(finished_engine):
    parts = urlsplit(finished_engine.url)
    address = f"http://{parts.netloc}/live/volume?secret={finished_engine.token}"

    async def look_twice():
        async with aiohttp.ClientSession() as client:
            async with client.ws_connect(address) as socket:
                finished_engine.end()
                await asyncio.sleep(1.5)
                await socket.receive(5)
            await asyncio.sleep(1)
            async with client.ws_connect(address) as socket:
                await socket.send_str('{"kind": "size", "width": 80, "height": 60}')
                return (await socket.receive(5)).type

    assert asyncio.run(look_twice()) is aiohttp.WSMsgType.BINARY


def test_an_address_that_is_not_of_this_computer_is_named():
    from livetomo.app import new_token
    from livetomo.app.serve import serve
    from livetomo.live.messages import ViewerFailed

    engine_end, viewer_end = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")  # a process serves once
    viewer = context.Process(target=serve, args=(viewer_end, "192.0.2.7", None, new_token(), False))
    viewer.start()
    viewer_end.close()
    failed = next(message for message in iter(engine_end.recv, None) if isinstance(message, ViewerFailed))
    engine_end.close()
    viewer.join(20)
    assert "this computer has no address 192.0.2.7" in failed.reason
    assert "--host" in failed.reason
