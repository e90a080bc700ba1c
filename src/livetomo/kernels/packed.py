"""The operators on packed volumes and projections: the level at which methods work.

They are given as tasks on one lane block that may run in any order. The functions are the same on the GPU: CuPy arrays
are worked on where they are. What is said of rays, some numbers a tilt, stays on the host. Where 8 slices at most are
left, x86 processors work on neighbouring voxels and rays at once instead of one by one (``_few_slices_cpu``).
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, pairwise
from types import ModuleType

import numpy as np

from livetomo.arrays import is_cupy
from livetomo.kernels import _columns_cpu, _few_slices_cpu, _momentum_cpu, _pack_cpu, _project_cpu
from livetomo.kernels._positions import FRACTION_BITS
from livetomo.kernels._project_cpu import RAY_BORDER
from livetomo.kernels._strips import Strip
from livetomo.kernels._threads import Task, cut, run, run_in_pieces, task_on, tasks_on, thread_count
from livetomo.kernels._twins import twin
from livetomo.kernels.packed_grid import LaneBlock, PackedGrid, aligned, aligned_zeros
from livetomo.kernels.rays import Rays

_LEAST_UPDATES_PER_TASK = 2_000_000  # some 0.2 ms: less is not worth a thread
_MOST_UPDATES_PER_TASK = 1_200_000_000  # some 60 ms: fewer tilts at once would read the volume more often
_LEAST_LANES_PER_TASK = 32
_LEAST_COLUMNS_PER_TASK = 200_000
_TILTS_PER_AXIS = 4  # as measured with 512² voxels
_MOST_SHARES = 4  # of voxels: to add up what more have found would take long
_Z_ROWS_PER_TASK, _LANE_ROWS_PER_TASK, _TILE_ROWS = 32, 4096, 16

__all__ = [
    "FRACTION_BITS",
    "NO_FLOOR",
    "RAY_BORDER",
    "LaneBlock",
    "PackedGrid",
    "Rays",
    "Task",
    "advance_tasks",
    "aligned",
    "aligned_zeros",
    "backproject_tasks",
    "column_sums",
    "momentum_tasks",
    "project_tasks",
    "remainder_tasks",
    "row_tasks",
    "run",
    "run_in_pieces",
    "thread_count",
]

NO_FLOOR = np.float32(np.finfo(np.float32).min)


def row_tasks(array: np.ndarray, work: Callable[[slice], None], rows_at_once: int) -> Iterator[Task]:
    """Give tasks that each do ``work`` with some rows of an array; on the GPU one does with all."""
    step = max(1, len(array)) if is_cupy(array) else rows_at_once
    return (task_on(array, work, slice(row, row + step)) for row in range(0, len(array), step))


def project_tasks(
    block: LaneBlock, rays: Rays, volume: np.ndarray, out: np.ndarray, tilts: np.ndarray
) -> Iterator[Task]:
    """Write A x of one block into ``out`` for the named tilts, as tasks that may run in any order."""
    return _forward_tasks(block, rays, volume, out, tilts, lambda _strip, _part: None)


def backproject_tasks(
    block: LaneBlock,
    rays: Rays,
    volume: np.ndarray,
    projections: np.ndarray,
    tilts: np.ndarray,
    update: tuple[np.ndarray, np.float32, np.float32],
) -> Iterator[Task]:
    """Update one block: volume = max(floor, keep · volume + gain · Aᵀ projections), over the named tilts.

    ``update`` is (gain (z, x) float32, keep, floor); ``NO_FLOOR`` for none.
    """
    beams = rays.landings, rays.hats, tilts
    for strip in block.strips(len(tilts)):
        work = _kernels(strip, volume).backproject
        for z_rows in _z_parts(block.grid, strip, tilts):
            yield task_on(volume, work, volume, projections, beams, update, *block.sizes(strip), z_rows)


def column_sums(grid: PackedGrid, rays: Rays, tilt_weights: np.ndarray) -> np.ndarray:
    """Give (z, x) float32: the back projection of images that are each its tilt's weight everywhere."""
    sums = np.zeros(grid.n_zx, np.float32)
    n_rows, weights = len(sums), tilt_weights.astype(np.float32)
    n_parts = max(1, min(thread_count(), sums.size * len(weights) // _LEAST_COLUMNS_PER_TASK))
    run(
        partial(_columns_cpu.add_columns, sums, rays.landings, rays.hats, weights, grid.row_length, z_rows)
        for z_rows in cut(n_rows, n_parts)
    )
    return sums


def momentum_tasks(
    block: LaneBlock,
    rays: Rays,
    volumes: tuple[np.ndarray, np.ndarray, np.ndarray],
    projections: np.ndarray,
    tilts: np.ndarray,
    update: tuple[np.ndarray, np.float32, np.float32, np.float32, np.float32],
    astray: list[float],
) -> Iterator[Task]:
    """Update one block of the extrapolated volume y and the volume x over the named tilts.

    x' = min(ceiling, max(floor, keep · y + gain · Aᵀ projections)), then y = x' + momentum · (x' - x) and x = x'.
    ``volumes`` are (y, x, support), the support uint8 and without rows if it is everywhere; ``update`` is (gain (z, x),
    keep, floor, ceiling, momentum). Each task adds its Σ (y - x') (x' - x) to ``astray``: above 0, it leads uphill.
    """
    beams = rays.landings, rays.hats, tilts

    def advance(strip: Strip, z_rows: tuple[int, int]) -> None:
        work = _kernels(strip, projections).backproject_with_momentum
        astray.append(work(volumes, projections, beams, update, *block.sizes(strip), z_rows))

    for strip in block.strips(len(tilts)):
        for z_rows in _z_parts(block.grid, strip, tilts):
            yield task_on(projections, advance, strip, z_rows)


def advance_tasks(
    volumes: tuple[np.ndarray, np.ndarray, np.ndarray],
    step: np.ndarray,
    update: tuple[np.float32, np.float32, np.float32, np.float32],
    astray: list[float],
) -> Iterator[Task]:
    """Do what ``momentum_tasks`` does with a step that was found before instead of gain · Aᵀ projections.

    ``step`` is one packed block, ``update`` (keep, floor, ceiling, momentum).
    """
    work = twin(_momentum_cpu, step).advance

    def advance(first: int, end: int) -> None:
        astray.append(work(volumes, step, update, first, end))

    for first, end in cut(len(step), tasks_on(step, 4 * thread_count())):
        yield task_on(step, advance, first, end)


def remainder_tasks(
    block: LaneBlock,
    rays: Rays,
    volume: np.ndarray,
    measured: np.ndarray,
    out: np.ndarray,
    weights: tuple[np.ndarray, np.ndarray, np.ndarray],
    tilts: np.ndarray,
    squares: list[float],
) -> Iterator[Task]:
    """Write w R (b − A x) of one block into ``out``; each task adds its Σ t w (b − A x)² where R > 0 to ``squares``.

    ``weights`` are R, (tilt, x), w, packed as the block or without rows where all are 1, and t, (tilt,).
    """
    subtract, row = twin(_pack_cpu, out).subtract_and_weigh, (block.grid.row_length, RAY_BORDER)

    def weigh(strip: Strip, part: np.ndarray) -> None:
        squares.append(subtract(out, measured, weights, part, row, (strip.first_lane, strip.width)))

    return _forward_tasks(block, rays, volume, out, tilts, weigh)


def _forward_tasks(
    block: LaneBlock,
    rays: Rays,
    volume: np.ndarray,
    out: np.ndarray,
    tilts: np.ndarray,
    finish: Callable[[Strip, np.ndarray], None],
) -> Iterator[Task]:
    """Give tasks that project the named tilts, and do what is to be done with the lanes and the tilts of each."""

    def project(lanes: Strip, part: np.ndarray) -> None:
        twin(_project_cpu, volume).project(volume, out, rays.crossings, rays.scales, *block.sizes(lanes), part)
        finish(lanes, part)

    for strip in block.forward_strips(len(tilts)):
        n_parts, n_shares = _forward_cut(block.grid, strip, tilts)
        if strip.is_in_lines:
            for part in _parts_by_axis(rays, tilts, n_parts):
                yield from _line_tasks(block, strip, rays, volume, out, part, n_shares, finish)
        else:
            for part in np.array_split(tilts, n_parts):
                yield from (task_on(volume, project, lanes, part) for lanes in strip.cut(n_shares))


def _line_tasks(
    block: LaneBlock,
    strip: Strip,
    rays: Rays,
    volume: np.ndarray,
    out: np.ndarray,
    tilts: np.ndarray,
    n_shares: int,
    finish: Callable[[Strip, np.ndarray], None],
) -> Iterator[Task]:
    """Give tasks that each project a share of the voxels; the last one to end adds up what all have found."""
    sizes, found, ended = block.sizes(strip), dict[int, np.ndarray](), count(1)

    def project(share: int) -> None:
        found[share] = _few_slices_cpu.add_up(volume, rays.crossings, rays.scales, *sizes, tilts, (share, n_shares))
        if next(ended) < n_shares:  # a single step of the interpreter: no two tasks are last
            return
        sums = found.pop(0)
        with np.errstate(all="ignore"):  # as in kernels, what is not finite stays so without a word
            for number in range(1, n_shares):
                sums += found.pop(number)
        _few_slices_cpu.write(out, sums, *sizes, tilts)
        finish(strip, tilts)

    return (partial(project, share) for share in range(n_shares))


def _kernels(strip: Strip, array: np.ndarray) -> ModuleType:
    return _few_slices_cpu if strip.is_in_lines else twin(_project_cpu, array)


def _forward_cut(grid: PackedGrid, strip: Strip, tilts: np.ndarray) -> tuple[int, int]:
    """Give into how many parts to cut the tilts, and into how many shares the lanes or the voxels, to keep all busy.

    Only where there are fewer tilts than threads do these share the lanes: half a row is brought no sooner than all.
    """
    if grid.device == "cuda":
        return 1, 1
    most, n_threads, n_values = _most_tasks(grid, strip, tilts), thread_count(), math.prod(grid.n_zx)
    tilts_per_task = max(16, min(36, _MOST_UPDATES_PER_TASK // (n_values * strip.width)))
    n_parts = n_threads * max(1, round(len(tilts) / (tilts_per_task * n_threads)))
    n_parts = max(1, min(len(tilts), n_parts, most))
    if strip.is_in_lines:
        n_shares = min(_MOST_SHARES, n_threads, most)
        return max(-(-n_parts // n_shares), -(-len(tilts) // tilts_per_task)), n_shares
    return n_parts, max(1, min(n_threads // n_parts, most // n_parts, strip.n_lanes // _LEAST_LANES_PER_TASK))


def _parts_by_axis(rays: Rays, tilts: np.ndarray, n_parts: int) -> list[np.ndarray]:
    """Cut the tilts into parts of which the longest takes as little as it can.

    A task turns the volume into lines along each axis that its rays follow, which takes as long as some tilts.
    """
    if n_parts == 1:
        return [tilts]
    tilts = tilts[np.argsort(rays.crossings[tilts, 3], kind="stable")]
    axes = rays.crossings[tilts, 3].tolist()
    for most in count(-(-len(tilts) // n_parts) + _TILTS_PER_AXIS):
        starts, spent = [0], 0
        for k, axis in enumerate(axes):
            spent += 1 if k > starts[-1] and axis == axes[k - 1] else 1 + _TILTS_PER_AXIS
            if spent > most:
                starts, spent = [*starts, k], 1 + _TILTS_PER_AXIS
        if len(starts) <= n_parts:
            break
    return np.split(tilts, starts[1:])


def _z_parts(grid: PackedGrid, strip: Strip, tilts: np.ndarray) -> list[tuple[int, int]]:
    """Cut the voxel rows into parts of whole tiles (first, end) for one task each."""
    n_z = grid.volume_shape[0]
    if grid.device == "cuda":
        return [(0, n_z)]
    z_rows_per_task = max(_Z_ROWS_PER_TASK, _LANE_ROWS_PER_TASK // strip.width)
    tasks_per_thread = 1 if strip.is_in_lines else 2  # each task turns all rays into lines
    n_threads, n_tiles = thread_count(), -(-n_z // _TILE_ROWS)
    n_parts = n_threads * max(-(-n_z // (z_rows_per_task * n_threads)), tasks_per_thread)
    n_parts = min(n_parts, n_tiles, _most_tasks(grid, strip, tilts))
    bounds = [min(n_z, round(k * n_tiles / n_parts) * _TILE_ROWS) for k in range(n_parts + 1)]
    return list(pairwise(bounds))


def _most_tasks(grid: PackedGrid, strip: Strip, tilts: np.ndarray) -> int:
    n_z, n_x = grid.n_zx
    return max(1, n_z * n_x * strip.cost * len(tilts) // _LEAST_UPDATES_PER_TASK)
