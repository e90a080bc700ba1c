"""The sweep that SIRT, SART, ART, Landweber's and Cimmino's methods share: only scaling and subsets differ.

Each update is x ← max(floor, keep · x + gain · Aᵀ W (b − A x)) over some of the tilts. A method says which updates make
up a sweep and takes the functions here as its own: ``start = sweeps.start`` and so on. Peak memory is one copy of the
volume, the projections, and rays of one lane block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.kernels import packed
from livetomo.model import Geometry


@dataclass(frozen=True, eq=False)
class Update:
    """One update of the volume with some of the tilts."""

    numbers: np.ndarray
    """The tilts' numbers."""
    ray_weights: np.ndarray
    """(tilt, x) the W of all tilts held; a ray of weight 0 is not used."""
    gain: np.ndarray
    """(z, x) factor of each voxel."""


class Scheme(Protocol):
    """What a method of this family says about its sweeps."""

    @property
    def positivity(self) -> bool:
        """Whether negative voxels are set to zero."""
        ...

    @property
    def damping(self) -> float:
        """The share of the volume that each update takes away."""
        ...

    def subsets(self, tilt_angles: np.ndarray) -> list[np.ndarray]:
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


def check_damping(damping: float) -> None:
    """Refuse a damping that is no share of the volume.

    Raises
    ------
    ValueError
        When it is not from 0 to below 1.
    """
    if not 0 <= damping < 1:
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
) -> SweepState:
    """Take in projections and do one update with them alone."""
    numbers = state.data.add(projections, tilt_angles, shifts_px)
    state.updates, scratch = None, scratch_rays(state.data)
    for update in scheme.updates(state.data, [numbers]):
        for block in range(state.data.grid.n_blocks):
            for _ in _do(scheme, state, update, block, scratch, [], float("inf")):
                pass
    return state


def replace(
    scheme: Scheme, state: SweepState, index: int, projection: np.ndarray, tilt_angle: float, shift_px: np.ndarray
) -> SweepState:
    """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
    state.data.replace(index, projection, tilt_angle, shift_px)
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
    if not len(data):
        return
    if state.updates is None:
        state.updates = scheme.updates(data, scheme.subsets(data.tilt_angles))
    scratch, n_blocks = scratch_rays(data), data.grid.n_blocks
    n_parts = len(state.updates) * n_blocks
    for part in [(state.next_part + k) % n_parts for k in range(n_parts)]:
        update, block = state.updates[part // n_blocks], part % n_blocks
        yield from _do(scheme, state, update, block, scratch, squares, piece_s)
        state.next_part = (part + 1) % n_parts
    state.residual = data.residual(sum(squares))


def volume(scheme: Scheme, state: SweepState, out: np.ndarray | None = None) -> np.ndarray:
    """Give the volume (z, y, x) float32, in ``out`` when it is given."""
    return state.data.grid.unpack_volume(state.packed_volume, out)


def residual(scheme: Scheme, state: SweepState) -> float:
    """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, as the newest sweep met the volume."""
    return state.residual


def scratch_rays(data: HeldData) -> np.ndarray:
    """Give packed rays of one lane block for all tilts held."""
    rays: np.ndarray = data.grid.new_projections(len(data), n_blocks=1)[0]
    return rays


def _do(
    scheme: Scheme,
    state: SweepState,
    update: Update,
    block: int,
    scratch: np.ndarray,
    squares: list[float],
    piece_s: float,
) -> Iterator[None]:
    data, volume = state.data, state.packed_volume[block]
    forward = packed.remainder_tasks(
        data.grid, data.rays, volume, data.projections[block], scratch, update.ray_weights, update.numbers, squares
    )
    yield from packed.run_in_pieces(forward, piece_s)
    change = update.gain, np.float32(1 - scheme.damping), np.float32(0) if scheme.positivity else packed.NO_FLOOR
    back = packed.backproject_tasks(data.grid, data.rays, volume, scratch, update.numbers, change)
    yield from packed.run_in_pieces(back, piece_s)
