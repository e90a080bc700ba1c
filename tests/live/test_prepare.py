"""Frames are prepared as a whole series is offline."""

import numpy as np
import pytest

from livetomo.algorithms.reconstruct.sirt import SIRT
from livetomo.live.frame import Frame
from livetomo.live.prepare import Preparer
from livetomo.live.reconstruction import LiveReconstruction
from livetomo.model import TiltSeries
from livetomo.pipeline import preparation, prepare_series


@pytest.mark.parametrize("background", ["auto", "keep"])
def test_a_frame_is_prepared_as_offline(settings_for, background):
    image = np.random.default_rng(0).normal(-100, 1, (12, 16)).astype(np.float32)
    image[4:8, 6:10] += 50
    chain = preparation("x", 2, background)
    offline = prepare_series(TiltSeries(image[None], np.zeros(1)), chain).projections[0]
    prepare = Preparer(settings_for(tilt_axis="x", bin=2, background=background))
    live = prepare(Frame("one", image, 0.0)).projection
    np.testing.assert_array_equal(live, offline)
    assert (np.median(live) < -50) == (background == "keep")


def test_hot_pixels_go_unless_they_are_to_be_kept(settings_for):
    image = np.random.default_rng(0).normal(10, 1, (12, 16)).astype(np.float32)
    image[5, 6] = 3000
    removed, kept = (
        Preparer(settings_for(hot_pixels=word))(Frame("one", image, 0.0)).projection for word in ("remove", "keep")
    )
    assert removed.max() < 20
    assert kept.max() > 2900


def test_a_frame_is_float32_whatever_is_left_as_it_is(settings_for):
    prepare = Preparer(settings_for(background="keep", hot_pixels="keep"))
    projection = prepare(Frame("one", np.arange(12, dtype=np.int16).reshape(3, 4), 0.0)).projection
    assert projection.dtype == np.float32
    np.testing.assert_array_equal(projection, np.arange(12).reshape(3, 4))


def test_frames_before_and_after_the_turn_to_an_axis_along_x_show_the_same_pixels(settings_for):
    frame = Frame("one", np.random.default_rng(0).uniform(0, 9, (17, 21)).astype(np.float32), 0.0)
    prepare, before = Preparer(settings_for(bin=2)), LiveReconstruction(SIRT())
    before.add([prepare(frame)])
    prepare.turn()
    np.testing.assert_array_equal(prepare(frame).projection, before.turned().projections[0])
