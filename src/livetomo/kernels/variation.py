"""Total variation and its relatives on packed volumes: descent, proximal steps, momentum, distances.

All are three-dimensional: voxels at the edge of a lane block know their neighbours in the next. On the processor the
result takes the place of what it is worked out from, and momentum is part of the same pass. In passes, each one time
over a volume of float32: a step of the proximal operator with momentum reads 2.75 and writes 2.75 (volume, the one
before, and duals), a step before it reads 1.75 and writes 0.75; a step down Huber's function with momentum reads 2 and
writes 2, one down TV reads 1 and writes 1, the gradient's length reads 1. Beside the volumes a few planes are kept.
"""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from math import fsum
from typing import Any

import numpy as np

from livetomo.arrays import is_cupy, namespace, namespace_on
from livetomo.kernels import _proximal_cpu, _variation_cpu
from livetomo.kernels._threads import Task, cut, run, run_in_pieces, task_on, tasks_on, thread_count
from livetomo.kernels._twins import twin
from livetomo.kernels.packed import NO_FLOOR, PackedGrid

_LEAST_VALUES_PER_TASK = 1 << 16
"""Below, threads cost more than they bring."""
_MOST_VALUES_PER_TASK = 1 << 24
"""Above, control comes back too late."""
_LEAST_PLANES_PER_TASK = 4
_LAPLACIAN_NORM = 12.0
"""Upper bound of ‖∇‖² in three dimensions."""
_DUAL_STEP = 1.9
"""Of the duals' projected gradient, over 1 / ‖∇‖²; up to 2 it converges, but a single one then leaves ripples."""
_LEAST_LENGTH = 1e-15
"""A flat volume has gradients of zero length, by which nothing may be divided."""


def new_duals(grid: PackedGrid) -> np.ndarray:
    """Give the duals of a TV proximal operator, zero: ``[z y x][block][z x][lane]``, int8, 0.75 times a volume."""
    n_z, n_x = grid.n_zx
    shape = 3, grid.n_blocks, (n_z + 2) * (n_x + 2), grid.lanes
    duals: np.ndarray = namespace_on(grid.device).zeros(shape, np.int8)
    return duals


def gradient_norm(grid: PackedGrid, volume: np.ndarray, smoothing: float) -> float:
    """Give ‖g‖, g the gradient of Σ √(|∇x|² + smoothing²)."""
    sums: list[Any] = []
    limits, stay = (_square(smoothing), np.float32(0)), (False, np.float32(0), NO_FLOOR, np.float32(0))
    run(_descents(grid, (volume, volume, None), limits, stay, sums))
    return float(np.sqrt(_totals(sums)[0]))


def tv_descent(
    grid: PackedGrid, volume: np.ndarray, out: np.ndarray, step: float, smoothing: float, piece_s: float
) -> Generator[None, None, float]:
    """Write max(0, volume - step · g) into ``out``, g the gradient of Σ √(|∇x|² + smoothing²); give ‖g‖.

    ``out`` may be the volume; if left at a piece, it is neither the one nor the other.
    """
    sums: list[Any] = []
    limits, move = (_square(smoothing), np.float32(0)), (True, np.float32(step), np.float32(0), np.float32(0))
    yield from run_in_pieces(_descents(grid, (volume, out, None), limits, move, sums), piece_s)
    return float(np.sqrt(_totals(sums)[0]))


