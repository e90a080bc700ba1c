"""What runs livetomo from a bare checkout leaves its children time to end well."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
# A shell that starts the suite in its background has it, and what it starts, ignore Ctrl-C
HEAR = "import signal, sys, time; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
CALL = HEAR + "sys.path.insert(0, sys.argv[1]); import run; sys.exit(run.call(sys.argv[2:]))"
TIDY = f"""{HEAR}
try:
    print("ready", flush=True)
    time.sleep(30)
except KeyboardInterrupt:
    time.sleep(0.8)
    print("tidy", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to consoles, not to groups of processes")
def test_a_command_that_hears_ctrl_c_may_tidy_up():
    words = [sys.executable, "-c", CALL, TOOLS, sys.executable, "-c", TIDY]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as tool:
        assert tool.stdout.readline() == "ready\n"
        os.killpg(tool.pid, signal.SIGINT)
        assert tool.stdout.read() == "tidy\n"
    assert tool.returncode == 0
