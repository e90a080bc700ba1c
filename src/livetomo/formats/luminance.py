"""Colour images made grey."""

import numpy as np

_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])  # ITU-R BT.709


def luminance(colours: np.ndarray) -> tuple[np.ndarray, str]:
    """Give grey images and a note that says what was done.

    Parameters
    ----------
    colours
        (…, channel) images of 1 (grey), 2 (grey, alpha), 3 (red, green, blue) or 4 channels (with alpha).

    Returns
    -------
    images
        (…) the grey values in their own type where all colours are equal, else float32 luminance.
    note
        One sentence, empty when nothing was lost.
    """
    if colours.shape[-1] < 3 or (
        np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 0], colours[..., 2])
    ):
        return colours[..., 0], ""
    return (colours[..., :3] @ _WEIGHTS).astype(np.float32), "Colours were turned into luminance."
