"""What a volume of half the resolution has changed, carried over to packed volumes of the full one.

Grids share their centre. One with an even number of voxels along an axis has two for each coarse one, with an odd
number the coarse ones lie on every other.
"""

from collections.abc import Generator
from functools import partial
from math import fsum
from typing import Any

import numpy as np

from livetomo.kernels import _double_cpu
from livetomo.kernels._threads import cut, run, run_in_pieces, task_on, tasks_on, thread_count
from livetomo.kernels._twins import twin
from livetomo.kernels.packed import PackedGrid, aligned_zeros

Axis = tuple[np.ndarray, np.ndarray]


def halved_size(size: int) -> int:
    """Give how many coarse voxels lie along an axis of so many; a single one stays."""
    return (size + 1) // 2


def carry_over(
    grids: tuple[PackedGrid, PackedGrid],
    coarse: np.ndarray,
    carried: np.ndarray,
    volumes: tuple[np.ndarray, ...],
    floor: np.float32,
    piece_s: float,
) -> Generator[None, None, np.ndarray]:
    """Do volume = max(floor, volume + coarse - carried), interpolated, with each of the volumes; carry all of it.

    ``grids`` are that of the volumes and the coarse one, of half the size (rounded up). It ends even if left at a
    piece. Gives (2,): Σ of the squares of what was added to the first of the volumes, and of that volume.
    """
    grid, (n_z, n_y, n_x) = grids[0], grids[1].volume_shape
    change = aligned_zeros((grid.n_blocks, (n_z + 2) * (n_x + 2), grid.lanes), grid.device)
    work = twin(_double_cpu, coarse)
    z_axis, y_axis, x_axis = (
        _axis(size, coarse_size) for size, coarse_size in zip(grid.volume_shape, (n_z, n_y, n_x), strict=True)
    )
    run(
        task_on(coarse, work.change_along_y, coarse, carried, change, *y_axis, rows)
        for rows in _parts(coarse, coarse.shape[1])
    )
    sums: list[tuple[float, float]] = []

    def add(volume: np.ndarray, block: int, into: list[tuple[float, float]], z_rows: tuple[int, int]) -> None:
        sizes = grid.volume_shape[2], n_z, n_x
        into.append(work.add_change(volume[block], change[block], sizes, z_axis, x_axis, floor, z_rows))

    tasks = (
        task_on(coarse, partial(add, volume, block, sums if number == 0 else []), z_rows)
        for number, volume in enumerate(volumes)
        for block in range(grid.n_blocks)
        for z_rows in _parts(coarse, grid.volume_shape[0])
    )
    yield from run_in_pieces(tasks, piece_s, ends_if_left=True)
    return np.array([fsum(column) for column in zip(*sums, strict=True)])


def _axis(size: int, coarse_size: int) -> Axis:
    """Give the coarse voxel at or before each voxel of an axis, and how far on it lies to the next, both (size,)."""
    place = np.clip((np.arange(size) - (size - 1) / 2) / 2 + (coarse_size - 1) / 2, 0, coarse_size - 1)
    whole = np.minimum(place.astype(np.int64), max(coarse_size - 2, 0))
    return whole, (place - whole).astype(np.float32)


def _parts(array: Any, n_rows: int) -> list[tuple[int, int]]:
    return cut(n_rows, tasks_on(array, min(n_rows, 4 * thread_count())))
