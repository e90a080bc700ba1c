"""The demo leaves its volume where the user is, and nothing else anywhere; it ends whatever happens."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import livetomo as lt

START = [sys.executable, "-m", "livetomo", "demo", "--headless", "--interval", "0.1"]


def test_a_stopped_demo_leaves_its_volume_here_over_no_other_file_and_nothing_else(tmp_path):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    (here / "needle_demo.mrc").write_text("of an earlier run")
    environment = {**os.environ, "TMPDIR": str(elsewhere)}
    with subprocess.Popen(START, cwd=here, env=environment, stderr=subprocess.PIPE, text=True) as demo:
        while "refining" not in demo.stderr.readline():
            pass
        demo.send_signal(signal.SIGINT)
        assert f"Written to {here / 'needle_demo_2.mrc'} (stopped with Ctrl-C)" in demo.stderr.read()
    assert demo.returncode == 0
    assert lt.read(here / "needle_demo_2.mrc").data.shape == (256, 256, 256)
    assert sorted(path.name for path in here.iterdir()) == ["needle_demo.mrc", "needle_demo_2.mrc"]
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the replay as Linux lists it")
def test_a_demo_whose_replay_died_ends_with_the_tilts_it_has(tmp_path):
    with subprocess.Popen(START, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as demo:
        while "refining" not in demo.stderr.readline():
            pass
        for child in map(int, Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()):
            if b"replay" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        assert "(no new tilt for 11." in demo.stderr.read()
    assert demo.returncode == 0
    assert lt.read(tmp_path / "needle_demo.mrc").data.shape == (256, 256, 256)
