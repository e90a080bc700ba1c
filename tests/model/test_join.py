import numpy as np
import pytest

from livetomo.model import TiltSeries, join


def a_series(n_tilts, value, **fields):
    return TiltSeries(np.full((n_tilts, 4, 5), value, np.int16), np.arange(n_tilts) * 2.0, name=f"{value}", **fields)


def test_join_keeps_every_tilt_in_order_with_its_rotation():
    both = join([a_series(3, 1, pixel_size_nm=0.5), a_series(2, 7, shifts_px=np.ones((2, 2)))], [0, 90])

    assert both.projections[:, 0, 0].tolist() == [1, 1, 1, 7, 7]
    assert both.tilt_angles.tolist() == [0, 2, 4, 0, 2]
    assert both.rotations_deg.tolist() == [0, 0, 0, 90, 90]
    assert both.shifts_px.sum(axis=1).tolist() == [0, 0, 0, 2, 2]
    assert both.weights is None
    assert both.pixel_size_nm == 0.5


def test_weights_of_tilts_and_of_pixels_are_joined():
    pixels = np.ones((2, 4, 5))
    pixels[:, 1] = 0
    both = join([a_series(3, 1, weights=np.array([1, 0.5, 0])), a_series(2, 7, weights=pixels)], [0, 90])

    assert both.weights.shape == (5, 4, 5)
    assert both.weights[:, 1, 2].tolist() == [1, 0.5, 0, 0, 0]
    assert both.weights[:, 0, 2].tolist() == [1, 0.5, 0, 1, 1]


def test_weights_may_be_a_list():
    both = join([a_series(3, 1, weights=[1, 0.5, 0]), a_series(2, 7)], [0, 90])
    assert both.weights.tolist() == [1, 0.5, 0, 1, 1]


@pytest.mark.parametrize(
    ("others", "rotations", "words"),
    [
        ([], [], "at least one"),
        ([a_series(2, 1)], [0, 90], "one angle for each of 1 series"),
        ([a_series(2, 1), TiltSeries(np.zeros((2, 4, 6)), [0, 1])], [0, 90], r"images of \(4, 5\)"),
        ([a_series(2, 1, pixel_size_nm=1.0), a_series(2, 7, pixel_size_nm=2.0)], [0, 90], "pixels of 1 nm"),
    ],
)
def test_what_does_not_fit_together_is_refused(others, rotations, words):
    with pytest.raises(ValueError, match=words):
        join(others, rotations)


@pytest.mark.parametrize("weights", [np.ones(2), np.full(3, 1.5), np.array([1, np.nan, 1]), np.ones((3, 4, 4))])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights: expected"):
        a_series(3, 1, weights=weights)
