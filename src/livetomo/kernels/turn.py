"""A packed volume turned in its own plane, and the exact adjoint: what a second tilt axis needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil, cos, radians, sin

import numpy as np

from livetomo.arrays import is_cupy, namespace, namespace_on
from livetomo.kernels import _turn_cpu
from livetomo.kernels._octets import STRIP
from livetomo.kernels._threads import Task, cut, task_on, thread_count
from livetomo.kernels._turn_cpu import TAPS
from livetomo.kernels._twins import twin
from livetomo.kernels.packed import NO_FLOOR, PackedGrid

_PLANES_PER_TASK = 16
_AFRESH = np.float32(0), NO_FLOOR
_QUARTERS = ((1, 0), (0, 1), (-1, 0), (0, -1))

_Taps = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Turn:
    """A turn about z, the beam at zero tilt: a point (x, y) from the centre goes to (x', y'), z stays.

    x' = x cos f - y sin f and y' = x sin f + y cos f. The turned volume is as wide in x' as the whole volume needs; its
    rows y' are those of the detector, so what leaves them is not seen. Values between voxels are interpolated linearly
    in x and y. By a multiple of 90° voxels move whole; not by 90° or 270° when n_x - n_y is odd.
    """

    grid: PackedGrid
    """Of the volume."""

    rotation_deg: float

    @cached_property
    def turned_grid(self) -> PackedGrid:
        """The layout of the turned volume, with the z and y of the volume and its detector."""
        n_z, n_y, n_x = self.grid.volume_shape
        cosine, sine = self._direction
        # Less a hair: a width that is whole but for rounding must not grow
        width = ceil(n_x * abs(cosine) + n_y * abs(sine) - 1e-9)
        return PackedGrid((n_z, n_y, width), self.grid.detector_width, self.grid.device)

    @property
    def moves_whole_voxels(self) -> bool:
        """Whether every voxel of the turned volume is one of the volume, or zero."""
        _, n_y, n_x = self.grid.volume_shape
        return self.rotation_deg % 90 == 0 and (self.rotation_deg % 180 == 0 or n_x % 2 == n_y % 2)

    @property
    def _direction(self) -> tuple[float, float]:
        """Cosine and sine, exact for multiples of 90°."""
        if self.rotation_deg % 90 == 0:
            return _QUARTERS[int(self.rotation_deg // 90) % 4]
        return cos(radians(self.rotation_deg)), sin(radians(self.rotation_deg))

    @cached_property
    def _offsets(self) -> tuple[np.ndarray, ...]:
        cosine, sine = self._direction
        return self._placed(*_moves(self.grid, self.turned_grid, int(cosine), int(sine)))

    @cached_property
    def _offsets_back(self) -> tuple[np.ndarray, ...]:
        cosine, sine = self._direction
        return self._placed(*_moves(self.turned_grid, self.grid, int(cosine), -int(sine)))

    @cached_property
    def _matrix(self) -> _Taps:
        """Every (turned voxel, voxel, weight) of a plane, voxels counted by x · lanes of all blocks + y."""
        (_, n_y, n_x), width = self.grid.volume_shape, self.turned_grid.volume_shape[2]
        cosine, sine = self._direction
        x_turned, y_turned = np.arange(width)[:, None] - (width - 1) / 2, np.arange(n_y) - (n_y - 1) / 2
        x = x_turned * cosine + y_turned * sine + (n_x - 1) / 2
        y = y_turned * cosine - x_turned * sine + (n_y - 1) / 2
        rows, columns, weights = [], [], []
        length = self.grid.n_blocks * self.grid.lanes
        numbers = np.arange(width)[:, None] * length + np.arange(n_y)
        for step_x, step_y in np.ndindex(2, 2):
            near_x, near_y = np.floor(x).astype(np.int64) + step_x, np.floor(y).astype(np.int64) + step_y
            weight = ((1 - np.abs(x - near_x)) * (1 - np.abs(y - near_y))).astype(np.float32)
            inside = (near_x >= 0) & (near_x < n_x) & (near_y >= 0) & (near_y < n_y) & (weight > 0)
            rows.append(numbers[inside])
            columns.append((near_x * length + near_y)[inside])
            weights.append(weight[inside])
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(weights)

    @cached_property
    def _taps(self) -> tuple[np.ndarray, ...]:
        rows, columns, weights = self._matrix
        return self._placed(*_grouped(rows, columns, weights, self.turned_grid))

    @cached_property
    def _taps_back(self) -> tuple[np.ndarray, ...]:
        rows, columns, weights = self._matrix
        return self._placed(*_grouped(columns, rows, weights, self.grid))

    def _placed(self, *tables: np.ndarray) -> tuple[np.ndarray, ...]:
        """Put tables where the volumes lie."""
        return tuple(namespace_on(self.grid.device).asarray(table) for table in tables)


def turn_tasks(turn: Turn, volume: np.ndarray, out: np.ndarray) -> Iterator[Task]:
    """Write the turned volume T x into ``out``, all its blocks, as tasks that may run in any order.

    ``volume`` is packed on ``turn.grid``, ``out`` on ``turn.turned_grid``; they must not overlap.
    """
    if turn.rotation_deg % 360 == 0:
        return (task_on(out, namespace(out).copyto, *blocks) for blocks in zip(out, volume, strict=True))
    if turn.moves_whole_voxels:
        return _permute_tasks((turn.grid, turn.turned_grid), volume, out, turn._offsets, _AFRESH)
    return _gather_tasks((turn.grid, turn.turned_grid), volume, out, turn._taps, _AFRESH)


def turn_back_tasks(
    turn: Turn, turned: np.ndarray, volume: np.ndarray, update: tuple[np.float32, np.float32]
) -> Iterator[Task]:
    """Update all blocks: volume = max(floor, keep · volume + Tᵀ turned); ``update`` is (keep, floor).

    ``turned`` is packed on ``turn.turned_grid``, ``volume`` on ``turn.grid``. ``NO_FLOOR`` for none. With keep 0 what
    the volume held does not matter.
    """
    if turn.moves_whole_voxels:
        return _permute_tasks((turn.turned_grid, turn.grid), turned, volume, turn._offsets_back, update)
    return _gather_tasks((turn.turned_grid, turn.grid), turned, volume, turn._taps_back, update)


def _permute_tasks(
    grids: tuple[PackedGrid, PackedGrid],
    source: np.ndarray,
    out: np.ndarray,
    offsets: tuple[np.ndarray, ...],
    update: tuple[np.float32, np.float32],
) -> Iterator[Task]:
    n_z, n_y, _ = grids[0].volume_shape
    widths = grids[0].volume_shape[2], grids[1].volume_shape[2]
    permute, n_planes = twin(_turn_cpu, out).permute, n_z if is_cupy(out) else _PLANES_PER_TASK
    for block in range(grids[1].n_blocks):
        for z in range(0, n_z, n_planes):
            planes = z, min(n_z, z + n_planes)
            yield task_on(out, permute, source, out, offsets, widths, n_y, block, planes, update)


def _gather_tasks(
    grids: tuple[PackedGrid, PackedGrid],
    source: np.ndarray,
    out: np.ndarray,
    taps: tuple[np.ndarray, ...],
    update: tuple[np.float32, np.float32],
) -> Iterator[Task]:
    n_z, n_y, _ = grids[0].volume_shape
    widths = grids[0].volume_shape[2], grids[1].volume_shape[2]
    if is_cupy(out):
        yield task_on(out, twin(_turn_cpu, out).gather, source, out, taps, widths, (n_z, n_y), update)
        return
    strips: list[np.ndarray] = []

    def gather(part: tuple[int, int, int]) -> None:
        try:
            strip = strips.pop()  # fresh memory for every task would cost as much as the turn
        except IndexError:
            strip = np.empty((widths[0] * grids[0].n_blocks * grids[0].lanes, STRIP), np.float32)
        _turn_cpu.gather(source, out, strip, taps, widths, (n_z, n_y), part, update)
        strips.append(strip)

    starts = range(0, n_z, STRIP)
    # Each part lifts its strip anew: worth it only for threads that would have nothing to do
    n_parts = min(widths[1], max(1, thread_count() // len(starts)))
    for z in starts:
        for low, high in cut(widths[1], n_parts):
            yield partial(gather, (z, low, high))


def _moves(source: PackedGrid, target: PackedGrid, cosine: int, sine: int) -> tuple[np.ndarray, np.ndarray]:
    """Where column x and row y of the target take their value: two offsets into a plane of the source, to be added."""
    (_, n_y, n_x), width = source.volume_shape, target.volume_shape[2]
    # Twice the distance from the centre is whole
    x_target, y_target = 2 * np.arange(width) - (width - 1), 2 * np.arange(n_y) - (n_y - 1)
    if sine == 0:
        return _to_column(source, x_target * cosine + n_x - 1), _to_row(source, y_target * cosine + n_y - 1)
    return _to_row(source, -x_target * sine + n_y - 1), _to_column(source, y_target * sine + n_x - 1)


def _to_column(grid: PackedGrid, twice_x: np.ndarray) -> np.ndarray:
    """Give the offset of columns x in a plane; of the empty border for those outside."""
    columns: np.ndarray = np.clip(twice_x // 2 + 1, 0, grid.volume_shape[2] + 1)
    return columns * grid.lanes


def _to_row(grid: PackedGrid, twice_y: np.ndarray) -> np.ndarray:
    """Give the offset of rows y from that of row 0; below zero for those outside."""
    (n_z, n_y, n_x), y = grid.volume_shape, twice_y // 2
    offsets = y // grid.lanes * ((n_z + 2) * (n_x + 2) * grid.lanes) + y % grid.lanes
    return np.where((y >= 0) & (y < n_y), offsets, -1)


def _grouped(targets: np.ndarray, sources: np.ndarray, weights: np.ndarray, grid: PackedGrid) -> _Taps:
    """Sort taps by target, in groups of a fixed number: (starts, sources, weights); gaps in a group weigh nothing."""
    n_targets = grid.volume_shape[2] * grid.n_blocks * grid.lanes
    order, counts = np.argsort(targets, kind="stable"), np.bincount(targets, minlength=n_targets)
    starts = np.concatenate([[0], np.cumsum(-(-counts // TAPS))])
    first_taps = np.cumsum(counts) - counts
    places = np.repeat(TAPS * starts[:-1] - first_taps, counts) + np.arange(len(order))
    grouped_sources = np.zeros(TAPS * starts[-1], np.int32)
    grouped_weights = np.zeros(TAPS * starts[-1], np.float32)
    grouped_sources[places], grouped_weights[places] = sources[order], weights[order]
    return starts, grouped_sources.reshape(-1, TAPS), grouped_weights.reshape(-1, TAPS)
