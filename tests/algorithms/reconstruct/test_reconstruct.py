from pathlib import Path

import numpy as np
import pytest

from livetomo.algorithms.reconstruct import METHODS, SIRT, StoppingRule, method_named, reconstruct
from livetomo.kernels.projector import Projector
from livetomo.model import Geometry, TiltSeries
from livetomo.sim.phantoms import particles
from livetomo.sim.tilt_series import Imaging, simulate

PLAIN_SIRT = {"tilts_per_subset": None, "damping": 0.0}
SHARED_DATA = Path(__file__).parents[4] / "shared/data"
TA_FILM, NEEDLE = SHARED_DATA / "ta-film", SHARED_DATA / "needle/HAADF.mrc"


def disc_series(tilt_angles, shape=(48, 3, 48), **projector_settings):
    z, x = np.mgrid[:48, :48] - 23.5
    volume = np.repeat(((z**2 + x**2) < 14**2).astype(np.float32)[:, None], 3, axis=1)
    return volume, TiltSeries(Projector(tilt_angles, shape, **projector_settings)(volume), tilt_angles, 2.5)


def error(volume, truth):
    return np.linalg.norm(volume.data - truth) / np.linalg.norm(truth)


@pytest.mark.parametrize("window", ["ramp", "shepp-logan", "cosine", "hamming", "hann"])
def test_wbp_keeps_the_scale_with_every_window(window):
    truth, series = disc_series(np.arange(0, 180, 3.0))
    volume = reconstruct(series, "wbp", window=window)
    assert volume.data[18:30, 1, 18:30].mean() == pytest.approx(1, abs=0.01)
    assert error(volume, truth) < 0.25


@pytest.mark.parametrize("rotation", [0.0, 90.0])
@pytest.mark.parametrize("name", ["wbp", "bp", "sirt-wbp"])
def test_filtered_back_projection_is_complete_after_every_tilt(name, rotation):
    projections, angles = np.random.default_rng(0).random((5, 9, 12), np.float32), np.array([-40.0, 50, 0, 20, -10])
    method = method_named(name)
    state = method.start(Geometry((12, 9, 12), 12))
    for k in range(5):
        state = method.add(state, projections[[k]], angles[[k]], rotations_deg=np.array([rotation]))
    state = method.replace(state, 1, projections[1], 60.0, np.zeros(2))
    at_once = method.volume(state)
    np.testing.assert_allclose(at_once, method.volume(method.step(state)), atol=1e-5 * np.abs(at_once).max())


def test_wbp_weighs_unequal_steps():
    tilt_angles = np.concatenate([np.arange(-90, 0, 1.0), np.arange(0, 90, 6.0)])
    truth, series = disc_series(tilt_angles)
    weighted = reconstruct(series, "wbp")
    assert weighted.data[18:30, 1, 18:30].mean() == pytest.approx(1, abs=0.02)
    twice = TiltSeries(np.concatenate([series.projections] * 2), np.concatenate([tilt_angles, tilt_angles + 180]))
    mirrored = twice.replace(projections=np.concatenate([series.projections, series.projections[:, :, ::-1]]))
    np.testing.assert_allclose(reconstruct(mirrored, "wbp").data, weighted.data, atol=1e-3)


def test_sirt_finds_the_disc_and_tells_how():
    truth, series = disc_series(np.arange(-88, 92, 4.0))
    calls = []
    volume = reconstruct(series, sweeps=25, progress=lambda *words: calls.append(words))
    assert error(volume, truth) < 0.12
    assert volume.voxel_size_nm == 2.5
    assert volume.metadata["sweeps"] == len(calls) == 25
    assert calls[-1] == (25, 25, volume.metadata["residual"])
    assert volume.metadata["settings"]["positivity"] is True


def test_stopping_rule_ends_the_sweeps():
    _, series = disc_series(np.arange(-80, 81, 8.0))
    loose = reconstruct(series, stopping=StoppingRule(tolerance=0.1))
    assert loose.metadata["sweeps"] < 40
    assert "falls less" in loose.metadata["stopped_because"]
    capped = reconstruct(series, stopping=StoppingRule(tolerance=0, max_sweeps=7))
    assert capped.metadata["sweeps"] == 7
    assert reconstruct(series, "wbp").metadata["stopped_because"] == "did 1 sweep"


