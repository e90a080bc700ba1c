"""A method is tried on a few voxels before it is used: then it is loaded, and what it refuses is known."""

from dataclasses import replace
from typing import Any

import numpy as np

from livetomo.model import Geometry

_SIDE = 16
_TILT_ANGLES = np.linspace(-70, 70, 8)
"""So many that what is only done with more than a few is done, too."""


def try_out(method: Any, rotation_deg: float = 0.0) -> None:
    """Do with small projections all that a live run does.

    Parameters
    ----------
    method
        A reconstruction method (see ``algorithms.reconstruct.method``).
    rotation_deg
        By how much the specimen was turned in its plane.

    Raises
    ------
    ValueError
        When the method refuses such projections.
    """
    if hasattr(method, "support"):
        method = replace(method, support=None)  # it fits the grid to come, not this one
    state = method.start(Geometry((_SIDE, _SIDE, _SIDE), _SIDE))
    projections = np.random.default_rng(0).random((len(_TILT_ANGLES), _SIDE, _SIDE), np.float32)  # noisy, as real ones
    rotations_deg = np.full(len(_TILT_ANGLES), rotation_deg)
    state = method.add(state, projections, _TILT_ANGLES, rotations_deg=rotations_deg)
    for _ in method.step_pieces(state):
        pass
    method.residual(state)
    method.volume(state)
