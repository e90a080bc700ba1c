"""Turning the tilt axis parallel to y."""

import numpy as np
import pytest

from livetomo.formats import read, write
from livetomo.formats.orient import axis_degrees, turn, turned_shifts
from livetomo.model import TiltSeries

IMAGES = np.random.default_rng(0).integers(0, 100, (2, 6, 9)).astype(np.int16)


@pytest.mark.parametrize(("axis", "quarters"), [("y", 0), ("x", 1), (90, 1), (-90, 3), (180, 2), (270.0, 3), ("90", 1)])
def test_quarter_turns_move_pixels(axis, quarters):
    turned = turn(IMAGES, axis)
    np.testing.assert_array_equal(turned, np.rot90(IMAGES, quarters, axes=(1, 2)))
    assert turned.dtype == IMAGES.dtype


@pytest.mark.parametrize("degrees", [85.3, -86.7, 12.0, 45.0, 178.0])
def test_an_axis_drawn_in_the_image_comes_to_lie_along_y(degrees):
    y, x = np.mgrid[-40:41, -40:41]
    angle = np.deg2rad(degrees)
    distance = x * np.cos(angle) + y * np.sin(angle)  # from the line along (−sin, cos) in (x, y)
    image = np.exp(-((distance / 3) ** 2)).astype(np.float32)
    turned = turn(image, degrees)
    straight = np.exp(-((x / 3) ** 2))
    np.testing.assert_allclose(turned[15:-15, 15:-15], straight[15:-15, 15:-15], atol=0.02)


def test_the_end_of_the_axis_that_points_to_minus_x_comes_to_plus_y():
    image = np.zeros((7, 7))
    image[3, 0] = 1
    assert turn(image, "x")[6, 3] == 1


def test_stack_and_single_image_agree():
    np.testing.assert_array_equal(turn(IMAGES, 33.0)[1], turn(IMAGES[1], 33.0))


def test_outside_takes_the_median_of_the_rim():
    assert turn(np.full((20, 20), 7, np.uint8), 45.0).min() == pytest.approx(7, abs=1e-4)


@pytest.mark.parametrize("axis", ["x", "y", -90, 180, 30.0, -84.3])
def test_shifts_turn_with_the_images(axis):
    y, x = np.mgrid[-40:41, -40:41]

    def turned_spot(dy, dx):
        return turn(np.exp(-((y - dy) ** 2 + (x - dx) ** 2) / 8), axis)

    [[dy, dx]] = turned_shifts(np.array([[7.0, -3.0]]), axis)
    np.testing.assert_allclose(turned_spot(7, -3), np.exp(-((y - dy) ** 2 + (x - dx) ** 2) / 8), atol=0.01)


def test_shifts_of_a_file_turn_with_its_images(tmp_path):
    series = TiltSeries(IMAGES, [-3, 3], shifts_px=[[1, 2], [3, 4]])
    write(series, tmp_path / "a.h5")
    np.testing.assert_array_equal(read(tmp_path / "a.h5").shifts_px, [[1, 2], [3, 4]])
    np.testing.assert_allclose(read(tmp_path / "a.h5", tilt_axis="x").shifts_px, [[-2, 1], [-4, 3]], atol=1e-12)


@pytest.mark.parametrize("axis", ["z", None, float("nan"), "north"])
def test_wrong_axis(axis):
    with pytest.raises(ValueError, match="tilt_axis: expected"):
        axis_degrees(axis)


def test_the_user_is_believed_over_the_file(shared_data):
    series = read(shared_data / "needle/HAADF.mrc", tilt_axis="y")
    assert series.tilt_axis_origin == "user"
    turned = read(shared_data / "needle/HAADF.mrc")
    assert turned.tilt_axis_origin == "file"
    np.testing.assert_array_equal(turned.projections, np.rot90(series.projections, axes=(1, 2)))
