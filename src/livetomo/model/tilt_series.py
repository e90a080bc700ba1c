"""A tilt series: projections of one specimen, with what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from livetomo.arrays import namespace

Origin = Literal["file", "user", "data", "assumed"]


@dataclass(frozen=True, eq=False)
class TiltSeries:
    """Projections about one tilt axis that is parallel to y, with their geometry table.

    The projections stay as measured; alignment is kept beside them in ``shifts_px`` and applied where they are used.

    Raises
    ------
    ValueError
        When the shapes do not fit together or an angle is not a finite number.
    """

    projections: np.ndarray
    """(tilt, y, x) projections, in the file's own type and counts: a NumPy array, or a CuPy array to work on a GPU."""

    tilt_angles: np.ndarray
    """(tilt,) degrees; any order, any steps, repeats allowed."""

    pixel_size_nm: float | None = None
    """Edge of a pixel in nanometres, None when unknown."""

    shifts_px: np.ndarray | None = None
    """(tilt, 2) as (dy, dx) pixels: what must be applied to each projection to centre it. Zeros when not given."""

    weights: np.ndarray | None = None
    """(tilt,) or (tilt, y, x) how much a tilt or a pixel counts, from 0 (not used) to 1; None when all count the same.
    A tilt below 1e-12 does not count. Where it is 0 the projection may hold NaN."""

    rotations_deg: np.ndarray | None = None
    """(tilt,) degrees φ by which the specimen was turned in its plane before it was tilted: a point (x, y) from the
    centre went to (x cos φ − y sin φ, x sin φ + y cos φ). Zeros when not given; dual-axis series have 0 and 90."""

    name: str = ""
    """What to call it: usually the file's stem."""

    tilt_axis_origin: Origin = "user"
    """Who says that the tilt axis is parallel to y: the file, the user, the projections themselves, or nobody."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that the file knew, as plain values."""

    def __post_init__(self) -> None:
        projections = namespace(self.projections).asanyarray(self.projections)
        if np.ma.is_masked(projections):
            raise ValueError("projections: expected no masked pixels; give their data, and weights=1 - mask")
        if projections.ndim != 3 or projections.size == 0:
            raise ValueError(f"projections: expected a filled array (tilt, y, x), got shape {projections.shape}")
        if not (np.issubdtype(projections.dtype, np.integer) or np.issubdtype(projections.dtype, np.floating)):
            raise ValueError(f"projections: expected whole or real numbers, got {projections.dtype}")
        angles = np.array(self.tilt_angles, dtype=np.float64).reshape(-1)
        if angles.size != len(projections):
            raise ValueError(
                f"tilt_angles: expected {len(projections)} angles, one for each projection, got {angles.size}"
            )
        if not np.isfinite(angles).all():
            raise ValueError(f"tilt_angles: expected finite degrees, got {angles[~np.isfinite(angles)][0]}")
        if self.pixel_size_nm is not None and not (np.isfinite(self.pixel_size_nm) and self.pixel_size_nm > 0):
            raise ValueError(f"pixel_size_nm: expected a positive length in nm, got {self.pixel_size_nm}")
        shifts = np.zeros((angles.size, 2)) if self.shifts_px is None else np.array(self.shifts_px, dtype=np.float64)
        if shifts.shape != (angles.size, 2) or not np.isfinite(shifts).all():
            raise ValueError(
                f"shifts_px: expected finite (dy, dx) for each of {angles.size} tilts, got shape {shifts.shape}"
            )
        _check_weights(self.weights, projections.shape)
        rotations = np.zeros(angles.size) if self.rotations_deg is None else np.array(self.rotations_deg, np.float64)
        if rotations.shape != (angles.size,) or not np.isfinite(rotations).all():
            raise ValueError(
                f"rotations_deg: expected a finite angle for each of {angles.size} tilts, got shape {rotations.shape}"
            )
        object.__setattr__(self, "rotations_deg", rotations)
        object.__setattr__(self, "projections", projections)
        object.__setattr__(self, "tilt_angles", angles)
        object.__setattr__(self, "shifts_px", shifts)

    def __len__(self) -> int:
        return len(self.tilt_angles)

    def __repr__(self) -> str:
        n_tilts, n_y, n_x = self.projections.shape
        size = "unknown pixel size" if self.pixel_size_nm is None else f"{self.pixel_size_nm:g} nm pixels"
        span = f"{self.tilt_angles.min():g}…{self.tilt_angles.max():g}°"
        return f"TiltSeries({self.name or 'unnamed'}: {n_tilts} tilts {span}, {n_y} × {n_x} (y, x), {size})"

    def replace(self, **changes: Any) -> "TiltSeries":
        """Give a copy with some fields changed."""
        return replace(self, **changes)


def _check_weights(weights: np.ndarray | None, shape: tuple[int, ...]) -> None:
    if weights is None:
        return
    values = namespace(weights).asarray(weights)
    if values.shape not in {shape[:1], shape}:
        raise ValueError(f"weights: expected shape {shape[:1]} (tilt,) or {shape} (tilt, y, x), got {values.shape}")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("weights: expected values from 0 (not used) to 1; divide them by the largest")
