"""What sets the iterative methods apart, beyond the contract that all keep."""

from pathlib import Path

import numpy as np
import pytest

from livetomo.algorithms.reconstruct import METHODS, StoppingRule, method_named, reconstruct
from livetomo.algorithms.reconstruct.stopping import noise_level
from livetomo.kernels.packed import PackedGrid
from livetomo.kernels.projector import Projector
from livetomo.model import Geometry, TiltSeries
from livetomo.sim.tilt_series import Imaging, simulate

N = 24
ANGLES = np.arange(-70, 71, 10.0)


def matrix(angles=ANGLES):
    A = Projector(angles, (N, 1, N))
    columns = [A(voxel.reshape(N, 1, N)).ravel() for voxel in np.eye(N * N, dtype=np.float32)]
    return np.array(columns, np.float64).T


def slice_data(seed=3):
    truth = np.zeros((N, 1, N), np.float32)
    truth[8:15, 0, 6:13] = truth[12:18, 0, 14:18] = 1
    b = Projector(ANGLES, truth.shape)(truth)
    return truth, b + np.random.default_rng(seed).normal(0, 0.3, b.shape).astype(np.float32)


def swept(method, b, sweeps):
    state = method.add(method.start(Geometry((N, 1, N), N)), b, ANGLES)
    first = method.volume(state)
    for _ in range(sweeps):
        state = method.step(state)
    return first.ravel().astype(np.float64), method.volume(state).ravel()


@pytest.mark.parametrize("name", ["cimmino", "landweber"])
def test_the_longest_step_that_is_allowed_does_not_diverge_far_from_the_axis(name):
    angles = np.arange(-70, 71, 5.0)
    geometry = Geometry((64, 1, 64), 64, axis_shift_px=60)
    b = Projector(angles, geometry.volume_shape, axis_shift_px=60)(np.ones(geometry.volume_shape, np.float32))
    method = method_named(name, relaxation=1.95, damping=0.0, positivity=False)
    state = method.add(method.start(geometry), b, angles)
    for _ in range(150):
        state = method.step(state)
    assert method.residual(state) < 0.2


def noisy_particles(noise=0.05, size=48):
    simulated = simulate("particles", size, np.arange(-70, 71, 4.0), Imaging(noise=noise))
    return simulated.volume, simulated.series


def error(volume, truth):
    return np.linalg.norm(volume.data - truth) / np.linalg.norm(truth)


def test_art_is_kaczmarz_ray_by_ray():
    _, b = slice_data()
    x, art = swept(method_named("art", relaxation=0.7, positivity=False, damping=0.0), b, 2)
    rows = matrix().reshape(len(ANGLES), N, N * N)
    for _ in range(2):
        for tilt in range(len(ANGLES)):
            for ray in [*range(0, N, 2), *range(1, N, 2)]:
                a = rows[tilt, ray]
                if a @ a > 1e-6:
                    x = x + 0.7 * a * (b[tilt, 0, ray] - a @ x) / (a @ a)
    np.testing.assert_allclose(art, x, atol=2e-4)


@pytest.mark.parametrize("name", ["landweber", "cimmino"])
def test_landweber_and_cimmino_take_their_step_from_the_largest_eigenvalue(name):
    _, b = slice_data()
    x, volume = swept(method_named(name, positivity=False, damping=0.0), b, 3)
    A = matrix()
    energies = (A**2).sum(axis=1)
    weights = (energies > 1e-6) / (np.maximum(energies, 1e-6) if name == "cimmino" else 1)
    largest = np.linalg.eigvalsh(A.T @ (weights[:, None] * A))[-1]
    for _ in range(3):
        x = x + A.T @ (weights * (b.ravel() - A @ x)) / largest
    np.testing.assert_allclose(volume, x, atol=2e-3)


