"""A folder to watch, an inbox on it, and a look at what is left behind."""

import contextlib
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from livetomo.live.events import EventLog
from livetomo.live.inbox import Inbox
from livetomo.live.journal import Journal
from livetomo.live.settings import LiveSettings
from livetomo.sim import simulate


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Fail a test that leaves a thread or shared memory."""
    threads, memory = set(threading.enumerate()), _shared_memory()
    yield
    deadline = time.monotonic() + 3
    while (set(threading.enumerate()) - threads or _shared_memory() - memory) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not set(threading.enumerate()) - threads
    assert not _shared_memory() - memory


def _shared_memory():
    place = Path("/dev/shm")

    if not place.is_dir():
        return set()
    return {path.name for path in place.glob("psm_*") if _is_ours(path)}


def _is_ours(path):
    """Tell memory mapped by this process from that of others."""
    return str(path) in Path("/proc/self/maps").read_text()


@pytest.fixture
def watched(tmp_path):
    """Give the folder that is watched; it does not exist yet."""
    return tmp_path / "watched"


@pytest.fixture
def settings_for(tmp_path, watched):
    """Give a function that makes settings with every file in this test's own folder."""

    def make(**changes):
        given = {
            "folder": watched,
            "output": tmp_path / "volume.mrc",
            "journal": tmp_path / "journal",
            "events": tmp_path / "events.jsonl",
            "align": "none",
        }
        return LiveSettings(**(given | changes))

    return make


@pytest.fixture
def inbox_for(settings_for):
    """Give a function that starts an inbox; all are stopped at the end."""
    with contextlib.ExitStack() as stack:

        def start(**changes):
            settings = settings_for(**changes)
            journal = Journal(settings.journal_folder, settings.folder, settings.resume)
            events = EventLog(settings.events)
            inbox = Inbox(settings, journal, events)
            stack.callback(journal.close)
            stack.callback(events.close)
            stack.callback(inbox.stop)
            inbox.start()
            return inbox

        yield start


@pytest.fixture
def collect():
    """Give a function that takes an inbox's news until a condition on all of it holds."""

    def wait(inbox, is_enough, seconds=10.0):
        news = []
        deadline = time.monotonic() + seconds
        while not is_enough(news):
            assert time.monotonic() < deadline, f"after {seconds} s only {news}"
            news += inbox.take()
            time.sleep(0.01)
        return news

    return wait


@pytest.fixture(scope="session")
def helix():
    """Give a small series of nine tilts."""
    return simulate("helix", 32, np.arange(-60, 61, 15.0)).series
