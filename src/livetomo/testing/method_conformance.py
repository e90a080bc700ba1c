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
    state = method.step(method.add(method.start(_geometry()), projections[:29], angles[:29], shifts[:29]))
    again = pickle.loads(pickle.dumps(state))
    ends = [method.step(method.add(one, projections[29:], angles[29:], shifts[29:])) for one in (state, again)]
    np.testing.assert_array_equal(method.volume(ends[0]), method.volume(ends[1]))


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


CHECKS = (
    one_by_one_is_all_at_once,
    replace_is_having_added_the_right_one,
    scale_goes_through,
    first_tilt_shows_at_once,
    residual_falls,
    pieces_are_a_step,
    volume_is_a_copy,
    state_survives_pickling,
    nothing_seen_is_no_harm,
    bad_input_is_refused,
)


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
