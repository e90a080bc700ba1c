"""The sweep that the smoothing methods share: momentum, one subset of the tilts, one step of smoothing, and again.

A method says how it smooths and takes the functions here as its own: ``start = momentum_sweeps.start`` and so on. A
sweep that is cut short goes on where it stopped.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from livetomo.algorithms.reconstruct import coarser
from livetomo.algorithms.reconstruct.coarser import Coarser
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.sweeps import check_tilts_per_subset
from livetomo.algorithms.reconstruct.updates import Scratch, Update, correct, correct_at_once, parts_of
from livetomo.kernels import packed
from livetomo.model import Geometry

_LEAST_SQUARE = 1e-30
_LARGEST_WEIGHT = 100
"""Of the smoothing: more than a hundred times the noise leaves nothing, and steps are not small enough for it."""
_LARGEST_PUSH = 0.9
"""Subsets do not agree exactly; with more momentum their disagreement is amplified."""
_FEW_TILTS = 24
"""For a new one: among twice as many subsets stay merged once, among four times as many twice."""


@dataclass
class MomentumState:
    """What these methods keep: the volume, where momentum pushes it to, what smoothing needs, the projections."""

    data: HeldData
    packed_volume: np.ndarray
    extrapolated: np.ndarray
    """The volume pushed on; updates correct it, and smoothed it is the next volume."""
    duals: np.ndarray | None = None
    """Those of the proximal operator, if the method has one."""
    updates: list[Update] | None = None
    """Those of a sweep; None when the tilts have changed since."""
    residual: float = 1.0
    change: float = 1.0
    """The farthest that an update of the newest whole sweep moved the volume, over ‖x‖; halved whenever momentum was,
    as what stays is what several rotations move there and back."""
    merged: int = 0
    """How often the subsets have been made twice as large because the residual rose."""
    calmed: int = 0
    """How often momentum was halved, because subsets of several rotations can only be merged so far."""
    updates_astray: int = 0
    """Those done since then in sweeps that raised the residual."""
    n_sweeps: int = 0
    """Whole ones, in all."""
    is_comparable: bool = False
    """Whether the newest whole sweep had the same data, so that a rise of the residual means something."""
    next_part: int = 0
    """Which of the parts comes next: an update of some lane blocks, or the smoothing after each update."""
    momentum: float = 1.0
    """Nesterov's t; 1 begins anew."""
    coarser: Coarser | None = None
    """The same at half the resolution, which goes ahead; None where the grid is small."""
    is_led: bool = False
    """Whether the coarser one has gone ahead of the sweep that is being done."""

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.extrapolated = packed.aligned(self.packed_volume), packed.aligned(self.extrapolated)

    @property
    def volumes(self) -> tuple[np.ndarray, np.ndarray]:
        """What smoothing goes from and to."""
        return self.extrapolated, self.packed_volume


class SmoothingScheme(Protocol):
    """What a method of this family says about its sweeps."""

    @property
    def positivity(self) -> bool:
        """Whether negative voxels are set to zero."""
        ...

    @property
    def tilts_per_subset(self) -> int | None:
        """The size wished for."""
        ...

    @property
    def updates_borne(self) -> int:
        """How many updates may go astray before momentum begins anew, with subsets twice as large."""
        ...

    def smooth(self, state: MomentumState, push: float, piece_s: float) -> Generator[None, None, np.ndarray]:
        """Put the smoothed ``extrapolated`` into ``packed_volume``, and that pushed on by its way into the other.

        Ends even if left at a piece. Gives (2,): ‖way‖² and ‖x‖².
        """
        ...


def check_settings(scheme: SmoothingScheme, weight: float) -> None:
    """Refuse empty subsets and a weight below zero or far above what smooths.

    Raises
    ------
    ValueError
        When there are.
    """
    check_tilts_per_subset(scheme.tilts_per_subset)
    if not 0 <= weight <= _LARGEST_WEIGHT:
        raise ValueError(f"weight: expected 0 to {_LARGEST_WEIGHT}, in units of the noise, got {weight}")


def floor_of(scheme: SmoothingScheme) -> np.float32:
    """Give the least value a voxel may have."""
    return np.float32(0) if scheme.positivity else packed.NO_FLOOR


def start(scheme: SmoothingScheme, geometry: Geometry) -> MomentumState:
    """Give an empty reconstruction."""
    data = HeldData.none(geometry)
    volumes = data.grid.new_volume(), data.grid.new_volume()
    return MomentumState(data, *volumes, coarser=coarser.start(scheme, geometry))


