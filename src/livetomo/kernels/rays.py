"""Where the rays of every tilt run through a packed grid."""

from dataclasses import dataclass

import numpy as np

from livetomo.kernels._positions import FRACTION_BITS
from livetomo.kernels._project_cpu import RAY_BORDER
from livetomo.kernels.packed_grid import PackedGrid

_FARTHEST_PX = 1e6  # rays from beyond it meet nothing either, and fixed-point positions hold it


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


def _fixed(positions: np.ndarray) -> np.ndarray:
    return np.round(positions * 2.0**FRACTION_BITS).astype(np.int64)