@pytest.mark.parametrize("name", ["sirt", "cgls", "fista"])
def test_slices_that_do_not_fill_a_lane_block_go_as_if_they_were_alone(name):
    n_slices, method = 145, method_named(name, damping=0.0)
    grid = PackedGrid((N, n_slices, N), N)
    first = (grid.n_blocks - 1) * grid.lanes
    b = np.random.default_rng(0).random((len(ANGLES), n_slices, N), np.float32)
    volumes = []
    for projections in (b, b[:, first:]):
        state = method.add(method.start(Geometry((N, projections.shape[1], N), N)), projections, ANGLES)
        for _ in range(4):
            state = method.step(state)
        volumes.append(method.volume(state))
    np.testing.assert_allclose(volumes[0][:, first:], volumes[1], atol=1e-4 * volumes[1].max())


def test_cgls_is_that_of_the_textbook():
    _, b = slice_data()
    x, volume = swept(method_named("cgls", damping=0.0), b, 6)
    A = matrix()
    r = b.ravel() - A @ x
    s = A.T @ r
    p, energy = s, s @ s
    for _ in range(6):
        q = A @ p
        step = energy / (q @ q)
        x, r = x + step * p, r - step * q
        s = A.T @ r
        p, energy = s + (s @ s) / energy * p, s @ s
    np.testing.assert_allclose(volume, x, atol=2e-3)


def test_damped_cgls_ends_at_tikhonovs_solution():
    _, b = slice_data()
    _, volume = swept(method_named("cgls", damping=0.05), b, 60)
    A = matrix()
    normal = A.T @ A
    strength = 0.05 * np.linalg.eigvalsh(normal)[-1]
    np.testing.assert_allclose(volume, np.linalg.solve(normal + strength * np.eye(N * N), A.T @ b.ravel()), atol=2e-3)


def test_sirt_wbp_looks_like_sirt():
    volume, _ = noisy_particles()
    angles = np.arange(-90, 90, 4.0)
    series = TiltSeries(Projector(angles, volume.shape)(volume), angles)
    inside = np.hypot(*np.mgrid[:48, :48] - 23.5) < 19
    for iterations in (5, 20):
        settings = {"tilts_per_subset": None, "damping": 0.0, "positivity": False}
        sirt = reconstruct(series, "sirt", sweeps=iterations, **settings).data.transpose(0, 2, 1)[inside]
        filtered = reconstruct(series, "sirt-wbp", iterations=iterations).data.transpose(0, 2, 1)[inside]
        assert np.linalg.norm(filtered - sirt) < 0.08 * np.linalg.norm(sirt)


def test_bp_over_half_a_turn_keeps_the_mean_of_what_lies_within():
    truth, _ = slice_data()
    angles = np.arange(-90, 90, 3.0)
    wide = reconstruct(TiltSeries(Projector(angles, truth.shape)(truth), angles), "bp")
    assert wide.data.mean() == pytest.approx(truth.mean(), rel=0.15)


def test_fista_reaches_in_ten_sweeps_what_sirt_needs_a_hundred_for():
    truth, series = noisy_particles(noise=0.0)
    plain = reconstruct(series, "sirt", sweeps=100, tilts_per_subset=None, damping=0.0)
    fast = reconstruct(series, "fista", sweeps=10, damping=0.0)
    assert fast.metadata["residual"] < plain.metadata["residual"]
    assert error(fast, truth) < error(plain, truth)


def test_fista_does_not_diverge_with_a_subset_for_every_tilt():
    _, series = noisy_particles()
    volume = reconstruct(series, "fista", sweeps=40, tilts_per_subset=1, damping=0.0, relaxation=1.9)
    residuals = np.array(volume.metadata["residuals"])
    assert residuals[-1] <= residuals.min() * 1.02
    assert residuals[-1] < noise_level(series.projections)


def test_fista_keeps_to_bounds_and_support():
    truth, series = noisy_particles()
    top = float(truth.max())
    support = truth > 0
    volume = reconstruct(series, "fista", sweeps=6, upper_bound=0.8 * top, support=support, damping=0.0).data
    assert volume.min() == 0
    assert volume.max() == pytest.approx(0.8 * top)
    assert not volume[~support].any()
    free = reconstruct(series, "fista", sweeps=6)
    assert error(reconstruct(series, "fista", sweeps=6, support=support), truth) < 0.9 * error(free, truth)


