"""What the user asked to see. Where a wish is None the application chooses and follows the data."""

from dataclasses import dataclass

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Wishes:
    """Everything about the display that the user can change, but the camera."""

    preset: str = "ice"
    """Name of the colour map, see ``transfer_function.PRESETS``."""

    colors: tuple[tuple[float, Rgb], ...] | None = None
    """(value, colour) nodes in data units, colours from 0 to 1; None: the preset over the data's range."""

    opacities: tuple[tuple[float, float], ...] | None = None
    """(value, opacity) nodes in data units; None: chosen from the histogram."""

    iso_value: float | None = None
    """Where the contour lies, data units; None: chosen from the histogram."""

    slice_fractions_zyx: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """Positions of the three slices from 0 to 1 along z, y and x; they outlive a change of the volume's size."""

    show_volume: bool = True
    show_contour: bool = False
    show_planes: bool = False
    """The three slices as planes inside the 3-D view."""
    show_outline: bool = True
