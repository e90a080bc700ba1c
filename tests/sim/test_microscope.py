"""What the simulated microscope writes is what the readers read."""

import numpy as np
import pytest

from livetomo.formats import read_contents
from livetomo.sim import Habits, replay, simulate, write_series
from livetomo.sim.microscope import Style


@pytest.fixture(scope="module")
def series():
    return simulate("helix", 24, np.array([-30.0, 0.0, 12.5])).series


@pytest.mark.parametrize("file_format", ["mrc", "tiff", "npy"])
@pytest.mark.parametrize("style", Style.__args__)
def test_every_format_and_style_leaves_whole_files(series, tmp_path, file_format, style):
    habits = Habits(format=file_format, style=style, interval_s=0, pause_s=0)
    written = list(write_series(series, tmp_path / "new", habits))
    assert [file.tilt_angle for file in written] == [-30.0, 0.0, 12.5]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(file.name for file in written)
    for file, projection in zip(written, series.projections, strict=True):
        contents = read_contents(tmp_path / "new" / file.name)
        np.testing.assert_array_equal(contents.data[0], projection)
        assert contents.pixel_size_nm == (None if file_format == "npy" else pytest.approx(1.0))


@pytest.mark.parametrize("header_count", ["early", "late", "after"])
def test_a_growing_stack_ends_up_whole_with_its_angles_beside_it(series, tmp_path, header_count):
    habits = Habits(format="growing-mrc", header_count=header_count, interval_s=0)
    names = [file.name for file in write_series(series, tmp_path, habits)]
    assert names == ["helix.mrc", "helix.mrc#1", "helix.mrc#2"]
    contents = read_contents(tmp_path / "helix.mrc")
    np.testing.assert_array_equal(contents.data, series.projections)
    np.testing.assert_allclose(contents.tilt_angles, series.tilt_angles)


def test_replay_keeps_the_interval_and_can_shuffle(series, tmp_path):
    written = list(replay(series, tmp_path, interval_s=0.1, order="shuffled"))
    assert sorted(file.tilt_angle for file in written) == [-30.0, 0.0, 12.5]
    assert [file.tilt_angle for file in written] != [-30.0, 0.0, 12.5]
    assert written[2].closed_at - written[0].closed_at == pytest.approx(0.2, abs=0.05)


def test_it_can_die_in_the_middle_of_a_file(series, tmp_path):
    written = list(write_series(series, tmp_path, Habits(interval_s=0, dies_in_tilt=1)))
    sizes = sorted(path.stat().st_size for path in tmp_path.iterdir())
    assert len(written) == 1
    assert sizes[0] < sizes[1]
