"""The link to a viewer never waits and outlives the viewer."""

import multiprocessing
import threading
import time

import pytest

from livetomo.live import viewer
from livetomo.live.messages import Command, Hello, Status, ViewerReady
from livetomo.live.viewer import PipeLink


@pytest.fixture
def pipe():
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    yield engine_end, viewer_end
    viewer_end.close()


def status(n):
    return Status("refining", "folder", "out.mrc", "sirt", sweeps=n, note="x" * 100_000)


def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_viewer_that_does_not_read_holds_nobody_up_and_gets_the_newest(pipe):
    link = PipeLink(pipe[0])
    begin = time.monotonic()
    for n in range(200):
        link.send(status(n))
    assert time.monotonic() - begin < 0.5
    numbers = [pipe[1].recv().sweeps]
    while numbers[-1] != 199:
        numbers.append(pipe[1].recv().sweeps)
    assert len(numbers) < 100
    link.close()


def test_commands_and_other_messages_are_told_apart(pipe):
    heard = []
    link = PipeLink(pipe[0], hear=heard.append)
    woken = []
    link.when_woken(lambda: woken.append(1))
    pipe[1].send(ViewerReady("http://127.0.0.1"))
    pipe[1].send(Command("pause"))
    until(lambda: link.has_commands)
    assert link.commands() == [Command("pause")]
    assert not link.has_commands
    assert heard == [ViewerReady("http://127.0.0.1")]
    assert woken
    link.close()


def test_a_viewer_that_dies_is_started_anew_and_told_everything(pipe, monkeypatch):
    monkeypatch.setattr(viewer, "_RESTART_EVERY_S", 0.2)
    others = []

    def restart():
        engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
        others.append(viewer_end)
        return engine_end

    link = PipeLink(pipe[0], restart)
    link.send(Hello("memory"))
    link.send(status(1))
    until(lambda: pipe[1].poll(0))
    pipe[1].close()
    until(lambda: others and others[0].poll(0))
    assert [type(others[0].recv()) for _ in range(2)] == [Hello, Status]
    assert link.is_watching
    others[0].close()
    link.close()


def test_without_a_restart_the_link_stays_quiet_after_its_viewer(pipe):
    link = PipeLink(pipe[0])
    pipe[1].close()
    until(lambda: not link.is_watching)
    link.send(status(1))
    begin = time.monotonic()
    link.close()
    link.close()
    assert time.monotonic() - begin < 1


def test_a_viewer_that_was_started_while_the_link_closes_is_let_go(pipe, monkeypatch):
    monkeypatch.setattr(viewer, "_RESTART_EVERY_S", 0.0)
    monkeypatch.setattr(viewer, "_LATEST_GOODBYE_S", 0.2)
    starting, has_closed = threading.Event(), threading.Event()
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)

    def restart():
        starting.set()
        has_closed.wait(5)
        return engine_end

    link = PipeLink(pipe[0], restart)
    pipe[1].close()
    assert starting.wait(5)
    link.close()
    has_closed.set()
    until(lambda: engine_end.closed)
    assert not link.is_watching
    viewer_end.close()
