"""The sweep that SIRT, OS-SIRT, SART, ART, CAV, Landweber's and Cimmino's methods share: scaling and subsets differ.

Each update is x ← max(floor, keep · x + gain · Aᵀ W (b − A x)) over some of the tilts. A method says which updates make
up a sweep and takes the functions here as its own: ``start = sweeps.start`` and so on. Peak memory is one copy of the
volume, the projections, and rays of one lane block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.noise import damping_for_noise
from livetomo.algorithms.reconstruct.updates import Scratch, Update, correct, parts_of
from livetomo.kernels import packed
from livetomo.model import Geometry

_LEAST_DAMPING = 0.003
"""Settles what the tilts leave open even where there is no noise."""


class Scheme(Protocol):
    """What a method of this family says about its sweeps."""

    @property
    def positivity(self) -> bool:
        """Whether negative voxels are set to zero."""
        ...

    @property
    def damping(self) -> float | None:
        """The share of the volume that each update takes away; None follows the noise found in the projections."""
        ...

    @property
    def relaxation(self) -> float:
        """The factor of an update; the damping that follows the noise goes with it."""
        ...

    def subsets(self, data: HeldData) -> list[np.ndarray]:
        """Give the groups of tilts of a sweep, in order."""
        ...

    def updates(self, data: HeldData, subsets: list[np.ndarray]) -> list[Update]:
        """Give the updates that use these groups."""
        ...


@dataclass
class SweepState:
    """What these methods keep: one volume and the projections."""

    data: HeldData
    packed_volume: np.ndarray
    updates: list[Update] | None = None
    """Those of a sweep; None when the tilts have changed since."""
    residual: float = 1.0
    next_part: int = 0
    """Where a sweep that was cut short goes on, so that no slice and no tilt waits longer than the others."""

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume = packed.aligned(self.packed_volume)


def check_relaxation(relaxation: float) -> None:
    """Refuse a relaxation with which these methods do not converge.

    Raises
    ------
    ValueError
        When it is not between 0 and 2.
    """
    if not 0 < relaxation < 2:
        raise ValueError(f"relaxation: expected a factor between 0 and 2, got {relaxation}")


def check_damping(damping: float | None) -> None:
    """Refuse a damping that is no share of the volume.

    Raises
    ------
    ValueError
        When it is not from 0 to below 1.
    """
    if damping is not None and not 0 <= damping < 1:
        raise ValueError(f"damping: expected a fraction from 0 to below 1, got {damping}")


def check_tilts_per_subset(tilts_per_subset: int | None) -> None:
    """Refuse empty subsets.

    Raises
    ------
    ValueError
        When the number is below 1.
    """
    if tilts_per_subset is not None and tilts_per_subset < 1:
        raise ValueError(f"tilts_per_subset: expected at least 1, or None for all, got {tilts_per_subset}")


def start(scheme: Scheme, geometry: Geometry) -> SweepState:
    """Give an empty reconstruction."""
    data = HeldData.none(geometry)
    return SweepState(data, data.grid.new_volume())


def add(
    scheme: Scheme,
    state: SweepState,
    projections: np.ndarray,
    tilt_angles: np.ndarray,
    shifts_px: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    rotations_deg: np.ndarray | None = None,
) -> SweepState:
    """Take in projections and do one update with them alone."""
    numbers = state.data.add(projections, tilt_angles, shifts_px, weights, rotations_deg)
    state.updates = None
    _run(scheme, state, scheme.updates(state.data, [numbers]))
    return state


def replace(
    scheme: Scheme,
    state: SweepState,
    index: int,
    projection: np.ndarray,
    tilt_angle: float,
    shift_px: np.ndarray,
    weights: np.ndarray | None = None,
) -> SweepState:
    """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
    state.data.replace(index, projection, tilt_angle, shift_px, weights)
    state.updates = None
    return state


def step(scheme: Scheme, state: SweepState) -> SweepState:
    """Do one sweep."""
    for _ in step_pieces(scheme, state, piece_s=float("inf")):
        pass
    return state


def step_pieces(scheme: Scheme, state: SweepState, piece_s: float = 0.03) -> Iterator[None]:
    """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
    data, squares = state.data, list[float]()
    if state.updates is None:
        state.updates = scheme.updates(data, scheme.subsets(data))
    parts, scratch = parts_of(state.updates, data.grid.n_blocks), Scratch(data)
    for number in [(state.next_part + k) % len(parts) for k in range(len(parts))]:
        change = _change_of(scheme, data, parts[number][0])
        yield from correct(data, state.packed_volume, parts[number], scratch, change, squares, piece_s)
        state.next_part = (number + 1) % len(parts)
    if parts:
        state.residual = data.residual(sum(squares))


def volume(scheme: Scheme, state: SweepState, out: np.ndarray | None = None) -> np.ndarray:
    """Give the volume (z, y, x) float32, in ``out`` when it is given."""
    return state.data.grid.unpack_volume(state.packed_volume, out)


def residual(scheme: Scheme, state: SweepState) -> float:
    """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, as the newest sweep met the volume."""
    return state.residual


def _run(scheme: Scheme, state: SweepState, updates: list[Update]) -> None:
    scratch = Scratch(state.data)
    for part in parts_of(updates, state.data.grid.n_blocks):
        change = _change_of(scheme, state.data, part[0])
        for _ in correct(state.data, state.packed_volume, part, scratch, change, [], float("inf")):
            pass


def _change_of(scheme: Scheme, data: HeldData, update: Update) -> tuple[float, np.float32]:
    damping = scheme.damping
    if damping is None:
        damping = update.share * scheme.relaxation * damping_for_noise(data, _LEAST_DAMPING)
    return 1 - damping, np.float32(0) if scheme.positivity else packed.NO_FLOOR
