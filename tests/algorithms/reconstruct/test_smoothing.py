import numpy as np
import pytest

from livetomo.algorithms.reconstruct import method_named, reconstruct
from livetomo.algorithms.reconstruct.noise import noise_deviations, noise_of_an_update
from livetomo.kernels.packed import PackedGrid
from livetomo.model import Geometry, TiltSeries
from livetomo.sim.phantoms import particles
from livetomo.sim.tilt_series import Imaging, record

PLAIN_SIRT = {"tilts_per_subset": None, "damping": 0.0}


@pytest.fixture(scope="module")
def noisy():
    specimen = particles(96)[:, 40:56]
    return record(specimen, np.arange(-70, 71, 4.0), Imaging(noise=0.05))


def error(volume, truth):
    return np.linalg.norm(volume - truth) / np.linalg.norm(truth)


@pytest.fixture(scope="module")
def best_sirt_error(noisy):
    errors = [error(reconstruct(noisy.series, sweeps=n, **PLAIN_SIRT).data, noisy.volume) for n in (20, 30, 40, 60)]
    assert min(errors) < min(errors[0], errors[-1])  # the best lies between
    return min(errors)


@pytest.mark.parametrize(("method", "sweeps"), [("fista-tv", 20), ("asd-pocs", 30), ("huber", 20)])
def test_smoothing_has_at_most_six_tenths_of_the_error_of_the_best_sirt(noisy, best_sirt_error, method, sweeps):
    volume = reconstruct(noisy.series, method, sweeps=sweeps).data
    assert error(volume, noisy.volume) <= 0.6 * best_sirt_error
    assert volume.min() >= 0


@pytest.mark.parametrize("method", ["fista-tv", "huber"])
def test_more_weight_is_smoother(noisy, method):
    volumes = [reconstruct(noisy.series, method, sweeps=15, weight=weight).data for weight in (0, 2, 20)]
    roughness = [np.abs(np.diff(volume, axis=1)).sum() for volume in volumes]
    assert roughness[0] > 3 * roughness[1]
    assert roughness[1] > 1.04 * roughness[2]


def test_slices_smooth_each_other_across_lane_blocks_too(noisy):
    images = np.concatenate([noisy.series.projections[:, :11]] * 16, axis=1)
    series = TiltSeries(images, noisy.series.tilt_angles)
    edge = PackedGrid(Geometry.of(series).volume_shape, 96).lanes  # the first slice of the second block
    number, last = edge // 11, edge % 11 - 1
    assert 2 < number < 9
    assert last > 0
    copies = np.split(reconstruct(series, "fista-tv", sweeps=8).data, 16, axis=1)
    whole = copies[1]
    np.testing.assert_allclose(copies[number], whole, atol=0.02 * whole.max())
    alone = reconstruct(series.replace(projections=images[:, 11 * number : edge]), "fista-tv", sweeps=8).data
    assert np.abs(alone[:, -1] - whole[:, last]).max() > 0.1 * alone.max()


@pytest.mark.parametrize("tv_share", [0.02, 0.05, 0.2])
def test_asd_pocs_widens_its_envelope_by_the_share_of_the_tilts_that_arrive(noisy, tv_share):
    method, series = method_named("asd-pocs", tv_decay=1.0, tv_share=tv_share), noisy.series
    state = method.add(method.start(Geometry.of(series)), series.projections[:-6], series.tilt_angles[:-6])
    for _ in range(12):
        state = method.step(state)
    before, moved = state.descent_length, state.data_change
    state = method.add(state, series.projections[-6:], series.tilt_angles[-6:])
    noise_of_a_subset = noise_of_an_update(state.data, 0.0) * np.sqrt(36 / 4 * noisy.volume.size)
    widest = max(before, 0.3 * moved, 0.5 * noise_of_a_subset)
    assert state.descent_length == pytest.approx(min(before * (36 / 30) ** 1.5, widest))
    assert state.n_sweeps == 10


@pytest.mark.parametrize(("n_new", "n_merged"), [(1, 1), (5, 0)])
def test_few_new_tilts_among_many_leave_subsets_merged(n_new, n_merged):
    series = record(particles(48)[:, 20:28], np.arange(-70, 71, 2.0), Imaging(noise=0.05)).series
    method = method_named("fista-tv")
    state = method.add(method.start(Geometry.of(series)), series.projections[:-n_new], series.tilt_angles[:-n_new])
    for _ in range(20):
        state = method.step(state)
    assert state.merged > 1
    assert method.add(state, series.projections[-n_new:], series.tilt_angles[-n_new:]).merged == n_merged


def test_asd_pocs_shows_what_tv_left_and_new_tilts_while_the_data_come_in(noisy):
    method, series = method_named("asd-pocs"), noisy.series
    state = method.add(method.start(Geometry.of(series)), series.projections[:-1], series.tilt_angles[:-1])
    for _ in range(40):
        state = method.step(state)
    pieces = method.step_pieces(state, piece_s=0)
    while state.next_part < 1:
        next(pieces)
    shown = method.volume(state)
    while state.next_part < 5:
        next(pieces)
    pieces.close()
    np.testing.assert_array_equal(method.volume(state), shown)
    assert error(state.data.grid.unpack_volume(state.packed_volume), noisy.volume) > error(shown, noisy.volume)
    state = method.add(state, series.projections[-1:], series.tilt_angles[-1:])
    moved = method.volume(state) - shown
    assert 1e-4 < np.linalg.norm(moved) / np.linalg.norm(shown) < 0.1


def test_asd_pocs_with_more_tolerance_follows_the_data_less(noisy):
    strict, loose = (reconstruct(noisy.series, "asd-pocs", sweeps=30, tolerance=share) for share in (0.01, 0.4))
    assert loose.metadata["residual"] > 1.005 * strict.metadata["residual"]


def test_noise_is_found():
    random = np.random.default_rng(0)
    smooth = 50 * np.sin(np.arange(90) / 9)[:, None] * np.cos(np.arange(110) / 7)
    images = smooth + random.normal(0, [[[2.0]], [[5.0]]], (2, 90, 110))
    np.testing.assert_allclose(noise_deviations(images), [2, 5], rtol=0.05)
    np.testing.assert_allclose(noise_deviations(images[:, :1]), [2, 5], rtol=0.2)
    assert noise_deviations(images[:, :2, :2]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("method", "setting"),
    [
        ("fista-tv", "tv_steps"),
        ("huber", "edge"),
        ("asd-pocs", "tv_share"),
        ("asd-pocs", "tv_decay"),
        ("huber", "weight"),
    ],
)
def test_settings_out_of_range_are_named(method, setting):
    with pytest.raises(ValueError, match=setting):
        method_named(method, **{setting: -1})


@pytest.mark.parametrize(("method", "setting"), [("fista-tv", "weight"), ("huber", "weight"), ("huber", "edge")])
def test_settings_that_would_smooth_all_away_are_named(method, setting):
    with pytest.raises(ValueError, match=f"{setting}: expected 0 to"):
        method_named(method, **{setting: 1e9})
