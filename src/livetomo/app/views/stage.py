"""Everything that is drawn from one session: the 3-D scene, the three slices and the newest projection.

Belongs to the thread that makes it, with all VTK objects and the shared memory it holds.
"""

import logging
from collections.abc import Callable
from typing import Literal

import numpy as np

from livetomo.app.views.picture import Picture
from livetomo.app.views.scene import Scene
from livetomo.app.views.slice_pictures import draw_gray, draw_slice
from livetomo.live.snapshot import Snapshot, SnapshotReader
from livetomo.session.facts import Facts, VolumeFacts
from livetomo.session.histogram import count_values, object_levels
from livetomo.session.resolve import View
from livetomo.session.transfer_function import color_table

ViewName = Literal["volume", "slice-z", "slice-y", "slice-x", "projection"]
logger = logging.getLogger(__name__)

VIEW_NAMES: tuple[ViewName, ...] = ("volume", "slice-z", "slice-y", "slice-x", "projection")
_SLICES: tuple[ViewName, ...] = ("slice-z", "slice-y", "slice-x")


class Stage:
    """Holds the newest volume and draws the views of it."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.stale: set[ViewName] = set()
        """Views whose last picture is out of date."""
        self._reader: SnapshotReader | None = None
        self._voxels: np.ndarray | None = None
        self._version = self._n_tilts = 0
        self._view: View | None = None
        self._projection: np.ndarray | None = None
        self._colors = np.zeros((256, 3), np.uint8)

    def attach(self, snapshot_name: str) -> None:
        """Take volumes from this shared memory from now on; the last volume stays on view."""
        self.detach()
        self._version = 0
        try:
            self._reader = SnapshotReader(snapshot_name)
        except FileNotFoundError:
            logger.info("the engine has already taken its shared memory back")

    def detach(self) -> None:
        """Let go of the shared memory; the last volume stays on view as a copy."""
        if self._reader is None:
            return
        if self._voxels is not None:
            self._voxels = self._voxels.copy()
            self.scene.set_voxels(self._voxels)
        self._reader.close()
        self._reader = None

    def has_newer_volume(self) -> bool:
        """Say whether the engine has published since the last ``take_volume``."""
        return self._reader is not None and self._reader.version > self._version

    def take_volume(self) -> VolumeFacts | None:
        """Hold the newest volume in the place of the one before, and say what is known of it.

        None when the engine is just writing it: try again a little later.
        """
        snapshot = self._reader.take() if self._reader else None
        if snapshot is None:
            return None
        self._version, self._n_tilts = snapshot.version, snapshot.n_tilts
        self._voxels = snapshot.voxels
        facts = _facts_of(snapshot)
        self.scene.set_voxels(snapshot.voxels, object_levels(facts.counts).edge)
        self.stale.update(("volume", *_SLICES))
        return facts

    def show(self, view: View, facts: Facts) -> None:
        """Bring the scene up to date with what is to be shown."""
        projection = facts.projection.image if facts.projection else None
        if projection is not self._projection:
            self._projection = projection
            self.stale.add("projection")
        before, self._view = self._view, view
        if view.scene is None or self._voxels is None or (before and before.scene == view.scene):
            return
        if self.scene.show(view.scene):
            table = color_table(view.scene.colors, *view.scene.value_range)
            self._colors = (255 * table).round().astype(np.uint8)
            self.stale.add("volume")
            self.stale.update(_changed_slices(before, view))

    def draw(
        self, name: ViewName, size: tuple[int, int], *, fine: bool, is_unwanted: Callable[[], bool] | None = None
    ) -> Picture | None:
        """Draw one view, the 3-D view at this (width, height) in pixels.

        None when there is nothing to draw yet, or when the picture became unwanted while it was being drawn.
        """
        if name == "projection":
            return None if self._projection is None else draw_gray(self._projection)
        if self._voxels is None or self._view is None or self._view.scene is None:
            return None
        if name == "volume":
            return self.scene.draw(*size, fine=fine, is_unwanted=is_unwanted)
        axis = name[-1]
        index = self._view.scene.slice_indices_zyx["zyx".index(axis)]
        return draw_slice(self._voxels, axis, index, self._colors)

    @property
    def volume_version(self) -> int:
        """Number of the volume that is drawn; 0 before the first."""
        return self._version

    @property
    def n_tilts(self) -> int:
        """Number of tilts in the volume that is drawn; 0 before the first."""
        return self._n_tilts

    def close(self) -> None:
        """Let go of everything."""
        self.scene.close()
        self._voxels = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _facts_of(snapshot: Snapshot) -> VolumeFacts:
    z, y, x = snapshot.voxels.shape
    return VolumeFacts(
        shape_zyx=(z, y, x),
        lowest=snapshot.lowest,
        highest=snapshot.highest,
        voxel_size_nm=snapshot.voxel_size_nm,
        version=snapshot.version,
        counts=count_values(snapshot.voxels),
    )


def _changed_slices(before: View | None, after: View) -> tuple[ViewName, ...]:
    if before is None or before.scene is None or after.scene is None:
        return _SLICES
    old, new = before.scene, after.scene
    if (old.colors, old.value_range) != (new.colors, new.value_range):
        return _SLICES
    pairs = zip(_SLICES, old.slice_indices_zyx, new.slice_indices_zyx, strict=True)
    return tuple(name for name, before_index, after_index in pairs if before_index != after_index)
