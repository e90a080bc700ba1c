"""Which tilts go together into one update, and in which order."""

import numpy as np

_GOLDEN_SECTION = 0.6180339887


def spread_subsets(tilt_angles: np.ndarray, tilts_per_subset: int | None) -> list[np.ndarray]:
    """Give groups of about so many tilts, each spread over all angles; None for one group of all.

    Parameters
    ----------
    tilt_angles
        (tilt,) degrees.
    tilts_per_subset
        The size wished for.

    Returns
    -------
    list of ndarray
        The numbers of the tilts of each group, in the order in which to use them.
    """
    n_subsets = max(1, round(len(tilt_angles) / (tilts_per_subset or len(tilt_angles))))
    by_angle = np.argsort(tilt_angles, kind="stable")
    golden = np.argsort(np.arange(n_subsets) * _GOLDEN_SECTION % 1)  # subsets that follow each other lie far apart
    return [by_angle[start::n_subsets].copy() for start in golden]


def single_tilts(tilt_angles: np.ndarray, far_apart: bool) -> list[np.ndarray]:
    """Give groups of one tilt: those that follow each other far apart, or in the order of their angles."""
    by_angle = np.argsort(tilt_angles, kind="stable")
    order = np.argsort(np.arange(len(by_angle)) * _GOLDEN_SECTION % 1) if far_apart else np.arange(len(by_angle))
    return [by_angle[[k]] for k in order]
