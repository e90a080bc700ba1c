"""What every reconstruction method must keep, live and in batch. Run a new method through all of ``CHECKS``."""

import pickle
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from livetomo.kernels.projector import Projector
from livetomo.model import Geometry

_SHAPE = (24, 6, 24)
_ANGLES = np.linspace(-90, 86, 36) + 1.5 * np.sin(np.arange(36))  # enough, all round: there is only one solution
_SHIFTS_PX = np.stack([np.zeros(36), np.linspace(-1.5, 2, 36)], axis=1)
_MANY_SWEEPS = 400
_SOME_SWEEPS = 60
_QUARTERS = -1
"""What a rotation by 90° from x to y is for ``numpy.rot90`` with axes (y, x)."""


def specimen() -> np.ndarray:
    """Give a (z, y, x) volume of blobs that fit into the view."""
    z, y, x = np.mgrid[:24, :6, :24].astype(np.float32)
    blobs = np.exp(-((z - 9) ** 2 + (x - 14) ** 2) / 12) + 0.7 * np.exp(-((z - 15) ** 2 + (x - 8) ** 2) / 8)
    return np.asarray(blobs * (1 + 0.2 * y), np.float32)


def measurement() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give (tilt, y, x) projections of the specimen, (tilt,) degrees and (tilt, 2) shifts."""
    return Projector(_ANGLES, _SHAPE, shifts_px=_SHIFTS_PX)(specimen()), _ANGLES, _SHIFTS_PX


def one_by_one_is_all_at_once(method: Any) -> None:
    """Require that tilts which arrive singly, shuffled, with a sweep between, end where all at once ends."""
    projections, angles, shifts = measurement()
    singly = method.start(_geometry())
    for k in np.random.default_rng(1).permutation(len(angles)):
        singly = method.step(method.add(singly, projections[k : k + 1], angles[k : k + 1], shifts[k : k + 1]))
    _assert_same(method.volume(_swept(method, singly, _MANY_SWEEPS)), _converged(method)[0], tolerance=0.02)


def replace_is_having_added_the_right_one(method: Any) -> None:
    """Require that a projection which came wrong and was replaced leaves no trace."""
    projections, angles, shifts = measurement()
    wrong, wrong_angles = projections.copy(), angles.copy()
    wrong[4], wrong_angles[4] = wrong[9] * 2, 20
    state = _swept(method, method.add(method.start(_geometry()), wrong, wrong_angles, shifts), 5)
    state = method.replace(state, 4, projections[4], float(angles[4]), shifts[4])
    _assert_same(method.volume(_swept(method, state, _MANY_SWEEPS)), _converged(method)[0], tolerance=0.02)


def scale_goes_through(method: Any) -> None:
    """Require that projections in other units give the volume in other units."""
    state, scaled = _swept(method, _all_at_once(method), 3), _swept(method, _all_at_once(method, factor=50), 3)
    _assert_same(method.volume(scaled) / 50, method.volume(state), tolerance=1e-4)
    assert abs(method.residual(scaled) - method.residual(state)) < 1e-4


def first_tilt_shows_at_once(method: Any) -> None:
    """Require something in the volume after the first ``add``, and the residual 1 before the first sweep."""
    projections, angles, shifts = measurement()
    state = method.add(method.start(_geometry()), projections[:1], angles[:1], shifts[:1])
    assert method.volume(state).max() > 0
    assert method.residual(state) == 1.0


def residual_falls(method: Any) -> None:
    """Require that the residual falls and is that of the volume."""
    first = method.residual(_swept(method, _all_at_once(method), 1))
    volume, residual = _converged(method)
    b, (_, angles, shifts) = measurement()[0], measurement()
    misfit = Projector(angles, _SHAPE, shifts_px=shifts)(volume) - b
    assert residual <= first + 1e-6
    assert abs(residual - np.linalg.norm(misfit) / np.linalg.norm(b)) < 2e-3


def pieces_are_a_step(method: Any) -> None:
    """Require that sweeps in pieces, once left in the middle, end where whole sweeps end."""
    state = _all_at_once(method)
    next(iter(method.step_pieces(state, piece_s=0.0)))
    for _ in range(_MANY_SWEEPS):
        for _ in method.step_pieces(state, piece_s=0.0):
            pass
    _assert_same(method.volume(state), _converged(method)[0], tolerance=0.005)


def volume_is_a_copy(method: Any) -> None:
    """Require that what ``volume`` gave stays as it was when the sweeps go on."""
    state = _all_at_once(method)
    volume = method.volume(state)
    before = volume.copy()
    _swept(method, state, 2)
    assert volume.shape == _SHAPE
    assert volume.dtype == np.float32
    np.testing.assert_array_equal(volume, before)


def state_survives_pickling(method: Any) -> None:
    """Require that a state which was written and read goes on as if nothing had been."""
    projections, angles, shifts = measurement()
    state = method.add(method.start(_geometry()), projections[:29], angles[:29], shifts[:29])
    for _ in range(3):
        state = method.step(state)
    next(iter(method.step_pieces(state, piece_s=0.0)), None)
    states = [state, pickle.loads(pickle.dumps(state))]
    for go_on in (method.step, lambda one: method.step(method.add(one, projections[29:], angles[29:], shifts[29:]))):
        states = [go_on(one) for one in states]
        np.testing.assert_array_equal(method.volume(states[0]), method.volume(states[1]))


def no_tilts_change_nothing(method: Any) -> None:
    """Require that to add no projections, to nothing or to some, leaves the volume as it is."""
    projections, angles, shifts = measurement()
    for state in (method.start(_geometry()), _all_at_once(method)):
        before = method.volume(state)
        state = method.add(state, projections[:0], angles[:0], shifts[:0])
        np.testing.assert_array_equal(method.volume(state), before)


def nothing_seen_is_no_harm(method: Any) -> None:
    """Require that empty images, rays beside the grid and voxels beside the detector give no NaN."""
    geometry = Geometry((40, 6, 40), 24, axis_shift_px=2.5)
    images = np.zeros((3, 6, 24), np.float32)
    images[1:] = 1
    shifts = np.array([[0, 0], [0.4, 500], [30.3, -3]])
    state = method.add(method.start(geometry), images, np.array([0.0, 90, -90]), shifts)
    state = _swept(method, state, 3)
    assert np.isfinite(method.volume(state)).all()
    assert np.isfinite(method.residual(state))


def bad_input_is_refused(method: Any) -> None:
    """Require a ValueError for a wrong shape, NaN or an index that is not there, and a state still usable."""
    projections, angles, shifts = measurement()
    state = _all_at_once(method)
    bad = projections[:1].copy()
    bad[0, 2, 2] = np.nan
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: method.add(state, bad, angles[:1]),
        lambda: method.add(state, projections[:1, :, :-1], angles[:1]),
        lambda: method.replace(state, 99, projections[0], 0.0, np.zeros(2)),
        lambda: method.replace(state, 0, bad[0], 0.0, np.zeros(2)),
    )
    for attempt in attempts:
        try:
            attempt()
        except ValueError:
            continue
        raise AssertionError("expected a ValueError")
    _assert_same(method.volume(method.step(state)), method.volume(method.step(_all_at_once(method))), tolerance=1e-6)


def weightless_tilt_is_not_there(method: Any) -> None:
    """Require that a tilt of weight 0, NaN in it or not, changes nothing."""
    projections, angles, shifts = measurement()
    spoilt, weights = projections.copy(), np.ones(len(angles))
    spoilt[5], weights[5] = np.nan, 0
    others = np.arange(len(angles)) != 5
    state = method.add(method.start(_geometry()), spoilt, angles, shifts, weights)
    without = method.add(method.start(_geometry()), projections[others], angles[others], shifts[others])
    _assert_same(method.volume(_swept(method, state, 5)), method.volume(_swept(method, without, 5)), tolerance=1e-4)


def weights_in_other_units_are_the_same(method: Any) -> None:
    """Require that weights that are all very small change nothing."""
    projections, angles, shifts = measurement()
    state = method.add(method.start(_geometry()), projections, angles, shifts, np.full(len(angles), 1e-9))
    volume = method.volume(_swept(method, state, _MANY_SWEEPS))
    _assert_same(volume, _converged(method)[0], tolerance=0.01)


def dead_pixels_do_not_matter(method: Any) -> None:
    """Require that pixels of weight 0 have no effect, whatever they hold; or a refusal that names other methods."""
    projections, angles, shifts = measurement()
    weights = np.ones_like(projections)
    weights[::3, 2:4, 10:13] = 0
    spoilt = np.where(weights > 0, projections, np.float32(np.nan))
    ends = []
    for images in (spoilt, projections):
        state = method.start(_geometry())
        try:
            state = method.add(state, images, angles, shifts, weights)
        except ValueError as refusal:
            _require_that_it_names_another_method(refusal)
            return
        ends.append(method.volume(_swept(method, state, 20)))
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-6)
    assert np.linalg.norm(ends[0] - specimen()) < 0.5 * np.linalg.norm(specimen())


def turned_specimen_is_a_turned_volume(method: Any) -> None:
    """Require that all tilts of a specimen turned by 90° give its volume turned back; or a refusal."""
    projections, angles = Projector(_ANGLES, (24, 24, 24))(_cube()), _ANGLES
    volumes = []
    for rotation in (0.0, 90.0):
        state = method.start(Geometry((24, 24, 24), 24))
        try:
            state = method.add(state, projections, angles, rotations_deg=np.full(len(angles), rotation))
        except ValueError as refusal:
            _require_that_it_names_another_method(refusal)
            return
        volumes.append(method.volume(_swept(method, state, 3)))
    _assert_same(np.rot90(volumes[1], _QUARTERS, axes=(1, 2)), volumes[0], tolerance=0.03)


def dual_axis_one_by_one_is_all_at_once(method: Any) -> None:
    """Require the same of two series about different axes, and that the volume explains both; or a refusal."""
    geometry, angles = Geometry((24, 24, 24), 24), np.concatenate([_ANGLES[::2], _ANGLES[::2]])
    rotations = np.repeat([0.0, 90.0], len(angles) // 2)
    projections = Projector(angles, geometry.volume_shape, rotations_deg=rotations)(_cube())
    try:
        whole = method.add(method.start(geometry), projections, angles, rotations_deg=rotations)
    except ValueError as refusal:
        _require_that_it_names_another_method(refusal)
        return
    singly = method.start(geometry)
    for k in np.random.default_rng(1).permutation(len(angles)):
        one = slice(k, k + 1)
        singly = method.step(method.add(singly, projections[one], angles[one], rotations_deg=rotations[one]))
    whole, singly = _swept(method, whole, _SOME_SWEEPS), _swept(method, singly, _SOME_SWEEPS)
    _assert_same(method.volume(singly), method.volume(whole), tolerance=0.03)
    misfit = Projector(angles, geometry.volume_shape, rotations_deg=rotations)(method.volume(whole)) - projections
    assert abs(method.residual(whole) - np.linalg.norm(misfit) / np.linalg.norm(projections)) < 0.01


CHECKS = (
    one_by_one_is_all_at_once,
    replace_is_having_added_the_right_one,
    scale_goes_through,
    first_tilt_shows_at_once,
    residual_falls,
    pieces_are_a_step,
    volume_is_a_copy,
    state_survives_pickling,
    no_tilts_change_nothing,
    nothing_seen_is_no_harm,
    bad_input_is_refused,
    weightless_tilt_is_not_there,
    weights_in_other_units_are_the_same,
    dead_pixels_do_not_matter,
    turned_specimen_is_a_turned_volume,
    dual_axis_one_by_one_is_all_at_once,
)


def _require_that_it_names_another_method(refusal: ValueError) -> None:
    assert "sirt" in str(refusal), f"expected an error that names sirt, which can, got {refusal}"


def _cube() -> np.ndarray:
    """Give a (z, y, x) volume as wide along the tilt axis as across it, of blobs that differ in all three."""
    z, y, x = np.mgrid[:24, :24, :24].astype(np.float32)
    first = np.exp(-((z - 9) ** 2 + (y - 8) ** 2 + (x - 14) ** 2) / 10)
    return np.asarray(first + 0.7 * np.exp(-((z - 15) ** 2 + (y - 15) ** 2 / 3 + (x - 8) ** 2) / 8), np.float32)


def _geometry() -> Geometry:
    return Geometry(_SHAPE, _SHAPE[2])


def _all_at_once(method: Any, factor: float = 1.0) -> Any:
    projections, angles, shifts = measurement()
    return method.add(method.start(_geometry()), projections * np.float32(factor), angles, shifts)


def _swept(method: Any, state: Any, n_sweeps: int) -> Any:
    for _ in range(1 if method.is_direct else n_sweeps):
        state = method.step(state)
    return state


@cache
def _converged(method: Any) -> tuple[np.ndarray, float]:
    state = _swept(method, _all_at_once(method), _MANY_SWEEPS)
    return method.volume(state), method.residual(state)


def _assert_same(volume: np.ndarray, reference: np.ndarray, tolerance: float) -> None:
    difference = np.linalg.norm(volume - reference) / np.linalg.norm(reference)
    assert difference < tolerance, f"volumes differ by {difference:.2g} of the norm, expected less than {tolerance:g}"