def add(
    scheme: SmoothingScheme,
    state: MomentumState,
    projections: np.ndarray,
    tilt_angles: np.ndarray,
    shifts_px: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    rotations_deg: np.ndarray | None = None,
) -> MomentumState:
    """Take in projections and do one update with them alone, not smoothed; if they are the first, and many, a sweep.

    The update goes as far as they would move the volume among a subset. Half of the momentum stays, and of how often
    subsets were merged what few new tilts among many leave: small ones would bring the noise back for little.
    """
    data, is_first = state.data, not len(state.data)
    numbers = data.add(projections, tilt_angles, shifts_px, weights, rotations_deg)
    if not len(numbers):
        return state
    state.updates, state.is_comparable, state.updates_astray, state.calmed = None, False, 0, 0
    state.merged = min(state.merged, _most_merged(len(data) / len(numbers)))
    state.momentum, state.is_led = max(1.0, state.momentum / 2), False
    state.coarser = coarser.grown(scheme, state.coarser, data, numbers)
    if is_first and len(numbers) > (scheme.tilts_per_subset or len(numbers)):
        state.is_led = True
        return step(scheme, state)  # one update with all would cost nearly as much and bring nothing for what follows
    reach = min(1.0, len(numbers) / min(len(data), scheme.tilts_per_subset or len(data)))
    updates = updates_by_sums(data, [numbers], reach)
    correct_at_once(data, state.extrapolated, updates, (1, floor_of(scheme)))
    state.packed_volume[...] = state.extrapolated
    return state


def replace(
    scheme: SmoothingScheme,
    state: MomentumState,
    index: int,
    projection: np.ndarray,
    tilt_angle: float,
    shift_px: np.ndarray,
    weights: np.ndarray | None = None,
) -> MomentumState:
    """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
    state.data.replace(index, projection, tilt_angle, shift_px, weights)
    state.updates, state.is_comparable, state.momentum, state.is_led = None, False, 1.0, False
    if state.coarser is not None:
        coarser.replace(scheme, state.coarser, state.data, index)
    return state


def step(scheme: SmoothingScheme, state: MomentumState) -> MomentumState:
    """Do one sweep."""
    for _ in step_pieces(scheme, state, piece_s=float("inf")):
        pass
    return state


def step_pieces(scheme: SmoothingScheme, state: MomentumState, piece_s: float = 0.03) -> Iterator[None]:
    """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
    data, squares, ways, scratch = state.data, list[float](), list[np.ndarray](), Scratch(state.data)
    if state.updates is None:
        size = None if scheme.tilts_per_subset is None else scheme.tilts_per_subset * 2**state.merged
        state.updates = updates_by_sums(data, spread_subsets(data, size), 1.0)
    parts = _with_smoothing(state.updates, data.grid.n_blocks)
    if not parts:
        return
    if state.coarser is not None and not state.is_led:
        volumes, floor = (state.packed_volume, state.extrapolated), floor_of(scheme)
        ways.append((yield from coarser.go_ahead(scheme, state.coarser, data.grid, volumes, floor, piece_s)))
        state.is_led = True
    state.next_part %= len(parts)
    for number in [(state.next_part + k) % len(parts) for k in range(len(parts))]:
        part, following = parts[number], (number + 1) % len(parts)
        if part is None:
            state.next_part = following
            ways.append((yield from scheme.smooth(state, _gather_momentum(state), piece_s)))
        else:
            yield from correct(data, state.extrapolated, part, scratch, (1, packed.NO_FLOOR), squares, piece_s)
            state.next_part = following
    state.is_led, residual = False, data.residual(sum(squares))
    if state.is_comparable and residual > state.residual:
        _settle(scheme, state)
    state.residual, state.is_comparable, state.n_sweeps = residual, True, state.n_sweeps + 1
    farthest = max(float(np.sqrt(way / max(size, _LEAST_SQUARE))) for way, size in ways)
    state.change = farthest / 2**state.calmed


def volume(scheme: SmoothingScheme, state: MomentumState, out: np.ndarray | None = None) -> np.ndarray:
    """Give the volume (z, y, x) float32, in ``out`` when it is given."""
    return state.data.grid.unpack_volume(state.packed_volume, out)


def residual(scheme: SmoothingScheme, state: MomentumState) -> float:
    """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, of the volume as the newest sweep pushed it on."""
    return state.residual


def change(scheme: SmoothingScheme, state: MomentumState) -> float:
    """Give ‖x − x before‖ / ‖x‖, the farthest that an update of the newest whole sweep moved the volume."""
    return state.change


def _with_smoothing(updates: list[Update], n_blocks: int) -> list[tuple[Update, range] | None]:
    """Give the parts of a sweep: of each update those of its blocks, then None for a step of smoothing."""
    return [part for update in updates for part in (*parts_of([update], n_blocks), None)]


def _settle(scheme: SmoothingScheme, state: MomentumState) -> None:
    """Begin momentum anew, with subsets twice as large: what is left is what they do not agree on."""
    state.updates_astray += len(state.updates or [])
    if state.updates_astray <= scheme.updates_borne:
        return
    state.updates_astray, state.momentum = 0, 1.0
    state.extrapolated[...] = state.packed_volume
    n_updates, data = len(state.updates or []), state.data
    if n_updates > len(data.of_one_rotation(np.arange(len(data)))):
        state.merged, state.updates, state.next_part = state.merged + 1, None, 0
    elif n_updates > 1:
        state.calmed += 1


def _most_merged(tilts_for_a_new_one: float) -> int:
    return max(0, int(tilts_for_a_new_one / _FEW_TILTS).bit_length() - 1)


def _gather_momentum(state: MomentumState) -> float:
    """Give how much of its way the volume is pushed on after this update."""
    state.momentum = _after(state.momentum)
    return min((state.momentum - 1) / _after(state.momentum), _LARGEST_PUSH * 0.5**state.calmed)


def _after(momentum: float) -> float:
    return float(1 + np.sqrt(1 + 4 * momentum**2)) / 2
