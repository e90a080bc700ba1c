"""A method is tried on a few voxels before it is used: then it is loaded, and what it refuses is known."""

from dataclasses import replace
from typing import Any

import numpy as np

from livetomo.model import Geometry

_SIDE = 16


def try_out(method: Any, rotation_deg: float = 0.0) -> None:
    """Do with a small projection all that a live run does.

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
    projections = np.ones((1, _SIDE, _SIDE), np.float32)
    state = method.add(state, projections, np.zeros(1), rotations_deg=np.array([rotation_deg]))
    for _ in method.step_pieces(state):
        pass
    method.residual(state)
    method.volume(state)
