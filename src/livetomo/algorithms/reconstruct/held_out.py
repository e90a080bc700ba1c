"""How many sweeps are best, told by tilts that the reconstruction does not see."""

from typing import Any

import numpy as np

from livetomo.kernels.projector import Projector
from livetomo.model import Geometry

_ONE_IN = 8
_LEAST_TILTS = 4
_PATIENCE = 3
"""Sweeps without a better prediction before giving up."""


def sweeps_by_held_out_tilts(
    method: Any,
    geometry: Geometry,
    projections: np.ndarray,
    tilt_angles: np.ndarray,
    shifts_px: np.ndarray | None,
    max_sweeps: int = 150,
) -> int:
    """Give the number of sweeps after which one tilt in eight, held out, is predicted best from the others.

    Parameters
    ----------
    method
        A reconstruction method.
    geometry
        The grid and the detector.
    projections
        (tilt, y, x) background-free.
    tilt_angles
        (tilt,) degrees.
    shifts_px
        (tilt, 2) as (dy, dx) pixels; none when not given.
    max_sweeps
        Where to end at the latest.

    Raises
    ------
    ValueError
        When there are fewer than four tilts.
    """
    if len(tilt_angles) < _LEAST_TILTS:
        raise ValueError(
            f"stopping: expected at least {_LEAST_TILTS} tilts to hold some out, got {len(tilt_angles)}; "
            "give sweeps instead"
        )
    shifts_px = np.zeros((len(tilt_angles), 2)) if shifts_px is None else shifts_px
    by_angle = np.argsort(tilt_angles, kind="stable")
    held_out = by_angle[min(_ONE_IN, len(by_angle)) // 2 :: _ONE_IN]
    seen = np.setdiff1d(by_angle, held_out)
    predict = Projector(
        tilt_angles[held_out], geometry.volume_shape, geometry.detector_width, shifts_px[held_out],
        geometry.axis_shift_px,
    )  # fmt: skip
    state = method.add(method.start(geometry), projections[seen], tilt_angles[seen], shifts_px[seen])
    best, best_misfit, done = 1, np.inf, 0
    while done < min(max_sweeps, best + _PATIENCE):
        state = method.step(state)
        done += 1
        misfit = float(np.linalg.norm(predict(method.volume(state)) - projections[held_out]))
        if misfit < best_misfit:
            best, best_misfit = done, misfit
    return best
