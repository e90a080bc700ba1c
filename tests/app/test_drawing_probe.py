"""Where VTK cannot draw, that is said in words and nothing crashes."""

import pytest

from livetomo.app import drawing_probe
from livetomo.errors import EnvironmentProblem


def test_a_computer_that_can_draw_passes(can_draw):
    drawing_probe.DrawingProbe().check()


def test_a_crash_of_the_trial_becomes_words(monkeypatch):
    """VTK without EGL and OSMesa ends with a segmentation fault: exit code −11."""
    monkeypatch.setattr(drawing_probe, "_DRAW", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(EnvironmentProblem, match=r"libegl1.*libosmesa6.*code -11"):
        drawing_probe.DrawingProbe().check()
