"""Frames are prepared as a whole series is offline."""

import numpy as np
import pytest

from livetomo.live.frame import Frame
from livetomo.live.prepare import Preparer
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
