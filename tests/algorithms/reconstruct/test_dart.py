import numpy as np
import pytest

from livetomo.algorithms.reconstruct import method_named, reconstruct
from livetomo.algorithms.reconstruct.grey_levels import boundary, estimated_levels, labels_of
from livetomo.kernels.projector import Projector
from livetomo.model import Geometry, TiltSeries

ANGLES = np.linspace(-65, 65, 9)


def discrete_series(noise=0.0):
    z, _, x = np.mgrid[:40, :6, :40].astype(np.float32)
    truth = 3.0 * (((z - 18) ** 2 + (x - 21) ** 2 < 150) & ((z - 21) ** 2 + (x - 25) ** 2 > 16)).astype(np.float32)
    b = Projector(ANGLES, truth.shape)(truth)
    return truth, TiltSeries(b + np.random.default_rng(5).normal(0, noise, b.shape).astype(np.float32), ANGLES)


def error(volume, truth):
    return np.linalg.norm(volume - truth) / np.linalg.norm(truth)


def cut(volume):
    return 3.0 * (volume > 1.5)


@pytest.mark.parametrize(("noise", "grey_levels"), [(0.0, (0.0, 3.0)), (0.0, None), (1.0, (0.0, 3.0))])
def test_dart_sees_through_the_wedge_where_sirt_does_not(noise, grey_levels):
    truth, series = discrete_series(noise)
    dart = reconstruct(series, "dart", sweeps=150, grey_levels=grey_levels).data
    sirt = reconstruct(series, "os-sirt", sweeps=150, tilts_per_subset=4).data
    assert error(dart, truth) < 0.8 * error(sirt, truth)
    assert error(cut(dart), truth) < 0.5 * error(cut(sirt), truth)


def test_levels_are_found_and_follow_the_unit():
    truth, _ = discrete_series()
    truth[30:38, :, 2:10] = 7
    noisy = np.maximum(truth + np.random.default_rng(2).normal(0, 0.2, truth.shape).astype(np.float32), 0)
    levels = estimated_levels(noisy, 3)
    np.testing.assert_allclose(levels, [0, 3, 7], atol=0.1)
    np.testing.assert_allclose(estimated_levels(noisy * 50, 3), levels * 50, rtol=1e-4)
    assert (labels_of(truth, levels) == np.searchsorted([0, 3, 7], truth)).all()


def test_only_faces_between_labels_are_boundary():
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[2, 2, 2] = 1
    edge = boundary(labels)
    assert edge.sum() == 7
    assert not edge[1, 1, 2]


def test_fixed_voxels_keep_their_level():
    _, series = discrete_series()
    method = method_named("dart", grey_levels=(0.0, 3.0), free_share=0.0, start_sweeps=5)
    state = method.add(method.start(Geometry.of(series)), series.projections, series.tilt_angles)
    for _ in range(7):
        state = method.step(state)
    is_level = np.isin(method.volume(state), [0.0, 3.0])
    fixed = state.data.grid.unpack_volume(state.fixed) >= 0
    assert 0.5 < fixed.mean() < 1
    assert is_level[fixed].all()
    state = method.add(state, series.projections[:1], series.tilt_angles[:1])
    assert state.n_sweeps == 4  # one tilt of many: one of the five sweeps at the start is done again
    assert not state.fixed.size


@pytest.mark.parametrize(
    "wrong",
    [
        {"grey_levels": (1.0,)},
        {"grey_levels": (3.0, 0.0)},
        {"grey_levels": (-1.0, 1.0)},
        {"n_levels": 1},
        {"free_share": 1.2},
        {"smoothing": -0.1},
        {"start_sweeps": 0},
        {"round_sweeps": 0},
        {"seed": -1},
        {"grey_levels": 1.0},
        {"grey_levels": (0.0, float("inf"))},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        method_named("dart", **wrong)


def test_dart_does_its_rounds_when_no_sweeps_are_given():
    _, series = discrete_series()
    volume = reconstruct(series, "dart", start_sweeps=3, round_sweeps=2)
    assert volume.metadata["sweeps"] == 3 + 10 * 2
