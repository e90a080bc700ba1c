"""One update of the volume by some of the tilts: which, how strongly, and how it is carried out.

Every iterative method is made of such updates: what the volume does not explain of the measured rays, weighed, goes
back along the rays. Lane blocks are updated one by one, they share nothing. Tilts of a specimen that was turned in its
plane cross the blocks: for these the whole volume is turned, what is missing is found there and turned back.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.arrays import beside
from livetomo.kernels import packed
from livetomo.kernels.turn import Turn, turn_back_tasks, turn_tasks


@dataclass(frozen=True, eq=False)
class Update:
    """One update of the volume with tilts of one rotation."""

    numbers: np.ndarray
    """The tilts' numbers."""
    ray_weights: np.ndarray
    """(tilt, x) the W of all tilts held, beside the projections; a ray of weight 0 is not used."""
    gain: np.ndarray
    """(z, x) factor of each voxel of the grid that these tilts see, beside the volume."""
    turn: Turn | None = None
    """How the specimen was turned in its plane."""
    share: float = 1.0
    """Of its tilts' rays: the damping that follows the noise goes with it."""


class Scratch:
    """Memory that the updates of a sweep share: rays of one lane block, and two more volumes if tilts are turned."""

    def __init__(self, data: HeldData) -> None:
        self.rays: np.ndarray = data.grid.new_projections(len(data), n_blocks=1)[0]
        self._grid = data.grid
        self._upright: np.ndarray | None = None
        self._turned: dict[packed.PackedGrid, np.ndarray] = {}

    def turned(self, turn: Turn) -> np.ndarray:
        """Give a packed volume of the turned grid."""
        grid = turn.turned_grid
        if grid not in self._turned:
            self._turned[grid] = grid.new_volume()
        return self._turned[grid]

    def upright(self) -> np.ndarray:
        """Give a packed volume of the grid."""
        if self._upright is None:
            self._upright = self._grid.new_volume()
        return self._upright


def parts_of(updates: list[Update], n_blocks: int) -> list[tuple[Update, range]]:
    """Give what is done at a time: an update and the lane blocks it changes, one, or all when tilts are turned.

    Upright updates that follow each other come block by block, for a block to stay in a cache meanwhile.
    """
    parts = list[tuple[Update, range]]()
    for is_upright, some in groupby(updates, lambda update: update.turn is None):
        following = list(some)
        blocks = [range(k, k + 1) for k in range(n_blocks)] if is_upright else [range(n_blocks)]
        parts += [(update, block) for block in blocks for update in following]
    return parts


def correct(
    data: HeldData,
    volume: np.ndarray,
    part: tuple[Update, range],
    scratch: Scratch,
    change: tuple[float, np.float32],
    squares: list[float],
    piece_s: float,
) -> Iterator[None]:
    """Do x ← max(floor, keep · x + gain · Aᵀ W (b − A x)) in the packed volume; ``change`` is (keep, floor).

    Each task adds its Σ w (b − A x)², w the weights of tilts and pixels, to ``squares``. Control comes back about every
    ``piece_s`` seconds.
    """
    (update, blocks), (keep, floor) = part, change
    if update.turn is not None:
        turned = yield from turned_correction(data, volume, (update, update.turn), scratch, squares, piece_s)
        back = turn_back_tasks(update.turn, turned, volume, (np.float32(keep), floor))
        yield from packed.run_in_pieces(back, piece_s)
        return
    for block in blocks:
        yield from remainder(data, data.grid, volume[block], block, update, scratch.rays, squares, piece_s)
        gains = update.gain, np.float32(keep), floor
        lane_block, rays = data.grid.block(block), scratch.rays
        back = packed.backproject_tasks(lane_block, data.rays, volume[block], rays, update.numbers, gains)
        yield from packed.run_in_pieces(back, piece_s)


def correct_at_once(
    data: HeldData, volume: np.ndarray, updates: list[Update], change: tuple[float, np.float32]
) -> None:
    """Do these updates to their end; ``change`` is (keep, floor)."""
    scratch = Scratch(data)
    for part in parts_of(updates, data.grid.n_blocks):
        for _ in correct(data, volume, part, scratch, change, [], float("inf")):
            pass


def turned_correction(
    data: HeldData,
    volume: np.ndarray,
    turned_update: tuple[Update, Turn],
    scratch: Scratch,
    squares: list[float],
    piece_s: float,
) -> Generator[None, None, np.ndarray]:
    """Give gain · Aᵀ W (b − A x) in the turned grid: a packed volume that the next one overwrites."""
    update, turn = turned_update
    turned = scratch.turned(turn)
    yield from packed.run_in_pieces(turn_tasks(turn, volume, turned), piece_s)
    gains = update.gain, np.float32(0), packed.NO_FLOOR
    for block, slices in enumerate(turned):
        yield from remainder(data, turn.turned_grid, slices, block, update, scratch.rays, squares, piece_s)
        lane_block, rays = turn.turned_grid.block(block), scratch.rays
        back = packed.backproject_tasks(lane_block, data.rays, slices, rays, update.numbers, gains)
        yield from packed.run_in_pieces(back, piece_s)
    return turned


def misfit(
    data: HeldData, volume: np.ndarray, scratch: Scratch, squares: list[float], piece_s: float
) -> Iterator[None]:
    """Find Σ w (b − A x)² over all tilts, in parts, as ``squares``."""
    nothing, rays_used = np.zeros((0, 0), np.float32), beside(data.projections, data.rays_used)
    for numbers in data.of_one_rotation(np.arange(len(data))):
        update = Update(numbers, rays_used, nothing, data.turn_at(data.rotations_deg[numbers[0]]))
        seen, grid = volume, data.grid
        if update.turn is not None:
            seen, grid = scratch.turned(update.turn), update.turn.turned_grid
            yield from packed.run_in_pieces(turn_tasks(update.turn, volume, seen), piece_s)
        for block, slices in enumerate(seen):
            yield from remainder(data, grid, slices, block, update, scratch.rays, squares, piece_s)


def remainder(
    data: HeldData,
    grid: packed.PackedGrid,
    slices: np.ndarray,
    block: int,
    update: Update,
    out: np.ndarray,
    squares: list[float],
    piece_s: float,
) -> Iterator[None]:
    """Write W (b − A x) of one lane block, in the grid that the tilts see, into ``out``."""
    weights = update.ray_weights, data.pixel_weights[block], data.once("tilt weights", _tilt_weights)
    tasks = packed.remainder_tasks(
        grid.block(block), data.rays, slices, data.projections[block], out, weights, update.numbers, squares
    )
    yield from packed.run_in_pieces(tasks, piece_s)


def _tilt_weights(data: HeldData) -> np.ndarray:
    weights: np.ndarray = beside(data.projections, data.tilt_weights.astype(np.float32))
    return weights
