"""Back projection of filtered projections, kept up to date as tilts arrive: only the filter differs between methods.

A new tilt changes the weights of its neighbours only, so ``add`` back-projects just those differences and the volume is
complete at once; ``step`` computes it anew, free of rounding that gathered, and measures the residual. A method says
how its projections are filtered and takes the functions here as its own: ``start = filtered_back_projection.start`` and
so on. Peak memory is one copy of the volume, the projections, the filtered ones, and rays of one lane block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.ramp_filter import refuse_pixel_weights, tilt_weights_rad
from livetomo.algorithms.reconstruct.updates import Scratch, misfit
from livetomo.arrays import namespace
from livetomo.kernels import packed
from livetomo.kernels.turn import turn_back_tasks
from livetomo.model import Geometry

_NO_TILTS = np.zeros(0, int)


class Filter(Protocol):
    """What a method of this family says about its projections."""

    def filtered(self, projections: np.ndarray, geometry: Geometry) -> np.ndarray:
        """Filter projections (tilt, y, x) across the tilt axis; gives float32, per pixel and radian."""
        ...


@dataclass
class FilteredState:
    """What these methods keep: one volume, the projections and the filtered ones."""

    data: HeldData
    packed_volume: np.ndarray
    filtered: np.ndarray
    """Packed, with as much room as ``data.projections``; not weighted."""
    weights_rad: np.ndarray
    """(tilt,) weights with which the tilts are in the volume."""
    residual: float = 1.0

    def __getstate__(self) -> dict[str, object]:
        used = self.filtered[:, : len(self.data) * self.data.grid.row_length]
        return self.__dict__ | {"filtered": namespace(used).ascontiguousarray(used)}

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.filtered = packed.aligned(self.packed_volume), packed.aligned(self.filtered)


def start(method: Filter, geometry: Geometry) -> FilteredState:
    """Give an empty reconstruction."""
    data = HeldData.none(geometry)
    return FilteredState(data, data.grid.new_volume(), data.grid.new_projections(0), np.zeros(0))


def add(
    method: Filter,
    state: FilteredState,
    projections: np.ndarray,
    tilt_angles: np.ndarray,
    shifts_px: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    rotations_deg: np.ndarray | None = None,
) -> FilteredState:
    """Take in projections and bring the volume up to date."""
    refuse_pixel_weights(weights)
    numbers = state.data.add(projections, tilt_angles, shifts_px, weights, rotations_deg)
    if state.filtered.shape != state.data.projections.shape:
        roomier = packed.aligned_zeros(state.data.projections.shape, state.data.grid.device)
        roomier[:, : state.filtered.shape[1]] = state.filtered
        state.filtered = roomier
    _filter(method, state, numbers)
    state.weights_rad = np.concatenate([state.weights_rad, np.zeros(len(numbers))])
    _reweigh(state)
    return state


def replace(
    method: Filter,
    state: FilteredState,
    index: int,
    projection: np.ndarray,
    tilt_angle: float,
    shift_px: np.ndarray,
    weights: np.ndarray | None = None,
) -> FilteredState:
    """Put a corrected projection in the place of number ``index`` and bring the volume up to date."""
    refuse_pixel_weights(weights)
    rays = state.data.rays
    numbers = state.data.replace(index, projection, tilt_angle, shift_px, weights)
    without = np.where(np.arange(len(state.data)) == index, 0.0, state.weights_rad)
    _change_weights(state, without, rays)
    _filter(method, state, numbers)
    _reweigh(state)
    return state


def step(method: Filter, state: FilteredState) -> FilteredState:
    """Compute the volume anew from all tilts, and its residual."""
    for _ in step_pieces(method, state, piece_s=float("inf")):
        pass
    return state


def step_pieces(method: Filter, state: FilteredState, piece_s: float = 0.03) -> Iterator[None]:
    """Do ``step``, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
    data, squares = state.data, list[float]()
    if not len(data):
        return
    rays, scratch = data.rays.interpolating(state.weights_rad), Scratch(data)
    groups = data.of_one_rotation(np.arange(len(data)))
    upright = [numbers for numbers in groups if data.turn_at(data.rotations_deg[numbers[0]]) is None]
    for block in range(data.grid.n_blocks):
        tasks = _backproject(state, block, rays, np.concatenate([*upright, _NO_TILTS]), (1, 0))
        yield from packed.run_in_pieces(tasks, piece_s)
    for numbers in groups:
        yield from _add_turned(state, rays, numbers, scratch, piece_s)
    yield from misfit(data, state.packed_volume, scratch, squares, piece_s)
    state.residual = data.residual(sum(squares))


