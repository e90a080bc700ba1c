"""Total variation and its relatives on packed volumes: descent, proximal steps, momentum, distances.

All are three-dimensional: voxels at the edge of a lane block know their neighbours in the next. In passes, each one
time over a volume of float32: a step of the proximal operator reads 2.5 and writes 2.5 (volume and duals, duals and
result), a step of descent reads 1 and writes 1, its length reads 1 before. Beside the volumes a few planes are kept.
"""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import pairwise
from math import fsum
from typing import Any

import numpy as np

from livetomo.arrays import is_cupy, namespace_on
from livetomo.kernels import _proximal_cpu, _variation_cpu
from livetomo.kernels._threads import Task, run, run_in_pieces, task_on, tasks_on, thread_count
from livetomo.kernels._twins import twin
from livetomo.kernels.packed import NO_FLOOR, PackedGrid

_LEAST_VALUES_PER_TASK = 1 << 16
"""Below, threads cost more than they bring."""
_MOST_VALUES_PER_TASK = 1 << 24
"""Above, control comes back too late."""
_SLABS_PER_THREAD, _LEAST_PLANES_PER_TASK = 2, 4
_LAPLACIAN_NORM = 12.0
"""Upper bound of ‖∇‖² in three dimensions."""
_LEAST_LENGTH = 1e-15
"""A flat volume has gradients of zero length, by which nothing may be divided."""


def new_duals(grid: PackedGrid) -> np.ndarray:
    """Give the duals of a TV proximal operator, zero: ``[z y x][block][z x][lane]``, int16, 1.5 times a volume."""
    n_z, n_x = grid.n_zx
    shape = 3, grid.n_blocks, (n_z + 2) * (n_x + 2), grid.lanes
    duals: np.ndarray = namespace_on(grid.device).zeros(shape, np.int16)
    return duals


def gradient_norm(grid: PackedGrid, volume: np.ndarray, smoothing: float) -> float:
    """Give ‖g‖, g the gradient of Σ √(|∇x|² + smoothing²)."""
    squares: list[float] = []
    stay = False, np.float32(0), NO_FLOOR
    run(_descents(grid, volume, volume, (_square(smoothing), np.float32(0)), stay, squares))
    return float(np.sqrt(fsum(squares)))


def tv_descent(
    grid: PackedGrid, volume: np.ndarray, out: np.ndarray, step: float, smoothing: float, piece_s: float
) -> Generator[None, None, float]:
    """Write volume - step · g into ``out``, g the gradient of Σ √(|∇x|² + smoothing²); give ‖g‖."""
    squares: list[float] = []
    limits, move = (_square(smoothing), np.float32(0)), (True, np.float32(step), NO_FLOOR)
    yield from run_in_pieces(_descents(grid, volume, out, limits, move, squares), piece_s)
    return float(np.sqrt(fsum(squares)))


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
    passes = _proximal_passes if is_cupy(volume) else _proximal_slabs
    yield from passes(grid, volume, duals, out, (np.float32(weight), rise, floor), n_steps, piece_s)


def _proximal_passes(
    grid: PackedGrid,
    volume: np.ndarray,
    duals: np.ndarray,
    out: np.ndarray,
    strengths: tuple[np.float32, np.float32, np.float32],
    n_steps: int,
    piece_s: float,
) -> Iterator[None]:
    """Do steps of ``tv_proximal`` on the GPU, where each pass goes over all voxels."""
    from livetomo.kernels import _proximal_gpu

    primal = task_on(volume, _proximal_gpu.primal, volume, duals, out, grid.volume_shape, strengths)
    dual = task_on(volume, _proximal_gpu.dual, out, duals, grid.volume_shape, strengths)
    for _ in range(n_steps):
        yield from run_in_pieces([primal, dual], piece_s)
    yield from run_in_pieces([primal], piece_s)


