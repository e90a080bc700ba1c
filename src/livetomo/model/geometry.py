"""The grid that is reconstructed and the detector that saw it."""

import math
from dataclasses import dataclass

import numpy as np

from livetomo.arrays import Device, device_of
from livetomo.model.tilt_series import TiltSeries


@dataclass(frozen=True)
class Geometry:
    """The fixed part of a reconstruction: what does not change when a tilt arrives.

    A point (x, z) of a slice, measured in voxels from the centre of the grid, lands at
    ``x cos θ + z sin θ + axis_shift_px`` from the centre of the detector. Voxel and pixel have one size.

    Raises
    ------
    ValueError
        When a size is not a whole number of at least 1 or the shift is not finite.
    """

    volume_shape: tuple[int, int, int]
    """(z, y, x) voxels; the tilt axis is parallel to y, z is along the beam at zero tilt."""

    detector_width: int
    """Detector pixels across the tilt axis (x); along the axis the detector has as many rows as the volume has y."""

    axis_shift_px: float = 0.0
    """Where the tilt axis lands on the detector, in pixels from its centre towards +x."""

    device: Device = "cpu"
    """Where the reconstruction lives: on the host (NumPy arrays) or on a GPU (CuPy arrays)."""

    def __post_init__(self) -> None:
        sizes = (*self.volume_shape, self.detector_width)
        if not all(isinstance(size, int | np.integer) for size in sizes):
            raise ValueError(f"volume_shape, detector_width: expected whole numbers, got {sizes}")
        if len(self.volume_shape) != 3 or min(self.volume_shape) < 1:
            raise ValueError(f"volume_shape: expected three sizes (z, y, x) of at least 1, got {self.volume_shape}")
        if self.detector_width < 1:
            raise ValueError(f"detector_width: expected at least 1 pixel, got {self.detector_width}")
        if not math.isfinite(self.axis_shift_px):
            raise ValueError(f"axis_shift_px: expected a finite number of pixels, got {self.axis_shift_px}")

    @property
    def projection_shape(self) -> tuple[int, int]:
        """(y, x) pixels of one projection."""
        return self.volume_shape[1], self.detector_width

    @classmethod
    def of(cls, series: TiltSeries, field_of_view: float = 1.0, axis_shift_px: float = 0.0) -> "Geometry":
        """Give the grid for a tilt series: x and z ``field_of_view`` times as wide as the detector, y as long.

        It lives where the projections do. The width keeps the parity of the detector's, so that a grid and its central
        crop share their voxels.

        Raises
        ------
        ValueError
            When ``field_of_view`` is not from 0.1 to 10, or the shift is not finite.
        """
        if not 0.1 <= field_of_view <= 10:
            raise ValueError(f"field_of_view: expected a factor between 0.1 and 10, got {field_of_view}")
        _, n_y, n_x = series.projections.shape
        width = n_x + 2 * round((field_of_view - 1) * n_x / 2)
        width = max(width, 1)
        return cls((width, n_y, width), n_x, axis_shift_px, device_of(series.projections))
