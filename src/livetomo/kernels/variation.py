"""Total variation and its relatives on packed volumes: descent, proximal steps, momentum, distances.

All are three-dimensional: voxels at the edge of a lane block know their neighbours in the next. A step of descent goes
over the volume twice (the length of the gradient, then the step), as does a step of the proximal operator (primal,
dual); nothing but the volumes themselves is kept.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import fsum
from typing import Any

import numpy as np

from livetomo.kernels import _variation_cpu
from livetomo.kernels._threads import Task, run, run_in_pieces, thread_count
from livetomo.kernels.packed import NO_FLOOR, PackedGrid

_LEAST_VALUES_PER_TASK = 1 << 16
"""Below, threads cost more than they bring."""
_LAPLACIAN_NORM = 12.0
"""Upper bound of ‖∇‖² in three dimensions."""
_LEAST_LENGTH = 1e-15
"""A flat volume has gradients of zero length, by which nothing may be divided."""


def new_duals(grid: PackedGrid) -> np.ndarray:
    """Give the duals of a TV proximal operator, zero: ``[z y x][block][z x][lane]``, int16, 1.5 times a volume."""
    n_z, n_x = grid.n_zx
    return np.zeros((3, grid.n_blocks, (n_z + 2) * (n_x + 2), grid.lanes), np.int16)


def gradient_norm(grid: PackedGrid, volume: np.ndarray, smoothing: float) -> float:
    """Give ‖g‖, g the gradient of Σ √(|∇x|² + smoothing²)."""
    squares: list[float] = []
    stay = False, np.float32(0), NO_FLOOR
    run(_descents(grid, volume, volume, (_square(smoothing), np.float32(0)), stay, squares))
    return float(np.sqrt(fsum(squares)))


def tv_descent(
    grid: PackedGrid, volume: np.ndarray, out: np.ndarray, step: float, smoothing: float, piece_s: float
) -> Iterator[None]:
    """Write volume - step · g into ``out``, g the gradient of Σ √(|∇x|² + smoothing²)."""
    limits, move = (_square(smoothing), np.float32(0)), (True, np.float32(step), NO_FLOOR)
    yield from run_in_pieces(_descents(grid, volume, out, limits, move, []), piece_s)


def huber_descent(
    grid: PackedGrid, volume: np.ndarray, out: np.ndarray, rate: float, edge: float, floor: np.float32, piece_s: float
) -> Iterator[None]:
    """Write max(floor, volume - rate · edge · g) into ``out``, g the gradient of Huber's function of |∇x|.

    Below ``edge`` that is rate · Laplacian, stable up to a rate of 1/6; above, |∇x| counts linearly.
    """
    limits, move = (np.float32(0), _square(edge)), (True, np.float32(rate * edge), floor)
    yield from run_in_pieces(_descents(grid, volume, out, limits, move, []), piece_s)


def tv_proximal(
    grid: PackedGrid,
    volume: np.ndarray,
    duals: np.ndarray,
    out: np.ndarray,
    problem: tuple[float, np.float32, int],
    piece_s: float = float("inf"),
) -> Iterator[None]:
    """Write argmin ½‖x - volume‖² + weight · TV(x) over x ≥ floor into ``out``; ``problem`` is (weight, floor, steps).

    The projected gradient on the duals of Chambolle, J. Math. Imaging Vis. 20, 89 (2004),
    doi:10.1023/B:JMIV.0000011325.36760.1e, with the constraint of Beck and Teboulle, IEEE Trans. Image Process. 18,
    2419 (2009), doi:10.1109/TIP.2009.2028250. The duals begin where they were: those of a similar volume are a good
    start, so that one or two steps are enough in the loop of a reconstruction.
    """
    weight, floor, n_steps = problem
    rise = np.float32(1 / (_LAPLACIAN_NORM * weight)) if weight > 0 else np.float32(0)
    for _ in range(n_steps):
        yield from run_in_pieces(_primals(grid, volume, duals, out, weight, floor), piece_s)
        yield from run_in_pieces(
            (
                partial(_variation_cpu.dual, out, duals, block, grid.volume_shape, z_rows, rise)
                for block, z_rows in _parts(grid)
            ),
            piece_s,
        )
    yield from run_in_pieces(_primals(grid, volume, duals, out, weight, floor), piece_s)


def extrapolate(volume: np.ndarray, before: np.ndarray, factor: float) -> None:
    """Push ``volume`` on by ``factor`` times its way since ``before``, which becomes what it was."""
    blocks = zip(volume, before, strict=True)
    run(partial(_variation_cpu.extrapolate, block, old, np.float32(factor)) for block, old in blocks)


def distance(volume: np.ndarray, other: np.ndarray) -> float:
    """Give ‖volume - other‖."""
    squares: list[float] = []
    blocks = zip(volume, other, strict=True)
    run(partial(_put, squares, _variation_cpu.squared_distance, block, base) for block, base in blocks)
    return float(np.sqrt(fsum(squares)))


def _descents(
    grid: PackedGrid,
    volume: np.ndarray,
    out: np.ndarray,
    limits: tuple[np.float32, np.float32],
    move: tuple[bool, np.float32, np.float32],
    squares: list[float],
) -> Iterator[Task]:
    for block, z_rows in _parts(grid):
        kernel = _variation_cpu.descend
        yield partial(_put, squares, kernel, volume, out, block, grid.volume_shape, z_rows, limits, move)


def _primals(
    grid: PackedGrid, volume: np.ndarray, duals: np.ndarray, out: np.ndarray, weight: float, floor: np.float32
) -> Iterator[Task]:
    for block, z_rows in _parts(grid):
        shape = grid.volume_shape
        yield partial(_variation_cpu.primal, volume, duals, out, block, shape, z_rows, np.float32(weight), floor)


def _square(length: float) -> np.float32:
    return np.float32(max(length, _LEAST_LENGTH) ** 2)


def _put(results: list[float], kernel: Callable[..., float], *arguments: Any) -> None:
    results.append(kernel(*arguments))


def _parts(grid: PackedGrid) -> Iterator[tuple[int, tuple[int, int]]]:
    n_z, n_x = grid.n_zx
    most = min(n_z, -(-8 * thread_count() // grid.n_blocks))
    n_parts = max(1, min(most, n_z * n_x * grid.lanes // _LEAST_VALUES_PER_TASK))
    bounds = np.linspace(0, n_z, n_parts + 1).astype(int)
    for block in range(grid.n_blocks):
        for z_rows in zip(bounds[:-1], bounds[1:], strict=True):
            yield block, (int(z_rows[0]), int(z_rows[1]))
