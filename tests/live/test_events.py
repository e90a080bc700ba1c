"""Events are lines that any script can follow while they are written."""

import json
import time
from pathlib import Path

import pytest

from livetomo.errors import EnvironmentProblem
from livetomo.live.events import EventLog


def test_each_line_is_there_at_once_and_holds_only_what_applies(tmp_path):
    log = EventLog(tmp_path / "new" / "events.jsonl")
    before = time.time()
    log.write("seen", "ä.mrc")
    log.write("published", n_tilts=2, residual=0.5, files=["ä.mrc"])
    lines = [json.loads(line) for line in (tmp_path / "new" / "events.jsonl").read_text("utf-8").splitlines()]
    log.close()
    assert [sorted(line) for line in lines] == [
        ["event", "file", "t"],
        ["event", "files", "n_tilts", "residual", "t"],
    ]
    assert lines[1]["files"] == ["ä.mrc"]
    assert before <= lines[0]["t"] <= lines[1]["t"] <= time.time()


def test_a_new_run_begins_anew_and_a_resumed_one_appends(tmp_path):
    for keep, n_lines in ((False, 1), (True, 2), (False, 1)):
        log = EventLog(tmp_path / "events.jsonl", keep)
        log.write("seen", "a")
        log.close()
        assert len((tmp_path / "events.jsonl").read_text().splitlines()) == n_lines


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here is always full")
def test_a_full_disk_is_said_and_ends_nothing():
    log = EventLog(Path("/dev/full"))
    log.write("seen", "a")
    assert log.trouble == "Events cannot be written: No space left on device."
    log.close()


def test_a_file_that_cannot_be_made_is_named(tmp_path):
    with pytest.raises(EnvironmentProblem, match=f"--events: {tmp_path} cannot be written: Is a directory"):
        EventLog(tmp_path)


def test_without_a_file_nothing_is_written():
    log = EventLog(None)
    log.write("seen", "a")
    log.close()