def _proximal_slabs(
    grid: PackedGrid,
    volume: np.ndarray,
    duals: np.ndarray,
    out: np.ndarray,
    strengths: tuple[np.float32, np.float32, np.float32],
    n_steps: int,
    piece_s: float,
) -> Iterator[None]:
    """Do steps of ``tv_proximal`` on the processor, slab by slab."""
    slabs, shape = _slabs(grid), grid.volume_shape
    plane = grid.n_blocks * (shape[2] + 1) * grid.lanes
    x_planes, pulls = np.empty((len(slabs) + 1, plane), np.float32), np.zeros((len(slabs), plane), np.int16)
    seam, step = _proximal_cpu.seam, _proximal_cpu.proximal_step
    for _ in range(n_steps):
        seams = (
            partial(seam, volume, duals, shape, z_rows[0], strengths, x_planes[k], pulls[k])
            for k, z_rows in enumerate(slabs)
        )
        yield from run_in_pieces(seams, piece_s)
        steps = (
            partial(step, volume, duals, out, shape, z_rows, strengths, (x_planes[k], pulls[k], x_planes[k + 1]))
            for k, z_rows in enumerate(slabs)
        )
        yield from run_in_pieces(steps, piece_s)


def extrapolate(volume: np.ndarray, before: np.ndarray, factor: float) -> np.ndarray:
    """Push ``volume`` on by ``factor`` times its way since ``before``, which becomes what it was.

    Gives (2,): ‖way‖² and ‖volume‖², as it was.
    """
    sums: list[tuple[float, float]] = []
    work, push = twin(_variation_cpu, volume).extrapolate, np.float32(factor)
    run(task_on(volume, _put, sums, work, rows, old, push) for rows, old in _row_parts(volume, before))
    total: np.ndarray = np.array(sums).sum(axis=0)
    return total


def distance(volume: np.ndarray, other: np.ndarray) -> float:
    """Give ‖volume - other‖."""
    squares: list[float] = []
    work = twin(_variation_cpu, volume).squared_distance
    run(task_on(volume, _put, squares, work, rows, base) for rows, base in _row_parts(volume, other))
    return float(np.sqrt(fsum(squares)))


def _descents(
    grid: PackedGrid,
    volume: np.ndarray,
    out: np.ndarray,
    limits: tuple[np.float32, np.float32],
    move: tuple[bool, np.float32, np.float32],
    squares: list[float],
) -> Iterator[Task]:
    descend = twin(_variation_cpu, volume).descend
    for z_rows in _slabs(grid):
        yield task_on(volume, _put, squares, descend, volume, out, grid.volume_shape, z_rows, limits, move)


def _square(length: float) -> np.float32:
    return np.float32(max(length, _LEAST_LENGTH) ** 2)


def _put(results: list[Any], kernel: Callable[..., Any], *arguments: Any) -> None:
    results.append(kernel(*arguments))


def _slabs(grid: PackedGrid) -> list[tuple[int, int]]:
    """Give the planes (first, end) of each task: few enough that what is done twice where slabs meet hardly counts."""
    n_z, n_x = grid.n_zx
    if grid.device == "cuda":
        return [(0, n_z)]
    n_values = n_z * n_x * grid.lanes * grid.n_blocks
    wanted = max(_SLABS_PER_THREAD * thread_count(), n_values // _MOST_VALUES_PER_TASK)
    n_slabs = max(1, min(wanted, n_values // _LEAST_VALUES_PER_TASK, n_z // _LEAST_PLANES_PER_TASK))
    bounds = [int(bound) for bound in np.linspace(0, n_z, n_slabs + 1)]
    return list(pairwise(bounds))


def _row_parts(volume: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rows, other_rows = volume.reshape(-1, volume.shape[-1]), other.reshape(-1, other.shape[-1])
    n_parts = tasks_on(volume, max(1, min(2 * thread_count(), volume.size // _LEAST_VALUES_PER_TASK)))
    for first, end in pairwise(int(bound) for bound in np.linspace(0, len(rows), n_parts + 1)):
        yield rows[first:end], other_rows[first:end]
