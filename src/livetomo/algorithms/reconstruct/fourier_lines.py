"""Where tilts sample the Fourier plane of a slice, and the way from there back to the voxels.

By the projection-slice theorem the spectrum of a detector row lies on a line through the centre of the slice's plane
(k_z, k_x), at the tilt's angle. Lines go to voxels by a non-uniform FFT of type 1: FINUFFT, Barnett, Magland and af
Klinteberg, SIAM J. Sci. Comput. 41, C479 (2019), doi:10.1137/18M120885X. Neighbouring slices travel in pairs, as the
real and the imaginary part of one complex slice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy as np

from livetomo.kernels import packed
from livetomo.model import Geometry

_TOLERANCE = 1e-4
_OVERSAMPLING = 1.25
"""Of FINUFFT's own grid. Its usual factor of 2 took 3.3 times as long at 71 tilts of 256 pixels."""
_POINTS_PER_TASK = 2**20
"""Of the oversampled planes: some 0.02 s, and little memory."""


@dataclass(frozen=True, eq=False)
class FourierLines:
    """The samples of some tilts: every line has the same frequencies."""

    n_zx: tuple[int, int]
    frequencies: np.ndarray
    """(k,) cycles per pixel along a line, in the order of an FFT of odd length: none is its own mirror image."""
    points_zx_rad: np.ndarray
    """(2, tilt k) float32 radians per voxel: where the samples lie."""
    phases: np.ndarray
    """(tilt, k) complex64: from the first pixel of the row, and the shifts, to the centre of the grid."""
    meets: np.ndarray
    """(tilt,) whether the detector sees any of the grid."""

    @classmethod
    def of(cls, geometry: Geometry, tilt_angles: np.ndarray, dx_px: np.ndarray) -> "FourierLines":
        """Give the lines of tilts at these angles (degrees), shifted by dx on the detector.

        Rows are padded so far that their periodic images stay outside the grid.
        """
        n_z, _, n_x = geometry.volume_shape
        reach = float(np.hypot(n_z, n_x)) / 2
        k = np.fft.fftfreq(_odd_fast_length(geometry.detector_width + 2 * reach))
        angles_rad = np.deg2rad(np.asarray(tilt_angles, np.float64))
        k_z, k_x = np.outer(np.sin(angles_rad), k), np.outer(np.cos(angles_rad), k)
        landing = geometry.axis_shift_px - np.asarray(dx_px, np.float64)
        meets = np.abs(landing) < reach + geometry.detector_width / 2
        first = (geometry.detector_width - 1) / 2 + np.where(meets, landing, 0)
        to_centre = k_z * (n_z // 2 - (n_z - 1) / 2) + k_x * (n_x // 2 - (n_x - 1) / 2) + first[:, None] * k
        points = 2 * np.pi * np.stack([k_z.ravel(), k_x.ravel()])
        phases = np.exp(2j * np.pi * to_centre).astype(np.complex64)
        return cls((n_z, n_x), k, points.astype(np.float32), phases, meets)

    def spectra(self, rows: np.ndarray) -> np.ndarray:
        """Give the spectra (..., k) complex64 of detector rows (..., x), not yet turned to the centre of the grid."""
        from scipy.fft import fft

        spectra: np.ndarray = fft(rows, len(self.frequencies), axis=-1)
        return spectra

    def point_spread(self, weights: np.ndarray) -> np.ndarray:
        """Give what weighted samples (tilt, k) make of a point: (2 z − 1, 2 x − 1) float32 around the middle."""
        n_z, n_x = self.n_zx
        plan = self._plan((2 * n_z - 1, 2 * n_x - 1), 1)
        spread: np.ndarray = plan.execute(np.ascontiguousarray(weights.ravel(), np.complex64)).real
        return np.ascontiguousarray(spread)

    def backproject_tasks(
        self,
        grid: packed.PackedGrid,
        projections: np.ndarray,
        numbers: np.ndarray,
        weights: np.ndarray,
        volume: np.ndarray,
        keep: bool,
    ) -> Iterator[packed.Task]:
        """Write, or add where ``keep``, what samples weighted by ``weights`` (tilt, k) give into packed lane blocks.

        ``projections`` are as many packed blocks, of which the tilts of these ``numbers`` are those of the lines. Every
        task has a transform of one thread to itself: FINUFFT's own threads spin, which other programs pay for.
        """
        pairs = lane_pairs(grid, 4 * self.n_zx[0] * self.n_zx[1], _POINTS_PER_TASK)
        factors = self.phases * (weights * self.meets[:, None])
        plans: SimpleQueue[Any] = SimpleQueue()
        for _ in range(packed.thread_count()):
            plans.put(self._plan(self.n_zx, pairs))

        def write(rays: np.ndarray, cells: np.ndarray, some: slice) -> None:
            rows, slices = _complex_rows(grid, rays)[..., some], complex_cells(grid, cells)[..., some]
            samples = self.spectra(np.ascontiguousarray(rows[numbers].transpose(2, 0, 1))) * factors
            plan = plans.get()
            given = plan.execute(samples.reshape(pairs, -1)).reshape(pairs, *self.n_zx).transpose(1, 2, 0)
            plans.put(plan)
            slices[...] = slices + given if keep else given

        for block, cells in enumerate(volume):
            for first in range(0, pairs_there(grid, block), pairs):
                yield partial(write, projections[block], cells, slice(first, first + pairs))

    def _plan(self, n_modes: tuple[int, int], n_transforms: int) -> Any:
        import finufft

        plan = finufft.Plan(
            1, n_modes, n_transforms, _TOLERANCE, 1, dtype="complex64", nthreads=1, upsampfac=_OVERSAMPLING
        )
        plan.setpts(*self.points_zx_rad)
        return plan


def refuse_gpu(method: str, geometry: Geometry) -> None:
    """Raise a TypeError when the reconstruction would live on a GPU, where this transform does not run."""
    if geometry.device == "cuda":
        raise TypeError(
            f"{method}: expected NumPy arrays, because its transform runs on the processor, got CuPy arrays; bring the "
            "projections to the host with .get(), or use wbp, sirt, fista, fista-tv or any method but fourier and "
            "constrained-fourier"
        )


def refuse_rotations(rotations_deg: np.ndarray | None) -> None:
    """Raise a ValueError when the specimen was turned in its plane: its rays leave the slices."""
    if rotations_deg is not None and np.any(rotations_deg):
        raise ValueError(
            "rotations_deg: expected none, because the rays of a specimen turned in its plane leave the slices that "
            "Fourier methods work in; use wbp, sirt, fista or fista-tv"
        )


def lane_pairs(grid: packed.PackedGrid, points_per_pair: int, points: int) -> int:
    """Give how many pairs of slices to work on at once: of at most so many points, and all batches alike."""
    pairs, most = grid.lanes // 2, max(1, points // points_per_pair)
    sizes = [size for size in range(1, pairs + 1) if pairs % size == 0 and size <= most]
    return min((size for size in sizes if size >= pairs_there(grid, 0)), default=max(sizes))


def pairs_there(grid: packed.PackedGrid, block: int) -> int:
    """Give how many pairs of lanes of a block hold slices of the volume."""
    return -(-min(grid.lanes, grid.volume_shape[1] - block * grid.lanes) // 2)


def complex_cells(grid: packed.PackedGrid, cells: np.ndarray) -> np.ndarray:
    """Give a view (z, x, pair) complex64 of a packed block without its border: two slices in one."""
    return bare_cells(grid, cells).view(np.complex64)


def bare_cells(grid: packed.PackedGrid, cells: np.ndarray) -> np.ndarray:
    """Give a view (z, x, lane) of a packed block without its border."""
    n_z, n_x = grid.n_zx
    return cells.reshape(n_z + 2, n_x + 2, grid.lanes)[1:-1, 1:-1]


def _complex_rows(grid: packed.PackedGrid, rays: np.ndarray) -> np.ndarray:
    rows = rays.reshape(-1, grid.row_length, grid.lanes)
    return rows[:, packed.RAY_BORDER : packed.RAY_BORDER + grid.detector_width].view(np.complex64)


def _odd_fast_length(least: float) -> int:
    from scipy.fft import next_fast_len

    length = next_fast_len(int(np.ceil(least)))
    while length % 2 == 0:
        length = next_fast_len(length + 1)
    return int(length)