@pytest.mark.parametrize("tilt_angles", [[0.0], [90.0], [-90.0, 90.0], [10, 10, 10], [-63, -10, -9.5, 40]])
@pytest.mark.parametrize("method", sorted(METHODS))
def test_few_and_odd_tilts_are_reconstructed(method, tilt_angles):
    _, series = disc_series(np.array(tilt_angles, float))
    volume = reconstruct(series, method, sweeps=4)
    assert np.isfinite(volume.data).all()
    assert volume.data.max() > 0


def test_single_slice_and_counts_are_reconstructed():
    truth, series = disc_series(np.arange(-90, 90, 5.0))
    one = series.replace(projections=np.round(series.projections[:, :1] * 100).astype(np.uint16))
    volume = reconstruct(one, sweeps=30)
    assert volume.data.shape == (48, 1, 48)
    assert np.linalg.norm(volume.data / 100 - truth[:, :1]) / np.linalg.norm(truth[:, :1]) < 0.12


def test_shifts_of_the_series_are_undone():
    tilt_angles = np.arange(-88, 92, 4.0)
    z, y, x = np.mgrid[:48, :20, :48].astype(np.float32)
    truth = np.exp(-((z - 20) ** 2 + (y - 9) ** 2 + (x - 28) ** 2) / 18).astype(np.float32)
    shifts_px = np.random.default_rng(4).uniform(-2.5, 2.5, (len(tilt_angles), 2))
    moved = Projector(tilt_angles, truth.shape, shifts_px=shifts_px)(truth)
    series = TiltSeries(moved, tilt_angles)
    aligned = reconstruct(series.replace(shifts_px=shifts_px), sweeps=20)
    assert error(aligned, truth) < 0.06
    assert error(reconstruct(series, sweeps=20), truth) > 0.2


def test_wide_grid_takes_what_lies_beside_the_field():
    tilt_angles = np.arange(-88, 92, 4.0)
    truth, series = disc_series(tilt_angles)
    narrow = series.replace(projections=series.projections[:, :, 14:34])
    wide = reconstruct(narrow, sweeps=40, field_of_view=2.0)
    assert wide.data.shape == (40, 3, 40)
    assert wide.metadata["residual"] < 0.5 * reconstruct(narrow, sweeps=40).metadata["residual"]


def test_axis_shift_moves_the_axis():
    tilt_angles = np.arange(-88, 92, 4.0)
    truth, series = disc_series(tilt_angles, axis_shift_px=3.5)
    assert error(reconstruct(series, sweeps=25, axis_shift_px=3.5), truth) < 0.12
    assert error(reconstruct(series, sweeps=25), truth) > 0.2


def test_wrong_arguments_are_named():
    _, series = disc_series(np.array([0.0, 30]))
    with pytest.raises(ValueError, match="method: expected one of sirt, wbp"):
        reconstruct(series, "magic")
    with pytest.raises(ValueError, match="window: sirt has no such setting; it has relaxation"):
        reconstruct(series, "sirt", window="hann")
    with pytest.raises(ValueError, match="name: sirt has no such setting"):
        method_named("sirt", name="wbp")
    with pytest.raises(ValueError, match="sweeps"):
        reconstruct(series, sweeps=0)
    with pytest.raises(ValueError, match="stopping: expected without sweeps"):
        reconstruct(series, sweeps=3, stopping="noise")
    with pytest.raises(ValueError, match="relaxation"):
        method_named("sirt", relaxation=2.5)
    with pytest.raises(ValueError, match="window"):
        method_named("wbp", window="blackman")
    images = series.projections.copy()
    images[1, 0, :7] = np.nan
    with pytest.raises(ValueError, match="got 7 that are NaN, infinite or larger"):
        reconstruct(series.replace(projections=images))


@pytest.mark.skipif(not TA_FILM.is_dir(), reason="the Ta film data set is not here")
@pytest.mark.parametrize(("area", "least"), [(8, 0.88), (12, 0.86)])
@pytest.mark.parametrize("settings", [{}, PLAIN_SIRT], ids=["default", "plain"])
def test_ta_film_agrees_with_the_published_volume(area, least, settings):
    from scipy.io import loadmat

    projections = loadmat(TA_FILM / f"Projections_area{area}.mat")["Proj_sub"].transpose(2, 1, 0)  # from (x, y, tilt)
    published = loadmat(TA_FILM / f"ReconObj_sub{area}.mat")["reconstruction"].transpose(2, 1, 0)  # from (x, y, z)
    tilt_angles = -next(v for k, v in loadmat(TA_FILM / "angles.mat").items() if k[0] != "_")[:, 1]
    series = TiltSeries(projections, tilt_angles, 0.03216)
    volume = reconstruct(series, sweeps=60, field_of_view=1.75, **settings).data
    margin = (volume.shape[0] - 131) // 2
    cropped = volume[margin : margin + 131, :, margin : margin + 131]
    assert np.corrcoef(cropped.ravel(), published.ravel())[0, 1] >= least


