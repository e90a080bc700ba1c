"""A and its transpose over all tilts that count, on some lane blocks; on all of them where tilts are turned."""

from collections.abc import Iterator

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.updates import Scratch
from livetomo.kernels import packed
from livetomo.kernels.turn import turn_back_tasks, turn_tasks


def systems(data: HeldData) -> list[range]:
    """Give the lane blocks that share no data with others: each by itself, or all where a tilt is turned."""
    n_blocks = data.grid.n_blocks
    if any(data.turn_at(rotation) is not None for rotation in np.unique(data.rotations_deg)):
        return [range(n_blocks)]
    return [range(block, block + 1) for block in range(n_blocks)]


def project(
    data: HeldData, volume: np.ndarray, out: np.ndarray, blocks: range, scratch: Scratch, piece_s: float
) -> Iterator[None]:
    """Write A x of these blocks of a packed volume into ``out``, packed rays of as many blocks."""
    for numbers in data.of_one_rotation(np.arange(len(data))):
        turn = data.turn_at(data.rotations_deg[numbers[0]])
        seen, grid = volume, data.grid
        if turn is not None:
            seen, grid = scratch.turned(turn), turn.turned_grid
            yield from packed.run_in_pieces(turn_tasks(turn, volume, seen), piece_s)
        for block in blocks:
            target = out[block - blocks.start]
            tasks = packed.project_tasks(grid.block(block), data.rays, seen[block], target, numbers)
            yield from packed.run_in_pieces(tasks, piece_s)


def backproject(
    data: HeldData, rays: np.ndarray, out: np.ndarray, blocks: range, scratch: Scratch, piece_s: float
) -> Iterator[None]:
    """Write Aᵀ of packed rays into ``out``, a packed volume of as many blocks."""
    groups = data.of_one_rotation(np.arange(len(data)))
    turns = [data.turn_at(data.rotations_deg[numbers[0]]) for numbers in groups]
    upright = [numbers for numbers, turn in zip(groups, turns, strict=True) if turn is None]
    plain = data.grid.even_gain(1), np.float32(0), packed.NO_FLOOR
    for block, target, given in zip(blocks, out, rays, strict=True):
        numbers = np.concatenate([*upright, np.zeros(0, int)])
        tasks = packed.backproject_tasks(data.grid.block(block), data.rays, target, given, numbers, plain)
        yield from packed.run_in_pieces(tasks, piece_s)
    for numbers, turn in zip(groups, turns, strict=True):
        if turn is None:
            continue
        turned = scratch.turned(turn)
        turned_plain = turn.turned_grid.even_gain(1), np.float32(0), packed.NO_FLOOR
        for block, slices in enumerate(turned):
            lane_block = turn.turned_grid.block(block)
            tasks = packed.backproject_tasks(lane_block, data.rays, slices, rays[block], numbers, turned_plain)
            yield from packed.run_in_pieces(tasks, piece_s)
        back = turn_back_tasks(turn, turned, out, (np.float32(1), packed.NO_FLOOR))
        yield from packed.run_in_pieces(back, piece_s)
