"""How a volume and its projections lie in lane blocks.

Every slice across the tilt axis sees the same system matrix. So 8 to 144 slices are kept next to each other in memory
(lanes) and each ray's weights are worked out once for all of them. A packed volume is ``[block][z x][lane]`` with a
border of one zero voxel, packed projections are ``[block][tilt x][lane]`` with zeros beside each detector row. The
layout is the same on the GPU.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from livetomo.arrays import Device, is_cupy, namespace, namespace_on, require_on
from livetomo.kernels import _pack_cpu
from livetomo.kernels._lanes import MOST_LANES, MOST_VALUES
from livetomo.kernels._project_cpu import RAY_BORDER
from livetomo.kernels._strips import ENOUGH_LANES, Strip, best_width, one_strip, strips
from livetomo.kernels._threads import cut, run, task_on, tasks_on, thread_count
from livetomo.kernels._twins import twin

_BETTER_NARROW = range(40_000, 100_000), range(500_000, 1 << 62)
"""Voxels (z, x) of slices of which narrow blocks take less time: a cache of 32 MB holds those of 256² while subsets
pass; of 1024² a tile that the second cache holds reaches further. Those of 512² subsets of few tilts read sooner wide.
"""


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
        n_y, n_rows = self.volume_shape[1], math.prod(n + 2 for n in self.n_zx)
        narrow_is_fast = any(n_rows in sizes for sizes in _BETTER_NARROW) and self.device == "cpu"
        return best_width(n_y, min(MOST_LANES, MOST_VALUES // n_rows), ENOUGH_LANES if narrow_is_fast else MOST_LANES)

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
        if volume.shape != self.volume_shape or volume.dtype != np.float32:
            expected = f"an array {self.volume_shape} (z, y, x) of float32"
            raise ValueError(f"out: expected {expected}, got {volume.shape} of {volume.dtype}")
        if out is not None and not getattr(out.flags, "writeable", True):
            raise ValueError("out: expected an array that can be written to, got one that is read-only")
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
        run(
            task_on(packed, carrier, images[low:high], packed[block], block * self.lanes, start + low * step, step)
            for block in range(self.n_blocks)
            for low, high in cut(len(images), n_parts)
        )


_LEAST_TILTS_IN_LINES, _MOST_SLICES_IN_LINES = 24, 4
"""Where a projection puts slices that are left in lines, though it has to read a cache line of each voxel for them."""


@dataclass(frozen=True)
class LaneBlock:
    """One lane block of a grid; lanes after its slices hold zeros."""

    grid: PackedGrid

    n_slices: int

    def strips(self, n_tilts: int) -> list[Strip]:
        """Give all its lanes that hold slices as a back projection of so many tilts works on them best."""
        if self.grid.device == "cuda":
            return [Strip(0, self.n_slices)]
        return strips(self.n_slices, self.grid.lanes, n_tilts)

    def forward_strips(self, n_tilts: int) -> list[Strip]:
        """Give the same as a projection of so many tilts works on them best."""
        found = self.strips(n_tilts)
        if len(found) == 1 or n_tilts >= _LEAST_TILTS_IN_LINES and found[-1].n_lanes <= _MOST_SLICES_IN_LINES:
            return found
        return [one_strip(self.n_slices, self.grid.lanes)]

    def sizes(self, strip: Strip) -> tuple[tuple[int, int, int, int], int]:
        """Give what kernels know of a strip: ((z, x) voxels of a slice, first lane, lanes), and how long rows are."""
        return (*self.grid.n_zx, strip.first_lane, strip.n_lanes), self.grid.row_length


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
