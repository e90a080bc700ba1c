"""How many sweeps are best, told by tilts that the reconstruction does not see."""

from typing import Any

import numpy as np

from livetomo.algorithms.reconstruct.stopping import least_sweeps_of
from livetomo.algorithms.reconstruct.tilts import Tilts
from livetomo.arrays import beside, namespace
from livetomo.kernels.projector import Projector
from livetomo.model import Geometry

_ONE_IN = 8
_LEAST_TILTS = 4
_PATIENCE = 3
"""Sweeps without a better prediction before giving up."""


def sweeps_by_held_out_tilts(method: Any, geometry: Geometry, tilts: Tilts, max_sweeps: int = 150) -> int:
    """Give the number of sweeps after which one tilt in eight, held out, is predicted best from the others.

    Parameters
    ----------
    method
        A reconstruction method.
    geometry
        The grid and the detector.
    tilts
        Background-free projections; those that do not count are not held out.
    max_sweeps
        Where to end at the latest.

    Raises
    ------
    ValueError
        When fewer than four tilts count.
    """
    counting = np.flatnonzero(tilts.tilt_weights > 0)
    if len(counting) < _LEAST_TILTS:
        raise ValueError(
            f"stopping: expected at least {_LEAST_TILTS} tilts to hold some out, got {len(counting)}; "
            "give sweeps instead"
        )
    by_angle = counting[np.argsort(tilts.tilt_angles[counting], kind="stable")]
    left_out = by_angle[min(_ONE_IN, len(by_angle)) // 2 :: _ONE_IN]
    held_out, seen = tilts.some(left_out), tilts.some(np.setdiff1d(by_angle, left_out))
    predict = Projector(
        held_out.tilt_angles, geometry.volume_shape, geometry.detector_width, held_out.shifts_px,
        geometry.axis_shift_px, held_out.rotations_deg,
    )  # fmt: skip
    state = method.add(method.start(geometry), *seen.arguments)
    least = min(least_sweeps_of(method), max_sweeps)
    best, best_misfit, done, xp = least, np.inf, 0, namespace(tilts.projections)
    weight_roots = beside(tilts.projections, np.sqrt(held_out.tilt_weights).astype(np.float32))[:, None, None]
    if held_out.pixel_weights is not None:
        weight_roots = weight_roots * xp.sqrt(held_out.pixel_weights)
    while done < min(max_sweeps, best + _PATIENCE):
        state = method.step(state)
        done += 1
        if done < least:
            continue
        misfits = predict(method.volume(state)) - held_out.measured
        misfit = float(xp.linalg.norm(xp.nan_to_num(misfits) * weight_roots))
        if misfit < best_misfit:
            best, best_misfit = done, misfit
    return best
