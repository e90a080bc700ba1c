import numpy as np
import pytest

from livetomo.algorithms.reconstruct import method_named, reconstruct
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.noise import damping_for_noise, residual_of_noise, typical_density
from livetomo.kernels.projector import Projector
from livetomo.model import Geometry, TiltSeries
from livetomo.sim.phantoms import particles

_ANGLES = np.arange(-70, 71, 4.0)


@pytest.fixture(scope="module")
def volume():
    return particles(48)[:, 16:32]


@pytest.fixture(scope="module")
def projections(volume):
    return Projector(_ANGLES, volume.shape)(volume)


def error_of(found, volume):
    return np.linalg.norm(found.data - volume) / np.linalg.norm(volume)


@pytest.mark.parametrize("method", ["sirt", "fista-tv", "cgls", "wbp"])
def test_a_spoilt_tilt_of_no_weight_does_no_harm(volume, projections, method):
    spoilt, weights = projections.copy(), np.ones(len(_ANGLES))
    spoilt[9], weights[9] = 1e4, 0
    set_aside = reconstruct(TiltSeries(spoilt, _ANGLES, weights=weights), method, sweeps=10)
    clean = reconstruct(TiltSeries(projections, _ANGLES), method, sweeps=10)

    assert error_of(set_aside, volume) < 1.1 * error_of(clean, volume)


@pytest.mark.parametrize("method", ["sirt", "sart", "art", "landweber", "cimmino", "cav", "fista", "huber", "asd-pocs"])
def test_a_dead_area_is_reconstructed_from_the_other_tilts(volume, projections, method):
    dead, weights = projections.copy(), np.ones_like(projections)
    dead[10:20, 4:10, 20:28], weights[10:20, 4:10, 20:28] = np.nan, 0
    with_weights = reconstruct(TiltSeries(dead, _ANGLES, weights=weights), method, sweeps=60)
    as_zeros = reconstruct(TiltSeries(np.nan_to_num(dead), _ANGLES), method, sweeps=60)

    assert np.isfinite(with_weights.data).all()
    assert error_of(with_weights, volume) < 0.8 * error_of(as_zeros, volume)


def test_the_dose_as_weight_lowers_the_error(volume, projections):
    random, noise = np.random.default_rng(0), np.where(np.arange(len(_ANGLES)) % 2, 0.02, 0.6) * projections.max()
    noisy = projections + random.normal(0, noise[:, None, None], projections.shape)
    by_dose = reconstruct(TiltSeries(noisy, _ANGLES, weights=(noise.min() / noise) ** 2), sweeps=5)
    evenly = reconstruct(TiltSeries(noisy, _ANGLES), sweeps=5)

    assert error_of(by_dose, volume) < 0.8 * error_of(evenly, volume)


def test_a_shift_along_the_axis_takes_the_weights_with_it(volume):
    shifts = np.zeros((len(_ANGLES), 2))
    shifts[::2, 0] = 2.4
    moved = Projector(_ANGLES, volume.shape, shifts_px=shifts)(volume)
    weights = np.ones_like(moved)
    weights[::2, 5:7, 10:40] = 0
    dead = np.where(weights > 0, moved, np.float32(np.nan))
    found = reconstruct(TiltSeries(dead, _ANGLES, shifts_px=shifts, weights=weights), sweeps=10)
    whole = reconstruct(TiltSeries(moved, _ANGLES, shifts_px=shifts), sweeps=10)

    assert error_of(found, volume) < 1.3 * error_of(whole, volume)


@pytest.mark.parametrize("method", ["sirt", "fista-tv"])
def test_rows_that_a_shift_brings_from_beyond_the_image_are_not_taken_for_measured(method):
    tall, n_rows = particles(48), 16
    shifts = np.zeros((len(_ANGLES), 2))
    shifts[::2, 0] = 6
    seen = Projector(_ANGLES, tall.shape, shifts_px=shifts)(tall)[:, 16 : 16 + n_rows]
    found = reconstruct(TiltSeries(seen, _ANGLES, shifts_px=shifts), method, sweeps=15).data
    every_other = reconstruct(TiltSeries(seen[1::2], _ANGLES[1::2]), method, sweeps=30).data

    at_the_edge = slice(0, 5)
    errors = [np.linalg.norm((one - tall[:, 16 : 16 + n_rows])[:, at_the_edge]) for one in (found, every_other)]
    assert errors[0] < 1.25 * errors[1]


