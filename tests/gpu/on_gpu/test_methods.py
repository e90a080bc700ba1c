"""Every method gives on CuPy arrays what it gives on NumPy arrays, or refuses."""

import pickle

import cupy
import numpy as np
import pytest

import livetomo as lt
from livetomo.algorithms.reconstruct import METHODS, coarser, method_named
from livetomo.algorithms.reconstruct.held_out import sweeps_by_held_out_tilts
from livetomo.algorithms.reconstruct.stopping import noise_level
from livetomo.algorithms.reconstruct.tilts import Tilts
from livetomo.arrays import namespace_on

ON_CPU_ONLY = {"fourier", "constrained-fourier"}
SETTINGS = {
    "asd-pocs": {"tv_steps": 2},
    "dart": {"start_sweeps": 1, "round_sweeps": 1, "free_share": 0.0},
    "fista": {"upper_bound": 2.0},
}
SHAPE, WIDTH = (5, 9, 5), 5
ANGLES = np.array([-60.0, -20, 35, 70, 90])
SHIFTS = np.array([[0, 0.3], [0.5, 0], [-1, 0], [0, -0.7], [0.2, 0.2]])


def specimen():
    z, y, x = np.indices(SHAPE, np.float32)
    return np.exp(-((z - 2) ** 2 + (x - 3) ** 2 + (y - 4) ** 2 / 6) / 3).astype(np.float32)


def images(rotations=None):
    noise = np.random.default_rng(0).normal(scale=0.02, size=(len(ANGLES), 9, WIDTH))
    return (lt.Projector(ANGLES, SHAPE, rotations_deg=rotations)(specimen()) + noise).astype(np.float32)


def grown(device, method, projections, weights=None, rotations=None):
    """All tilts but one at once, a sweep, the last one, and a sweep more."""
    take, geometry = namespace_on(device).asarray, lt.Geometry(SHAPE, WIDTH, 0.5, device)
    state = method.start(geometry)
    for some in (slice(0, 4), slice(4, 5)):
        given = weights if weights is None else take(weights[some])
        turned = rotations if rotations is None else rotations[some]
        state = method.step(method.add(state, take(projections[some]), ANGLES[some], SHIFTS[some], given, turned))
    return state


def assert_same(method, *data):
    on_gpu, on_cpu = (grown(device, method, *data) for device in ("cuda", "cpu"))
    assert isinstance(method.volume(on_gpu), cupy.ndarray)
    np.testing.assert_allclose(method.volume(on_gpu).get(), method.volume(on_cpu), atol=2e-4)
    assert method.residual(on_gpu) == pytest.approx(method.residual(on_cpu), rel=1e-4)
    return on_gpu, on_cpu


@pytest.mark.parametrize("name", METHODS.keys() - ON_CPU_ONLY)
def test_method_gives_the_same_volume(name):
    assert_same(method_named(name, **SETTINGS.get(name, {})), images())


@pytest.mark.parametrize("name", ["fista-tv", "asd-pocs"])
def test_a_coarser_one_goes_ahead(name, monkeypatch):
    monkeypatch.setattr(coarser, "_LEAST_WIDTH", 2)
    monkeypatch.setattr(coarser, "_LEAST_VOXELS", 1)
    monkeypatch.setattr(coarser, "_TILTS_FOR_WIDTH", 9)
    state, _ = assert_same(method_named(name, **SETTINGS.get(name, {})), images())
    assert isinstance(state.coarser.carried, cupy.ndarray)


@pytest.mark.parametrize("name", sorted(ON_CPU_ONLY))
def test_method_of_the_processor_says_so(name):
    with pytest.raises(TypeError, match=f"^{name}: expected NumPy arrays, .*got CuPy arrays; .*get.*wbp, sirt"):
        grown("cuda", method_named(name), images())


@pytest.mark.parametrize("name", ["sirt", "fista", "cgls", "wbp"])
def test_two_axes(name):
    rotations = np.array([0.0, 0, 90, 90, 90])
    assert_same(method_named(name), images(rotations), None, rotations)


