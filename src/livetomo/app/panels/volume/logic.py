"""What surrounds the 3-D view, and what its switches do."""

from typing import Literal

from livetomo.app.panels.volume.state import VolumeState
from livetomo.session import Session, View

Part = Literal["volume", "contour", "planes", "outline"]


def present(view: View) -> VolumeState:
    """Give the variables for what is to be shown."""
    scene = view.scene
    if scene is None:
        return VolumeState()
    return VolumeState(
        volume_is_there=True,
        volume_voxel_size=view.voxel_size_nm,
        volume_show=scene.show_volume,
        contour_show=scene.show_contour,
        planes_show=scene.show_planes,
        outline_show=scene.show_outline,
    )


class VolumeSwitches:
    """Shows and hides the parts of the scene."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def toggle(self, part: Part) -> None:
        """Show the part when it is hidden, hide it when it is shown."""
        name = f"show_{part}"
        self._session.wish(**{name: not getattr(self._session.wishes, name)})
