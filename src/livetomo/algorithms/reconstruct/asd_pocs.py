"""ASD-POCS: compressed sensing by turns of data and total variation, while tilts arrive."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import coarser
from livetomo.algorithms.reconstruct.coarser import Coarser
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.noise import noise_of_an_update, residual_of_noise, typical_density
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.sweeps import check_relaxation, check_tilts_per_subset
from livetomo.algorithms.reconstruct.updates import Scratch, Update, correct, correct_at_once, parts_of
from livetomo.arrays import namespace
from livetomo.kernels import packed, variation
from livetomo.model import Geometry

_SMOOTHING = 0.05
"""Rounding of the total variation's kink, over the typical density; a sharper one makes the steps turn on rounding."""

_LEAST_SIZE = 1e-15
_WIDENING, _WIDEST, _WIDEST_OVER_NOISE = 1.5, 0.3, 0.5
"""Power of the share of new tilts by which steps of TV grow, as there is more to change than the data grow by; and how
far, over the way that the data move the volume or, if that is longer, over how far the noise does in an update with one
subset: from there on TV takes from the specimen, not from the noise."""
_LONGEST_DESCENT, _LONGEST_OVER_NOISE = 0.03, 4.0
"""Of a step down the TV, over ‖x‖ or, if that is longer, over how far the noise moves the volume in an update of SIRT:
at first the data move it by nearly all of it, too far for steps of TV, which then turn on rounding."""
_SHARE_OF_TOLERANCE = 0.025
"""By how much the tolerance is above the noise: what smoothing leaves is misfit too, and below this noise is fitted."""


@dataclass
class ASDPOCSState:
    """What ASD-POCS keeps: the volume, where its sweep began, one to turn TV down in, the projections, the envelope."""

    data: HeldData
    packed_volume: np.ndarray
    before: np.ndarray
    spare: np.ndarray
    updates: list[Update] | None = None
    """Those of a sweep; None when the tilts have changed since."""
    residual: float = 1.0
    change: float = 1.0
    """How far the newest sweep and its turn of TV moved the volume, over ‖x‖."""
    next_part: int = 0
    """Which part of the sweep comes next, or the turn of TV after the last."""
    n_sweeps: int = 0
    """Since the tilts changed."""
    data_change: float = 0.0
    """How far the data moved the volume in the newest sweep."""
    descent_length: float | None = None
    """dPOCS, how far each step down the TV goes; None until the data have moved the volume."""
    gradient_norm: float | None = None
    """Of the TV where the newest turn began; None when the tilts have changed since."""
    coarser: Coarser | None = None
    """The same at half the resolution, which goes ahead; None where the grid is small."""
    lead: float = 0.0
    """How far the coarser one moved the volume before the newest sweep, over ‖x‖."""

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.before = packed.aligned(self.packed_volume), packed.aligned(self.before)
        self.spare = packed.aligned(self.spare)


