import numpy as np
import pytest

from livetomo.algorithms.reconstruct import method_named, reconstruct
from livetomo.algorithms.reconstruct.fourier_lines import lane_pairs
from livetomo.kernels import packed
from livetomo.kernels.projector import Projector
from livetomo.model import Geometry, TiltSeries
from livetomo.sim.tilt_series import Imaging, simulate

ALL_ROUND = np.arange(-90, 90, 3.0)
WEDGE = np.arange(-70, 71, 4.0)


def disk(n_z=47, n_y=3, n_x=48, z=21.0, x=27.0, radius=12.0):
    rows, _, columns = np.ogrid[:n_z, :n_y, :n_x]
    inside = np.clip(radius + 0.5 - np.hypot(rows - z, columns - x), 0, 1)
    return np.ascontiguousarray(np.broadcast_to(inside * np.arange(1, n_y + 1)[:, None], (n_z, n_y, n_x)), np.float32)


def added(projections, angles, geometry, shifts_px=None, **settings):
    method = method_named("fourier", **settings)
    return method.volume(method.add(method.start(geometry), projections, angles, shifts_px))


def error(volume, truth):
    return np.linalg.norm(volume - truth) / np.linalg.norm(truth)


@pytest.mark.parametrize("n_y", [1, 3, 19])
def test_an_even_object_gets_its_density(n_y):
    truth = disk(n_y=n_y)
    volume = added(Projector(ALL_ROUND, truth.shape)(truth), ALL_ROUND, Geometry(truth.shape, 48), window="ramp")
    rows, columns = np.ogrid[:47, :48]
    middle = np.hypot(rows - 21, columns - 27) < 8
    levels = volume.transpose(1, 0, 2)[:, middle]
    np.testing.assert_allclose(levels.mean(axis=1), np.arange(1, n_y + 1), rtol=0.01)
    assert error(volume, truth) < 0.06


@pytest.mark.parametrize("window", ["ramp", "hann"])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_it_is_wbp_without_the_loss_of_interpolation(window, noise):
    simulated = simulate("particles", 48, WEDGE, Imaging(noise=noise))
    fourier = reconstruct(simulated.series, "fourier", window=window)
    wbp = reconstruct(simulated.series, "wbp", window=window)
    assert np.corrcoef(fourier.data.ravel(), wbp.data.ravel())[0, 1] > 0.95
    assert (fourier.data * wbp.data).sum() / (wbp.data**2).sum() == pytest.approx(1, abs=0.06)
    if not noise:
        assert error(fourier.data, simulated.volume) < 1.02 * error(wbp.data, simulated.volume)


def test_shifts_and_a_wandering_axis_are_taken_back():
    truth = disk(z=23.0, x=22.0)
    shifts = np.stack([np.zeros(60), np.linspace(-3.3, 4.7, 60)], axis=1)
    b = Projector(ALL_ROUND, truth.shape, shifts_px=shifts, axis_shift_px=1.5)(truth)
    volume = added(b, ALL_ROUND, Geometry(truth.shape, 48, axis_shift_px=1.5), shifts, window="ramp")
    assert error(volume, truth) < 0.06


def test_a_grid_wider_than_the_detector_shows_no_repeated_image():
    truth = disk(n_z=40, n_x=40, z=19.5, x=19.5, radius=9)
    wide = np.pad(truth, ((50, 50), (0, 0), (50, 50)))
    volume = added(Projector(ALL_ROUND, truth.shape)(truth), ALL_ROUND, Geometry(wide.shape, 40))
    assert error(volume, wide) < 0.2


def test_it_is_linear():
    b = Projector(WEDGE, (47, 3, 48))(disk())
    other = np.random.default_rng(2).normal(size=b.shape).astype(np.float32)
    geometry = Geometry((47, 3, 48), 48)
    whole = added(2 * b - 3 * other, WEDGE, geometry)
    parts = 2 * added(b, WEDGE, geometry) - 3 * added(other, WEDGE, geometry)
    np.testing.assert_allclose(whole, parts, atol=1e-3)


def test_slices_of_a_pair_do_not_mix():
    b = Projector(WEDGE, (47, 3, 48))(disk())
    b[:, 1] = 0
    volume = added(b, WEDGE, Geometry((47, 3, 48), 48))
    assert np.abs(volume[:, 1]).max() < 1e-4 * np.abs(volume).max()


def test_what_arrives_is_complete_at_once():
    truth = disk()
    b, geometry, method = Projector(WEDGE, truth.shape)(truth), Geometry(truth.shape, 48), method_named("fourier")
    state = method.start(geometry)
    for k in np.random.default_rng(0).permutation(len(WEDGE)):
        state = method.add(state, b[k : k + 1], WEDGE[k : k + 1])
    state = method.replace(state, 3, b[0], float(WEDGE[0]), np.zeros(2))
    live = method.volume(state)
    np.testing.assert_allclose(live, method.volume(method.step(state)), atol=5e-4)


@pytest.mark.parametrize(("lanes", "points", "pairs"), [(16, 10, 5), (24, 5, 4), (128, 1000, 7), (8, 0, 3)])
def test_batches_of_slices_are_all_alike(lanes, points, pairs):
    grid = packed.PackedGrid((4, 2 * pairs, 4), 4)
    grid.__dict__["lanes"] = lanes
    size = lane_pairs(grid, 1, points)
    assert (lanes // 2) % size == 0
    assert size <= max(points, 1)


def test_an_unknown_window_is_refused():
    with pytest.raises(ValueError, match="window: expected one of ramp"):
        reconstruct(TiltSeries(np.zeros((2, 3, 8), np.float32), np.array([0.0, 5])), "fourier", window="box")
