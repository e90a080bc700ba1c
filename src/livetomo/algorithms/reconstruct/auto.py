"""Auto: the method and its settings by what the projections show."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from livetomo.algorithms.reconstruct.fista import FISTA
from livetomo.algorithms.reconstruct.fista_tv import FISTATV
from livetomo.algorithms.reconstruct.noise import noise_deviations
from livetomo.algorithms.reconstruct.stopping import change_of
from livetomo.algorithms.reconstruct.tilts import Tilts
from livetomo.arrays import namespace, to_numpy
from livetomo.model import Geometry

_TILTS_TO_DECIDE = 8
"""After that many the choice stays: a change of method begins the volume anew."""
_LITTLE_NOISE = 0.01
_LARGEST_FOR_TV = 768**3
"""Voxels: TV keeps 3.3 copies of the volume and is twice as slow; FISTA keeps two."""
_NEGATIVE_SHARE = 0.05


@runtime_checkable
class Chooses(Protocol):
    """A method that leaves the work to one that it chooses."""

    def choice(self, state: Any) -> dict[str, Any] | None:
        """Give the name of the method chosen, its settings and the reason; None if nothing was there to choose."""
        ...


def choice_of(method: object, state: Any) -> dict[str, Any] | None:
    """Give what was chosen; None by methods that do the work themselves."""
    return method.choice(state) if isinstance(method, Chooses) else None


@dataclass
class AutoState:
    """What was chosen, why, and its state."""

    method: Any
    reason: str
    chosen: Any
    """The chosen method's own state."""
    energies: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    """(tilt, 3) of those looked at: Σ b², that of the negative pixels, and how much of it noise is."""


@dataclass(frozen=True)
class Auto:
    """The method by what the first eight projections show, or eight of many that come together; ``choice`` says why.

    Noise is told from what changes from pixel to pixel (Immerkær, Comput. Vis. Image Underst. 64, 300 (1996),
    doi:10.1006/cviu.1996.0060). Projections with noise get FISTA-TV; those with hardly any, and grids so large that
    TV's copies may not fit, FISTA. Positivity is left out where more of the projections is negative than noise makes
    so. Memory and cost are those of the method chosen.
    """

    name: ClassVar[str] = "auto"
    is_direct: ClassVar[bool] = False

    def start(self, geometry: Geometry) -> AutoState:
        """Give an empty reconstruction."""
        return AutoState(FISTA(), "there are no projections yet", FISTA().start(geometry))

    def add(
        self,
        state: AutoState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> AutoState:
        """Take in projections, decide while there are few, and do one update with them alone."""
        data = state.chosen.data
        tilts = Tilts.checked(data.geometry, projections, tilt_angles, shifts_px, weights, rotations_deg)
        if len(data) < _TILTS_TO_DECIDE:
            some = np.arange(len(tilts))
            if len(some) > _TILTS_TO_DECIDE:
                some = some[tilts.tilt_weights > 0] if tilts.tilt_weights.any() else some
                some = some[np.unique(np.linspace(0, len(some) - 1, _TILTS_TO_DECIDE).astype(int))]
            state.energies = np.concatenate([state.energies, _energies(tilts.some(some))])
            method, state.reason = _choose(state.energies.sum(axis=0), data.geometry)
            if method != state.method:
                state.method, state.chosen = method, _carried_over(method, data)
        state.chosen = state.method.add(
            state.chosen, projections, tilt_angles, tilts.shifts_px, weights, tilts.rotations_deg
        )
        return state

    def replace(
        self,
        state: AutoState,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> AutoState:
        """Put a corrected projection in the place of number ``index``; the choice stays."""
        state.chosen = state.method.replace(state.chosen, index, projection, tilt_angle, shift_px, weights)
        data, one = state.chosen.data, np.array([index])
        if len(data) < _TILTS_TO_DECIDE:
            tilts = Tilts.checked(data.geometry, data.images(one), data.tilt_angles[one], weights=data.weights(one))
            state.energies[index] = _energies(tilts)[0]
        return state

    def step(self, state: AutoState) -> AutoState:
        """Do one sweep."""
        state.chosen = state.method.step(state.chosen)
        return state

    def step_pieces(self, state: AutoState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        yield from state.method.step_pieces(state.chosen, piece_s)

    def volume(self, state: AutoState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        volume: np.ndarray = state.method.volume(state.chosen, out)
        return volume

    def residual(self, state: AutoState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, as the newest sweep met the volume."""
        return float(state.method.residual(state.chosen))

    def change(self, state: AutoState) -> float:
        """Give how far the newest sweep moved the volume, where the method chosen tells it; 0 where it does not."""
        return change_of(state.method, state.chosen)

    def choice(self, state: AutoState) -> dict[str, Any]:
        """Give the name of the method chosen, its settings and the reason."""
        return {"method": state.method.name, "settings": asdict(state.method), "reason": state.reason}


def _choose(energies: np.ndarray, geometry: Geometry) -> tuple[Any, str]:
    total, negative, noise = energies
    share = float(np.sqrt(noise / total)) if total > 0 else 0.0
    positivity = bool(negative <= noise + _NEGATIVE_SHARE**2 * total)
    words = [f"noise is {share:.1%} of the projections"]
    if not positivity:
        words.append("much of them is negative, so the volume may be")
    is_large = np.prod(geometry.volume_shape) > _LARGEST_FOR_TV
    if is_large:
        words.append("the grid is too large for the copies that total variation keeps")
    if share >= _LITTLE_NOISE and not is_large:
        return FISTATV(positivity=positivity), "; ".join(words)
    return FISTA(positivity=positivity), "; ".join(words)


def _carried_over(method: Any, data: Any) -> Any:
    state = method.start(data.geometry)
    if len(data):
        numbers = np.arange(len(data))
        dx_only = data.shifts_px * [0, 1]  # the images held have been shifted along y
        state = method.add(
            state, data.images(numbers), data.tilt_angles, dx_only, data.weights(numbers), data.rotations_deg
        )
    return state


def _energies(tilts: Tilts) -> np.ndarray:
    xp = namespace(tilts.projections)
    values = tilts.measured
    noise = noise_deviations(values) ** 2 * to_numpy(xp.isfinite(values).sum(axis=(1, 2)))
    values = xp.nan_to_num(values).astype(np.float64)
    energies = [to_numpy((part**2).sum(axis=(1, 2))) for part in (values, xp.minimum(values, 0))]
    return np.stack([*energies, noise], axis=1)
