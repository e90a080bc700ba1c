import numpy as np
import pytest

from livetomo.algorithms.reconstruct import StoppingRule, method_named, reconstruct
from livetomo.algorithms.reconstruct.fourier_lines import FourierLines
from livetomo.algorithms.reconstruct.fourier_normal import convolved, multiplier
from livetomo.algorithms.reconstruct.fourier_weights import row_powers, trust
from livetomo.kernels import packed
from livetomo.model import Geometry, TiltSeries
from livetomo.sim.tilt_series import Imaging, simulate

WEDGE = np.arange(-70, 71, 4.0)
FEW = np.array([-68.0, -61, -43, -20, -16, 3, 14, 31, 52, 66])


def particles(noise=0.0, angles=WEDGE, size=48):
    simulated = simulate("particles", size, angles, Imaging(noise=noise))
    return simulated.volume, simulated.series


def error(volume, truth):
    return np.linalg.norm(volume - truth) / np.linalg.norm(truth)


def line_matrix(lines, n_z, n_x):
    """(tilt k, z x): the samples of a slice, by their definition."""
    z, x = np.mgrid[:n_z, :n_x].reshape(2, -1) - np.array([[(n_z - 1) / 2], [(n_x - 1) / 2]])
    k_z, k_x = lines.points_zx_rad.astype(np.float64)
    return np.exp(-1j * (np.outer(k_z, z) + np.outer(k_x, x)))


def test_lines_and_their_normal_operator_are_those_of_the_definition():
    n_z, n_x, n_y = 7, 10, 3
    geometry, random = Geometry((n_z, n_y, n_x), 9, axis_shift_px=0.7), np.random.default_rng(0)
    angles, dx_px = np.array([-50.0, 0, 33, 90]), np.array([0, 1.25, -2, 0.5])
    lines = FourierLines.of(geometry, angles, dx_px)
    samples = line_matrix(lines, n_z, n_x)
    weights = random.random((4, len(lines.frequencies))).astype(np.float32)
    weights = weights + weights[:, np.r_[0, len(lines.frequencies) - 1 : 0 : -1]]

    slices = random.normal(size=(2, n_z, n_x)).astype(np.complex64)
    expected = (samples.conj().T * weights.ravel()) @ samples @ slices.reshape(2, -1).T
    given = convolved(slices, multiplier(lines, weights, np.zeros(9))).reshape(2, -1).T
    np.testing.assert_allclose(given, expected, atol=2e-4 * np.abs(expected).max())

    rows = random.normal(size=(4, n_y, 9)).astype(np.float32)
    pixels = np.arange(9) - 4
    landing = 0.7 - dx_px
    spectra = np.einsum(
        "tyx,tkx->ytk", rows, np.exp(-2j * np.pi * (pixels - landing[:, None, None]) * lines.frequencies[:, None])
    )
    expected = ((spectra * weights).reshape(n_y, -1) @ samples.conj()).real.reshape(n_y, n_z, n_x).transpose(1, 0, 2)
    grid = packed.PackedGrid(geometry.volume_shape, 9)
    packed_rows, volume = grid.new_projections(4), grid.new_volume()
    grid.pack_projections(rows, packed_rows)
    packed.run(lines.backproject_tasks(grid, packed_rows, np.arange(4), weights, volume, keep=False))
    np.testing.assert_allclose(grid.unpack_volume(volume), expected, atol=2e-4 * np.abs(expected).max())


@pytest.mark.parametrize("angles", [WEDGE, FEW], ids=["wedge", "few and uneven"])
def test_without_noise_it_sees_more_than_wbp_and_sirt(angles):
    truth, series = particles(angles=angles)
    seen = error(reconstruct(series, "constrained-fourier", sweeps=30).data, truth)
    assert seen < 0.5 * error(reconstruct(series, "wbp").data, truth)
    assert seen < 0.9 * error(reconstruct(series, sweeps=100, tilts_per_subset=None, damping=0.0).data, truth)


def test_with_noise_it_settles_below_the_best_of_sirt():
    truth, series = particles(noise=0.05)
    errors = [
        error(reconstruct(series, sweeps=n, tilts_per_subset=None, damping=0.0).data, truth) for n in (10, 20, 40)
    ]
    settled = reconstruct(series, "constrained-fourier", stopping=StoppingRule(tolerance=1e-3))
    assert settled.metadata["sweeps"] < 60
    assert error(settled.data, truth) < min(errors)
    trusting = reconstruct(series, "constrained-fourier", sweeps=60, noise_factor=0.0)
    assert error(trusting.data, truth) > 1.3 * error(settled.data, truth)