@pytest.mark.parametrize("name", ["sirt", "cgls", "auto"])
def test_weights_of_pixels_and_a_replaced_tilt(name):
    weights = np.ones((5, 9, 5), np.float32)
    weights[:, 3:5, 2], weights[1] = 0, 0.5
    spoilt = np.where(weights > 0, images(), np.float32(np.nan))
    method = method_named(name)
    states = assert_same(method, spoilt, weights)
    ends = []
    for device, state in zip(("cuda", "cpu"), states, strict=True):
        new = namespace_on(device).asarray(images()[1])
        state = pickle.loads(pickle.dumps(method.replace(state, 1, new, -25.0, SHIFTS[1])))
        ends.append(method.volume(method.step(state)))
    np.testing.assert_allclose(ends[0].get(), ends[1], atol=2e-4)


def test_support():
    support = specimen() > 0.05
    on_gpu, on_cpu = (method_named("fista", support=take(support)) for take in (cupy.asarray, np.asarray))
    volume = on_gpu.volume(grown("cuda", on_gpu, images()))
    np.testing.assert_allclose(volume.get(), on_cpu.volume(grown("cpu", on_cpu, images())), atol=2e-4)
    with pytest.raises(TypeError, match="support: expected a CuPy array"):
        on_cpu.start(lt.Geometry(SHAPE, WIDTH, device="cuda"))


def test_a_series_is_reconstructed_where_it_lives():
    projections = images() - 5
    series = lt.TiltSeries(cupy.asarray(projections), ANGLES)
    both = lt.join([series, series], [0, 90])
    assert len(both) == 10
    assert isinstance(both.projections, cupy.ndarray)
    volume = lt.reconstruct(series, sweeps=2, field_of_view=1.4)
    expected = lt.reconstruct(lt.TiltSeries(projections, ANGLES), sweeps=2, field_of_view=1.4)
    assert isinstance(volume.data, cupy.ndarray)
    assert volume.metadata["residual"] == pytest.approx(expected.metadata["residual"], rel=1e-4)
    np.testing.assert_allclose(volume.data.get(), expected.data, atol=2e-4)


def test_stopping_looks_at_either():
    found = []
    for device in ("cuda", "cpu"):
        geometry, projections = lt.Geometry(SHAPE, WIDTH, device=device), namespace_on(device).asarray(images())
        tilts = Tilts.checked(geometry, projections, ANGLES)
        found.append((noise_level(tilts.measured), sweeps_by_held_out_tilts(lt.SIRT(), geometry, tilts, max_sweeps=3)))
    assert found[0] == pytest.approx(found[1])


def test_what_runs_on_the_processor_says_so(tmp_path):
    series = lt.TiltSeries(cupy.asarray(images()), ANGLES)
    assert lt.centre_along_axis(series).shifts_px == pytest.approx(
        lt.centre_along_axis(lt.TiltSeries(images(), ANGLES)).shifts_px
    )
    with pytest.raises(TypeError, match="projections: expected a NumPy array, because alignment runs on the processor"):
        lt.align(series)
    with pytest.raises(TypeError, match="item: expected a NumPy array, because files are written from the host"):
        lt.write(series, tmp_path / "series.mrc")


def test_nothing_moves_by_itself():
    method, weights = method_named("sirt"), np.ones((5, 9, 5))
    state = method.start(lt.Geometry(SHAPE, WIDTH, device="cuda"))
    with pytest.raises(TypeError, match="projections: expected a CuPy array, .*got a NumPy array; cupy.asarray"):
        method.add(state, images(), ANGLES)
    with pytest.raises(TypeError, match="weights: expected a CuPy array"):
        method.add(state, cupy.asarray(images()), ANGLES, weights=weights)
    with pytest.raises(TypeError, match="projections: expected a NumPy array, .*got a CuPy array; .get()"):
        method.add(method.start(lt.Geometry(SHAPE, WIDTH)), cupy.asarray(images()), ANGLES)
