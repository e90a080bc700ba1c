"""How a live run ends: where its volume goes, and what is said when something is in the way."""

import multiprocessing

import pytest

import livetomo as lt
from livetomo.live.engine import run
from livetomo.live.messages import Command
from livetomo.live.viewer import PipeLink
from livetomo.sim import Habits, write_series


@pytest.fixture
def recorded(helix, watched):
    list(write_series(helix, watched, Habits(interval_s=0)))
    return helix


@pytest.mark.parametrize("may_write_over", [True, False])
def test_a_name_that_was_taken_meanwhile_is_only_written_over_when_the_user_gave_it(
    recorded, settings_for, may_write_over
):
    settings, said = settings_for(expect_tilts=len(recorded), method="wbp", may_write_over=may_write_over), []

    def hear(status):
        settings.output.write_text("of another run")
        said.append(status)

    assert run(settings, on_status=lambda status: hear(status) if not said else said.append(status)) == 0
    assert (settings.output.read_bytes() == b"of another run") != may_write_over
    assert said[-1].output == str(settings.output if may_write_over else settings.output.with_stem("volume_2"))
    assert lt.read(said[-1].output).data.shape == (32, 32, 32)


def test_a_volume_that_cannot_be_written_loses_no_tilt(recorded, settings_for, tmp_path):
    settings, said = settings_for(expect_tilts=len(recorded), method="wbp", output=tmp_path / "there" / "v.mrc"), []
    settings.output.parent.mkdir()

    def hear(status):
        if not said:
            settings.output.mkdir()
        said.append(status.note)

    assert run(settings, on_status=hear) == 1
    assert f"The {len(recorded)} tilts are kept: make room and start again with --resume" in said[-1]
    elsewhere = settings_for(expect_tilts=len(recorded), method="wbp", resume=True)
    assert run(elsewhere) == 0
    assert lt.read(elsewhere.output).data.shape == (32, 32, 32)


def test_a_folder_that_goes_during_the_run_is_told(recorded, settings_for, watched):
    said = []

    def hear(status):
        if len(status.tilts) == len(recorded) and watched.exists():
            watched.rename(watched.with_name("gone"))
        said.append(status.note)

    assert run(settings_for(finish_after_idle_s=2.5), on_status=hear) == 0
    assert f"The folder {watched} has gone" in said[-1]
    assert any(f"The folder {watched} has gone" in note for note in said[:-1])


def test_the_first_method_comes_back_with_the_settings_it_began_with(recorded, settings_for, tmp_path):
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    for command in (Command("method", {"name": "wbp"}), Command("method", {"name": "sirt"})):
        viewer_end.send(command)
    begun_with = {"damping": 0.0, "relaxation": 0.5}
    settings = settings_for(expect_tilts=len(recorded), method_settings=begun_with, output=tmp_path / "volume.h5")
    assert run(settings, PipeLink(engine_end)) == 0
    viewer_end.close()
    said = lt.read(settings.output).metadata["settings"]
    assert (said["damping"], said["relaxation"]) == (0.0, 0.5)
