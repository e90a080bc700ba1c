"""The projections themselves show which way the tilt axis lies."""

import numpy as np
import pytest

from livetomo import TiltSeries, align
from livetomo.algorithms.align import tilt_axis_evidence
from livetomo.sim.tilt_series import Imaging, simulate


@pytest.fixture(scope="module")
def helix():
    return simulate("helix", 48, np.arange(-60, 61, 6.0), Imaging(misalign_px=1, noise=0.01)).series


def turned(projections):
    return np.ascontiguousarray(np.rot90(projections, k=-1, axes=(1, 2)))


def test_an_axis_along_y_is_recognised(helix):
    assert tilt_axis_evidence(helix.projections, helix.tilt_angles) < 1 / 1.3


def test_an_axis_along_x_is_recognised(helix):
    assert tilt_axis_evidence(turned(helix.projections), helix.tilt_angles) > 1.3


def test_a_series_that_lies_on_its_side_is_turned_with_a_warning(helix):
    sideways = TiltSeries(turned(helix.projections), helix.tilt_angles, tilt_axis_origin="assumed")
    with pytest.warns(UserWarning, match="tilt_axis='x'"):
        aligned = align(sideways)
    assert aligned.tilt_axis_origin == "data"
    np.testing.assert_array_equal(aligned.projections, align(helix).projections)


def test_shifts_it_had_are_turned_with_it(helix):
    shifts = np.stack([np.arange(21.0), np.ones(21)], axis=1)
    sideways = TiltSeries(turned(helix.projections), helix.tilt_angles, shifts_px=shifts, tilt_axis_origin="assumed")
    with pytest.warns(UserWarning, match="tilt_axis='x'"):
        aligned = align(sideways, "none")
    np.testing.assert_array_equal(aligned.shifts_px, np.stack([-np.ones(21), np.arange(21.0)], axis=1))


def test_what_the_user_says_is_not_doubted(helix):
    sideways = TiltSeries(turned(helix.projections), helix.tilt_angles, tilt_axis_origin="user")
    assert align(sideways).tilt_axis_origin == "user"
