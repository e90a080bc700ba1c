"""What the 3-D view's surroundings show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VolumeState:
    """Names and first values of the variables in the page."""

    volume_is_there: bool = False
    volume_voxel_size: float = 0.0
    volume_show: bool = True
    contour_show: bool = False
    planes_show: bool = False
    outline_show: bool = True


NOTE_STATE = {"note_closed": ""}
"""Kept by the page alone: the note that the user has closed."""
