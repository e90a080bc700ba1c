"""Alignment of a whole series."""

import numpy as np
import pytest

from livetomo.algorithms.align import align, centre_along_axis
from livetomo.kernels.projector import Projector
from livetomo.model import TiltSeries
from livetomo.sim.phantoms import particles


def test_a_tilt_without_numbers_leaves_the_others_aligned():
    angles = np.arange(-60, 61, 10.0)
    projections = Projector(angles, (32, 32, 32))(particles(32))
    projections = np.stack([np.roll(image, k % 5 - 2, axis=1) for k, image in enumerate(projections)])
    whole = align(TiltSeries(projections, angles)).shifts_px
    projections[7] = np.nan
    broken = align(TiltSeries(projections, angles)).shifts_px
    others = np.arange(len(angles)) != 7
    np.testing.assert_allclose(broken[others], whole[others], atol=0.1)
    assert np.ptp(whole[:, 1]) > 3


def test_what_has_no_weight_may_be_anything():
    angles = np.arange(-60, 61, 10.0)
    projections = np.rot90(Projector(angles, (32, 32, 32))(particles(32)), axes=(1, 2)).copy()
    counts = np.arange(len(angles)) != 7
    with pytest.warns(UserWarning, match="axis along the image's x"):
        whole = align(TiltSeries(projections, angles, tilt_axis_origin="assumed"))
    projections[7] = np.nan
    projections[7, 3, 3] = np.inf
    broken = TiltSeries(projections, angles, weights=counts.astype(float), tilt_axis_origin="assumed")
    with pytest.warns(UserWarning, match="axis along the image's x"):
        aligned = align(broken)
    np.testing.assert_allclose(aligned.shifts_px[counts], whole.shifts_px[counts], atol=0.1)
    centred = [centre_along_axis(series).shifts_px[counts] for series in (aligned, whole)]
    np.testing.assert_allclose(*centred, atol=0.1)
