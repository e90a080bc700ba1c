"""Alignment of a whole tilt series."""

import warnings
from typing import Literal

import numpy as np

from livetomo.algorithms.align.centre_of_mass import ComAlignment
from livetomo.algorithms.align.counting import projections_that_count, tilts_that_count
from livetomo.algorithms.align.tilt_axis import lies_along_x
from livetomo.algorithms.filter.background import remove_background
from livetomo.arrays import require_on
from livetomo.model import TiltSeries

METHODS = ("com", "none")


def align(series: TiltSeries, method: str = "com", background: Literal["auto", "keep"] = "auto") -> TiltSeries:
    """Give the series with the shifts that centre every projection.

    When nobody said where the tilt axis lies and the projections clearly speak for the image's x, they are turned, with
    a warning.

    Parameters
    ----------
    series
        Projections (tilt, y, x) with the tilt axis parallel to y.
    method
        ``"com"``: centre of mass across the tilt axis, correlation of profiles along it. ``"none"``: no shifts.
    background
        ``"auto"`` subtracts the level of the empty field, ``"keep"`` does not: for values that have a sign.

    Returns
    -------
    TiltSeries
        Float32 projections (tilt, y, x), background-free unless it is kept, each in its place as measured, and
        ``shifts_px`` (tilt, 2) as (dy, dx).

    Raises
    ------
    ValueError
        When the method or the word for the background is not known.
    TypeError
        When the projections live on a GPU: alignment runs on the processor.
    """
    if method not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    require_on("cpu", series.projections, "projections", "alignment runs on the processor")
    if background not in {"auto", "keep"}:
        raise ValueError(f"background: expected auto or keep, got {background!r}")
    if background == "auto":
        projections = np.stack([remove_background(projection) for projection in series.projections])
    else:
        projections = np.asarray(series.projections, np.float32)
    series = _turned_if_it_must(series.replace(projections=projections))
    if method == "none":
        return series
    alignment = ComAlignment()
    for projection in projections_that_count(series):
        alignment.push(projection)
    return series.replace(shifts_px=alignment.shifts_px)


def _turned_if_it_must(series: TiltSeries) -> TiltSeries:
    counts = tilts_that_count(series)
    if series.tilt_axis_origin != "assumed" or not lies_along_x(
        projections_that_count(series)[counts], series.tilt_angles[counts]
    ):
        return series
    warnings.warn(
        f"{series.name or 'the tilt series'}: the file does not say where its tilt axis lies; the projections fit an "
        "axis along the image's x much better than one along y, so they were turned. Say tilt_axis='x' "
        "(--tilt-axis x) to confirm, or 'y' to keep them as they are",
        stacklevel=3,
    )
    turned, weights = np.ascontiguousarray(np.rot90(series.projections, axes=(1, 2))), series.weights
    if weights is not None and np.ndim(weights) == 3:
        weights = np.ascontiguousarray(np.rot90(weights, axes=(1, 2)))
    dy, dx = np.asarray(series.shifts_px).T
    shifts_px = np.stack([-dx, dy], axis=1)  # turned as the images are
    return series.replace(projections=turned, weights=weights, shifts_px=shifts_px, tilt_axis_origin="data")
