"""A tilt series: projections of one specimen, with what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from livetomo.arrays import namespace
from livetomo.model.geometry_table import checked_angles, checked_rotations, checked_shifts, checked_weights

Origin = Literal["file", "user", "data", "assumed"]


@dataclass(frozen=True, eq=False)
class TiltSeries:
    """Projections about one tilt axis that is parallel to y, with their geometry table.

    The projections stay as measured; alignment is kept beside them in ``shifts_px`` and applied where they are used.

    Raises
    ------
    ValueError
        When the shapes do not fit together, projections are no numbers or masked, an angle, a shift or the pixel size
        is none that can be, or a weight is not from 0 to 1.
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
        if self.pixel_size_nm is not None and not (np.isfinite(self.pixel_size_nm) and self.pixel_size_nm > 0):
            raise ValueError(f"pixel_size_nm: expected a positive length in nm, got {self.pixel_size_nm}")
        n_tilts = len(projections)
        for name, checked in {
            "projections": projections,
            "tilt_angles": checked_angles(self.tilt_angles, n_tilts),
            "shifts_px": checked_shifts(self.shifts_px, n_tilts),
            "weights": None if self.weights is None else checked_weights(self.weights, projections.shape),
            "rotations_deg": checked_rotations(self.rotations_deg, n_tilts),
        }.items():
            object.__setattr__(self, name, checked)

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
