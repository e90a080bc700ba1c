"""The projections a reconstruction holds, packed for the kernels, with where their rays run."""

from dataclasses import dataclass, field

import numpy as np

from livetomo.algorithms.reconstruct.row_shift import shifted_along_rows
from livetomo.kernels import packed
from livetomo.model import Geometry

_LEAST_PATH = 1e-3
"""Voxels: a ray that meets less of the grid than this is not used."""


@dataclass
class HeldData:
    """All projections held, in order of arrival. Room for more is made by copying projections, never the volume."""

    geometry: Geometry
    grid: packed.PackedGrid
    projections: np.ndarray
    """Packed, ``[block][tilt x][lane]``, room for more tilts than are held."""
    tilt_angles: np.ndarray = field(default_factory=lambda: np.zeros(0))
    shifts_px: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    path_lengths: np.ndarray = field(init=False)
    """(tilt, x) voxels that each ray passes within the grid: the row sums of A."""
    energies: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(tilt,) Σ b² over the rays that meet the grid."""
    rays: packed.Rays = field(init=False)

    def __post_init__(self) -> None:
        self.path_lengths = np.zeros((0, self.geometry.detector_width), np.float32)
        self._trace()

    @classmethod
    def none(cls, geometry: Geometry) -> "HeldData":
        """Give the holder before the first projection."""
        grid = packed.PackedGrid(geometry.volume_shape, geometry.detector_width)
        return cls(geometry, grid, grid.new_projections(0))

    def __getstate__(self) -> dict[str, object]:
        used = self.projections[:, : len(self) * self.grid.row_length]
        return self.__dict__ | {"projections": np.ascontiguousarray(used)}

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.projections = packed.aligned(self.projections)

    def __len__(self) -> int:
        return len(self.tilt_angles)

    def add(self, projections: np.ndarray, tilt_angles: np.ndarray, shifts_px: np.ndarray | None) -> np.ndarray:
        """Take in projections (tilt, y, x); give the numbers they got."""
        angles, shifts = self.check(projections, tilt_angles, shifts_px)
        numbers = np.arange(len(self), len(self) + len(angles))
        self._make_room(len(self) + len(angles))
        self.tilt_angles = np.concatenate([self.tilt_angles, angles])
        self.shifts_px = np.concatenate([self.shifts_px, shifts])
        self._trace()
        self.path_lengths = np.concatenate([self.path_lengths, self._lengths_of(numbers)])
        self.energies = np.concatenate([self.energies, np.zeros(len(angles))])
        self._store(numbers, projections)
        return numbers

    def check(
        self, projections: np.ndarray, tilt_angles: np.ndarray, shifts_px: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give (tilt,) degrees and (tilt, 2) shifts as arrays; a ValueError when something cannot be taken in."""
        angles = np.atleast_1d(np.asarray(tilt_angles, np.float64))
        shifts = np.zeros((len(angles), 2)) if shifts_px is None else np.asarray(shifts_px, np.float64)
        _check(self.geometry, projections, angles, shifts)
        return angles, shifts

    def replace(self, index: int, projection: np.ndarray, tilt_angle: float, shift_px: np.ndarray) -> np.ndarray:
        """Put another projection (y, x) in the place of number ``index``; give that number as an array."""
        if not 0 <= index < len(self):
            raise ValueError(f"index: expected 0 to {len(self) - 1}, the projections held, got {index}")
        angles, shifts = np.array([tilt_angle], np.float64), np.asarray(shift_px, np.float64).reshape(1, 2)
        _check(self.geometry, np.asarray(projection)[None], angles, shifts)
        numbers = np.array([index])
        self.tilt_angles, self.shifts_px = self.tilt_angles.copy(), self.shifts_px.copy()
        self.tilt_angles[index], self.shifts_px[index] = angles[0], shifts[0]
        self._trace()
        self.path_lengths[index] = self._lengths_of(numbers)[0]
        self._store(numbers, np.asarray(projection)[None])
        return numbers

    def column_sums(self, subsets: list[np.ndarray]) -> np.ndarray:
        """Give (subset, z, x) float32: the column sums of A over the tilts of each subset.

        Each subset is a slice of its own in one back projection of ones.
        """
        numbers = np.concatenate(subsets)
        of_subset = np.repeat(np.arange(len(subsets)), [len(subset) for subset in subsets])
        n_z, n_x = self.grid.n_zx
        grid, tilts = packed.PackedGrid((n_z, len(subsets), n_x), self.grid.detector_width), np.arange(len(numbers))
        images = np.zeros((len(numbers), len(subsets), grid.detector_width), np.float32)
        images[tilts, of_subset] = 1
        ones, volume, rays = grid.new_projections(len(numbers)), grid.new_volume(), self.rays_of(numbers)
        grid.pack_projections(images, ones)
        update = np.ones(grid.n_zx, np.float32), np.float32(0), packed.NO_FLOOR
        for block in range(grid.n_blocks):
            packed.run(packed.backproject_tasks(grid, rays, volume[block], ones[block], tilts, update))
        return np.ascontiguousarray(grid.unpack_volume(volume).transpose(1, 0, 2))

    def residual(self, squares: float) -> float:
        """Give √(Σ (b − A x)² / Σ b²) from the numerator."""
        energy = float(self.energies.sum())
        return float(np.sqrt(squares / energy)) if energy > 0 else 0.0

    @property
    def ray_weights(self) -> np.ndarray:
        """(tilt, x) one over the path length, 0 for rays that miss the grid."""
        meets = self.path_lengths > _LEAST_PATH
        weights = np.zeros_like(self.path_lengths)
        np.divide(1, self.path_lengths, out=weights, where=meets)
        return weights

    def images(self, numbers: np.ndarray) -> np.ndarray:
        """Give the held projections (tilt, y, x) float32 of these numbers."""
        return np.concatenate([self.grid.unpack_projections(self.projections, number, 1) for number in numbers])

    def rays_of(self, numbers: np.ndarray) -> packed.Rays:
        """Give where the rays of these tilts run, in this order."""
        dx_px = self.shifts_px[numbers, 1]
        return packed.Rays.of(self.grid, self.tilt_angles[numbers], dx_px, self.geometry.axis_shift_px)

    def _lengths_of(self, numbers: np.ndarray) -> np.ndarray:
        n_z, n_x = self.grid.n_zx
        grid, tilts = packed.PackedGrid((n_z, 1, n_x), self.grid.detector_width), np.arange(len(numbers))
        ones, rays = grid.new_volume(), grid.new_projections(len(numbers))
        grid.pack_volume(np.ones(grid.volume_shape, np.float32), ones)
        packed.run(packed.project_tasks(grid, self.rays_of(numbers), ones[0], rays[0], tilts))
        lengths: np.ndarray = grid.unpack_projections(rays, 0, len(numbers))[:, 0]
        return lengths

    def _store(self, numbers: np.ndarray, projections: np.ndarray) -> None:
        for number, image in zip(numbers, projections, strict=True):
            image = shifted_along_rows(np.asarray(image, np.float32), self.shifts_px[number, 0])
            self.grid.pack_projections(image[None], self.projections, number)
            meets = self.path_lengths[number] > _LEAST_PATH
            self.energies[number] = float((image[:, meets].astype(np.float64) ** 2).sum())

    def _make_room(self, n_tilts: int) -> None:
        capacity = self.projections.shape[1] // self.grid.row_length
        if n_tilts > capacity:
            roomier = self.grid.new_projections(max(n_tilts, 2 * capacity, 32))
            roomier[:, : self.projections.shape[1]] = self.projections
            self.projections = roomier

    def _trace(self) -> None:
        self.rays = self.rays_of(np.arange(len(self)))


def _check(geometry: Geometry, projections: np.ndarray, angles: np.ndarray, shifts: np.ndarray) -> None:
    expected = (len(angles), *geometry.projection_shape)
    if np.shape(projections) != expected:
        raise ValueError(f"projections: expected shape {expected} (tilt, y, x), got {np.shape(projections)}")
    if shifts.shape != (len(angles), 2) or not np.isfinite(shifts).all():
        raise ValueError(f"shifts_px: expected finite (dy, dx) for {len(angles)} tilts, got shape {shifts.shape}")
    if not np.isfinite(angles).all():
        raise ValueError(f"tilt_angles: expected finite degrees, got {angles}")
    n_bad = int(np.size(projections) - np.isfinite(projections).sum())
    if n_bad:
        raise ValueError(
            f"projections: expected finite values, got {n_bad} that are NaN or infinite; "
            "replace them first, for instance with numpy.nan_to_num"
        )