def test_a_replaced_projection_keeps_the_weights_of_its_pixels(projections):
    held, weights, shift = HeldData.none(Geometry((48, 16, 48), 48)), np.ones_like(projections[:2]), np.array([3.0, 0])
    weights[:, 4:8] = 0
    image = np.where(weights > 0, projections[:2], np.float32(np.nan))
    held.add(image, _ANGLES[:2], np.stack([shift, shift]), weights)
    before = held.weights(np.arange(2))
    held.replace(1, image[1], _ANGLES[1], shift)
    np.testing.assert_array_equal(held.weights(np.arange(2)), before)
    held.replace(1, image[1], _ANGLES[1], -shift)
    assert (held.weights(np.arange(2))[1, 1:5] == 0).all()
    assert (held.weights(np.arange(2))[1, 5:13] == 1).all()


@pytest.mark.parametrize("figure", [typical_density, residual_of_noise, lambda data: damping_for_noise(data, 0.0)])
def test_noise_counts_the_pixels_that_count(projections, figure):
    noisy = (projections + np.random.default_rng(0).normal(0, 0.5, projections.shape)).astype(np.float32)
    cropped, masked = (HeldData.none(Geometry((48, n_rows, 48), 48)) for n_rows in (8, 16))
    cropped.add(noisy[:, :8], _ANGLES, None)
    weights = np.ones_like(noisy)
    weights[:, 8:] = 0
    masked.add(noisy, _ANGLES, None, weights)
    np.testing.assert_allclose(figure(masked), figure(cropped), rtol=1e-3)


def test_nan_without_a_weight_of_zero_is_refused_with_the_remedy(projections):
    spoilt = projections.copy()
    spoilt[3, 2, 1] = np.nan
    with pytest.raises(ValueError, match="got 1 that are NaN, infinite or larger, in tilt 3; give weights of 0 there"):
        reconstruct(TiltSeries(spoilt, _ANGLES))


def test_held_out_tilts_are_chosen_among_those_that_count(volume, projections):
    weights = np.ones(len(_ANGLES))
    weights[::3] = 0
    found = reconstruct(TiltSeries(projections, _ANGLES, weights=weights), stopping="held-out")

    assert "held out" in found.metadata["stopped_because"]
    assert error_of(found, volume) < 0.5


def test_nothing_that_counts_gives_an_empty_volume(projections):
    for method in ("sirt", "fista", "fista-tv", "asd-pocs", "cgls", "wbp", "dart"):
        chosen, nothing = method_named(method), np.zeros(len(_ANGLES))
        geometry = Geometry.of(TiltSeries(projections, _ANGLES))
        state = chosen.add(chosen.start(geometry), projections, _ANGLES, np.zeros((len(_ANGLES), 2)), nothing)
        assert not chosen.volume(chosen.step(state)).any()


def test_weights_too_small_for_float32_do_not_count(projections):
    with pytest.raises(ValueError, match="a projection that counts"):
        reconstruct(TiltSeries(projections, _ANGLES, weights=np.full(len(_ANGLES), 1e-25)), "cgls", sweeps=2)


def test_weights_of_tilts_and_of_pixels_are_given_back_together():
    data, dead = HeldData.none(Geometry((6, 5, 6), 6)), np.ones((1, 5, 6))
    dead[0, 2, 3] = 0
    for angle, weights in ((0.0, None), (10.0, dead), (20.0, np.array([0.5]))):
        data.add(np.ones((1, 5, 6), np.float32), np.array([angle]), None, weights)
    expected = np.concatenate([np.ones((1, 5, 6)), dead, np.full((1, 5, 6), 0.5)])
    np.testing.assert_array_equal(data.weights(np.arange(3)), expected)


@pytest.mark.parametrize("method", ["sirt", "cgls", "fista", "fista-tv", "constrained-fourier"])
def test_noisy_tilts_of_hardly_any_weight_are_as_good_as_left_out(volume, projections, method):
    noisy, weights = projections.copy(), np.ones(len(_ANGLES))
    noisy[::3] += np.random.default_rng(0).normal(0, 0.3 * noisy.max(), noisy[::3].shape).astype(np.float32)
    found = []
    for weight in (0, 1e-4):
        weights[::3] = weight
        found.append(reconstruct(TiltSeries(noisy, _ANGLES, weights=weights), method))
    assert error_of(found[1], volume) < 1.1 * error_of(found[0], volume)
    assert found[1].metadata["residual"] < 2 * found[0].metadata["residual"]