def huber_descent(
    grid: PackedGrid,
    volume: np.ndarray,
    before: np.ndarray,
    problem: tuple[float, float, np.float32],
    push: float,
    piece_s: float,
) -> Generator[None, None, np.ndarray]:
    """Step to x = max(floor, volume - rate · edge · g), g the gradient of Huber's function of |∇x|, and push on.

    ``before`` becomes x and ``volume`` x + push · (x - before as it was), even if left at a piece.
    ``problem`` is (rate, edge, floor). Below ``edge`` the step is rate · Laplacian, stable up to a rate of 1/6; above,
    |∇x| counts linearly.
    Gives (2,): ‖x - before‖² and ‖x‖².
    """
    rate, edge, floor = problem
    sums: list[Any] = []
    limits, move = (np.float32(0), _square(edge)), (True, np.float32(rate * edge), floor, np.float32(push))
    tasks = _descents(grid, (volume, volume, before), limits, move, sums)
    yield from run_in_pieces(tasks, piece_s, ends_if_left=True)
    return _totals(sums)[1:]


def tv_proximal(
    grid: PackedGrid,
    volume: np.ndarray,
    before: np.ndarray,
    duals: np.ndarray,
    problem: tuple[float, np.float32, int],
    push: float = 0.0,
    piece_s: float = float("inf"),
) -> Generator[None, None, np.ndarray]:
    """Step to x = argmin ½‖x - volume‖² + weight · TV(x) over x ≥ floor, and push on.

    ``problem`` is (weight, floor, steps). ``before`` becomes x and ``volume`` x + push · (x - before as it was), even
    if left at a piece of the last step.
    The projected gradient on the duals of Chambolle, J. Math. Imaging Vis. 20, 89 (2004),
    doi:10.1023/B:JMIV.0000011325.36760.1e, with the constraint of Beck and Teboulle, IEEE Trans. Image Process. 18,
    2419 (2009), doi:10.1109/TIP.2009.2028250. The duals begin where they were: those of a similar volume are a good
    start, so that one or two steps are enough in the loop of a reconstruction.
    Gives (2,): ‖x - before‖² and ‖x‖².
    """
    weight, floor, n_steps = problem
    length = _DUAL_STEP if n_steps > 1 else 1.0
    rise = np.float32(length / (_LAPLACIAN_NORM * weight)) if weight > 0 else np.float32(0)
    steps = _proximal_passes if is_cupy(volume) else _proximal_slabs
    strengths = np.float32(weight), rise, floor
    ways = yield from steps(grid, (volume, before, duals), strengths, n_steps, np.float32(push), piece_s)
    return ways


def _proximal_passes(
    grid: PackedGrid,
    volumes: tuple[np.ndarray, np.ndarray, np.ndarray],
    strengths: tuple[np.float32, np.float32, np.float32],
    n_steps: int,
    push: np.float32,
    piece_s: float,
) -> Generator[None, None, np.ndarray]:
    """Do steps of ``tv_proximal`` on the GPU, where each pass goes over all voxels."""
    from livetomo.kernels import _proximal_gpu, _variation_gpu

    (volume, before, duals), shape = volumes, grid.volume_shape
    between, ways = namespace(volume).zeros_like(volume), list[Any]()
    primal = task_on(volume, _proximal_gpu.primal, volume, duals, between, shape, strengths)
    dual = task_on(volume, _proximal_gpu.dual, between, duals, shape, strengths)
    for _ in range(n_steps):
        yield from run_in_pieces([primal, dual], piece_s)
    result = task_on(volume, _proximal_gpu.primal, volume, duals, volume, shape, strengths)
    pushed = task_on(volume, _put, ways, _variation_gpu.extrapolate, volume, before, push)
    yield from run_in_pieces([result, pushed], piece_s, ends_if_left=True)
    return _totals(ways)


