"""From what is wished and what is known to what is shown: one pure function."""

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from livetomo.live.messages import SetAsideRecord, TiltRecord
from livetomo.session.facts import Facts, VolumeFacts
from livetomo.session.run_words import RunWords, describe_run
from livetomo.session.transfer_function import (
    ColorNodes,
    OpacityNodes,
    automatic_iso_value,
    automatic_opacities,
    color_range,
    preset_colors,
)
from livetomo.session.wishes import Wishes

_CHART_POINTS = 160


@dataclass(frozen=True)
class SceneView:
    """What is drawn of the volume."""

    colors: ColorNodes
    opacities: OpacityNodes
    value_range: tuple[float, float]
    """Values of the stored voxels 0 and 255."""
    iso_value: float
    slice_indices_zyx: tuple[int, int, int]
    show_volume: bool
    show_contour: bool
    show_planes: bool
    show_outline: bool


@dataclass(frozen=True)
class HistogramView:
    """What lies under the colour and opacity editor."""

    bars: tuple[tuple[float, float], ...]
    """(value, height from 0 to 1 on a logarithmic scale)."""
    follows_data: bool
    """Nothing was edited: colours and opacities follow the data."""
    preset: str


@dataclass(frozen=True)
class View:
    """Everything the application shows; two of them are compared to know what to draw again."""

    run: RunWords
    scene: SceneView | None
    """None before the first volume."""
    histogram: HistogramView | None
    convergence: tuple[tuple[float, float], ...]
    """(seconds, residual), thinned out for a small chart."""
    tilts: tuple[TiltRecord, ...]
    set_aside: tuple[SetAsideRecord, ...]
    projection_angle: str
    projection_file: str
    shape_zyx: tuple[int, int, int]
    voxel_size_nm: float


def resolve(wishes: Wishes, facts: Facts) -> View:
    """Decide what is shown."""
    status, volume, projection = facts.status, facts.volume, facts.projection
    return View(
        run=describe_run(facts),
        scene=_scene(wishes, volume) if volume else None,
        histogram=_histogram(wishes, volume) if volume else None,
        convergence=thin_out(status.residual_history) if status else (),
        tilts=status.tilts if status else (),
        set_aside=status.set_aside if status else (),
        projection_angle=f"{projection.tilt_angle:+.1f}°" if projection else "",
        projection_file=PurePath(projection.file).name if projection else "",
        shape_zyx=volume.shape_zyx if volume else (0, 0, 0),
        voxel_size_nm=volume.voxel_size_nm if volume else 0.0,
    )


def thin_out(history: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Keep at most 160 points of a curve, the first and the last among them."""
    if len(history) <= _CHART_POINTS:
        return history
    kept = np.linspace(0, len(history) - 1, _CHART_POINTS).round().astype(int)
    return tuple(history[index] for index in kept)


def slice_index(fraction: float, size: int) -> int:
    """Give the slice that lies at this fraction, 0 to 1, of an axis."""
    return min(max(int(fraction * size), 0), size - 1)


def _scene(wishes: Wishes, volume: VolumeFacts) -> SceneView:
    z, y, x = (slice_index(f, n) for f, n in zip(wishes.slice_fractions_zyx, volume.shape_zyx, strict=True))
    return SceneView(
        colors=wishes.colors or preset_colors(wishes.preset, *color_range(volume)),
        opacities=wishes.opacities or automatic_opacities(volume),
        value_range=(volume.lowest, volume.highest),
        iso_value=automatic_iso_value(volume) if wishes.iso_value is None else wishes.iso_value,
        slice_indices_zyx=(z, y, x),
        show_volume=wishes.show_volume,
        show_contour=wishes.show_contour,
        show_planes=wishes.show_planes,
        show_outline=wishes.show_outline,
    )


def _histogram(wishes: Wishes, volume: VolumeFacts) -> HistogramView:
    counts = np.asarray(volume.counts, dtype=np.float64).reshape(128, 2).sum(axis=1)
    heights = np.log1p(counts) / max(np.log1p(counts).max(), 1e-9)
    values = np.linspace(volume.lowest, volume.highest, 128)
    bars = tuple(zip(values.tolist(), heights.round(3).tolist(), strict=True))
    follows_data = wishes.colors is None and wishes.opacities is None
    return HistogramView(bars, follows_data, wishes.preset)
