"""The projections a reconstruction holds, packed for the kernels, with where their rays run and how much they count."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from livetomo.algorithms.reconstruct.noise import noise_deviations
from livetomo.algorithms.reconstruct.tilts import Tilts
from livetomo.arrays import namespace
from livetomo.kernels import packed
from livetomo.kernels.turn import Turn
from livetomo.model import Geometry

Known = TypeVar("Known")

_LEAST_PATH = 1e-3
"""Voxels: a ray that meets less of the grid than this is not used."""


@dataclass
class HeldData:
    """All projections held, in order of arrival. Room for more is made by copying projections, never the volume.

    Tilts of a specimen that was turned in its plane see a turned grid: their rays, path lengths and column sums are
    those of that grid.
    """

    geometry: Geometry
    grid: packed.PackedGrid
    projections: np.ndarray
    """Packed, ``[block][tilt x][lane]``, room for more tilts than are held."""
    pixel_weights: np.ndarray
    """Packed as the projections, from 0 to 1; without rows while all pixels count the same."""
    tilt_angles: np.ndarray = field(default_factory=lambda: np.zeros(0))
    shifts_px: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    rotations_deg: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tilt_weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(tilt,) from 0, not used, to 1."""
    path_lengths: np.ndarray = field(init=False)
    """(tilt, x) voxels that each ray passes within the grid: the row sums of A."""
    ray_energies: np.ndarray = field(init=False)
    """(tilt, x) Σ a² of the voxel weights of each ray, NaN until it was asked for."""
    energies: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(tilt,) Σ w b² over the rays that meet the grid, w the weights of tilts and pixels."""
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(tilt,) Σ w of the same: how many pixels the energies are of."""
    given_weights: list[np.ndarray | None] = field(default_factory=list)
    """Of each tilt the weights (y, x) of its pixels as they came, before they were moved by dy."""
    noise: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(tilt,) standard deviations, told from what changes from pixel to pixel."""
    rays: packed.Rays = field(init=False)

    def __post_init__(self) -> None:
        self.path_lengths = np.zeros((0, self.geometry.detector_width), np.float32)
        self.ray_energies = self.path_lengths.copy()
        self._turns: dict[float, Turn] = {}
        self._known: dict[str, Any] = {}
        self._trace()

    @classmethod
    def none(cls, geometry: Geometry) -> "HeldData":
        """Give the holder before the first projection."""
        grid = packed.PackedGrid(geometry.volume_shape, geometry.detector_width, geometry.device)
        nothing = grid.new_projections(0)
        return cls(geometry, grid, nothing, nothing)

    def __getstate__(self) -> dict[str, object]:
        n_rows = len(self) * self.grid.row_length
        xp = namespace(self.projections)
        packed_ones = {
            key: xp.ascontiguousarray(getattr(self, key)[:, :n_rows]) for key in ("projections", "pixel_weights")
        }
        return self.__dict__ | packed_ones | {"_turns": {}, "_known": {}}

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.projections = packed.aligned(self.projections)
        self.pixel_weights = packed.aligned(self.pixel_weights)

    def __len__(self) -> int:
        return len(self.tilt_angles)

    def add(
        self,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> np.ndarray:
        """Take in projections (tilt, y, x); give the numbers they got."""
        tilts = Tilts.checked(self.geometry, projections, tilt_angles, shifts_px, weights, rotations_deg)
        numbers = np.arange(len(self), len(self) + len(tilts))
        self._make_room(len(self) + len(tilts))
        for key in ("tilt_angles", "shifts_px", "rotations_deg", "tilt_weights"):
            setattr(self, key, np.concatenate([getattr(self, key), getattr(tilts, key)]))
        self._trace()
        self.path_lengths = np.concatenate([self.path_lengths, self._lengths_of(numbers)])
        unknown = np.full((len(tilts), self.geometry.detector_width), np.nan, np.float32)
        self.ray_energies = np.concatenate([self.ray_energies, unknown])
        for key in ("energies", "counts", "noise"):
            setattr(self, key, np.concatenate([getattr(self, key), np.zeros(len(tilts))]))
        self.given_weights += [None] * len(tilts)
        self._store(numbers, tilts)
        return numbers

    def replace(
        self,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> np.ndarray:
        """Put another projection (y, x) in the place of number ``index``; give that number as an array.

        ``weights`` are a number or (y, x); those it had when they are not given. Its rotation stays.
        """
        if not isinstance(index, int | np.integer) or not 0 <= index < len(self):
            raise ValueError(f"index: expected 0 to {len(self) - 1}, the projections held, got {index}")
        numbers = np.array([index])
        weights = self._given_to(index) if weights is None else namespace(weights).asarray(weights)
        tilts = Tilts.checked(
            self.geometry, namespace(projection).asarray(projection)[None], np.array([tilt_angle]),
            np.reshape(shift_px, (1, 2)), weights[None], self.rotations_deg[numbers],
        )  # fmt: skip
        for key in ("tilt_angles", "shifts_px", "tilt_weights"):
            values = getattr(self, key).copy()
            values[index] = getattr(tilts, key)[0]
            setattr(self, key, values)
        self._trace()
        self.path_lengths[index] = self._lengths_of(numbers)[0]
        self.ray_energies[index] = np.nan
        self._store(numbers, tilts)
        return numbers

    def once(self, name: str, work: Callable[["HeldData"], Known]) -> Known:
        """Give what ``work`` tells of the data, found once until they change."""
        if name not in self._known:
            self._known[name] = work(self)
        known: Known = self._known[name]
        return known

    def turn_at(self, rotation_deg: float) -> Turn | None:
        """Give how the specimen was turned in its plane, None when it was not."""
        if rotation_deg % 360 == 0:
            return None
        if rotation_deg not in self._turns:
            self._turns[rotation_deg] = Turn(self.grid, rotation_deg)
        return self._turns[rotation_deg]

    def grid_at(self, rotation_deg: float) -> packed.PackedGrid:
        """Give the grid that tilts of this rotation see."""
        turn = self.turn_at(rotation_deg)
        return self.grid if turn is None else turn.turned_grid

    def of_one_rotation(self, numbers: np.ndarray) -> list[np.ndarray]:
        """Give the numbers in groups that share a rotation; tilts that do not count are left out."""
        numbers = numbers[self.tilt_weights[numbers] > 0]
        rotations = self.rotations_deg[numbers]
        return [numbers[rotations == rotation] for rotation in np.unique(rotations)]

    def column_sums(self, numbers: np.ndarray) -> np.ndarray:
        """Give (z, x) float32: the column sums of A over these tilts of one rotation, by their weights."""
        grid = self.grid_at(self.rotations_deg[numbers[0]])
        return packed.column_sums(grid, self.rays_of(numbers), self.tilt_weights[numbers])

    def residual(self, squares: float) -> float:
        """Give √(Σ w (b − A x)² / Σ w b²) from the numerator; tilts without a weight do not count."""
        energy = float(self.energies.sum())
        return float(np.sqrt(squares / energy)) if energy > 0 else 0.0

    @property
    def rays_used(self) -> np.ndarray:
        """(tilt, x) float32 weight of the tilt, 0 for rays that miss the grid."""
        used: np.ndarray = (self.path_lengths > _LEAST_PATH) * self.tilt_weights[:, None].astype(np.float32)
        return used

    @property
    def relative_rays_used(self) -> np.ndarray:
        """(tilt, x) float32 weight of the tilt over the largest, 0 for rays that miss the grid."""
        return self.rays_used / np.float32(self.tilt_weights.max(initial=0) or 1)

    @property
    def ray_weights(self) -> np.ndarray:
        """(tilt, x) float32 weight of the tilt over the path length, 0 for rays that miss the grid."""
        weights = np.zeros_like(self.path_lengths)
        np.divide(self.rays_used, self.path_lengths, out=weights, where=self.path_lengths > _LEAST_PATH)
        return weights

    def images(self, numbers: np.ndarray) -> np.ndarray:
        """Give the held projections (tilt, y, x) float32 of these numbers."""
        images = [self.grid.unpack_projections(self.projections, number, 1) for number in numbers.tolist()]
        together: np.ndarray = namespace(self.projections).concatenate(images)
        return together

    def weights(self, numbers: np.ndarray) -> np.ndarray:
        """Give the weights (tilt,) of these images, or (tilt, y, x) where pixels have some of their own."""
        given = [self._weights_of(number) for number in numbers.tolist()]
        if all(weights.ndim == 0 for weights in given):
            return np.stack(given)
        xp = namespace(self.pixel_weights)
        together: np.ndarray = xp.stack(
            [xp.broadcast_to(xp.asarray(weights), self.geometry.projection_shape) for weights in given]
        )
        return together

    def rays_of(self, numbers: np.ndarray) -> packed.Rays:
        """Give where the rays of these tilts run in the grids they see, in this order."""
        rotations, parts = self.rotations_deg[numbers], []
        for rotation in np.unique(rotations) if len(numbers) else [0.0]:
            places = np.flatnonzero(rotations == rotation)
            angles, dx_px = self.tilt_angles[numbers[places]], self.shifts_px[numbers[places], 1]
            grid = self.grid_at(rotation)
            parts.append((places, packed.Rays.of(grid, angles, dx_px, self.geometry.axis_shift_px)))
        return packed.Rays.merged(parts)

    def _lengths_of(self, numbers: np.ndarray) -> np.ndarray:
        lengths = np.zeros((len(numbers), self.grid.detector_width), np.float32)
        for rotation in np.unique(self.rotations_deg[numbers]):
            places = np.flatnonzero(self.rotations_deg[numbers] == rotation)
            lengths[places] = self.rays_of(numbers[places]).path_lengths(self.grid_at(rotation))
        return lengths

    def _given_to(self, number: int) -> np.ndarray:
        weight, pixels = np.asarray(self.tilt_weights[number]), self.given_weights[number]
        return weight if pixels is None else pixels * np.float32(weight)

    def _weights_of(self, number: int) -> np.ndarray:
        weight = np.asarray(self.tilt_weights[number])
        if not self.pixel_weights.shape[1]:
            return weight
        image: np.ndarray = self.grid.unpack_projections(self.pixel_weights, number, 1)[0]
        return weight if (image == 1).all() else image.astype(np.float64) * float(weight)

    def _store(self, numbers: np.ndarray, tilts: Tilts) -> None:
        self._known.clear()
        for k, number in enumerate(numbers.tolist()):
            self.given_weights[number] = None if tilts.pixel_weights is None else tilts.pixel_weights[k]
            self.noise[number] = noise_deviations(tilts.some(np.array([k])).measured)[0]
            image, weights = tilts.image(k), tilts.weight_image(k)
            if weights is not None and not self.pixel_weights.shape[1]:
                self.pixel_weights = packed.aligned_zeros(self.projections.shape, self.grid.device)
                self.pixel_weights[...] = 1
            weights = namespace(image).ones_like(image) if weights is None else weights
            self.grid.pack_projections(image[None], self.projections, number)
            if self.pixel_weights.shape[1]:
                self.grid.pack_projections(weights[None], self.pixel_weights, number)
            meets = self.path_lengths[number] > _LEAST_PATH
            of_tilt = float(self.tilt_weights[number])
            energy = float((image[:, meets].astype(np.float64) ** 2 * weights[:, meets]).sum())
            self.energies[number] = of_tilt * energy
            self.counts[number] = of_tilt * float(weights[:, meets].sum(dtype=np.float64))

    def _make_room(self, n_tilts: int) -> None:
        capacity = self.projections.shape[1] // self.grid.row_length
        if n_tilts > capacity:
            n_room = max(n_tilts, 2 * capacity, 32)
            self.projections = _roomier(self.projections, self.grid.new_projections(n_room))
            if self.pixel_weights.shape[1]:
                ones = self.grid.new_projections(n_room)
                ones[...] = 1
                self.pixel_weights = _roomier(self.pixel_weights, ones)

    def _trace(self) -> None:
        self.rays = self.rays_of(np.arange(len(self)))


def _roomier(old: np.ndarray, room: np.ndarray) -> np.ndarray:
    room[:, : old.shape[1]] = old
    return room
