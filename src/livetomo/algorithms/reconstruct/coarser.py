"""The same reconstruction at half the resolution, which goes ahead of the finer one.

What few tilts leave open settles slowly, from voxel to voxel. At half the resolution a sweep takes an eighth of the
time and the way is half as long; and that reconstruction has a coarser one in turn. So before each sweep the coarser
one does some, and what changed is carried over: its own blur is not, because only changes are. In the spirit of
coarse-grid correction (Brandt, Math. Comput. 31, 333 (1977), doi:10.1090/S0025-5718-1977-0431719-X).
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.stopping import StoppingRule, change_of
from livetomo.arrays import namespace
from livetomo.kernels import packed
from livetomo.kernels.doubling import carry_over, halved_size
from livetomo.model import Geometry

_LEAST_WIDTH, _LEAST_VOXELS = 32, 2**15
"""Of the coarser one: with fewer a sweep takes hardly less time."""
_SWEEPS_AHEAD, _SWEEPS_BELOW = 4, 2
"""Before each sweep of the finest, and before each of a coarser one."""
_TILTS_FOR_WIDTH = 0.25
"""With more tilts for each pixel of the detector's width little is left open."""
_STILL = StoppingRule(tolerance=1e-4, change=2e-4)
"""When the coarser one has nothing more to tell: a tenth of what ends a run."""


@dataclass
class Coarser:
    """A method's own state at half the resolution."""

    state: Any
    carried: np.ndarray
    """Its packed volume as far as the finer one knows it."""
    most_tilts: float
    """With more it is given up; that of the finest holds for all."""
    n_sweeps: int = _SWEEPS_AHEAD
    """Before each of the finer one, unless it asks for others."""
    residuals: list[float] = field(default_factory=list)
    """After each of its sweeps since the data changed."""
    changes: list[float] = field(default_factory=list)

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.carried = packed.aligned(self.carried)

    @property
    def is_still(self) -> bool:
        """Whether more sweeps would change next to nothing."""
        return _STILL.reason(self.residuals, self.changes) is not None


def start(method: Any, geometry: Geometry) -> Coarser | None:
    """Give an empty reconstruction at half the resolution; None if the grid is small."""
    n_z, n_y, n_x = (halved_size(size) for size in geometry.volume_shape)
    width = halved_size(geometry.detector_width)
    if min(n_z, n_x, width) < _LEAST_WIDTH or n_z * n_y * n_x < _LEAST_VOXELS:
        return None
    half = Geometry((n_z, n_y, n_x), width, geometry.axis_shift_px / 2, geometry.device)
    state, most_tilts = method.start(half), _TILTS_FOR_WIDTH * geometry.detector_width
    inner = state.coarser
    while inner is not None:
        inner.most_tilts, inner.n_sweeps, inner = most_tilts, _SWEEPS_BELOW, inner.state.coarser
    return Coarser(state, state.data.grid.new_volume(), most_tilts)


def grown(method: Any, coarser: Coarser | None, data: HeldData, numbers: np.ndarray) -> Coarser | None:
    """Take in what ``data`` holds under these new numbers; the finer one does the same update by itself.

    Gives None, for good, where there are so many tilts that it is not worth its time.
    """
    if coarser is None or len(data) > coarser.most_tilts:
        return None
    before = coarser.state.packed_volume.copy()
    images, weights = _halved(data, numbers)
    shifts_px = data.shifts_px[numbers] * [0, 0.5]  # the images held have been shifted along y
    coarser.state = method.add(
        coarser.state, images, data.tilt_angles[numbers], shifts_px, weights, data.rotations_deg[numbers]
    )
    coarser.carried += coarser.state.packed_volume - before
    _forget(coarser)
    return coarser


def replace(method: Any, coarser: Coarser, data: HeldData, number: int) -> None:
    """Put what ``data`` holds under this number in its place."""
    images, weights = _halved(data, np.array([number]))
    shift_px = data.shifts_px[number] * [0, 0.5]
    coarser.state = method.replace(
        coarser.state, number, images[0], float(data.tilt_angles[number]), shift_px, weights[0]
    )
    _forget(coarser)


def go_ahead(
    method: Any,
    coarser: Coarser,
    grid: packed.PackedGrid,
    volumes: tuple[np.ndarray, ...],
    floor: np.float32,
    piece_s: float,
    n_sweeps: int | None = None,
) -> Generator[None, None, np.ndarray]:
    """Do some sweeps with the coarser one and carry what changed over to the packed volumes.

    Gives (2,): ‖way‖² of the first of the volumes, and ‖x‖².
    """
    for _ in range(n_sweeps or coarser.n_sweeps):
        if not coarser.is_still:
            yield from method.step_pieces(coarser.state, piece_s)
            coarser.residuals.append(method.residual(coarser.state))
            coarser.changes.append(change_of(method, coarser.state))
    grids = grid, coarser.state.data.grid
    sums = yield from carry_over(grids, coarser.state.packed_volume, coarser.carried, volumes, floor, piece_s)
    return sums


def _forget(coarser: Coarser) -> None:
    coarser.residuals.clear()
    coarser.changes.clear()


def _halved(data: HeldData, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give projections (tilt, y, x) of half the resolution, in path lengths of coarse voxels, and their weights."""
    images, weights = data.images(numbers) / np.float32(2), data.weights(numbers)
    if weights.ndim == 1:
        return _half_as_many(images), weights
    counted = _half_as_many(weights)
    least = namespace(counted).maximum(counted, np.float32(1e-6))
    known = counted > 0
    return namespace(counted).where(known, _half_as_many(images * weights) / least, _half_as_many(images)), counted


def _half_as_many(images: np.ndarray) -> np.ndarray:
    """Give (tilt, y, x) means of neighbouring pixels: of two, or of one and half of both beside, see ``doubling``."""
    for axis in (1, 2):
        images = namespace(images).moveaxis(images, axis, 0)
        if len(images) % 2 == 0:
            images = (images[::2] + images[1::2]) / np.float32(2)
        elif len(images) > 1:
            padded = namespace(images).concatenate([images[:1], images, images[-1:]])
            images = padded[1:-1:2] / np.float32(2) + (padded[:-2:2] + padded[2::2]) / np.float32(4)
        images = namespace(images).moveaxis(images, 0, axis)
    contiguous: np.ndarray = namespace(images).ascontiguousarray(images, np.float32)
    return contiguous