@pytest.mark.skipif(not NEEDLE.is_file(), reason="the needle data set is not here")
def test_needle_is_explained_after_sixty_sweeps_once_it_is_aligned():
    from livetomo.algorithms.align import align
    from livetomo.formats import read

    series = read(NEEDLE)
    assert reconstruct(align(series, method="com"), sweeps=60).metadata["residual"] <= 0.055
    assert reconstruct(series, sweeps=5).metadata["residual"] > 0.3


def test_plain_sirt_is_that_of_gregor_and_benson():
    tilt_angles = np.array([-50.0, 0, 20, 65])
    _, series = disc_series(tilt_angles)
    n = series.projections.shape[2]
    A = Projector(tilt_angles, (n, 1, n))
    b = series.projections[:, :1].astype(np.float32)
    row_sums, column_sums = A(np.ones((n, 1, n), np.float32)), A.T(np.ones_like(b))
    x = np.zeros((n, 1, n), np.float32)
    for _ in range(5):
        x = np.maximum(x + A.T((b - A(x)) / np.maximum(row_sums, 1e-3)) / np.maximum(column_sums, 1e-3), 0)
    method, geometry = SIRT(**PLAIN_SIRT), Geometry((n, 1, n), n)
    state = method.add(method.start(geometry), b, tilt_angles)
    for _ in range(4):
        state = method.step(state)
    inside = np.s_[n // 4 : -n // 4, 0, n // 4 : -n // 4]
    np.testing.assert_allclose(method.volume(state)[inside], x[inside], atol=2e-3 * x.max())


def test_the_volume_does_not_remember_in_which_order_the_tilts_came():
    series = simulate("particles", 48, np.arange(-70, 71, 5.0), Imaging(noise=0.01)).series
    method = SIRT()
    state = method.start(Geometry.of(series))
    for tilt in np.random.default_rng(2).permutation(len(series)):
        state = method.add(state, series.projections[[tilt]], series.tilt_angles[[tilt]])
        for _ in range(3):
            state = method.step(state)
    for _ in range(20):
        state = method.step(state)
    difference = method.volume(state) - reconstruct(series, sweeps=60).data
    assert np.linalg.norm(difference) < 0.02 * np.linalg.norm(method.volume(state))


def test_a_stored_offset_is_subtracted_unless_kept():
    _, series = disc_series(np.arange(-60, 61, 10.0))
    lowered = series.replace(projections=series.projections - 100.0)
    np.testing.assert_allclose(
        reconstruct(lowered, sweeps=3).data, reconstruct(series, sweeps=3).data, atol=1e-3 * series.projections.max()
    )
    assert reconstruct(lowered, sweeps=3, background="keep").data.max() == 0


@pytest.mark.parametrize("method", ["sirt", "fista-tv", "asd-pocs", "dart"])
def test_an_offset_goes_without_an_empty_field_too_where_no_voxel_may_be_negative(method):
    full = np.random.default_rng(0).uniform(-100, -50, (4, 3, 16))
    volume = reconstruct(TiltSeries(full, [-60, -20, 20, 60]), method, 2)
    assert volume.metadata["background"] == "removed"
    assert volume.data.max() > 0


@pytest.mark.parametrize(
    ("method", "settings"), [("cgls", {}), ("wbp", {}), ("auto", {}), ("sirt", {"positivity": False})]
)
def test_values_below_zero_keep_their_sign_where_the_volume_may(method, settings):
    volume, angles = particles(24), np.arange(-70, 71, 5.0)
    projections = Projector(angles, volume.shape)(volume)
    up, down = (reconstruct(TiltSeries(sign * projections, angles), method, 5, **settings) for sign in (1, -1))
    assert down.metadata["background"] == "kept"
    error = np.linalg.norm(down.data + volume) / np.linalg.norm(volume)
    assert error < 1.2 * np.linalg.norm(up.data - volume) / np.linalg.norm(volume) + 0.05


@pytest.mark.parametrize("stopping", ["noise", "held-out", StoppingRule(0.5, 0.5)])
def test_no_rule_ends_dart_before_a_voxel_has_a_level(stopping):
    _, series = disc_series(np.arange(-60, 61, 10.0))
    found = reconstruct(series, "dart", stopping=stopping, start_sweeps=4, round_sweeps=3)
    assert found.metadata["sweeps"] >= 7
