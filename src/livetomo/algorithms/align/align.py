"""Alignment of a whole tilt series."""

import warnings

import numpy as np

from livetomo.algorithms.align.centre_of_mass import ComAlignment
from livetomo.algorithms.align.tilt_axis import tilt_axis_evidence
from livetomo.algorithms.filter.background import remove_background
from livetomo.model import TiltSeries

METHODS = ("com", "none")
_CLEARLY = 3.0


def align(series: TiltSeries, method: str = "com") -> TiltSeries:
    """Give the series with the shifts that centre every projection.

    Parameters
    ----------
    series
        Projections (tilt, y, x) with the tilt axis parallel to y.
    method
        ``"com"``: centre of mass across the tilt axis, correlation of profiles along it. ``"none"``: no shifts.

    Returns
    -------
    TiltSeries
        Background-free float32 projections (tilt, y, x) in their places as measured; ``shifts_px`` (tilt, 2) as (dy, dx).

    Raises
    ------
    ValueError
        When the method is not known.
    """
    if method not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    projections = np.stack([remove_background(projection) for projection in series.projections])
    warn_about_tilt_axis(series, projections)
    if method == "none":
        return series.replace(projections=projections)
    alignment = ComAlignment()
    for projection in projections:
        alignment.push(projection)
    return series.replace(projections=projections, shifts_px=alignment.shifts_px)


def warn_about_tilt_axis(series: TiltSeries, projections: np.ndarray) -> None:
    """Warn when nobody said where the tilt axis is and the projections (tilt, y, x) speak for the other direction."""
    if series.tilt_axis_origin != "assumed" or len(series) < 5 or np.ptp(series.tilt_angles) < 30:
        return
    if tilt_axis_evidence(projections) > _CLEARLY:
        warnings.warn(
            f"{series.name or 'the tilt series'}: its tilt axis was taken as parallel to y, because the file does not say "
            "where it is, but the projections look as if it were parallel to x: read it with tilt_axis='x' "
            "(--tilt-axis x)",
            stacklevel=3,
        )
