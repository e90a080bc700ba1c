"""Only a browser that was given the token, and only our own page, may talk to the viewer."""

import asyncio
from urllib.parse import urlsplit

import pytest

aiohttp = pytest.importorskip("aiohttp")


def ask(url, headers=None, websocket=False):
    """Give the status of one request, and the cookies it left."""

    async def go():
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            if not websocket:
                async with client.get(url, headers=headers) as answer:
                    return answer.status, {cookie.key: cookie.value for cookie in client.cookie_jar}
            try:
                async with client.ws_connect(url, headers=headers) as socket:
                    return 101 if not socket.closed else 0, {}
            except aiohttp.WSServerHandshakeError as refused:
                return refused.status, {}

    return asyncio.run(go())


def test_nothing_is_served_without_the_right_token_to_the_right_page(engine):
    parts = urlsplit(engine.url)
    home = f"http://{parts.netloc}"
    assert parts.hostname == "127.0.0.1"
    assert len(engine.token) >= 32
    for path in ("/", "/index.html", "/vue.global.js", "/__livetomo/live_view.js", "/live/volume", "/ws"):
        assert ask(f"{home}{path}")[0] == 403, path
        assert ask(f"{home}{path}?secret=wrong")[0] == 403, path
    status, cookies = ask(engine.url)
    assert status == 200
    assert list(cookies.values()) == [engine.token]


@pytest.mark.parametrize("path", ["/live/volume", "/live/slice-z", "/ws"])
def test_the_sockets_refuse_strangers(engine, path):
    parts = urlsplit(engine.url)
    address, key = f"http://{parts.netloc}{path}", f"?secret={engine.token}"
    own = {"Origin": f"http://{parts.netloc}"}
    assert ask(address, own, websocket=True)[0] == 403
    assert ask(f"{address}?secret={'x' * 32}", own, websocket=True)[0] == 403
    assert ask(address + key, {"Origin": "https://evil.example"}, websocket=True)[0] == 403
    assert ask(address + key, {"Host": f"evil.example:{parts.port}"}, websocket=True)[0] == 403
    assert ask(address + key, own, websocket=True)[0] == 101


def test_a_view_that_does_not_exist_is_not_found(engine):
    parts = urlsplit(engine.url)
    assert ask(f"http://{parts.netloc}/live/nothing?secret={engine.token}", websocket=True)[0] == 404


def test_nonsense_ends_the_socket_and_nothing_else(engine):
    parts = urlsplit(engine.url)
    address = f"http://{parts.netloc}/live/volume?secret={engine.token}"

    async def say(text):
        async with aiohttp.ClientSession() as client, client.ws_connect(address) as socket:
            await socket.send_str(text)
            while not (message := await socket.receive(5)).type.name.startswith("CLOS"):
                assert message.type is aiohttp.WSMsgType.BINARY
            return socket.close_code

    for nonsense in (
        "{",
        '{"kind": "fly"}',
        "[]",
        '{"kind": "size", "width": -4, "height": 1e9}',
        '{"kind": "rotate"}',
    ):
        assert asyncio.run(say(nonsense)) == 1003, nonsense
    assert engine.viewer.is_alive()


def test_a_port_that_is_taken_is_said_in_words(engine):
    from fake_engine import FakeEngine

    from livetomo.live.messages import ViewerFailed

    second = FakeEngine()
    answer = second.start_viewer(port=urlsplit(engine.url).port)
    assert isinstance(answer, ViewerFailed)
    assert "cannot be used" in answer.reason
    assert "--port" in answer.reason
    second.pipe.close()
    second.writer.close()


def test_a_viewer_comes_back_at_the_same_address(engine):
    """As after a crash: the engine starts another one with the port and the token of the first."""
    first = engine.url
    engine.viewer.kill()
    engine.viewer.join()
    engine.stop_event.set()
    engine.listener.join()
    engine.pipe.close()
    engine.stop_event.clear()
    engine.start_viewer(port=urlsplit(first).port)
    assert engine.url == first
    assert ask(engine.url)[0] == 200
