"""Which tilts go together into one update, and in which order. Those that do not count are left out."""

from itertools import zip_longest

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData

_GOLDEN_SECTION = 0.6180339887


def spread_subsets(data: HeldData, tilts_per_subset: int | None) -> list[np.ndarray]:
    """Give groups of about so many tilts, each spread over all angles; None for one group of all.

    A group has one in-plane rotation of the specimen; the groups of several rotations take turns.

    Parameters
    ----------
    data
        The projections held.
    tilts_per_subset
        The size wished for.

    Returns
    -------
    list of ndarray
        The numbers of the tilts of each group, in the order in which to use them.
    """
    by_rotation = [
        [numbers[places] for places in _spread(data.tilt_angles[numbers], tilts_per_subset)]
        for numbers in data.of_one_rotation(np.arange(len(data)))
    ]
    return [group for turn in zip_longest(*by_rotation) for group in turn if group is not None]


def single_tilts(data: HeldData, far_apart: bool) -> list[np.ndarray]:
    """Give groups of one tilt: those that follow each other far apart, or in the order of their angles."""
    numbers = np.flatnonzero(data.tilt_weights > 0)
    by_angle = numbers[np.argsort(data.tilt_angles[numbers], kind="stable")]
    order = np.argsort(np.arange(len(by_angle)) * _GOLDEN_SECTION % 1) if far_apart else np.arange(len(by_angle))
    return [by_angle[[k]] for k in order]


def _spread(tilt_angles: np.ndarray, tilts_per_subset: int | None) -> list[np.ndarray]:
    n_subsets = max(1, round(len(tilt_angles) / (tilts_per_subset or len(tilt_angles))))
    by_angle = np.argsort(tilt_angles, kind="stable")
    golden = np.argsort(np.arange(n_subsets) * _GOLDEN_SECTION % 1)  # subsets that follow each other lie far apart
    return [by_angle[start::n_subsets].copy() for start in golden]
