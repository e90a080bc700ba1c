"""Where the object lies in a volume, so that the camera can show it large."""

from dataclasses import dataclass

import numpy as np

from livetomo.app.views.voxels import scene_size_xyz

_STRIDE_SIZE = 64
_TRIMMED = 0.01  # of the object's voxels at each end of an axis are taken for noise
_SMALLEST_RADIUS = 0.18
_MARGIN = 1.12


@dataclass(frozen=True)
class Frame:
    """A ball around what is to be seen, in scene units."""

    centre_xyz: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 0.866

    def is_far_from(self, other: "Frame") -> bool:
        """Say whether following the other frame is worth a jump of the picture."""
        moved = max(abs(a - b) for a, b in zip(self.centre_xyz, other.centre_xyz, strict=True))
        return moved > 0.12 or not 0.75 < self.radius / other.radius < 1.3


def frame_object(voxels: np.ndarray, level: float) -> Frame:
    """Find the ball around the voxels above a level.

    Parameters
    ----------
    voxels
        (z, y, x) uint8.
    level
        Stored value above which a voxel belongs to the object.
    """
    step = max(1, max(voxels.shape) // _STRIDE_SIZE)
    inside = voxels[::step, ::step, ::step] > level
    longest = max(voxels.shape)
    size_xyz = scene_size_xyz(voxels.shape)
    whole = Frame((0.0, 0.0, 0.0), 0.5 * float(np.linalg.norm(size_xyz)))
    if not inside.any():
        return whole
    centres, extents = [], []
    for axis, edge in zip((2, 1, 0), size_xyz, strict=True):
        first, last = _span(inside.sum(axis=tuple(other for other in range(3) if other != axis)))
        start, end = first * step / longest - edge / 2, (last + 1) * step / longest - edge / 2
        centres.append((start + end) / 2)
        extents.append(end - start)
    radius = min(max(0.5 * _MARGIN * float(np.linalg.norm(extents)), _SMALLEST_RADIUS), whole.radius)
    return Frame((centres[0], centres[1], centres[2]), radius)


def _span(counts: np.ndarray) -> tuple[int, int]:
    share = np.cumsum(counts) / counts.sum()
    return int(np.searchsorted(share, _TRIMMED)), int(np.searchsorted(share, 1 - _TRIMMED))
