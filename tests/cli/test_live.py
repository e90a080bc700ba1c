"""The name that the volume gets when the user gives none, and what who does not wait for it is told."""

import numpy as np
import pytest

from livetomo.cli import main
from livetomo.cli.live import default_output
from livetomo.cli.terminal import Terminal
from livetomo.sim import Habits, write_series
from livetomo.sim.tilt_series import simulate


def test_the_volume_is_named_after_the_folder_and_never_over_another_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    watched = tmp_path / "data" / "series3"
    assert default_output(watched) == tmp_path / "series3_volume.mrc"
    (tmp_path / "series3_volume.mrc").write_text("")
    assert default_output(watched) == tmp_path / "series3_volume_2.mrc"


def test_the_volume_lies_beside_the_folder_when_that_is_the_current_one(tmp_path, monkeypatch):
    watched = tmp_path / "series3"
    watched.mkdir()
    monkeypatch.chdir(watched)
    assert default_output(watched) == tmp_path / "series3_volume.mrc"


def test_who_does_not_wait_for_the_end_is_told_how_to_go_on(tmp_path, monkeypatch, capsys):
    series = simulate("helix", 32, np.arange(-60, 61, 20.0)).series
    list(write_series(series, tmp_path / "series", Habits(interval_s=0)))

    def interrupt(terminal, status):
        terminal.last = status
        if len(status.tilts) == len(series):
            raise KeyboardInterrupt

    monkeypatch.setattr(Terminal, "show", interrupt)
    words = ["live", tmp_path / "series", "--headless", "--journal", tmp_path / "journal", "-o", tmp_path / "v.mrc"]
    monkeypatch.setattr("sys.argv", ["livetomo", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == main.STOPPED_BY_USER
    told = capsys.readouterr().err
    assert "livetomo: 7 tilts are kept; the same command with --resume goes on with them" in told
    assert "livetomo: stopped" in told
    assert (tmp_path / "journal").exists()
