"""The sweep that the smoothing methods share: momentum, one subset of the tilts, one step of smoothing, and again.

A method says how it smooths and takes the functions here as its own: ``start = momentum_sweeps.start`` and so on. A
sweep that is cut short goes on where it stopped.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.noise import noise_deviations
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.sweeps import Update, scratch_rays
from livetomo.kernels import packed, variation
from livetomo.model import Geometry

_LARGEST_PUSH = 0.9
"""Subsets do not agree exactly; with more momentum their disagreement is amplified."""


@dataclass
class MomentumState:
    """What these methods keep: the volume, where it was before, a spare, what smoothing needs, the projections."""

    data: HeldData
    packed_volume: np.ndarray
    before: np.ndarray
    spare: np.ndarray
    duals: np.ndarray | None = None
    """Those of the proximal operator, if the method has one."""
    noise: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(tilt,) standard deviations."""
    updates: list[Update] | None = None
    """Those of a sweep; None when the tilts have changed since."""
    residual: float = 1.0
    next_part: int = 0
    """Which lane block of which update comes next, or the smoothing after the last block."""
    momentum: float = 1.0
    """Nesterov's t; 1 begins anew."""
    push: float = 0.0
    """The factor of the momentum in the update that is under way."""

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.before = packed.aligned(self.packed_volume), packed.aligned(self.before)
        self.spare = packed.aligned(self.spare)


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

    def smooth(self, state: MomentumState, piece_s: float) -> Iterator[None]:
        """Write the smoothed ``packed_volume`` into ``spare``; may be left at any piece and begun again."""
        ...


def check_settings(scheme: SmoothingScheme, weight: float) -> None:
    """Refuse empty subsets and a weight below zero.

    Raises
    ------
    ValueError
        When there are.
    """
    if scheme.tilts_per_subset is not None and scheme.tilts_per_subset < 1:
        raise ValueError(f"tilts_per_subset: expected at least 1, or None for all, got {scheme.tilts_per_subset}")
    if not 0 <= weight < float("inf"):
        raise ValueError(f"weight: expected a finite number of at least 0, got {weight}")


def floor_of(scheme: SmoothingScheme) -> np.float32:
    """Give the least value a voxel may have."""
    return np.float32(0) if scheme.positivity else packed.NO_FLOOR


def start(scheme: SmoothingScheme, geometry: Geometry) -> MomentumState:
    """Give an empty reconstruction."""
    data = HeldData.none(geometry)
    return MomentumState(data, data.grid.new_volume(), data.grid.new_volume(), data.grid.new_volume())


def add(
    scheme: SmoothingScheme,
    state: MomentumState,
    projections: np.ndarray,
    tilt_angles: np.ndarray,
    shifts_px: np.ndarray | None = None,
) -> MomentumState:
    """Take in projections and do one update with them alone, not smoothed."""
    numbers = state.data.add(projections, tilt_angles, shifts_px)
    state.noise = np.concatenate([state.noise, noise_deviations(projections)])
    _begin_anew(state)
    [update], scratch = updates_by_sums(state.data, [numbers], 1.0), scratch_rays(state.data)
    for block in range(state.data.grid.n_blocks):
        for _ in correct(state, update, block, scratch, floor_of(scheme), [], float("inf")):
            pass
    return state


def replace(
    scheme: SmoothingScheme,
    state: MomentumState,
    index: int,
    projection: np.ndarray,
    tilt_angle: float,
    shift_px: np.ndarray,
) -> MomentumState:
    """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
    state.data.replace(index, projection, tilt_angle, shift_px)
    state.noise[index] = noise_deviations(np.asarray(projection)[None])[0]
    _begin_anew(state)
    return state


def step(scheme: SmoothingScheme, state: MomentumState) -> MomentumState:
    """Do one sweep."""
    for _ in step_pieces(scheme, state, piece_s=float("inf")):
        pass
    return state


def step_pieces(scheme: SmoothingScheme, state: MomentumState, piece_s: float = 0.03) -> Iterator[None]:
    """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
    data, squares = state.data, list[float]()
    if not len(data):
        return
    if state.updates is None:
        state.updates = updates_by_sums(data, spread_subsets(data.tilt_angles, scheme.tilts_per_subset), 1.0)
    scratch, n_blocks = scratch_rays(data), data.grid.n_blocks
    n_parts = len(state.updates) * (n_blocks + 1)
    state.next_part %= n_parts
    for part in [(state.next_part + k) % n_parts for k in range(n_parts)]:
        number, block = divmod(part, n_blocks + 1)
        if block == 0:
            _gather_momentum(state)
        if block < n_blocks:
            variation.extrapolate(state.packed_volume[block : block + 1], state.before[block : block + 1], state.push)
            yield from correct(state, state.updates[number], block, scratch, packed.NO_FLOOR, squares, piece_s)
        else:
            yield from scheme.smooth(state, piece_s)
            state.packed_volume, state.spare = state.spare, state.packed_volume
        state.next_part = (part + 1) % n_parts
    residual = data.residual(sum(squares))
    if residual > state.residual:
        state.momentum = 1.0
    state.residual = residual


def volume(scheme: SmoothingScheme, state: MomentumState, out: np.ndarray | None = None) -> np.ndarray:
    """Give the volume (z, y, x) float32, in ``out`` when it is given."""
    return state.data.grid.unpack_volume(state.packed_volume, out)


def residual(scheme: SmoothingScheme, state: MomentumState) -> float:
    """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, as the newest sweep met the volume."""
    return state.residual


def correct(
    state: "Correctable",
    update: Update,
    block: int,
    scratch: np.ndarray,
    floor: np.float32,
    squares: list[float],
    piece_s: float,
) -> Iterator[None]:
    """Correct one lane block by the misfit of some tilts: x ← max(floor, x + gain · Aᵀ W (b − A x))."""
    data, volume = state.data, state.packed_volume[block]
    measured, weights, numbers = data.projections[block], update.ray_weights, update.numbers
    forward = packed.remainder_tasks(data.grid, data.rays, volume, measured, scratch, weights, numbers, squares)
    yield from packed.run_in_pieces(forward, piece_s)
    change = update.gain, np.float32(1), floor
    yield from packed.run_in_pieces(
        packed.backproject_tasks(data.grid, data.rays, volume, scratch, numbers, change), piece_s
    )


class Correctable(Protocol):
    """A state with a packed volume and the projections it is made of."""

    data: HeldData
    packed_volume: np.ndarray


def _gather_momentum(state: MomentumState) -> None:
    following = (1 + np.sqrt(1 + 4 * state.momentum**2)) / 2
    state.push = min((state.momentum - 1) / following, _LARGEST_PUSH)
    state.momentum = following


def _begin_anew(state: MomentumState) -> None:
    state.updates, state.momentum, state.push = None, 1.0, 0.0
