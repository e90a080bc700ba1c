"""What is known of each tilt, one row a tilt: checked once, for a series and for what is added to a reconstruction."""

import numpy as np

from livetomo.arrays import namespace


def checked_angles(tilt_angles: np.ndarray, n_tilts: int) -> np.ndarray:
    """Give (tilt,) degrees.

    Raises
    ------
    ValueError
        When their number is another or one is not finite.
    """
    angles = np.array(tilt_angles, np.float64).reshape(-1)
    if angles.size != n_tilts:
        raise ValueError(f"tilt_angles: expected {n_tilts} angles, one for each projection, got {angles.size}")
    if not np.isfinite(angles).all():
        raise ValueError(f"tilt_angles: expected finite degrees, got {angles[~np.isfinite(angles)][0]}")
    return angles


def checked_shifts(shifts_px: np.ndarray | None, n_tilts: int) -> np.ndarray:
    """Give (tilt, 2) as (dy, dx) pixels, zeros for None.

    Raises
    ------
    ValueError
        When the shape is another or one is not finite.
    """
    shifts = np.zeros((n_tilts, 2)) if shifts_px is None else np.array(shifts_px, np.float64)
    if shifts.shape != (n_tilts, 2) or not np.isfinite(shifts).all():
        raise ValueError(f"shifts_px: expected finite (dy, dx) for each of {n_tilts} tilts, got shape {shifts.shape}")
    return shifts


def checked_rotations(rotations_deg: np.ndarray | None, n_tilts: int) -> np.ndarray:
    """Give (tilt,) degrees, zeros for None.

    Raises
    ------
    ValueError
        When their number is another or one is not finite.
    """
    rotations = np.zeros(n_tilts) if rotations_deg is None else np.array(rotations_deg, np.float64).reshape(-1)
    if rotations.shape != (n_tilts,) or not np.isfinite(rotations).all():
        raise ValueError(f"rotations_deg: expected {n_tilts} finite angles, one a tilt, got {rotations_deg}")
    return rotations


def checked_weights(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give weights (tilt,) or (tilt, y, x) for projections of this shape, where they live.

    Raises
    ------
    ValueError
        When the shape is another or a value is not from 0 to 1.
    """
    values: np.ndarray = namespace(weights).asarray(weights)
    if values.shape not in {shape[:1], shape}:
        raise ValueError(f"weights: expected shape {shape[:1]} (tilt,) or {shape} (tilt, y, x), got {values.shape}")
    with np.errstate(invalid="ignore"):
        if not ((values >= 0) & (values <= 1)).all():
            raise ValueError("weights: expected values from 0 (not used) to 1; divide them by the largest")
    return values