def test_with_few_tilts_from_one_side_it_ends_when_the_volume_is_still():
    truth, series = particles(noise=0.05, angles=np.arange(-70, -40, 2.0), size=64)
    alone = reconstruct(series, "constrained-fourier", support=np.ones((1, 1, 1), bool), sweeps=200)
    led = reconstruct(series, "constrained-fourier")
    assert error(led.data, truth) < 1.05 * error(alone.data, truth)
    assert led.metadata["sweeps"] < 150


def test_it_keeps_to_positivity_and_support():
    truth, series = particles(angles=FEW)
    support = truth.max(axis=1, keepdims=True) > 0
    free = reconstruct(series, "constrained-fourier", sweeps=15, positivity=False).data
    positive = reconstruct(series, "constrained-fourier", sweeps=15).data
    within = reconstruct(series, "constrained-fourier", sweeps=15, support=support).data
    assert free.min() < 0 <= positive.min()
    assert not within[~np.broadcast_to(support, within.shape)].any()
    assert error(within, truth) < error(positive, truth) < error(free, truth)


def test_one_tilt_is_explained():
    _, series = particles()
    one = TiltSeries(series.projections[5:6], series.tilt_angles[5:6])
    volume = reconstruct(one, "constrained-fourier", sweeps=20)
    assert np.isfinite(volume.data).all()
    assert volume.metadata["residual"] < 0.1


def test_a_new_tilt_keeps_what_was_reached():
    truth, series = particles()
    method, n = method_named("constrained-fourier"), len(series) - 1
    state = method.add(method.start(Geometry.of(series)), series.projections[:n], series.tilt_angles[:n])
    for _ in range(15):
        state = method.step(state)
    before = error(method.volume(state), truth)
    state = method.add(state, series.projections[n:], series.tilt_angles[n:])
    assert error(method.volume(state), truth) < 1.2 * before
    assert error(method.volume(method.step(state)), truth) < 1.05 * before


def test_pixels_cannot_be_weighed_and_axes_not_turned():
    _, series = particles()
    method = method_named("constrained-fourier")
    state = method.start(Geometry.of(series))
    with pytest.raises(ValueError, match="weights: expected one number a tilt"):
        method.add(state, series.projections, series.tilt_angles, weights=np.ones(series.projections.shape))
    with pytest.raises(ValueError, match="rotations_deg: expected none"):
        method.add(state, series.projections, series.tilt_angles, rotations_deg=np.full(len(series), 90.0))
    assert not len(state.data)


def test_every_slice_gets_its_turn_when_sweeps_are_cut_short():
    shape = (16, 200, 16)
    b = np.ones((3, 200, 16), np.float32)
    method = method_named("constrained-fourier")
    state = method.add(method.start(Geometry(shape, 16)), b, np.array([-30.0, 0, 40]))
    for _ in range(40):
        pieces = method.step_pieces(state, piece_s=0.0)
        for _ in range(16):
            next(pieces, None)
        pieces.close()
    assert state.n_done.min() > 0
    assert np.ptp(state.n_done) <= 1


def test_trust_is_the_share_of_signal():
    random = np.random.default_rng(1)
    noise = random.normal(size=(3, 40, 64)).astype(np.float32)
    blob = 20 * np.exp(-((np.arange(64) - 31.5) ** 2) / 50).astype(np.float32)
    noisy = trust(row_powers(noise + blob, 151).mean(axis=0), noise_power=64.0)
    assert noisy[0] > 0.99
    assert noisy[-20:].max() < 0.05
    clean = trust(row_powers(0 * noise + blob, 151).mean(axis=0), noise_power=64.0)
    assert clean[:10].min() > 0.999
    assert (trust(np.zeros(76), noise_power=0.0) == 1).all()


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="noise_factor: expected a finite"):
        method_named("constrained-fourier", noise_factor=-1.0)
    with pytest.raises(ValueError, match="support: expected a shape that broadcasts"):
        method_named("constrained-fourier", support=np.ones((3, 3), bool)).start(Geometry((8, 4, 8), 8))
