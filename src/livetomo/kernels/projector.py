"""The projector of single-axis tomography: a matched Joseph pair."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from livetomo.arrays import Device, device_of, namespace
from livetomo.kernels._threads import run
from livetomo.kernels.packed import NO_FLOOR, PackedGrid, Rays, backproject_tasks, project_tasks
from livetomo.kernels.turn import Turn, turn_back_tasks, turn_tasks


class Projector:
    """Project volumes and back-project projections, one the exact adjoint of the other.

    A point (x, z) in voxels from the centre of the grid lands at ``x cos θ + z sin θ + axis_shift_px`` pixels from the
    centre of the detector; y is the tilt axis. Each ray steps along the axis it follows most and interpolates linearly
    between two voxels (Joseph 1982, doi:10.1109/TMI.1982.4307572). So a uniform object projects to its path length in
    voxels, and the sum over a projection is that over the volume.

    The array that comes in decides where the work runs: a NumPy array is projected on the processor, a CuPy array on
    its GPU, and what comes out is of the same kind. Values must be finite: the compiled code does not look for NaN.

    Parameters
    ----------
    tilt_angles
        (tilt,) degrees.
    volume_shape
        (z, y, x) voxels.
    detector_width
        Pixels of the detector along x; the volume's x when not given.
    shifts_px
        (tilt,) dx or (tilt, 2) as (dy, dx): what must be applied to each measured image to centre it, so the pattern
        lies displaced by minus that on the detector. dx moves the rays, dy interpolates linearly between rows.
    axis_shift_px
        Where the tilt axis lands, in pixels from the centre of the detector towards +x.
    rotations_deg
        (tilt,) by how much the specimen was turned in its plane before it was tilted: a point (x, y) from the centre
        went to (x cos φ − y sin φ, x sin φ + y cos φ). Dual-axis series have 0 and 90; 0 when not given.

    Raises
    ------
    ValueError
        When shapes do not fit together or an angle or shift is not finite.
    """

    def __init__(
        self,
        tilt_angles: Any,
        volume_shape: tuple[int, int, int],
        detector_width: int | None = None,
        shifts_px: Any = None,
        axis_shift_px: float = 0.0,
        rotations_deg: Any = None,
    ) -> None:
        self.tilt_angles = _angles(tilt_angles)
        self.volume_shape = _shape(volume_shape)
        self.detector_width = self.volume_shape[2] if detector_width is None else int(detector_width)
        if self.detector_width < 1:
            raise ValueError(f"detector_width: expected at least 1 pixel, got {detector_width}")
        self.shifts_px = _shifts(shifts_px, len(self.tilt_angles))
        self.axis_shift_px = float(axis_shift_px)
        if not np.isfinite(self.axis_shift_px):
            raise ValueError(f"axis_shift_px: expected a finite number of pixels, got {axis_shift_px}")
        self.rotations_deg = _rotations(rotations_deg, len(self.tilt_angles))
        self._layouts = {"cpu": self._layout("cpu")}

    @property
    def projections_shape(self) -> tuple[int, int, int]:
        """(tilt, y, x) pixels."""
        return len(self.tilt_angles), self.volume_shape[1], self.detector_width

    @property
    def shape(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """((tilt, y, x), (z, y, x)): what comes out of ``A(volume)`` and what goes in."""
        return self.projections_shape, self.volume_shape

    @property
    def T(self) -> "Transpose":
        """The back projection, called as ``A.T(projections)``."""
        return Transpose(self)

    def __call__(self, volume: Any) -> np.ndarray:
        """Project a (z, y, x) volume; gives (tilt, y, x) float32."""
        whole, views = self._layout_for(volume)
        packed = whole.new_volume()
        whole.pack_volume(_checked(volume, "volume", "(z, y, x)", self.volume_shape), packed)
        out = whole.new_projections(len(self.tilt_angles))
        for view in views:
            seen, grid = packed, whole
            if view.turn is not None:
                seen, grid = view.turn.turned_grid.new_volume(), view.turn.turned_grid
                run(turn_tasks(view.turn, packed, seen))
            run(
                task
                for block in range(grid.n_blocks)
                for task in project_tasks(grid.block(block), view.rays, seen[block], out[block], view.tilts)
            )
        return _move_rows(whole.unpack_projections(out, 0, len(self.tilt_angles)), self.shifts_px[:, 0])

    def __repr__(self) -> str:
        words = [repr(self.tilt_angles.tolist()), f"volume_shape={self.volume_shape}"]
        if self.detector_width != self.volume_shape[2]:
            words.append(f"detector_width={self.detector_width}")
        if self.shifts_px.any():
            words.append(f"shifts_px={self.shifts_px.tolist()}")
        if self.axis_shift_px:
            words.append(f"axis_shift_px={self.axis_shift_px}")
        if self.rotations_deg.any():
            words.append(f"rotations_deg={self.rotations_deg.tolist()}")
        return f"Projector({', '.join(words)})"

    def _backproject(self, projections: Any) -> np.ndarray:
        given = _checked(projections, "projections", "(tilt, y, x)", self.projections_shape)
        whole, views = self._layout_for(given)
        packed = whole.new_projections(len(given))
        dy_px = self.shifts_px[:, 0]
        whole.pack_projections(_move_rows(given.copy(), -dy_px) if dy_px.any() else given, packed)
        volume = whole.new_volume()
        for view in views:
            seen, grid = volume, whole
            if view.turn is not None:
                seen, grid = view.turn.turned_grid.new_volume(), view.turn.turned_grid
            update = grid.even_gain(1), np.float32(0), NO_FLOOR
            run(
                task
                for block in range(grid.n_blocks)
                for task in backproject_tasks(
                    grid.block(block), view.rays, seen[block], packed[block], view.tilts, update
                )
            )
            if view.turn is not None:
                run(turn_back_tasks(view.turn, seen, volume, (np.float32(1), NO_FLOOR)))
        return whole.unpack_volume(volume)

    def _layout_for(self, array: Any) -> "_Layout":
        device = device_of(array)
        if device not in self._layouts:
            self._layouts[device] = self._layout(device)
        return self._layouts[device]

    def _layout(self, device: Device) -> "_Layout":
        grid = PackedGrid(self.volume_shape, self.detector_width, device)
        return grid, [self._view(grid, rotation) for rotation in np.unique(self.rotations_deg % 360)]

    def _view(self, upright: PackedGrid, rotation_deg: float) -> "_View":
        turn = Turn(upright, rotation_deg) if rotation_deg else None
        grid = upright if turn is None else turn.turned_grid
        rays = Rays.of(grid, self.tilt_angles, self.shifts_px[:, 1], self.axis_shift_px)
        return _View(turn, rays, np.flatnonzero(self.rotations_deg % 360 == rotation_deg))


@dataclass(frozen=True, eq=False)
class _View:
    """The tilts that see the specimen turned alike; the one that is not turned comes first."""

    turn: Turn | None
    rays: Rays
    tilts: np.ndarray


_Layout = tuple[PackedGrid, list[_View]]


class Transpose:
    """The adjoint of a projector; its own ``T`` is the projector again."""

    def __init__(self, projector: Projector) -> None:
        self.T = projector

    @property
    def shape(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """((z, y, x), (tilt, y, x)): what comes out and what goes in."""
        return self.T.volume_shape, self.T.projections_shape

    def __call__(self, projections: Any) -> np.ndarray:
        """Back-project (tilt, y, x) projections; gives (z, y, x) float32."""
        return self.T._backproject(projections)

    def __repr__(self) -> str:
        return f"{self.T!r}.T"


def _angles(tilt_angles: Any) -> np.ndarray:
    angles = np.atleast_1d(np.array(tilt_angles, np.float64))
    if angles.ndim != 1 or angles.size == 0:
        raise ValueError(f"tilt_angles: expected (tilt,) degrees, got shape {angles.shape}")
    if not np.isfinite(angles).all():
        raise ValueError(f"tilt_angles: expected finite degrees, got {angles[~np.isfinite(angles)][0]}")
    return angles


def _shape(volume_shape: Any) -> tuple[int, int, int]:
    sizes = tuple(int(size) for size in volume_shape)
    if len(sizes) != 3 or min(sizes) < 1:
        raise ValueError(f"volume_shape: expected three sizes (z, y, x) of at least 1, got {volume_shape}")
    return sizes


def _shifts(shifts_px: Any, n_tilts: int) -> np.ndarray:
    if shifts_px is None:
        return np.zeros((n_tilts, 2))
    shifts = np.array(shifts_px, np.float64)
    if shifts.shape == (n_tilts,):
        shifts = np.stack([np.zeros(n_tilts), shifts], axis=1)
    if shifts.shape != (n_tilts, 2) or not np.isfinite(shifts).all():
        raise ValueError(
            f"shifts_px: expected finite dx (tilt,) or (dy, dx) (tilt, 2) for {n_tilts} tilts, got shape {shifts.shape}"
        )
    return shifts


def _rotations(rotations_deg: Any, n_tilts: int) -> np.ndarray:
    if rotations_deg is None:
        return np.zeros(n_tilts)
    rotations = np.array(rotations_deg, np.float64)
    if rotations.shape != (n_tilts,) or not np.isfinite(rotations).all():
        got = rotations.tolist() if rotations.shape == (n_tilts,) else f"shape {rotations.shape}"
        raise ValueError(f"rotations_deg: expected {n_tilts} finite angles, one a tilt, got {got}")
    return rotations


def _checked(array: Any, name: str, axes: str, shape: tuple[int, int, int]) -> np.ndarray:
    values = namespace(array).asarray(array)
    if values.shape != shape:
        raise ValueError(f"{name}: expected shape {shape} {axes}, got {values.shape}")
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected real numbers, got {values.dtype}")
    given: np.ndarray = namespace(values).ascontiguousarray(values, np.float32)
    return given


def _move_rows(projections: np.ndarray, dy_px: np.ndarray) -> np.ndarray:
    """Give row y + dy of each projection at row y, in place; by −dy it is the adjoint."""
    for image, dy in zip(projections, dy_px, strict=True):
        if dy:
            whole, fraction = int(np.floor(dy)), np.float32(dy - np.floor(dy))
            image[:] = (1 - fraction) * _rows_from(image, whole) + fraction * _rows_from(image, whole + 1)
    return projections


def _rows_from(image: np.ndarray, start: int) -> np.ndarray:
    """Give row y + start at row y, zeros where there is none."""
    n_y = len(image)
    rows: np.ndarray = namespace(image).zeros_like(image)
    low, high = max(0, -start), min(n_y, n_y - start)
    if low < high:
        rows[low:high] = image[low + start : high + start]
    return rows
