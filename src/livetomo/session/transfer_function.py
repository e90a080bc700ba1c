"""Colour and opacity as functions of the value: presets, and what is chosen when the user has not."""

import numpy as np

from livetomo.session.facts import VolumeFacts
from livetomo.session.histogram import object_levels
from livetomo.session.wishes import Rgb

ColorNodes = tuple[tuple[float, Rgb], ...]
OpacityNodes = tuple[tuple[float, float], ...]

PRESETS: dict[str, tuple[Rgb, ...]] = {
    "ice": ((0.02, 0.04, 0.08), (0.13, 0.33, 0.56), (0.32, 0.58, 0.77), (0.66, 0.82, 0.87), (0.98, 0.96, 0.90)),
    "ember": ((0.04, 0.02, 0.03), (0.34, 0.08, 0.08), (0.74, 0.28, 0.10), (0.96, 0.63, 0.24), (1.0, 0.96, 0.82)),
    "viridis": ((0.267, 0.005, 0.329), (0.230, 0.322, 0.546), (0.128, 0.567, 0.551), (0.369, 0.789, 0.383),
                (0.993, 0.906, 0.144)),
    "plasma": ((0.050, 0.030, 0.528), (0.493, 0.012, 0.658), (0.798, 0.280, 0.470), (0.973, 0.586, 0.252),
               (0.940, 0.975, 0.131)),
    "inferno": ((0.001, 0.000, 0.014), (0.342, 0.062, 0.429), (0.736, 0.216, 0.330), (0.972, 0.549, 0.040),
                (0.988, 0.998, 0.645)),
    "gray": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "inverted gray": ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
}  # fmt: skip
"""Evenly spaced colours from the lowest to the highest value. Viridis, plasma and inferno are the public-domain maps of
S. van der Walt and N. Smith, at five points."""


def preset_colors(preset: str, lowest: float, highest: float) -> ColorNodes:
    """Spread a preset's colours over a range of values.

    Raises
    ------
    ValueError
        When there is no such preset.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset: expected one of {', '.join(PRESETS)}, got {preset!r}")
    colors = PRESETS[preset]
    values = np.linspace(lowest, highest, len(colors)).tolist()
    return tuple(zip(values, colors, strict=True))


def automatic_opacities(volume: VolumeFacts) -> OpacityNodes:
    """Choose opacities from the histogram: background clear, object a veil, its densest parts nearly solid."""
    found = object_levels(volume.counts)
    levels = (
        (0.0, 0.0),
        (found.quiet, 0.0),
        (found.edge, 0.055),
        (found.middle, 0.15),
        (found.dense, 0.75),
        (255.0, 0.85),
    )
    return tuple((_value(volume, level), opacity) for level, opacity in levels)


def automatic_iso_value(volume: VolumeFacts) -> float:
    """Choose where a contour shows the object: between background and dense parts."""
    return _value(volume, object_levels(volume.counts).middle)


def color_range(volume: VolumeFacts) -> tuple[float, float]:
    """Give the values between which the colours of a preset are spread: background to dense parts of the object."""
    levels = object_levels(volume.counts)
    darkest = max(2 * levels.background - levels.quiet, 0.0)
    return _value(volume, darkest), _value(volume, levels.dense)


def color_table(colors: ColorNodes, lowest: float, highest: float) -> np.ndarray:
    """Give the (256, 3) float colours, 0 to 1, of the stored values 0 to 255 that span the range."""
    values = np.linspace(lowest, highest, 256)
    at = np.array([value for value, _ in colors])
    channels = np.array([color for _, color in colors])
    return np.stack([np.interp(values, at, channels[:, channel]) for channel in range(3)], axis=1)


def opacity_table(opacities: OpacityNodes, lowest: float, highest: float) -> np.ndarray:
    """Give the (256,) float opacities, 0 to 1, of the stored values 0 to 255 that span the range."""
    values = np.linspace(lowest, highest, 256)
    return np.interp(values, [value for value, _ in opacities], [opacity for _, opacity in opacities])


def _value(volume: VolumeFacts, level: float) -> float:
    return volume.lowest + level / 255 * (volume.highest - volume.lowest)
