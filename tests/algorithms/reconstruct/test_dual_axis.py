import numpy as np
import pytest

from livetomo.algorithms.reconstruct import reconstruct
from livetomo.kernels.projector import Projector
from livetomo.model import TiltSeries, join
from livetomo.sim.phantoms import particles

_ANGLES = np.arange(-60, 61, 4.0)


def series_about_an_axis(volume, rotation_deg, angles=_ANGLES):
    rotations = np.full(len(angles), rotation_deg)
    return TiltSeries(Projector(angles, volume.shape, rotations_deg=rotations)(volume), angles)


@pytest.mark.parametrize("method", ["sirt", "fista", "cgls", "fista-tv", "wbp"])
def test_a_second_axis_fills_the_missing_wedge(method):
    volume = particles(48)
    once = reconstruct(series_about_an_axis(volume, 0, np.arange(-60, 61, 2.0)), method, sweeps=8)
    both = [series_about_an_axis(volume, rotation) for rotation in (0, 90)]
    twice = reconstruct(join(both, [0, 90]), method, sweeps=8)

    errors = [np.linalg.norm(found.data - volume) / np.linalg.norm(volume) for found in (once, twice)]
    assert errors[1] < 0.9 * errors[0]


def test_a_rotation_between_the_axes_is_found_again():
    volume = particles(48)
    both = [series_about_an_axis(volume, rotation) for rotation in (0.0, 87.0)]
    right, wrong = (reconstruct(join(both, [0, second]), sweeps=10) for second in (87, 93))

    errors = [np.linalg.norm(found.data - volume) for found in (right, wrong)]
    assert errors[0] < 0.8 * errors[1]
    assert right.metadata["residual"] < wrong.metadata["residual"]


@pytest.mark.parametrize("method", ["fista", "fista-tv", "huber"])
def test_momentum_comes_to_rest_over_two_axes(method):
    volume = particles(32)
    both = join([series_about_an_axis(volume, rotation) for rotation in (0, 90)], [0, 90])
    noise = np.random.default_rng(0).normal(0, 0.02 * both.projections.max(), both.projections.shape)
    noisy = both.replace(projections=(both.projections + noise).astype(np.float32))
    assert reconstruct(noisy, method).metadata["sweeps"] < 100
