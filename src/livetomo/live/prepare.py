"""Makes frames ready to be used, with the same chain of operators as offline."""

from livetomo.live.frame import Frame
from livetomo.live.reconstruction import Prepared
from livetomo.live.settings import LiveSettings
from livetomo.pipeline import Chain, preparation


class Preparer:
    """Turns, bins and cleans every frame alike; what the user left open is settled by the first frame."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._chain: Chain | None = None
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
            tilt_axis = self._settings.tilt_axis
            if tilt_axis is None:
                tilt_axis = frame.tilt_axis_deg if frame.tilt_axis_deg is not None else "y"
            self._chain = preparation(tilt_axis, self._settings.bin)
            if frame.pixel_size_nm is not None:
                self.voxel_size_nm = frame.pixel_size_nm * self._settings.bin
        return Prepared(frame.name, self._chain(frame.image), self.angle(frame.tilt_angle))

    def angle(self, tilt_angle: float) -> float:
        """Give a frame's angle as it is used."""
        return -tilt_angle if self._settings.flip_angles else tilt_angle
