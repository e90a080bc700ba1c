"""Alignment of a whole series."""

import numpy as np

from livetomo.algorithms.align import align
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
