"""A live run about a second tilt axis: it goes on from a series that was recorded about the first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from livetomo.algorithms.align import align, centre_along_axis
from livetomo.algorithms.reconstruct.auto import choice_of
from livetomo.algorithms.reconstruct.stopping import change_of, usual_sweeps_of
from livetomo.algorithms.reconstruct.tilts import Tilts
from livetomo.errors import LivetomoError
from livetomo.formats import read
from livetomo.live.settings import LiveSettings
from livetomo.live.trial import try_out
from livetomo.model import Geometry, TiltSeries
from livetomo.pipeline import prepare_series


def first_series(settings: LiveSettings) -> TiltSeries | None:
    """Read, prepare and align the series about the first axis as the frames of the second will be; None without one.

    Raises
    ------
    LivetomoError
        When the file cannot be read or is no tilt series.
    """
    if settings.after is None:
        return None
    series = read(settings.after, tilt_axis=settings.tilt_axis, flip_angles=settings.flip_angles)
    if not isinstance(series, TiltSeries):
        raise LivetomoError(f"{settings.after}: expected the tilt series about the first axis, but it gives no angles")
    series = prepare_series(series, settings.preparation())
    series = align(series, settings.align, background="keep")  # the chain has seen to it
    return centre_along_axis(series) if settings.align == "com" else series


def after_first(method: Any, settings: LiveSettings) -> Any:
    """Give the method as a run uses it: the same, or one that begins with the series about the first axis.

    Raises
    ------
    LivetomoError
        When the series cannot be read or is no tilt series.
    ValueError
        When the method refuses projections of a turned specimen.
    """
    first = first_series(settings)
    return method if first is None else SecondAxis(method, first, settings.turned_deg, settings.align == "com")


@dataclass
class SecondAxisState:
    """The state of the method, and what the two series need to meet."""

    chosen: Any
    dy_px: float | None = None
    """Brings the specimen of the second series to the middle along y, as that of the first is; None before it came."""


@dataclass(frozen=True, eq=False)
class SecondAxis:
    """A method that begins with a whole series about the first axis; all that is added was turned in its plane.

    It keeps the contract of the method it holds; numbers count the tilts that were added. When projections are aligned,
    the first that comes is brought to the middle along y by its centre of mass, and the others follow it.

    Raises
    ------
    ValueError
        When the method refuses projections of a turned specimen.
    """

    method: Any
    first: TiltSeries
    turned_deg: float
    is_aligned: bool

    def __post_init__(self) -> None:
        try_out(self.method, self.turned_deg)

    @property
    def name(self) -> str:
        """The method's."""
        return str(self.method.name)

    @property
    def is_direct(self) -> bool:
        """The method's."""
        return bool(self.method.is_direct)

    @property
    def usual_sweeps(self) -> int | None:
        """The method's."""
        return usual_sweeps_of(self.method)

    def start(self, geometry: Geometry) -> SecondAxisState:
        """Give the reconstruction of the first series, not refined.

        Raises
        ------
        LivetomoError
            When its images have another shape than those that come.
        """
        expected, shape = geometry.projection_shape, self.first.projections.shape[1:]
        if shape != expected:
            raise LivetomoError(
                f"after: expected a first series with images of {expected} (y, x) pixels, as those here, got {shape}"
            )
        first = self.first
        tilts = Tilts.checked(
            geometry, first.projections, first.tilt_angles, first.shifts_px, first.weights, first.rotations_deg
        )
        return SecondAxisState(self.method.add(self.method.start(geometry), *tilts.arguments))

    def add(
        self,
        state: SecondAxisState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
    ) -> SecondAxisState:
        """Take in projections of the turned specimen."""
        shifts = np.zeros((len(projections), 2)) if shifts_px is None else np.asarray(shifts_px)
        if state.dy_px is None:
            state.dy_px = _dy_to_middle(projections[0]) - float(shifts[0, 0]) if self.is_aligned else 0.0
        rotations = np.full(len(projections), self.turned_deg)
        shifts = shifts + [state.dy_px, 0]
        state.chosen = self.method.add(state.chosen, projections, tilt_angles, shifts, rotations_deg=rotations)
        return state

    def replace(
        self, state: SecondAxisState, index: int, projection: np.ndarray, tilt_angle: float, shift_px: np.ndarray
    ) -> SecondAxisState:
        """Put a corrected projection in the place of number ``index`` of those that were added."""
        shift = np.asarray(shift_px) + [state.dy_px or 0.0, 0]
        state.chosen = self.method.replace(state.chosen, len(self.first) + index, projection, tilt_angle, shift)
        return state

    def step(self, state: SecondAxisState) -> SecondAxisState:
        """Do one sweep over both series."""
        state.chosen = self.method.step(state.chosen)
        return state

    def step_pieces(self, state: SecondAxisState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep over both series, handing control back about every ``piece_s`` seconds."""
        yield from self.method.step_pieces(state.chosen, piece_s)

    def volume(self, state: SecondAxisState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        volume: np.ndarray = self.method.volume(state.chosen, out)
        return volume

    def change(self, state: SecondAxisState) -> float:
        """Give how far the newest sweep moved the volume, where the method tells it; 0 where it does not."""
        return change_of(self.method, state.chosen)

    def choice(self, state: SecondAxisState) -> dict[str, Any] | None:
        """Give what the method chose."""
        return choice_of(self.method, state.chosen)

    def residual(self, state: SecondAxisState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over both series."""
        return float(self.method.residual(state.chosen))


def _dy_to_middle(projection: np.ndarray) -> float:
    profile = np.asarray(projection, np.float64).sum(axis=1)
    mass = float(profile.sum())
    return -float(profile @ (np.arange(len(profile)) - (len(profile) - 1) / 2)) / mass if mass > 0 else 0.0
