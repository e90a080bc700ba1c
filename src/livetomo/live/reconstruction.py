"""The reconstruction of a live run: it grows with every frame, is corrected, refined, and never begins anew."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from livetomo.algorithms.align.centre_of_mass import ComAlignment
from livetomo.algorithms.reconstruct.auto import choice_of
from livetomo.algorithms.reconstruct.stopping import StoppingRule, change_of, usual_rule
from livetomo.model import Geometry, TiltSeries

_LEAST_CORRECTION_PX = 0.05
_LEAST_FINAL_CORRECTION_PX = 0.003
_STRICTER = 0.1
"""Of what ends a run: while tilts are still to come there is time for more."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A frame made ready to be used."""

    name: str
    projection: np.ndarray
    """(y, x) float32, background-free unless it is kept, the tilt axis parallel to y."""
    tilt_angle: float
    """Degrees, as it is used."""


class LiveReconstruction:
    """Prepared projections, their geometry table, and a method's state made of them.

    Parameters
    ----------
    method
        A reconstruction method (see ``algorithms.reconstruct.method``).
    align
        Align by centre of mass.
    field_of_view
        Width of the grid over the detector's.
    """

    def __init__(self, method: Any, align: bool = False, field_of_view: float = 1.0) -> None:
        self.method = method
        self.residuals: list[float] = []
        """After each complete sweep since the data last changed."""
        self.changes: list[float] = []
        """Of the same sweeps: how far each moved the volume, where the method tells."""
        self.sweeps = 0
        """Complete sweeps in all."""
        self._alignment = ComAlignment() if align else None
        self._field_of_view = field_of_view
        self._numbers: dict[str, int] = {}
        self._projections: list[np.ndarray] = []
        self._angles: list[float] = []
        self._shifts_px = np.zeros((0, 2))
        self._newest_shifts_px = np.zeros((0, 2))
        self._stale: list[int] = []
        self._rule, self._rest_rule = _rules(method)
        self._state: Any = None
        self._residual: float | None = None
        self._copy: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    @property
    def names(self) -> list[str]:
        """Names of the frames, in order of arrival."""
        return list(self._numbers)

    @property
    def tilt_angles(self) -> list[float]:
        """(tilt,) degrees."""
        return self._angles

    @property
    def shifts_px(self) -> np.ndarray:
        """(tilt, 2) as (dy, dx) pixels."""
        return self._shifts_px

    @property
    def projections(self) -> list[np.ndarray]:
        """(y, x) each, as prepared."""
        return self._projections

    @property
    def volume_shape(self) -> tuple[int, int, int]:
        """(z, y, x) voxels, once there is a frame."""
        return self._geometry().volume_shape

    def add(self, frames: Sequence[Prepared]) -> None:
        """Take in frames with new names; the volume shows them at once."""
        first = len(self)
        for frame in frames:
            self._numbers[frame.name] = len(self)
            self._projections.append(frame.projection)
            self._angles.append(frame.tilt_angle)
            if self._alignment is not None:
                self._alignment.push(frame.projection)
        self._renew_shifts(first)
        if self._state is None:
            self._state = self.method.start(self._geometry())
        self._state = self.method.add(
            self._state, np.stack(self._projections[first:]), np.array(self._angles[first:]), self._shifts_px[first:]
        )
        self._forget_sweeps()

    def replace(self, frame: Prepared) -> None:
        """Put other content in the place of a frame that is held."""
        number = self._numbers[frame.name]
        self._projections[number], self._angles[number] = frame.projection, frame.tilt_angle
        if self._alignment is not None:
            self._alignment.replace(number, frame.projection)
            self._renew_shifts(len(self))
        self._put(number)

    def correct_angle(self, name: str, tilt_angle: float) -> None:
        """Give a frame that is held another angle."""
        number = self._numbers[name]
        self._angles[number] = tilt_angle
        self._put(number)

    def turned(self) -> "LiveReconstruction":
        """Give a reconstruction of the same frames turned by 90°, so that an axis along x comes to lie along y."""
        other = LiveReconstruction(self.method, self._alignment is not None, self._field_of_view)
        images = [np.ascontiguousarray(np.rot90(projection)) for projection in self._projections]
        rows = zip(self._numbers, images, self._angles, strict=True)
        other.add([Prepared(name, image, angle) for name, image, angle in rows])
        return other

    def change_method(self, method: Any) -> None:
        """Go on with another method, from all projections held; nothing is changed when it refuses them.

        Raises
        ------
        ValueError
            When the method cannot use what is held.
        """
        if self._numbers:
            state = method.start(self._geometry())
            self._state = method.add(state, np.stack(self._projections), np.array(self._angles), self._newest_shifts_px)
        self.method = method
        self._rule, self._rest_rule = _rules(method)
        self._shifts_px = self._newest_shifts_px.copy()
        self._stale.clear()
        self._forget_sweeps()
        self._residual = None

    def refine(self, piece_s: float = 0.03) -> Iterator[None]:
        """Apply what later tilts taught about the alignment, then do one sweep; control comes back every few moments.

        The iterator may be dropped at any of them. Shifts that changed a little are corrected once the sweeps have
        nothing else left to do.
        """
        if self._sweeps_suffice:
            self._stale = self._moved(_LEAST_FINAL_CORRECTION_PX)
        while self._stale:
            number = self._stale[0]
            self._shifts_px[number] = self._newest_shifts_px[number]
            self._put(number)
            self._stale.remove(number)
            yield
        yield from self.method.step_pieces(self._state, piece_s)
        self.sweeps += 1
        self._residual = float(self.method.residual(self._state))
        self.residuals.append(self._residual)
        self.changes.append(change_of(self.method, self._state))

    @property
    def has_converged(self) -> bool:
        """The stopping rule of ``reconstruct`` says that another sweep would change little."""
        return self._sweeps_suffice and not self._stale and not self._moved(_LEAST_FINAL_CORRECTION_PX)

    @property
    def may_rest(self) -> bool:
        """Nothing is left to gain before the next frame: converged by a rule ten times as strict."""
        return self.has_converged and (
            self.method.is_direct or self._rest_rule.reason(self.residuals, self.changes) is not None
        )

    @property
    def _sweeps_suffice(self) -> bool:
        return bool(self.residuals) and (
            self.method.is_direct or self._rule.reason(self.residuals, self.changes) is not None
        )

    @property
    def residual(self) -> float | None:
        """‖A x − b‖ / ‖b‖ after the newest complete sweep of the method in use; None before its first."""
        return self._residual

    @property
    def choice(self) -> dict[str, Any] | None:
        """What the method chose, its settings and why; None before the first frame and if it does not choose."""
        return None if self._state is None else choice_of(self.method, self._state)

    def volume(self) -> np.ndarray:
        """Give the volume as it stands: (z, y, x) float32, in memory that the next call uses again."""
        if self._copy is None:
            self._copy = np.empty(self.volume_shape, np.float32)
        volume: np.ndarray = self.method.volume(self._state, self._copy)
        return volume

    def _geometry(self) -> Geometry:
        first = TiltSeries(self._projections[0][None], np.array(self._angles[:1]))
        return Geometry.of(first, self._field_of_view)

    def _renew_shifts(self, first_new: int) -> None:
        """Align all frames; those held before number ``first_new`` that moved clearly are corrected in ``refine``."""
        if self._alignment is None:
            self._newest_shifts_px = np.zeros((len(self), 2))
        else:
            self._newest_shifts_px = np.array(self._alignment.shifts_px)
        self._shifts_px = np.concatenate([self._shifts_px[:first_new], self._newest_shifts_px[first_new:]])
        self._stale = self._moved(_LEAST_CORRECTION_PX)

    def _moved(self, least_px: float) -> list[int]:
        """Give the numbers of the frames whose newest shift differs from the one in use."""
        distance = np.abs(self._newest_shifts_px - self._shifts_px).max(axis=1, initial=0.0)
        return [int(number) for number in np.flatnonzero(distance > least_px)]

    def _forget_sweeps(self) -> None:
        self.residuals.clear()
        self.changes.clear()

    def _put(self, number: int) -> None:
        self._state = self.method.replace(
            self._state, number, self._projections[number], self._angles[number], self._shifts_px[number]
        )
        self._forget_sweeps()


def _rules(method: Any) -> tuple[StoppingRule, StoppingRule]:
    """Give the rule by which a run has converged, and that by which it may rest until the next frame."""
    rule = usual_rule(method)
    return rule, replace(rule, tolerance=_STRICTER * rule.tolerance, change=_STRICTER * rule.change)