def test_fista_refuses_what_cannot_be():
    _, series = noisy_particles()
    with pytest.raises(ValueError, match="upper_bound"):
        method_named("fista", upper_bound=-1.0)
    with pytest.raises(ValueError, match="support: expected a shape that broadcasts"):
        reconstruct(series, "fista", sweeps=1, support=np.ones((3, 3), bool))


@pytest.mark.parametrize("stopping", ["noise", "held-out"])
def test_stopping_at_the_noise_is_near_the_best_sweep(stopping):
    truth, series = noisy_particles()
    settings = {"tilts_per_subset": None, "damping": 0.0}
    errors = [error(reconstruct(series, sweeps=n, **settings), truth) for n in (5, 10, 20, 40, 80)]
    stopped = reconstruct(series, stopping=stopping, **settings)
    assert error(stopped, truth) < 1.15 * min(errors)
    assert stopped.metadata["sweeps"] < 80


def test_wrong_stopping_is_named():
    _, series = noisy_particles()
    with pytest.raises(ValueError, match="stopping: expected noise"):
        reconstruct(series, stopping="soon")
    few = TiltSeries(series.projections[:3], series.tilt_angles[:3])
    with pytest.raises(ValueError, match="at least 4 tilts"):
        reconstruct(few, stopping="held-out")


def test_noise_level_stops_only_when_it_is_reached():
    rule = StoppingRule(noise_level=0.2)
    assert rule.reason([0.5, 0.3]) is None
    assert "noise" in rule.reason([0.5, 0.3, 0.19])


def test_a_volume_that_still_moves_goes_on_though_the_residual_is_flat():
    rule, flat = StoppingRule(change=0.01), [0.2, 0.2, 0.2]
    assert rule.reason(flat, [0.1, 0.02, 0.005]) is None
    assert "moves the volume" in rule.reason(flat, [0.1, 0.005, 0.005])
    assert rule.reason(flat) is not None


@pytest.mark.parametrize("name", ["fista-tv", "huber", "asd-pocs"])
def test_smoothing_methods_end_once_the_volume_is_still(name):
    _, series = noisy_particles()
    by_residual = reconstruct(series, name, stopping=StoppingRule(change=1.0)).metadata
    by_both = reconstruct(series, name, stopping=StoppingRule(change=1e-3)).metadata
    assert by_residual["sweeps"] < by_both["sweeps"] <= 150


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_has_its_line_in_the_guide(name):
    guide = Path(__file__).parents[3] / "docs/how-to/choose-a-method.md"
    assert f"| `{name}` |" in guide.read_text(encoding="utf-8")


def test_auto_says_what_it_chose_and_why():
    _, noisy = noisy_particles()
    chose = reconstruct(noisy, "auto", sweeps=2).metadata["chose"]
    assert chose["method"] == "fista-tv"
    assert "noise is" in chose["reason"]
    z, x = np.mgrid[:48, :48] - 23.5
    smooth = np.repeat(np.exp(-(z**2 + x**2) / 60).astype(np.float32)[:, None], 8, axis=1)
    angles = np.arange(-70, 71, 5.0)
    projections = Projector(angles, smooth.shape)(smooth)
    assert reconstruct(TiltSeries(projections, angles), "auto", sweeps=2).metadata["chose"]["method"] == "fista"
    signed = projections * np.where(np.arange(8) % 2, 1, -1)[:, None].astype(np.float32)
    chose = reconstruct(TiltSeries(signed, angles), "auto", sweeps=2, background="keep").metadata["chose"]
    assert chose["settings"]["positivity"] is False


def test_auto_changes_its_mind_while_there_are_few_tilts():
    _, series = noisy_particles()
    method = method_named("auto")
    clean = np.repeat(np.repeat(series.projections[:1, :1, :1], 48, axis=1), 48, axis=2)
    state = method.add(method.start(Geometry.of(series)), clean, series.tilt_angles[:1])
    assert method.choice(state)["method"] == "fista"
    state = method.add(state, series.projections[1:], series.tilt_angles[1:])
    assert method.choice(state)["method"] == "fista-tv"
    assert np.isfinite(method.volume(method.step(state))).all()
    assert len(state.chosen.data) == len(series)
