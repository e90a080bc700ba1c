"""Volumes and projections in lane blocks, and the operators on them: the level at which methods work.

Every slice across the tilt axis sees the same system matrix. So 8 to 144 slices are kept next to each other in memory
(lanes) and each ray's weights are worked out once for all of them. A packed volume is ``[block][z x][lane]`` with a
border of one zero voxel, packed projections are ``[block][tilt x][lane]`` with zeros beside each detector row. Where
8 slices at most are left, an x86 processor with AVX-512 works along the rays instead (``_few_slices_cpu``).

The layout is the same on the GPU, and so are the functions here: CuPy arrays are worked on where they are. What is said
of rays, some numbers a tilt, stays on the host.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count, pairwise
from types import ModuleType

import numpy as np

from livetomo.arrays import Device, is_cupy, namespace, namespace_on, require_on
from livetomo.kernels import _columns_cpu, _few_slices_cpu, _momentum_cpu, _pack_cpu, _project_cpu
from livetomo.kernels._lanes import LANE_STEP, MOST_LANES, MOST_VALUES
from livetomo.kernels._positions import FRACTION_BITS
from livetomo.kernels._project_cpu import RAY_BORDER
from livetomo.kernels._strips import Strip, best_width, one_strip, strips
from livetomo.kernels._threads import Task, run, run_in_pieces, task_on, tasks_on, thread_count
from livetomo.kernels._twins import twin

_LEAST_UPDATES_PER_TASK = 2_000_000  # some 0.2 ms: less is not worth a thread
_MOST_UPDATES_PER_TASK = 1_200_000_000  # some 60 ms: fewer tilts at once would read the volume more often
_FARTHEST_PX = 1e6  # rays from beyond it meet nothing either, and fixed-point positions hold it
_LEAST_COLUMNS_PER_TASK = 200_000
_TILTS_PER_AXIS = 4  # as measured with 512² voxels
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


@dataclass(frozen=True)
class PackedGrid:
    """The layout of the lane blocks for one grid and detector."""

    volume_shape: tuple[int, int, int]
    """(z, y, x) voxels."""

    detector_width: int

    device: Device = "cpu"
    """Where the blocks lie."""

    @cached_property
    def lanes(self) -> int:
        """Slices that lie next to each other: the width that costs least for this many slices."""
        n_y, most = self.volume_shape[1], min(MOST_LANES, MOST_VALUES // math.prod(n + 2 for n in self.n_zx))
        return best_width(n_y, most)

    @property
    def n_blocks(self) -> int:
        """Number of lane blocks."""
        return -(-self.volume_shape[1] // self.lanes)

    @property
    def n_zx(self) -> tuple[int, int]:
        """(z, x) voxels of a slice."""
        return self.volume_shape[0], self.volume_shape[2]

    @property
    def row_length(self) -> int:
        """Rays of one tilt with the border on both sides."""
        return self.detector_width + 2 * RAY_BORDER

    def block(self, number: int) -> "LaneBlock":
        """Give one of the lane blocks."""
        return LaneBlock(self, min(self.lanes, self.volume_shape[1] - number * self.lanes))

    def new_volume(self) -> np.ndarray:
        """Give a packed volume of zeros."""
        n_z, n_x = self.n_zx
        return aligned_zeros((self.n_blocks, (n_z + 2) * (n_x + 2), self.lanes), self.device)

    def new_projections(self, n_tilts: int, n_blocks: int | None = None) -> np.ndarray:
        """Give packed projections of zeros for as many tilts; memory that is never written costs nothing."""
        n_blocks = self.n_blocks if n_blocks is None else n_blocks
        return aligned_zeros((n_blocks, n_tilts * self.row_length, self.lanes), self.device)

    def even_gain(self, gain: float) -> np.ndarray:
        """Give (z, x) one gain for all voxels."""
        gains: np.ndarray = namespace_on(self.device).full(self.n_zx, gain, np.float32)
        return gains

    def pack_volume(self, volume: np.ndarray, packed: np.ndarray) -> None:
        """Write a (z, y, x) volume into a packed one."""
        self._carry(twin(_pack_cpu, packed).pack, self._ready(volume), packed, self._volume_rows(0))

    def unpack_volume(self, packed: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Give the (z, y, x) float32 volume, in ``out`` when it is given."""
        volume: np.ndarray = namespace(packed).empty(self.volume_shape, np.float32) if out is None else out
        require_on(self.device, volume, "out")
        self._carry(twin(_pack_cpu, packed).unpack, volume, packed, self._volume_rows(0))
        return volume

    def pack_projections(self, projections: np.ndarray, packed: np.ndarray, first_tilt: int = 0) -> None:
        """Write (tilt, y, x) projections into packed ones from tilt number ``first_tilt`` on."""
        self._carry(twin(_pack_cpu, packed).pack, self._ready(projections), packed, self._ray_rows(first_tilt))

    def unpack_projections(self, packed: np.ndarray, first_tilt: int, n_tilts: int) -> np.ndarray:
        """Give (tilt, y, x) float32 projections."""
        shape = n_tilts, self.volume_shape[1], self.detector_width
        projections: np.ndarray = namespace(packed).empty(shape, np.float32)
        self._carry(twin(_pack_cpu, packed).unpack, projections, packed, self._ray_rows(first_tilt))
        return projections

    def _volume_rows(self, z: int) -> tuple[int, int]:
        length = self.volume_shape[2] + 2
        return (z + 1) * length + 1, length

    def _ray_rows(self, tilt: int) -> tuple[int, int]:
        return tilt * self.row_length + RAY_BORDER, self.row_length

    def _ready(self, images: np.ndarray) -> np.ndarray:
        require_on(self.device, images, "images to be packed")
        contiguous: np.ndarray = namespace(images).ascontiguousarray(images, np.float32)
        return contiguous

    def _carry(self, carrier, images: np.ndarray, packed: np.ndarray, rows: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
        start, step = rows
        n_parts = tasks_on(packed, max(1, min(len(images), 4 * thread_count() // self.n_blocks)))
        bounds = np.linspace(0, len(images), n_parts + 1).astype(int)
        run(
            task_on(packed, carrier, images[low:high], packed[block], block * self.lanes, start + int(low) * step, step)
            for block in range(self.n_blocks)
            for low, high in zip(bounds, bounds[1:], strict=False)
        )


@dataclass(frozen=True)
class LaneBlock:
    """One lane block of a grid; lanes after its slices hold zeros."""

    grid: PackedGrid

    n_slices: int

    @property
    def forward(self) -> Strip:
        """The lanes of a projection."""
        return Strip(0, self.n_slices) if self.grid.device == "cuda" else one_strip(self.n_slices, self.grid.lanes)

    @property
    def back(self) -> list[Strip]:
        """The lanes of a back projection, those together that one kernel works on."""
        return [self.forward] if self.grid.device == "cuda" else strips(self.n_slices, self.grid.lanes)

    def sizes(self, strip: Strip) -> tuple[tuple[int, int, int, int], int]:
        """Give what kernels know of a strip: ((z, x) voxels of a slice, first lane, lanes), and how long rows are."""
        return (*self.grid.n_zx, strip.first_lane, strip.n_lanes), self.grid.row_length


@dataclass(frozen=True, eq=False)
class Rays:
    """Where the rays of every tilt run, as the kernels want it: fixed-point positions, weights, strides."""

    landings: np.ndarray
    """(tilt, 3) where voxel (0, 0) lands in its tilt's row, and the step for z and for x."""
    hats: np.ndarray
    """(tilt, 2) slope and height of a voxel's weight against its distance from a ray."""
    crossings: np.ndarray
    """(tilt, 5) where ray 0 crosses row 0, steps along the main axis and from ray to ray, strides of both axes."""
    scales: np.ndarray
    """(tilt,) path length of a ray in one row."""

    @classmethod
    def of(cls, grid: PackedGrid, tilt_angles: np.ndarray, dx_px: np.ndarray, axis_shift_px: float) -> "Rays":
        """Trace the rays of tilts at these angles (degrees), shifted by dx on the detector."""
        n_z, n_x = grid.n_zx
        angles_rad = np.deg2rad(np.asarray(tilt_angles, np.float64))
        cos, sin = np.cos(angles_rad), np.sin(angles_rad)
        centre_z, centre_x = (n_z - 1) / 2, (n_x - 1) / 2
        centre_u = np.clip((grid.detector_width - 1) / 2 + axis_shift_px - dx_px, -_FARTHEST_PX, _FARTHEST_PX)
        steep = 1 / np.maximum(np.abs(cos), np.abs(sin))
        landings = np.stack([RAY_BORDER + centre_u - centre_x * cos - centre_z * sin, sin, cos], axis=1)

        main_is_z = np.abs(cos) >= np.abs(sin)
        along, across = np.where(main_is_z, cos, sin), np.where(main_is_z, sin, cos)
        centre_cross, centre_main = np.where(main_is_z, centre_x, centre_z), np.where(main_is_z, centre_z, centre_x)
        at_zero = centre_cross + 1 + (-centre_u + (centre_main + 1) * across) / along
        crossings = np.stack([at_zero, -across / along, 1 / along], axis=1)
        strides = np.where(main_is_z[:, None], [n_x + 2, 1], [1, n_x + 2])
        return cls(
            _fixed(landings),
            np.stack([steep, steep], axis=1).astype(np.float32),
            np.concatenate([_fixed(crossings), strides], axis=1),
            steep.astype(np.float32),
        )

    @classmethod
    def merged(cls, parts: list[tuple[np.ndarray, "Rays"]]) -> "Rays":
        """Put rays traced in parts into one: each part has the places (tilt,) of its tilts and their rays."""
        order = np.argsort(np.concatenate([places for places, _ in parts]))
        arrays = (
            np.concatenate([getattr(rays, part) for _, rays in parts])[order]
            for part in ("landings", "hats", "crossings", "scales")
        )
        return cls(*arrays)

    def interpolating(self, heights: np.ndarray) -> "Rays":
        """Give rays whose back projection interpolates linearly and weighs each tilt: for filtered projections."""
        hats = np.stack([np.ones(len(heights)), heights], axis=1).astype(np.float32)
        return Rays(self.landings, hats, self.crossings, self.scales)

    def path_lengths(self, grid: PackedGrid) -> np.ndarray:
        """Give (tilt, x) float32: the sum of each ray's weights, which is the projection of ones.

        Across a row the weights within the grid rise from 0 to 1, stay there and fall to 0: a sum of four ramps. From
        row to row a ray takes the same step, so what it meets of a ramp is an arithmetic series.
        """
        origins, steps, ray_steps = self.crossings[:, :3, None].transpose(1, 0, 2) / 2.0**FRACTION_BITS
        main_is_z = (self.crossings[:, 3] > self.crossings[:, 4])[:, None]
        n_z, n_x = grid.n_zx
        n_main, n_cross = np.where(main_is_z, n_z, n_x), np.where(main_is_z, n_x, n_z)
        at_zero = origins + np.arange(grid.detector_width) * ray_steps
        at_zero = np.where(steps < 0, at_zero + (n_main + 1) * steps, at_zero)  # the rows counted from the other end
        signs_at = (1, 0), (-1, 1), (-1, n_cross), (1, n_cross + 1)
        sums = sum(sign * _sum_of_ramp(at_zero - at, np.abs(steps), n_main) for sign, at in signs_at)
        return (self.scales[:, None] * sums).astype(np.float32)


def _sum_of_ramp(at_zero: np.ndarray, steps: np.ndarray, n_rows: np.ndarray) -> np.ndarray:
    """Give Σ max(0, at_zero + k step) over rows k = 1 to n_rows; steps are not negative."""
    steps = np.maximum(steps, np.finfo(np.float32).tiny)
    first = np.clip(np.floor(-at_zero / steps) + 1, 1, n_rows + 1)
    total: np.ndarray = (n_rows + 1 - first) * (at_zero + steps * (first + n_rows) / 2)
    return total


def aligned_zeros(shape: tuple[int, ...], device: Device = "cpu") -> np.ndarray:
    """Give float32 zeros that start on a 64-byte line, as vector loads like it."""
    if device == "cuda":
        zeros: np.ndarray = namespace_on(device).zeros(shape, np.float32)
        return zeros
    n_values = int(np.prod(shape))
    memory = np.zeros(n_values + 16, np.float32)
    offset = -(memory.ctypes.data // 4) % 16
    return memory[offset : offset + n_values].reshape(shape)


def aligned(array: np.ndarray) -> np.ndarray:
    """Give the array as float32 that starts on a 64-byte line; itself when it does already."""
    if is_cupy(array) or array.ctypes.data % 64 == 0:
        return array
    copy = aligned_zeros(array.shape)
    copy[...] = array
    return copy


def row_tasks(array: np.ndarray, work: Callable[[slice], None], rows_at_once: int) -> Iterator[Task]:
    """Give tasks that each do ``work`` with some rows of an array; on the GPU one does with all."""
    step = max(1, len(array)) if is_cupy(array) else rows_at_once
    return (task_on(array, work, slice(row, row + step)) for row in range(0, len(array), step))


def project_tasks(
    block: LaneBlock, rays: Rays, volume: np.ndarray, out: np.ndarray, tilts: np.ndarray
) -> Iterator[Task]:
    """Write A x of one block into ``out`` for the named tilts, as tasks that may run in any order."""
    project, sizes = _kernels(block.forward, volume).project, block.sizes(block.forward)
    for part in _tilt_parts(block, rays, tilts):
        yield task_on(volume, project, volume, out, rays.crossings, rays.scales, *sizes, part)


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
    for strip in block.back:
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
        for z_rows in pairwise(n_rows * k // n_parts for k in range(n_parts + 1))
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

    for strip in block.back:
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

    bounds = np.linspace(0, len(step), tasks_on(step, 4 * thread_count()) + 1).astype(int).tolist()
    for first, end in zip(bounds, bounds[1:], strict=False):
        yield task_on(step, advance, first, end)


def remainder_tasks(
    block: LaneBlock,
    rays: Rays,
    volume: np.ndarray,
    measured: np.ndarray,
    out: np.ndarray,
    weights: tuple[np.ndarray, np.ndarray],
    tilts: np.ndarray,
    squares: list[float],
) -> Iterator[Task]:
    """Write w R (b − A x) of one block into ``out``; each task adds its Σ w (b − A x)² over rays with R to ``squares``.

    ``weights`` are R, (tilt, x), and w, packed as the block or without rows where all are 1.
    """
    subtract = twin(_pack_cpu, out).subtract_and_weigh

    def remainder(project: Task, part: np.ndarray) -> None:
        project()
        squares.append(subtract(out, measured, *weights, part, block.grid.row_length, RAY_BORDER))

    parts = _tilt_parts(block, rays, tilts)
    for project, part in zip(project_tasks(block, rays, volume, out, tilts), parts, strict=True):
        yield task_on(out, remainder, project, part)


def _kernels(strip: Strip, array: np.ndarray) -> ModuleType:
    return _few_slices_cpu if strip.is_in_lines else twin(_project_cpu, array)


def _tilt_parts(block: LaneBlock, rays: Rays, tilts: np.ndarray) -> list[np.ndarray]:
    """Cut the tilts into parts for one task each, as many as keep all threads busy."""
    if block.grid.device == "cuda":
        return [tilts]
    n_values = math.prod(block.grid.n_zx) * block.grid.lanes
    n_threads, tilts_per_task = thread_count(), max(16, min(36, _MOST_UPDATES_PER_TASK // n_values))
    n_parts = n_threads * max(1, round(len(tilts) / (tilts_per_task * n_threads)))
    n_parts = max(1, min(len(tilts), n_parts, _most_tasks(block.grid, block.forward, tilts)))
    return _parts_by_axis(rays, tilts, n_parts) if block.forward.is_in_lines else np.array_split(tilts, n_parts)


def _parts_by_axis(rays: Rays, tilts: np.ndarray, n_parts: int) -> list[np.ndarray]:
    """Cut the tilts into parts of which the longest takes as little as it can.

    A task turns the volume into lines along each axis that its rays follow, which takes as long as some tilts.
    """
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
    lanes = LANE_STEP if strip.is_in_lines else strip.n_lanes
    z_rows_per_task = max(_Z_ROWS_PER_TASK, _LANE_ROWS_PER_TASK // lanes)
    tasks_per_thread = 1 if strip.is_in_lines else 2  # each task turns all rays into lines
    n_parts = min(max(-(-n_z // z_rows_per_task), tasks_per_thread * thread_count()), _most_tasks(grid, strip, tilts))
    step = -(-n_z // (n_parts * _TILE_ROWS)) * _TILE_ROWS
    return [(z, min(n_z, z + step)) for z in range(0, n_z, step)]


def _most_tasks(grid: PackedGrid, strip: Strip, tilts: np.ndarray) -> int:
    n_z, n_x = grid.n_zx
    return max(1, n_z * n_x * strip.cost * len(tilts) // _LEAST_UPDATES_PER_TASK)


def _fixed(positions: np.ndarray) -> np.ndarray:
    return np.round(positions * 2.0**FRACTION_BITS).astype(np.int64)
