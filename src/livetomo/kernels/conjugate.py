"""The vector steps of conjugate gradients on one lane block (row, lane), each one pass, in pieces.

Sums come as a list, one part from each task, to be added up when all tasks are done.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from livetomo.kernels import _conjugate_cpu
from livetomo.kernels._threads import cut, run_in_pieces, task_on, tasks_on, thread_count
from livetomo.kernels._twins import twin

Weights = tuple[np.ndarray, np.ndarray]
"""(row,) of the rays and (row, lane) of the pixels of a block; without rows where all are 1."""

NO_WEIGHTS: Weights = (np.zeros(0, np.float32), np.zeros((0, 0), np.float32))


def squares(packed: np.ndarray, weights: Weights, sums: list[float], piece_s: float) -> Iterator[None]:
    """Sum weight · value² over a block."""
    part = partial(twin(_conjugate_cpu, packed).squares, packed, *weights)
    yield from _in_pieces(packed, part, len(packed), sums, piece_s)


def weigh(packed: np.ndarray, weights: Weights, out: np.ndarray, piece_s: float) -> Iterator[None]:
    """Write weight · value of the rays that have weights into ``out``."""
    part = partial(twin(_conjugate_cpu, packed).weigh, packed, *weights, out)
    yield from _in_pieces(packed, part, len(weights[0]), [], piece_s)


def add_scaled(target: np.ndarray, source: np.ndarray, factor: float, piece_s: float) -> Iterator[None]:
    """Add factor · source to a block."""
    part = partial(twin(_conjugate_cpu, target).add_scaled, target, source, np.float32(factor))
    yield from _in_pieces(target, part, len(target), [], piece_s)


def take_back(
    remainder: np.ndarray,
    projected: np.ndarray,
    weights: Weights,
    factor: float,
    sums: list[float],
    piece_s: float,
) -> Iterator[None]:
    """Subtract factor · projected from the rays with a weight, and sum remainder² after it, weighed by pixels.

    The remainder may have room for more rays than there are weights.
    """
    take_back_rows = twin(_conjugate_cpu, remainder).take_back
    part = partial(take_back_rows, remainder, projected, *weights, np.float32(factor))
    yield from _in_pieces(remainder, part, len(weights[0]), sums, piece_s)


def damp(gradient: np.ndarray, volume: np.ndarray, damping: float, sums: list[float], piece_s: float) -> Iterator[None]:
    """Subtract damping · volume from a block of the gradient, and sum gradient² after it."""
    part = partial(twin(_conjugate_cpu, gradient).damp, gradient, volume, np.float32(damping))
    yield from _in_pieces(gradient, part, len(gradient), sums, piece_s)


def turn(direction: np.ndarray, gradient: np.ndarray, factor: float, piece_s: float) -> Iterator[None]:
    """Make a block of the direction gradient + factor · direction."""
    part = partial(twin(_conjugate_cpu, direction).turn, direction, gradient, np.float32(factor))
    yield from _in_pieces(direction, part, len(direction), [], piece_s)


def _in_pieces(
    packed: np.ndarray, part: Callable[[int, int], float | None], n_rows: int, sums: list[float], piece_s: float
) -> Iterator[None]:
    def task(first: int, end: int) -> None:
        sums.append(part(first, end) or 0.0)

    n_tasks = tasks_on(packed, min(n_rows, 4 * thread_count()))
    yield from run_in_pieces((task_on(packed, task, *rows) for rows in cut(n_rows, n_tasks)), piece_s)