def _proximal_slabs(
    grid: PackedGrid,
    volumes: tuple[np.ndarray, np.ndarray, np.ndarray],
    strengths: tuple[np.float32, np.float32, np.float32],
    n_steps: int,
    push: np.float32,
    piece_s: float,
) -> Generator[None, None, np.ndarray]:
    """Do steps of ``tv_proximal`` on the processor, slab by slab; only the last writes a result."""
    (volume, before, duals), slabs, shape = volumes, _slabs(grid), grid.volume_shape
    plane = grid.n_blocks * (shape[2] + 1) * grid.lanes
    x_planes, pulls = np.empty((len(slabs) + 1, plane), np.float32), np.zeros((len(slabs), plane), np.int8)
    seam, step = _proximal_cpu.seam, _proximal_cpu.proximal_step
    ways: list[Any] = []
    for number in range(n_steps):
        run(
            partial(seam, volume, duals, shape, z_rows[0], strengths, x_planes[k], pulls[k])
            for k, z_rows in enumerate(slabs)
        )
        is_last, ways = number == n_steps - 1, []
        results = before if is_last else before[:0]
        steps = (
            partial(_put, ways, step, volume, results, duals, shape, z_rows, strengths, push, tuple(seams))
            for z_rows, *seams in zip(slabs, x_planes, pulls, x_planes[1:], strict=False)
        )
        yield from run_in_pieces(steps, piece_s, ends_if_left=is_last)
    return _totals(ways)


def distance(volume: np.ndarray, other: np.ndarray) -> float:
    """Give ‖volume - other‖."""
    squares: list[float] = []
    work = twin(_variation_cpu, volume).squared_distance
    run(task_on(volume, _put, squares, work, rows, base) for rows, base in _row_parts(volume, other))
    return float(np.sqrt(fsum(squares)))


def _descents(
    grid: PackedGrid,
    volumes: tuple[np.ndarray, np.ndarray, np.ndarray | None],
    limits: tuple[np.float32, np.float32],
    move: tuple[bool, np.float32, np.float32, np.float32],
    sums: list[Any],
) -> Iterator[Task]:
    volume, descend, n_z = volumes[0], twin(_variation_cpu, volumes[0]).descend, grid.n_zx[0]
    for z_rows in _slabs(grid):
        planes = _plane(grid, volume, z_rows[0] - 1), _plane(grid, volume, z_rows[1] if z_rows[1] < n_z else -1)
        yield task_on(volume, _put, sums, descend, *volumes, grid.volume_shape, z_rows, planes, limits, move)


def _plane(grid: PackedGrid, volume: np.ndarray, z: int) -> np.ndarray:
    """Copy a plane of all blocks; before the first nothing, as no task asks for it."""
    n_z, n_x = grid.n_zx
    shape = grid.n_blocks, n_z + 2, (n_x + 2) * grid.lanes
    return volume.reshape(shape)[:, z + 1].flatten() if z >= 0 else np.empty(0, np.float32)


def _square(length: float) -> np.float32:
    return np.float32(max(length, _LEAST_LENGTH) ** 2)


def _totals(rows: list[Any]) -> np.ndarray:
    """Sum each column, the same in whatever order the tasks have ended."""
    return np.array([fsum(column) for column in zip(*rows, strict=True)])


def _put(results: list[Any], kernel: Callable[..., Any], *arguments: Any) -> None:
    results.append(kernel(*arguments))


def _slabs(grid: PackedGrid) -> list[tuple[int, int]]:
    """Give the planes (first, end) of each task: few enough that what is done twice where slabs meet hardly counts."""
    n_z, n_x = grid.n_zx
    if grid.device == "cuda":
        return [(0, n_z)]
    n_values = n_z * n_x * grid.lanes * grid.n_blocks
    wanted = max(thread_count(), n_values // _MOST_VALUES_PER_TASK)
    n_slabs = max(1, min(wanted, n_values // _LEAST_VALUES_PER_TASK, n_z // _LEAST_PLANES_PER_TASK))
    return cut(n_z, n_slabs)


def _row_parts(volume: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rows, other_rows = volume.reshape(-1, volume.shape[-1]), other.reshape(-1, other.shape[-1])
    n_parts = tasks_on(volume, max(1, min(2 * thread_count(), volume.size // _LEAST_VALUES_PER_TASK)))
    for first, end in cut(len(rows), n_parts):
        yield rows[first:end], other_rows[first:end]