def volume(method: Filter, state: FilteredState, out: np.ndarray | None = None) -> np.ndarray:
    """Give the volume (z, y, x) float32, in ``out`` when it is given."""
    return state.data.grid.unpack_volume(state.packed_volume, out)


def residual(method: Filter, state: FilteredState) -> float:
    """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid."""
    return state.residual


def _filter(method: Filter, state: FilteredState, numbers: np.ndarray) -> None:
    for number in numbers.tolist():
        image = method.filtered(state.data.images(np.array([number])), state.data.geometry)
        state.data.grid.pack_projections(image, state.filtered, number)


def _reweigh(state: FilteredState) -> None:
    """Weigh the tilts by their angles, each rotation of the specimen by itself, and by what they count."""
    data, weights_rad = state.data, np.zeros(len(state.data))
    groups = data.of_one_rotation(np.arange(len(data)))
    for numbers in groups:
        weights = tilt_weights_rad(data.tilt_angles[numbers], data.tilt_weights[numbers])
        weights_rad[numbers] = weights / len(groups)
    _change_weights(state, weights_rad, data.rays)


def _change_weights(state: FilteredState, weights_rad: np.ndarray, rays: packed.Rays) -> None:
    data, differences = state.data, weights_rad - state.weights_rad
    changing, scratch = rays.interpolating(np.abs(differences)), Scratch(data)
    for sign in (1, -1):  # the weights of rays cannot be negative: what is taken away comes by the gain of the voxels
        changed = np.flatnonzero(sign * differences > 0)
        for rotation in np.unique(data.rotations_deg[changed]):
            numbers = changed[data.rotations_deg[changed] == rotation]
            if data.turn_at(rotation) is None:
                for block in range(data.grid.n_blocks):
                    packed.run(_backproject(state, block, changing, numbers, (sign, 1)))
            else:
                for _ in _add_turned(state, changing, numbers, scratch, float("inf"), sign):
                    pass
    state.weights_rad = weights_rad


def _add_turned(
    state: FilteredState, rays: packed.Rays, numbers: np.ndarray, scratch: Scratch, piece_s: float, gain: int = 1
) -> Iterator[None]:
    """Back-project tilts of one rotation, if they are turned, in the turned grid, and turn that back."""
    turn = state.data.turn_at(state.data.rotations_deg[numbers[0]])
    if turn is None:
        return
    turned = scratch.turned(turn)
    update = turn.turned_grid.even_gain(gain), np.float32(0), packed.NO_FLOOR
    for block, slices in enumerate(turned):
        lane_block, filtered = turn.turned_grid.block(block), state.filtered[block]
        tasks = packed.backproject_tasks(lane_block, rays, slices, filtered, numbers, update)
        yield from packed.run_in_pieces(tasks, piece_s)
    back = turn_back_tasks(turn, turned, state.packed_volume, (np.float32(1), packed.NO_FLOOR))
    yield from packed.run_in_pieces(back, piece_s)


def _backproject(
    state: FilteredState, block: int, rays: packed.Rays, numbers: np.ndarray, change: tuple[int, int]
) -> Iterator[packed.Task]:
    """Do volume = keep · volume + gain · what the tilts give; ``change`` is (gain, keep)."""
    grid, (gain, keep) = state.data.grid, change
    update = grid.even_gain(gain), np.float32(keep), packed.NO_FLOOR
    arrays = state.packed_volume[block], state.filtered[block]
    return packed.backproject_tasks(grid.block(block), rays, *arrays, numbers, update)
