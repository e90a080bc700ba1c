"""Makes frames ready to be used, with the same chain of operators as offline."""

import numpy as np

from livetomo.live.frame import Frame
from livetomo.live.reconstruction import Prepared
from livetomo.live.settings import LiveSettings
from livetomo.pipeline import Chain, Step


class Preparer:
    """Turns, bins and cleans every frame alike; what the user left open is settled by the first frame."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._chain: Chain | None = None
        self.is_axis_assumed = False
        """Neither the user nor the first frame's file said where the tilt axis lies, nor have the projections yet."""
        self.voxel_size_nm: float | None = None
        """Edge of a voxel once a frame has come, None when its file does not say."""

    def __call__(self, frame: Frame) -> Prepared:
        """Prepare one frame.

        Raises
        ------
        ValueError
            When the frame is too small to be binned.
        """
        if self._chain is None:
            said = frame.tilt_axis_deg if self._settings.tilt_axis is None else self._settings.tilt_axis
            self.is_axis_assumed = said is None
            self._chain = self._settings.preparation("y" if said is None else said)
            if frame.pixel_size_nm is not None:
                self.voxel_size_nm = frame.pixel_size_nm * self._settings.bin
        projection = np.ascontiguousarray(self._chain(frame.image), np.float32)
        return Prepared(frame.name, projection, self.angle(frame.tilt_angle))

    def turn(self) -> None:
        """Take the tilt axis to lie along x from now on.

        Frames are turned last, as those that came before: what fills no bin is then left out on the same side.
        """
        self.is_axis_assumed = False
        self._chain = Chain((*self._settings.preparation("y").steps, Step("turn", {"tilt_axis": "x"})))

    def angle(self, tilt_angle: float) -> float:
        """Give a frame's angle as it is used."""
        return -tilt_angle if self._settings.flip_angles else tilt_angle
