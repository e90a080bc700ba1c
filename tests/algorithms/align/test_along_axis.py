import numpy as np

from livetomo.algorithms.align import align, centre_along_axis
from livetomo.kernels.projector import Projector
from livetomo.model import TiltSeries


def test_two_series_of_a_specimen_beside_the_middle_share_its_centre():
    z, y, x = np.mgrid[:24, :24, :24]
    volume = np.exp(-((z - 11.5) ** 2 + (y - 15) ** 2 + (x - 9) ** 2) / 8).astype(np.float32)
    angles = np.arange(-60, 61, 10.0)
    centres = []
    for rotation in (0.0, 90.0):
        projections = Projector(angles, volume.shape, rotations_deg=np.full(len(angles), rotation))(volume)
        series = centre_along_axis(align(TiltSeries(projections, angles)))
        profile = series.projections[0].sum(axis=1)
        centres.append(float(profile @ (np.arange(24) - 11.5)) / profile.sum() + series.shifts_px[0, 0])

    np.testing.assert_allclose(centres, 0, atol=0.02)
