"""The watcher tells of every change, with events and without."""

import os
import queue
import shutil
import time

import pytest
import watchfiles
from watchfiles._rust_notify import WatchfilesRustInternalError

from livetomo.live.watch import FolderWatcher


@pytest.fixture
def sightings(watched):
    seen = queue.Queue()
    watcher = FolderWatcher(watched, seen.put)
    watcher.start()
    yield seen
    watcher.stop()


def next_of(seen, name, seconds=5.0):
    deadline = time.monotonic() + seconds
    while (sighting := seen.get(timeout=max(deadline - time.monotonic(), 0.01))).name != name:
        pass
    return sighting


def test_files_there_before_the_start_come_in_order_of_time(watched):
    watched.mkdir()
    for name, age in (("b", 30), ("a", 20), ("c", 10)):
        (watched / name).write_text(name)
        os.utime(watched / name, (time.time() - age,) * 2)
    seen = queue.Queue()
    watcher = FolderWatcher(watched, seen.put)
    watcher.start()
    assert [seen.get(timeout=5).name for _ in range(3)] == ["b", "a", "c"]
    watcher.stop()


def test_a_new_file_in_a_folder_that_appears_later_is_seen_at_once(watched, sightings):
    time.sleep(0.1)
    watched.mkdir()
    time.sleep(0.6)
    begin = time.monotonic()
    (watched / "a.mrc").write_bytes(b"12345")
    assert next_of(sightings, "a.mrc").identity.size in {0, 5}
    assert time.monotonic() - begin < 0.3


def test_change_rename_and_removal_are_told(watched, sightings):
    watched.mkdir()
    (watched / ".part").write_bytes(b"12")
    first = next_of(sightings, ".part")
    os.replace(watched / ".part", watched / "a")
    renamed = next_of(sightings, "a")
    assert renamed.identity.inode == first.identity.inode
    (watched / "a").write_bytes(b"1234")
    while next_of(sightings, "a").identity.size != 4:
        pass
    (watched / "a").unlink()
    assert next_of(sightings, "a").identity is None


def test_a_folder_that_is_replaced_by_another_is_watched_again(watched, sightings):
    watched.mkdir()
    (watched / "a").write_text("1")
    next_of(sightings, "a")
    shutil.rmtree(watched)
    assert next_of(sightings, "a").identity is None
    watched.mkdir()
    (watched / "b").write_text("2")
    assert next_of(sightings, "b").identity.size == 1


def test_without_events_the_folder_is_listed(watched, monkeypatch):
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    monkeypatch.setenv("WATCHFILES_POLL_DELAY_MS", "60000")
    watched.mkdir()
    seen = queue.Queue()
    watcher = FolderWatcher(watched, seen.put)
    watcher.start()
    time.sleep(0.3)
    (watched / "late").write_text("1")
    assert seen.get(timeout=4).name == "late"
    watcher.stop()


def test_without_a_watch_to_be_had_the_folder_is_listed(watched, monkeypatch):
    def refuse(*_, **__):
        raise WatchfilesRustInternalError("Too many open files (os error 24)")

    monkeypatch.setattr(watchfiles, "watch", refuse)
    watched.mkdir()
    seen = queue.Queue()
    watcher = FolderWatcher(watched, seen.put)
    watcher.start()
    (watched / "late").write_text("1")
    assert seen.get(timeout=4).name == "late"
    watcher.stop()


def test_folders_inside_are_not_files(watched, sightings):
    watched.mkdir()
    (watched / "inner").mkdir()
    (watched / "inner" / "x").write_text("1")
    (watched / "a").write_text("1")
    assert next_of(sightings, "a").name == "a"
    time.sleep(0.1)
    assert {sightings.get().name for _ in range(sightings.qsize())} <= {"a"}  # it may be seen before it is whole, too
