"""The reconstruction of half the resolution sees the same specimen, and leads to the same end sooner."""

import pickle

import numpy as np
import pytest

from livetomo.algorithms.reconstruct import coarser, method_named
from livetomo.kernels.projector import Projector
from livetomo.model import Geometry
from livetomo.sim.phantoms import particles
from livetomo.sim.tilt_series import Imaging, record

METHODS = ["fista-tv", "huber", "asd-pocs"]
ANGLES = np.linspace(-90, 80, 13)


def blob(shape, pixel_size):
    """Sample a blob off the centre, as wide as some voxels."""
    z, y, x = (pixel_size * (np.arange(size) - (size - 1) / 2) for size in shape)
    squares = (z[:, None, None] - 6) ** 2 + (y[:, None] + 3) ** 2 + (x - 9) ** 2
    return np.exp(-squares / (2 * 6**2)).astype(np.float32)


@pytest.fixture(scope="module")
def few_tilts():
    return record(particles(96)[:, 28:68], np.arange(-70, 71, 10.0), Imaging(noise=0.03))


def added(method, series, numbers=slice(None)):
    _, n_y, n_x = series.projections.shape
    state = method.start(Geometry((n_x, n_y, n_x), n_x))
    return method.add(state, series.projections[numbers], series.tilt_angles[numbers])


def swept(method, state, n_sweeps):
    for _ in range(n_sweeps):
        state = method.step(state)
    return state


@pytest.mark.parametrize("shape", [(96, 40, 96), (97, 41, 97)])
@pytest.mark.parametrize("rotation", [0.0, 90.0])
def test_it_sees_the_same_specimen(shape, rotation):
    method, axis_shift, shifts = method_named("fista-tv"), 1.7, np.stack([np.zeros(13), np.linspace(-4, 3, 13)], axis=1)
    rotations = np.full(len(ANGLES), rotation)
    words = {"shifts_px": shifts, "axis_shift_px": axis_shift, "rotations_deg": rotations}
    projections = Projector(ANGLES, shape, **words)(blob(shape, 1))
    state = method.start(Geometry(shape, shape[2], axis_shift))
    state = method.add(state, projections, ANGLES, shifts, rotations_deg=rotations)
    data = state.coarser.state.data
    half = data.geometry
    words = {"shifts_px": shifts / 2, "axis_shift_px": half.axis_shift_px, "rotations_deg": rotations}
    expected = Projector(ANGLES, half.volume_shape, half.detector_width, **words)(blob(half.volume_shape, 2))
    seen = data.images(np.arange(len(ANGLES)))
    assert np.linalg.norm(seen - expected) < 0.03 * np.linalg.norm(expected)


@pytest.mark.parametrize("name", METHODS)
def test_with_few_tilts_it_is_nearer_after_as_many_sweeps(name, few_tilts, monkeypatch):
    method, errors = method_named(name), []
    for start in (coarser.start, lambda *_: None):
        monkeypatch.setattr(coarser, "start", start)
        volume = method.volume(swept(method, added(method, few_tilts.series), 8))
        errors.append(np.linalg.norm(volume - few_tilts.volume))
    assert errors[0] < 0.9 * errors[1]


@pytest.mark.parametrize("name", ["fista-tv", "huber", "constrained-fourier"])
def test_it_leads_to_the_same_end(name, monkeypatch):
    simulated = record(particles(96)[:, 28:68], np.arange(-90, 90, 8.0), Imaging(noise=0.02))
    method, volumes = method_named(name), []
    for start in (coarser.start, lambda *_: None):
        monkeypatch.setattr(coarser, "start", start)
        volumes.append(method.volume(swept(method, added(method, simulated.series), 60)))
    assert np.linalg.norm(volumes[0] - volumes[1]) < 0.05 * np.linalg.norm(volumes[1])


@pytest.mark.parametrize("name", ["fista-tv", "huber", "constrained-fourier"])
def test_tilts_one_by_one_end_near_all_at_once(name, few_tilts):
    method, series = method_named(name), few_tilts.series
    singly = added(method, series, slice(0, 1))
    for k in range(1, len(series.tilt_angles)):
        singly = method.add(singly, series.projections[k : k + 1], series.tilt_angles[k : k + 1])
        singly = pickle.loads(pickle.dumps(method.step(singly)))
    volumes = [method.volume(swept(method, state, 40)) for state in (singly, added(method, series))]
    errors = [np.linalg.norm(volume - few_tilts.volume) / np.linalg.norm(few_tilts.volume) for volume in volumes]
    assert errors[0] < 1.05 * errors[1]


@pytest.mark.parametrize("name", METHODS)
def test_dead_pixels_and_a_replaced_tilt_leave_no_trace(name, few_tilts):
    method, series, volumes = method_named(name), few_tilts.series, []
    weights = np.ones_like(series.projections)
    weights[::2, 10:14, 40:50] = 0
    for spoilt in (0, 50):
        projections = series.projections + np.float32(spoilt) * (weights == 0)
        projections[3] += spoilt
        state = method.start(Geometry((96, 40, 96), 96))
        state = method.add(state, projections, series.tilt_angles, weights=weights)
        state = method.replace(state, 3, series.projections[3], float(series.tilt_angles[3]), np.zeros(2), weights[3])
        volumes.append(method.volume(swept(method, state, 30)))
    assert np.linalg.norm(volumes[1] - volumes[0]) < 0.05 * np.linalg.norm(volumes[0])


@pytest.mark.parametrize("name", [*METHODS, "constrained-fourier"])
def test_no_tilts_change_nothing(name, few_tilts):
    method = method_named(name)
    state = method.step(added(method, few_tilts.series, slice(0, 0)))
    assert not method.volume(state).any()
    state = method.step(added(method, few_tilts.series))
    before = method.volume(state)
    state = method.add(state, few_tilts.series.projections[:0], few_tilts.series.tilt_angles[:0])
    np.testing.assert_array_equal(method.volume(state), before)


def test_small_grids_have_none_nor_those_seen_from_many_sides(few_tilts):
    method, series = method_named("fista-tv"), few_tilts.series
    state = added(method, series)
    assert state.coarser is not None
    assert method.add(state, series.projections, series.tilt_angles + 5).coarser is None
    assert coarser.start(method_named("fista-tv"), Geometry((60, 200, 60), 60)) is None
    assert coarser.start(method_named("fista-tv"), Geometry((64, 8, 64), 64)) is None
