"""The viewer as a child of the engine."""

import multiprocessing
import os
import queue
import signal

import pytest

pytest.importorskip("trame")

from livetomo.cli.viewer_process import ViewerProcess, ViewerSettings


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to consoles, not to processes")
def test_ctrl_c_does_not_touch_a_viewer_that_has_just_been_born():
    said = queue.Queue()
    process = ViewerProcess(ViewerSettings(open_browser=False, stay_seconds=0.1), said.put)
    link = process.link()
    [child] = multiprocessing.active_children()
    os.kill(child.pid, signal.SIGINT)
    assert said.get(timeout=60).startswith(("view: ", "no view, the reconstruction goes on: "))
    link.close()
    process.wait()
    assert child.exitcode == 0
