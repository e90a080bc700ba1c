"""Move a projection along the tilt axis."""

import numpy as np

from livetomo.arrays import namespace, scipy_part


def shifted_along_rows(image: np.ndarray, dy_px: float) -> np.ndarray:
    """Give the image (y, x) moved by ``dy_px`` towards higher y: cubic spline, edge rows continued."""
    if dy_px == 0:
        return image
    dy_px = float(np.clip(dy_px, -len(image), len(image)))  # farther on there is the edge row alone
    if dy_px == round(dy_px):
        return image[np.clip(np.arange(len(image)) - int(dy_px), 0, len(image) - 1)]
    xp, margin = namespace(image), 12  # rows after which the spline's memory of the edge is below float32 rounding
    padded = xp.pad(image, ((margin, margin), (0, 0)), "edge")
    coefficients = scipy_part(image, "ndimage").spline_filter1d(padded, 3, axis=0, output=np.float32)
    position = np.arange(len(image)) - dy_px
    first = np.floor(position).astype(int) - 1
    t = np.float32(-dy_px - np.floor(-dy_px))
    weights = (1 - t) ** 3 / 6, (4 - 6 * t**2 + 3 * t**3) / 6, (1 + 3 * t + 3 * t**2 - 3 * t**3) / 6, t**3 / 6
    last = len(coefficients) - 1
    moved: np.ndarray = xp.zeros_like(image)
    for k, weight in enumerate(weights):
        moved += np.float32(weight) * coefficients[np.clip(first + margin + k, 0, last)]
    return moved