@dataclass(frozen=True)
class ASDPOCS:
    """Dynamic compressed sensing: Schwartz et al., Ultramicroscopy 219 (2020), doi:10.1016/j.ultramic.2020.113122.

    By turns a sweep over the data in ordered subsets with positivity, and ``tv_steps`` steps down the total variation,
    each as long as dPOCS: at first ``tv_share`` of the way that the data moved the volume; times ``tv_decay`` whenever
    TV moved it further than ``largest_ratio`` of that while the residual is above the tolerance (Sidky and Pan, Phys.
    Med. Biol. 53, 4777 (2008), doi:10.1088/0031-9155/53/17/021). The relaxation falls by ``relaxation_decay`` a sweep.
    New tilts take both back by the share that they are of all, steps down the TV somewhat further, up to 0.3 times the
    way that the data moved the volume or half of that which the noise of one subset moves it; the volume is kept.

    Unlike the paper's code, groups of about ``tilts_per_subset`` tilts are used at once with a relaxation of 1 instead
    of one with 0.25, TV has three dimensions, no step of it is longer than the longer of 3 % of ‖x‖ and four times the
    noise of an update of SIRT, and the tolerance of the residual ‖A x − b‖ / ‖b‖ is 1.025 times the noise found in the
    projections unless it is given. While there are few tilts for the width of the detector, the same at half the
    resolution goes ahead of each sweep (``coarser``).
    Memory: 3.6 copies of the volume, a quarter more while a change is carried over, and the projections 1.3 times.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, a decay not above 0 and up to 1, or another setting below 0.
    """

    relaxation: float = 1.0
    relaxation_decay: float = 0.9985
    tv_steps: int = 10
    tv_share: float = 0.2
    tv_decay: float = 0.95
    largest_ratio: float = 0.95
    tolerance: float | None = None
    tilts_per_subset: int = 4
    name: ClassVar[str] = "asd-pocs"
    is_direct: ClassVar[bool] = False
    positivity: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_relaxation(self.relaxation)
        check_tilts_per_subset(self.tilts_per_subset)
        for key in ("relaxation_decay", "tv_decay"):
            if not 0 < getattr(self, key) <= 1:
                raise ValueError(f"{key}: expected a factor above 0, up to 1, got {getattr(self, key)}")
        for key in ("tv_steps", "tv_share", "largest_ratio", "tolerance"):
            if getattr(self, key) is not None and not getattr(self, key) >= 0:
                raise ValueError(f"{key}: expected at least 0, got {getattr(self, key)}")

    def start(self, geometry: Geometry) -> ASDPOCSState:
        """Give an empty reconstruction."""
        data = HeldData.none(geometry)
        volume, before, spare = (data.grid.new_volume() for _ in range(3))
        return ASDPOCSState(data, volume, before, spare, coarser=coarser.start(self, geometry))

    def add(
        self,
        state: ASDPOCSState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> ASDPOCSState:
        """Take in projections and do one update with them alone, as far as they would move the volume in a subset."""
        data = state.data
        numbers = data.add(projections, tilt_angles, shifts_px, weights, rotations_deg)
        if not len(numbers):
            return state
        self._widen(state, len(numbers))
        state.coarser = coarser.grown(self, state.coarser, data, numbers)
        reach = min(1.0, len(numbers) / min(len(data), self.tilts_per_subset))
        updates = updates_by_sums(data, [numbers], reach)
        for volume in [state.packed_volume, state.before] if state.next_part else [state.packed_volume]:
            correct_at_once(data, volume, updates, (1, np.float32(0)))
        return state

    def replace(
        self,
        state: ASDPOCSState,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> ASDPOCSState:
        """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
        state.data.replace(index, projection, tilt_angle, shift_px, weights)
        self._renew(state)
        if state.coarser is not None:
            coarser.replace(self, state.coarser, state.data, index)
        return state

    def step(self, state: ASDPOCSState) -> ASDPOCSState:
        """Do one sweep over the data and one turn of TV."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: ASDPOCSState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        data, squares = state.data, list[float]()
        if not len(data):
            return
        if state.updates is None:
            state.updates = updates_by_sums(data, spread_subsets(data, self.tilts_per_subset), 1.0)
        parts, scratch = parts_of(state.updates, data.grid.n_blocks), Scratch(data)
        for number in [(state.next_part + k) % (len(parts) + 1) for k in range(len(parts) + 1)]:
            if number == 0:
                yield from self._follow(state, piece_s)
                state.before[...] = state.packed_volume
            if number < len(parts):
                part = self._relaxed(state, parts[number][0]), parts[number][1]
                yield from correct(data, state.packed_volume, part, scratch, (1, np.float32(0)), squares, piece_s)
                if number == len(parts) - 1:
                    state.data_change = variation.distance(state.packed_volume, state.before)
            else:
                yield from self._lower_variation(state, piece_s)
            state.next_part = (number + 1) % (len(parts) + 1)
        state.residual = data.residual(sum(squares))

    def volume(self, state: ASDPOCSState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` if given: within a sweep as the last turn of TV left it.

        Until the next turn, what the data bring in is as noisy as they are.
        """
        return state.data.grid.unpack_volume(state.before if state.next_part else state.packed_volume, out)

    def residual(self, state: ASDPOCSState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, as the newest sweep met the volume."""
        return state.residual

    def change(self, state: ASDPOCSState) -> float:
        """Give ‖x − x before‖ / ‖x‖ of the newest sweep and its turn of TV."""
        return state.change

    def _widen(self, state: ASDPOCSState, n_new: int) -> None:
        """Take the envelope back by the share that the new tilts are of all, and somewhat more for the steps of TV."""
        state.updates = state.gradient_norm = None
        n_before = len(state.data) - n_new
        if n_before and state.descent_length is not None:
            wider = state.descent_length * (1 + n_new / n_before) ** _WIDENING
            of_subset = _length_of_noise(state.data) * np.sqrt(max(1.0, len(state.data) / self.tilts_per_subset))
            widest = max(_WIDEST * state.data_change, _WIDEST_OVER_NOISE * float(of_subset))
            state.descent_length = min(wider, max(state.descent_length, widest))
            state.n_sweeps = state.n_sweeps * n_before // len(state.data)

    @staticmethod
    def _renew(state: ASDPOCSState) -> None:
        state.updates = state.gradient_norm = state.descent_length = None
        state.n_sweeps = 0

    def _relaxed(self, state: ASDPOCSState, update: Update) -> Update:
        factor = self.relaxation * self.relaxation_decay**state.n_sweeps
        return replace(update, gain=update.gain * np.float32(factor))

    def _follow(self, state: ASDPOCSState, piece_s: float) -> Iterator[None]:
        """Let the coarser one go ahead."""
        if state.coarser is not None:
            volumes, floor = (state.packed_volume,), np.float32(0)
            way = yield from coarser.go_ahead(self, state.coarser, state.data.grid, volumes, floor, piece_s)
            state.lead = float(np.sqrt(way[0] / max(way[1], _LEAST_SIZE)))

    def _lower_variation(self, state: ASDPOCSState, piece_s: float) -> Iterator[None]:
        """Go down the TV, from the volume to the spare and on there; the volume stays until the turn is done."""
        grid, smoothing = state.data.grid, _SMOOTHING * typical_density(state.data)
        length = state.descent_length
        if length is None:
            length = min(self.tv_share * state.data_change, _longest_descent(state))
        lowered = state.packed_volume
        # The gradient's norm hardly changes in a step, nor from turn to turn: that of the one before saves a pass
        norm, norms = state.gradient_norm, list[float]()
        if norm is None and self.tv_steps:
            norm = variation.gradient_norm(grid, lowered, smoothing)
        for _ in range(self.tv_steps):
            step = length / norm if norm else 0.0  # an even volume has nowhere to go
            norm = yield from variation.tv_descent(grid, lowered, state.spare, step, smoothing, piece_s)
            norms.append(norm)
            lowered = state.spare
        tolerance = self.tolerance
        if tolerance is None:
            tolerance = (1 + _SHARE_OF_TOLERANCE) * residual_of_noise(state.data)
        if state.residual > tolerance:
            change = variation.distance(lowered, state.packed_volume)
            if change > self.largest_ratio * state.data_change:
                length *= self.tv_decay
        state.descent_length, state.n_sweeps = length, state.n_sweeps + 1
        if self.tv_steps:
            state.packed_volume, state.spare, state.gradient_norm = lowered, state.packed_volume, norms[0]
        size = float(namespace(lowered).linalg.norm(lowered))
        state.change = max(state.lead, variation.distance(lowered, state.before) / max(size, _LEAST_SIZE))


def _longest_descent(state: ASDPOCSState) -> float:
    size = float(namespace(state.packed_volume).linalg.norm(state.packed_volume))
    return max(_LONGEST_DESCENT * size, _LONGEST_OVER_NOISE * _length_of_noise(state.data))


def _length_of_noise(data: HeldData) -> float:
    """Give how far the noise moves the volume in an update of SIRT."""
    return noise_of_an_update(data, 0.0) * float(np.sqrt(np.prod(data.grid.volume_shape)))
