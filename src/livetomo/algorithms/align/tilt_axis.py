"""Which way the tilt axis lies, judged by the projections themselves."""

import numpy as np

from livetomo.algorithms.align.centre_of_mass import ComAlignment
from livetomo.algorithms.filter.bin import bin_projections
from livetomo.algorithms.reconstruct.sirt import SIRT
from livetomo.model import Geometry

_SMALL_PX = 64
_SWEEPS = 60
_CLEARLY = 1.3
_ENOUGH_TILTS = 8
_ENOUGH_DEGREES = 40


def has_enough_for_evidence(tilt_angles: np.ndarray) -> bool:
    """Say whether there are enough tilts (tilt,) in degrees, over enough of a range, to judge the axis by them."""
    return len(tilt_angles) >= _ENOUGH_TILTS and float(np.ptp(tilt_angles)) >= _ENOUGH_DEGREES


def lies_along_x(projections: np.ndarray, tilt_angles: np.ndarray) -> bool:
    """Say whether the projections (tilt, y, x), background removed, clearly speak for a tilt axis parallel to x."""
    return has_enough_for_evidence(tilt_angles) and tilt_axis_evidence(projections, tilt_angles) >= _CLEARLY


def tilt_axis_evidence(projections: np.ndarray, tilt_angles: np.ndarray) -> float:
    """Say how much better the projections fit a tilt axis parallel to x than one parallel to y.

    A small reconstruction is made for each of the two; the wrong one cannot explain what the tilts show.

    Parameters
    ----------
    projections
        (tilt, y, x) background removed.
    tilt_angles
        (tilt,) degrees; eight tilts over 40° or more tell something.

    Returns
    -------
    float
        Residual with the axis along y over that with the axis along x: clearly above 1 speaks for x, below for y.
    """
    factor = max(1, min(projections.shape[1:]) // _SMALL_PX)
    small = bin_projections(projections, factor)
    turned = np.ascontiguousarray(np.rot90(small, axes=(1, 2)))
    along_y, along_x = (_quick_residual(frames, tilt_angles) for frames in (small, turned))
    return (along_y + 1e-6) / (along_x + 1e-6)


def _quick_residual(projections: np.ndarray, tilt_angles: np.ndarray) -> float:
    alignment = ComAlignment()
    for projection in projections:
        alignment.push(projection)
    _, n_y, n_x = projections.shape
    method = SIRT()
    state = method.add(method.start(Geometry((n_x, n_y, n_x), n_x)), projections, tilt_angles, alignment.shifts_px)
    for _ in range(_SWEEPS):
        state = method.step(state)
    return method.residual(state)
