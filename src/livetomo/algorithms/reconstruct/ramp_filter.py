"""The filter of filtered back projection, and how much each tilt counts."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from livetomo.arrays import beside, namespace, scipy_part

Window = Literal["ramp", "shepp-logan", "cosine", "hamming", "hann"]


def check_window(window: str) -> None:
    """Refuse a window that is not known.

    Raises
    ------
    ValueError
        When it is not.
    """
    if window not in get_args(Window):
        raise ValueError(f"window: expected one of {', '.join(get_args(Window))}, got {window!r}")


def filtered(projections: np.ndarray, response: Callable[[int], np.ndarray]) -> np.ndarray:
    """Filter projections (tilt, y, x) across the tilt axis; gives float32, per pixel and radian.

    ``response`` gives (length // 2 + 1,) factors for rows of a length, padded with zeros against wrap-around.
    """
    xp, fft, n_x = namespace(projections), scipy_part(projections, "fft"), projections.shape[-1]
    length = fft.next_fast_len(2 * n_x, real=True)
    spectrum = fft.rfft(xp.asarray(projections, np.float32), length, axis=-1)
    spectrum *= beside(spectrum, response(length))
    rows: np.ndarray = xp.ascontiguousarray(fft.irfft(spectrum, length, axis=-1)[..., :n_x], np.float32)
    return rows


def filter_response(length: int, window: Window) -> np.ndarray:
    """Give the (length // 2 + 1,) response from zero to the Nyquist frequency, 0.5 there for the bare ramp.

    The ramp is the one sampled in space (Kak and Slaney, Principles of Computerized Tomographic Imaging, 1988,
    doi:10.1137/1.9780898719277, chapter 3), which keeps the mean right.
    """
    distance = np.minimum(np.arange(length), length - np.arange(length))
    odd = distance % 2 == 1
    ramp = np.zeros(length)
    ramp[0] = 0.25
    ramp[odd] = -1 / (np.pi * distance[odd]) ** 2
    frequency = np.arange(length // 2 + 1) / length  # cycles per pixel
    shapes = {
        "ramp": np.ones_like(frequency),
        "shepp-logan": np.sinc(frequency),
        "cosine": np.cos(np.pi * frequency),
        "hamming": 0.54 + 0.46 * np.cos(2 * np.pi * frequency),
        "hann": 0.5 + 0.5 * np.cos(2 * np.pi * frequency),
    }
    response: np.ndarray = np.fft.rfft(ramp).real * shapes[window]
    return response.astype(np.float32)


def tilt_weights_rad(tilt_angles: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Give (tilt,) radians: half the gaps to the neighbouring angles, on the circle of 180°.

    The widest gap is the missing wedge: it counts no more than the second widest. Repeated angles share one weight. A
    single angle gets all 180°. ``counts``, (tilt,), says how much each tilt counts beside the others; one of 0 is as if
    it were not there.
    """
    weights_rad, used = np.zeros(len(tilt_angles)), np.flatnonzero(counts)
    if len(used):
        weights_rad[used] = _steps_rad(np.asarray(tilt_angles)[used]) * counts[used] / counts[used].mean()
    return weights_rad


def _steps_rad(tilt_angles: np.ndarray) -> np.ndarray:
    turned = np.round(np.asarray(tilt_angles, np.float64) % 180, 6) % 180
    angles, which, counts = np.unique(turned, return_inverse=True, return_counts=True)
    gaps = np.diff(angles, append=angles[0] + 180)  # gap to the next angle
    if len(gaps) > 1:
        gaps = np.minimum(gaps, np.sort(gaps)[-2])
    halves = (gaps + np.roll(gaps, 1)) / 2
    steps: np.ndarray = np.deg2rad(halves[which] / counts[which])
    return steps


def refuse_pixel_weights(weights: np.ndarray | None) -> None:
    """Raise a ValueError when there are weights of pixels, (tilt, y, x): a filter needs all of a row."""
    if weights is not None and np.ndim(weights) > 1:
        raise ValueError(
            "weights: expected one number a tilt, got some for each pixel, but this method needs all pixels of a "
            "row; use sirt, fista, fista-tv or another method that is built on the projector"
        )
