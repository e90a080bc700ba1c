"""Makes frames ready to be used, with the same chain of operators as offline."""

from livetomo.live.frame import Frame
from livetomo.live.reconstruction import Prepared
from livetomo.live.settings import LiveSettings
from livetomo.pipeline import Chain


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
        return Prepared(frame.name, self._chain(frame.image), self.angle(frame.tilt_angle))

    def turn(self) -> None:
        """Take the tilt axis to lie along x from now on."""
        self.is_axis_assumed = False
        self._chain = self._settings.preparation("x")

    def angle(self, tilt_angle: float) -> float:
        """Give a frame's angle as it is used."""
        return -tilt_angle if self._settings.flip_angles else tilt_angle
