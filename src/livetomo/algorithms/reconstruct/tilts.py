"""Projections that come together, with what is known of each, checked before anything is taken in."""

from dataclasses import dataclass

import numpy as np

from livetomo.algorithms.reconstruct.row_shift import shifted_along_rows
from livetomo.arrays import beside, namespace, require_on, scipy_part, to_numpy
from livetomo.model import Geometry
from livetomo.model.geometry_table import checked_angles, checked_rotations, checked_shifts, checked_weights

_TOO_LARGE, _TOO_SMALL = 1e17, 1e-11
"""Sums of squares of such values, or of images that reach no further, leave the range of float32."""
_LEAST_WEIGHT = 1e-12
"""What counts less does not count: float32 would not hold its squares beside others."""

_HALF_A_ROW = 0.5
"""So far beyond the image its edge still stands for the specimen."""


@dataclass(frozen=True, eq=False)
class Tilts:
    """Checked projections of some tilts. Make it with ``checked``."""

    projections: np.ndarray
    """(tilt, y, x) as given."""
    tilt_angles: np.ndarray
    """(tilt,) degrees."""
    shifts_px: np.ndarray
    """(tilt, 2) as (dy, dx)."""
    tilt_weights: np.ndarray
    """(tilt,) from 0 to 1."""
    pixel_weights: np.ndarray | None
    """(tilt, y, x) from 0 to 1; None where all pixels of a tilt count the same."""
    rotations_deg: np.ndarray
    """(tilt,) by how much the specimen was turned in its plane."""

    @classmethod
    def checked(
        cls,
        geometry: Geometry,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> "Tilts":
        """Give them as arrays that fit together.

        Raises
        ------
        ValueError
            When something does not fit the geometry or the number of tilts, a weight is not from 0 to 1, or a value is
            not finite, or 1e17 or more in size, where its weight is above 0, or all are 0 or below 1e-11.
        TypeError
            When projections or weights of pixels do not live where the reconstruction does.
        """
        require_on(geometry.device, projections, "projections")
        given = namespace(projections).asarray(projections)
        if given.dtype.kind not in "iuf":
            raise ValueError(f"projections: expected whole or real numbers, got {given.dtype}")
        n_tilts = np.size(tilt_angles)
        expected = (n_tilts, *geometry.projection_shape)
        if given.shape != expected:
            raise ValueError(f"projections: expected shape {expected} (tilt, y, x), got {given.shape}")
        angles, shifts = checked_angles(tilt_angles, n_tilts), checked_shifts(shifts_px, n_tilts)
        rotations = checked_rotations(rotations_deg, n_tilts)
        tilt_weights, pixel_weights = _of_tilts_and_pixels(weights, expected)
        if pixel_weights is not None:
            require_on(geometry.device, pixel_weights, "weights")
        check_values(given, tilt_weights, pixel_weights)
        return cls(given, angles, shifts, tilt_weights, pixel_weights, rotations)

    def __len__(self) -> int:
        return len(self.tilt_angles)

    def some(self, numbers: np.ndarray) -> "Tilts":
        """Give those of these numbers."""
        pixel_weights = None if self.pixel_weights is None else self.pixel_weights[numbers]
        return Tilts(
            self.projections[numbers], self.tilt_angles[numbers], self.shifts_px[numbers],
            self.tilt_weights[numbers], pixel_weights, self.rotations_deg[numbers],
        )  # fmt: skip

    @property
    def weights(self) -> np.ndarray | None:
        """(tilt,) or (tilt, y, x) from 0 to 1; None when all count the same."""
        if self.pixel_weights is not None:
            weights: np.ndarray = self.pixel_weights * beside(self.pixel_weights, self.tilt_weights)[:, None, None]
            return weights
        return None if (self.tilt_weights == 1).all() else self.tilt_weights

    @property
    def arguments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
        """What ``Method.add`` takes after the state."""
        return self.projections, self.tilt_angles, self.shifts_px, self.weights, self.rotations_deg

    @property
    def measured(self) -> np.ndarray:
        """(tilt, y, x) the projections, NaN where a pixel does not count."""
        if self.pixel_weights is None and (self.tilt_weights > 0).all():
            return self.projections
        counts = beside(self.projections, self.tilt_weights > 0)[:, None, None]
        if self.pixel_weights is not None:
            counts = counts & (self.pixel_weights > 0)
        known: np.ndarray = namespace(counts).where(counts, self.projections, np.float32(np.nan))
        return known

    def image(self, number: int) -> np.ndarray:
        """(y, x) float32 of one tilt moved by its dy; where pixels do not count, the nearest that do."""
        xp = namespace(self.projections)
        image: np.ndarray = xp.asarray(self.projections[number], np.float32)
        if self.tilt_weights[number] == 0:
            zeros: np.ndarray = xp.zeros_like(image)
            return zeros
        if self.pixel_weights is not None:
            image = _filled(image, self.pixel_weights[number] > 0)
        return shifted_along_rows(image, self.shifts_px[number, 0])

    def weight_image(self, number: int) -> np.ndarray | None:
        """(y, x) float32 weights of the pixels of one tilt moved by its dy; None where all are 1.

        Rows that came from beyond the image count nothing.
        """
        xp, n_rows = namespace(self.projections), self.projections.shape[1]
        position = np.arange(n_rows) - self.shifts_px[number, 0]
        is_seen = (position >= -_HALF_A_ROW) & (position <= n_rows - 1 + _HALF_A_ROW)
        if self.pixel_weights is None and is_seen.all():
            return None
        seen: np.ndarray = xp.broadcast_to(beside(self.projections, is_seen)[:, None], self.projections.shape[1:])
        seen = seen.astype(np.float32)
        if self.pixel_weights is None:
            return seen
        weights = self.pixel_weights[number]
        low, high = (np.clip(end(position), 0, n_rows - 1).astype(int) for end in (np.floor, np.ceil))
        moved: np.ndarray = seen * xp.minimum(weights[low], weights[high])
        return moved


def _of_tilts_and_pixels(weights: np.ndarray | None, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray | None]:
    """Part weights into those of tilts and, beside these, of pixels."""
    if weights is None:
        return np.ones(shape[0]), None
    values = checked_weights(weights, shape)
    xp = namespace(values)
    if values.ndim == 1:
        require_on("cpu", values, "weights, one a tilt")
        return _noticeable(values.astype(np.float64)), None
    largest = values.max(axis=(1, 2)).astype(np.float64)
    pixels = xp.empty(shape, np.float32)
    xp.divide(values, xp.where(largest > 0, largest, 1)[:, None, None], out=pixels)
    return _noticeable(to_numpy(largest)), pixels


def _noticeable(tilt_weights: np.ndarray) -> np.ndarray:
    return np.where(tilt_weights < _LEAST_WEIGHT, 0, tilt_weights)


def check_values(
    projections: np.ndarray, tilt_weights: np.ndarray | None = None, pixel_weights: np.ndarray | None = None
) -> None:
    """Require that the values of projections (tilt, y, x) that count, and their squares, are ones that float32 holds.

    Raises
    ------
    ValueError
        When one is not finite or 1e17 or more in size, or all are below 1e-11 and not all 0.
    """
    tilt_weights = np.ones(len(projections)) if tilt_weights is None else tilt_weights
    counts = beside(projections, tilt_weights > 0)[:, None, None]
    if pixel_weights is not None:
        counts = counts & (pixel_weights > 0)
    sizes = namespace(projections).abs(projections)
    n_bad_by_tilt = to_numpy((~(sizes < _TOO_LARGE) & counts).sum(axis=(1, 2)))
    if n_bad := int(n_bad_by_tilt.sum()):
        tilts = ", ".join(map(str, np.flatnonzero(n_bad_by_tilt)[:10]))
        raise ValueError(
            f"projections: expected finite values below {_TOO_LARGE:g} in size, got {n_bad} that are NaN, infinite or "
            f"larger, in tilt {tilts}; give weights of 0 there, or replace them first, for instance with "
            "numpy.nan_to_num"
        )
    largest = float(namespace(projections).where(counts, sizes, 0).max(initial=0))
    if 0 < largest < _TOO_SMALL:
        raise ValueError(
            f"projections: expected values that reach {_TOO_SMALL:g} in size, got {largest:g} at most; multiply them, "
            "float32 does not hold their squares"
        )


def _filled(image: np.ndarray, counts: np.ndarray) -> np.ndarray:
    if counts.all() or not counts.any():
        zeroed: np.ndarray = namespace(image).where(counts, image, np.float32(0))
        return zeroed
    transform = scipy_part(image, "ndimage").distance_transform_edt
    nearest = transform(~counts, return_distances=False, return_indices=True)
    filled: np.ndarray = image[tuple(nearest)]
    return filled
