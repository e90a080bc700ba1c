"""Tilt series of one specimen about several axes, made one."""

from collections.abc import Sequence
from types import ModuleType

import numpy as np

from livetomo.arrays import device_of, namespace, require_on
from livetomo.model.tilt_series import TiltSeries

_LARGEST_SIZE_DIFFERENCE = 0.01


def join(series: Sequence[TiltSeries], rotations_deg: Sequence[float]) -> TiltSeries:
    """Give one series of all projections, for instance of a dual-axis recording.

    Each series has its tilt axis along y, and the specimen in the middle of the field: its origin is what they share.

    Parameters
    ----------
    series
        Each recorded about one axis, with images of one shape.
    rotations_deg
        For each series, by how many degrees the specimen was turned in its plane: 0 for the first, and 90 or -90 for
        the second of a dual-axis recording.

    Returns
    -------
    TiltSeries
        All tilts, in this order, with their ``rotations_deg``; what it has besides is the first one's.

    Raises
    ------
    ValueError
        When there are none, the numbers differ, or images or pixels are not of one size.
    """
    if not series or len(series) != len(rotations_deg):
        raise ValueError(
            f"rotations_deg: expected one angle for each of {len(series)} series, at least one, got {rotations_deg}"
        )
    first = series[0]
    for other in series[1:]:
        _check_alike(first, other)
    xp, dtype = namespace(first.projections), np.result_type(*(one.projections.dtype for one in series))
    turned = [np.full(len(one), rotation) for one, rotation in zip(series, rotations_deg, strict=True)]
    return first.replace(
        projections=xp.concatenate([xp.asarray(one.projections, dtype) for one in series]),
        tilt_angles=np.concatenate([one.tilt_angles for one in series]),
        shifts_px=np.concatenate([np.asarray(one.shifts_px) for one in series]),
        weights=_joined_weights(series),
        rotations_deg=np.concatenate(turned),
    )


def _check_alike(first: TiltSeries, other: TiltSeries) -> None:
    shape, its = first.projections.shape[1:], other.projections.shape[1:]
    require_on(device_of(first.projections), other.projections, other.name or "series")
    if its != shape:
        raise ValueError(f"{other.name or 'series'}: expected images of {shape} (y, x) pixels as the first, got {its}")
    sizes = first.pixel_size_nm, other.pixel_size_nm
    if None not in sizes and abs(sizes[1] / sizes[0] - 1) > _LARGEST_SIZE_DIFFERENCE:  # type: ignore[operator]
        raise ValueError(
            f"{other.name or 'series'}: expected pixels of {sizes[0]:g} nm as the first, got {sizes[1]:g} nm; "
            "bin or resample one of them"
        )


def _joined_weights(series: Sequence[TiltSeries]) -> np.ndarray | None:
    if all(one.weights is None for one in series):
        return None
    given = [np.ones(len(one)) if one.weights is None else one.weights for one in series]
    if all(weights.ndim == 1 for weights in given):
        return np.concatenate(given)
    shapes = (one.projections.shape for one in series)
    xp = namespace(series[0].projections)
    of_pixels = [_for_pixels(xp, weights, shape) for weights, shape in zip(given, shapes, strict=True)]
    joined: np.ndarray = xp.concatenate(of_pixels)
    return joined


def _for_pixels(xp: ModuleType, weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    whole: np.ndarray = weights if weights.ndim == 3 else xp.broadcast_to(xp.asarray(weights)[:, None, None], shape)
    return whole
