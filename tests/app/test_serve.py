"""How long the viewer stays when the engine has ended."""

import asyncio
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
