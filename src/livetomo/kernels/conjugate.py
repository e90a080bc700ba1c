"""Conjugate gradients of one lane block, with step lengths of its own for every slice."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from livetomo.kernels import _conjugate_cpu
from livetomo.kernels._threads import Task, run_in_pieces, thread_count

Sums = list[np.ndarray]
"""(lane,) float64 parts of sums, one from each task; to be added up when all tasks are done."""


def squares(packed: np.ndarray, weights: np.ndarray | None, sums: Sums, piece_s: float) -> Iterator[None]:
    """Sum weight · value² of a block (row, lane) for each lane; ``weights`` (row,), 1 when there are none."""
    weights = np.zeros(0, np.float32) if weights is None else weights

    def part(first: int, end: int) -> None:
        out = np.zeros(packed.shape[1])
        _conjugate_cpu.squares(packed, weights, first, end, out)
        sums.append(out)

    yield from run_in_pieces(_tasks(part, len(packed)), piece_s)


def add_scaled(target: np.ndarray, source: np.ndarray, factors: np.ndarray, piece_s: float) -> Iterator[None]:
    """Add factor · source to a block (row, lane), a factor (lane,) for each lane."""
    part = partial(_conjugate_cpu.add_scaled, target, source, factors.astype(np.float32))
    yield from run_in_pieces(_tasks(part, len(target)), piece_s)


def take_back(
    remainder: np.ndarray,
    projected: np.ndarray,
    weights: np.ndarray,
    factors: np.ndarray,
    squares_left: list[float],
    piece_s: float,
) -> Iterator[None]:
    """Subtract factor · projected from the rays (row, lane) with a weight; each task adds Σ remainder² to the list."""
    factors = factors.astype(np.float32)

    def part(first: int, end: int) -> None:
        squares_left.append(_conjugate_cpu.take_back(remainder, projected, weights, factors, first, end))

    yield from run_in_pieces(_tasks(part, len(remainder)), piece_s)


def damp(gradient: np.ndarray, volume: np.ndarray, damping: float, sums: Sums, piece_s: float) -> Iterator[None]:
    """Subtract damping · volume from a block (row, lane) of the gradient and sum its squares for each lane."""

    def part(first: int, end: int) -> None:
        out = np.zeros(gradient.shape[1])
        _conjugate_cpu.damp(gradient, volume, np.float32(damping), first, end, out)
        sums.append(out)

    yield from run_in_pieces(_tasks(part, len(gradient)), piece_s)


def turn(direction: np.ndarray, gradient: np.ndarray, factors: np.ndarray, piece_s: float) -> Iterator[None]:
    """Make the direction (row, lane) gradient + factor · direction, a factor (lane,) for each lane."""
    part = partial(_conjugate_cpu.turn, direction, gradient, factors.astype(np.float32))
    yield from run_in_pieces(_tasks(part, len(direction)), piece_s)


def _tasks(part: Callable[[int, int], None], n_rows: int) -> Iterator[Task]:
    bounds = np.linspace(0, n_rows, min(n_rows, 4 * thread_count()) + 1).astype(int)
    for first, end in zip(bounds, bounds[1:], strict=False):
        yield partial(part, int(first), int(end))
