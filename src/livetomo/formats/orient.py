"""Turn images so that the tilt axis is parallel to y: the one place where this happens, offline and live."""

import numpy as np


def axis_degrees(tilt_axis: str | float) -> float:
    """Give the direction of the tilt axis in degrees from +y towards −x: ``"y"`` is 0, ``"x"`` is 90.

    Raises
    ------
    ValueError
        When it is none of ``"x"``, ``"y"`` and a finite number of degrees.
    """
    try:
        degrees = {"x": 90.0, "y": 0.0}.get(str(tilt_axis).lower()) if isinstance(tilt_axis, str) else None
        degrees = float(tilt_axis) if degrees is None else degrees
    except (TypeError, ValueError):
        degrees = np.nan
    if not np.isfinite(degrees):
        raise ValueError(f'tilt_axis: expected "x", "y" or degrees from +y towards −x, got {tilt_axis!r}')
    return degrees


def turn(images: np.ndarray, tilt_axis: str | float) -> np.ndarray:
    """Turn images in their plane until the tilt axis, which lies along ``tilt_axis``, is parallel to y.

    Multiples of 90° move pixels and keep every value and the type: 90 is ``numpy.rot90`` once, which carries image −x
    to +y and +y to +x. What remains of any other angle (at most 45°) is turned about the image's centre with cubic
    splines, in float32; what comes in from outside the image takes the median of the image's rim.

    Parameters
    ----------
    images
        (y, x) or (tilt, y, x) images as stored.
    tilt_axis
        ``"x"``, ``"y"`` or degrees from +y towards −x.

    Returns
    -------
    images
        (y, x) or (tilt, y, x), the same number of axes; sizes y and x change places when turned to the other side.
    """
    degrees = axis_degrees(tilt_axis)
    quarters = round(degrees / 90)
    turned = np.rot90(images, quarters % 4, axes=(-2, -1))
    rest = degrees - 90 * quarters
    if abs(rest) < 1e-9:
        return turned
    result = np.empty(turned.shape, np.float32)
    for position in np.ndindex(turned.shape[:-2]):
        result[position] = _rotated(turned[position], rest)
    return result


def turned_shifts(shifts_px: np.ndarray, tilt_axis: str | float) -> np.ndarray:
    """Give shifts (tilt, 2) as (dy, dx) of images as stored, as shifts of the images that ``turn`` gives."""
    angle = np.deg2rad(axis_degrees(tilt_axis))
    dy, dx = np.asarray(shifts_px, np.float64).T
    return np.stack([dy * np.cos(angle) - dx * np.sin(angle), dy * np.sin(angle) + dx * np.cos(angle)], axis=1)


def _rotated(image: np.ndarray, degrees: float) -> np.ndarray:
    from scipy.ndimage import affine_transform

    angle = np.deg2rad(degrees)
    # In (y, x): where a pixel of the turned image comes from. Turning by +90 must equal one numpy.rot90.
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = (np.array(image.shape) - 1) / 2
    rim = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return affine_transform(  # type: ignore[no-any-return]
        image.astype(np.float32), matrix, centre - matrix @ centre, order=3, mode="constant", cval=float(np.median(rim))
    )
