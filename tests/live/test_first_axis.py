"""A run about a second axis: it ends where both series at once end, and says what it cannot do."""

import multiprocessing

import numpy as np
import pytest

import livetomo as lt
from livetomo.algorithms.reconstruct.dart import DART
from livetomo.algorithms.reconstruct.fista_tv import FISTATV
from livetomo.errors import LivetomoError
from livetomo.live.engine import run
from livetomo.live.first_axis import SecondAxis, first_series
from livetomo.live.messages import Command
from livetomo.live.reconstruction import LiveReconstruction, Prepared
from livetomo.live.viewer import PipeLink
from livetomo.sim import Habits, write_series
from livetomo.sim.phantoms import particles

_ANGLES = np.arange(-60, 61, 8.0)


@pytest.fixture(scope="module")
def volume():
    moved = np.zeros((40, 40, 40), np.float32)
    moved[4:36, 8:40, 2:34] = particles(32)  # beside the middle, so that alignment has to find it
    return moved


def about_an_axis(volume, rotation_deg):
    rotations = np.full(len(_ANGLES), rotation_deg)
    return lt.TiltSeries(lt.Projector(_ANGLES, volume.shape, rotations_deg=rotations)(volume), _ANGLES, 1.0, name="s")


@pytest.mark.parametrize("align", ["none", "com"])
def test_a_second_axis_arriving_live_ends_where_both_at_once_end(volume, settings_for, watched, tmp_path, align):
    series = [about_an_axis(volume, rotation) for rotation in (0, 90)]
    lt.write(series[0], tmp_path / "first.mrc")
    list(write_series(series[1], watched, Habits(interval_s=0, style="atomic")))
    settings = settings_for(expect_tilts=len(_ANGLES), after=tmp_path / "first.mrc", align=align, tilt_axis="y")
    assert run(settings) == 0
    live = lt.read(settings.output).data

    if align == "com":
        series = [lt.centre_along_axis(lt.align(one)) for one in series]
    offline = lt.reconstruct(lt.join(series, [0, 90])).data
    assert np.linalg.norm(live - offline) < 0.05 * np.linalg.norm(offline)


def test_angles_of_both_series_are_flipped(volume, settings_for, tmp_path):
    lt.write(about_an_axis(volume, 0), tmp_path / "first.mrc")
    first = first_series(settings_for(after=tmp_path / "first.mrc", flip_angles=True))
    np.testing.assert_allclose(first.tilt_angles, -_ANGLES, atol=1e-4)


def test_a_first_series_of_other_size_ends_the_run_with_the_reason(volume, settings_for, watched, tmp_path):
    lt.write(about_an_axis(volume[:, :30], 0), tmp_path / "first.mrc")
    list(write_series(about_an_axis(volume, 90), watched, Habits(interval_s=0, style="atomic")))
    settings = settings_for(expect_tilts=len(_ANGLES), after=tmp_path / "first.mrc", tilt_axis="y")
    notes = []
    assert run(settings, on_status=lambda status: notes.append(status.note)) == 1
    assert "expected a first series with images of (40, 40)" in notes[-1]


def test_a_method_that_refuses_a_second_axis_is_told_before_anything_is_watched(volume, settings_for, tmp_path):
    lt.write(about_an_axis(volume, 0), tmp_path / "first.mrc")
    settings = settings_for(after=tmp_path / "first.mrc", method="constrained-fourier", finish_after_idle_s=0.3)
    with pytest.raises(ValueError, match="use wbp, sirt"):
        run(settings)
    assert not settings.journal_folder.exists()
    assert not settings.events.exists()


def test_a_method_that_refuses_a_second_axis_is_told_and_the_run_goes_on(volume, settings_for, watched, tmp_path):
    lt.write(about_an_axis(volume, 0), tmp_path / "first.mrc")
    list(write_series(about_an_axis(volume, 90), watched, Habits(interval_s=0, style="atomic")))
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    said = []

    def hear(status):
        if status.tilts and not any(earlier.tilts for earlier in said):
            viewer_end.send(Command("method", {"name": "constrained-fourier"}))
            viewer_end.send(Command("expect", {"n_tilts": len(_ANGLES)}))
        said.append(status)

    settings = settings_for(after=tmp_path / "first.mrc", tilt_axis="y")
    assert run(settings, PipeLink(engine_end), hear) == 0
    viewer_end.close()
    assert any("The method stays sirt: rotations_deg" in status.note for status in said)
    assert (said[-1].method, len(said[-1].tilts)) == ("sirt", len(_ANGLES))


def test_a_run_about_a_second_axis_ends_by_the_rule_of_its_method(volume):
    dart = DART(start_sweeps=2, round_sweeps=1)
    live = LiveReconstruction(SecondAxis(dart, about_an_axis(volume, 0), 90.0, is_aligned=False))
    live.add([Prepared("first", about_an_axis(volume, 90).projections[0], -60.0)])
    while not live.has_converged:
        list(live.refine())
    assert live.sweeps == dart.usual_sweeps


def test_a_run_about_a_second_axis_tells_how_far_a_sweep_moved_the_volume(volume):
    live = LiveReconstruction(SecondAxis(FISTATV(), about_an_axis(volume, 0), 90.0, is_aligned=False))
    live.add([Prepared("first", about_an_axis(volume, 90).projections[0], -60.0)])
    list(live.refine())
    assert live.changes[0] > 0


def test_a_file_without_angles_is_no_first_series(settings_for, tmp_path):
    np.save(tmp_path / "first.npy", np.ones((4, 8, 8), np.float32))
    with pytest.raises(LivetomoError):
        first_series(settings_for(after=tmp_path / "first.npy"))
