"""What the three slices show beside their pictures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SlicesState:
    """Names and first values of the variables in the page."""

    slice_z: int = 0
    slice_y: int = 0
    slice_x: int = 0
    slice_z_last: int = 0
    slice_y_last: int = 0
    slice_x_last: int = 0
    slice_z_fraction: float = 0.5
    slice_y_fraction: float = 0.5
    slice_x_fraction: float = 0.5
