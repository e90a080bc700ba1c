"""How much each Fourier sample counts: by the area it stands for, and by how far it rises above the noise."""

import numpy as np

from livetomo.algorithms.reconstruct.fourier_lines import FourierLines
from livetomo.algorithms.reconstruct.ramp_filter import filter_response, tilt_weights_rad

_LARGEST_AREA = 0.5
"""Times one over the depth of the grid: a line far from its neighbours is known no wider than that."""
_LEAST_SIGNAL = 1e-3
"""Over the noise, in power."""
_TOP = 0.9
"""Of the frequencies: what lies above is taken for noise where it is less than the noise that was measured."""


def row_powers(images: np.ndarray, length: int) -> np.ndarray:
    """Give (tilt, length // 2 + 1) mean power of the spectra of the rows of (tilt, y, x), padded to a length."""
    from scipy.fft import rfft

    powers = [(np.abs(rfft(image, length, axis=-1)) ** 2).mean(axis=0, dtype=np.float64) for image in images]
    return np.array(powers)


def trust(powers: np.ndarray, noise_power: float, noise_factor: float = 1.0) -> np.ndarray:
    """Give (k,) the share of signal in the mean power (k,) of rows, from 0 to 1: Wiener's filter.

    After Wiener, Extrapolation, Interpolation, and Smoothing of Stationary Time Series (1949),
    doi:10.7551/mitpress/2946.001.0001. The signal is taken to fall with the frequency; the noise counts
    ``noise_factor`` times its power.
    """
    width = max(3, len(powers) // 20) | 1
    window = np.hanning(width + 2)[1:-1]
    smooth = np.convolve(np.pad(powers, width // 2, "reflect"), window / window.sum(), "valid")
    noise = min(noise_power, float(powers[int(_TOP * len(powers)) :].mean()))
    signal = np.minimum.accumulate(np.maximum(smooth - noise, _LEAST_SIGNAL * noise))
    share: np.ndarray = np.ones_like(signal)
    np.divide(signal, signal + noise_factor * noise, out=share, where=signal > 0)
    return share


def sample_weights(lines: FourierLines, tilt_angles: np.ndarray, counts: np.ndarray, trusted: np.ndarray) -> np.ndarray:
    """Give (tilt, k) float32 weights: the ramp times the tilt's step where lines are close, even where they are not.

    ``counts`` (tilt,) say how much each tilt counts beside the others; ``trusted`` (k,) from 0 to the highest frequency
    are factors.
    """
    length, is_used = len(lines.frequencies), counts > 0
    areas = np.outer(tilt_weights_rad(tilt_angles, is_used.astype(float)), filter_response(length, "ramp"))
    shares = counts / counts[is_used].mean() if is_used.any() else counts
    half = np.minimum(areas, _LARGEST_AREA / max(lines.n_zx)) * shares[:, None] * trusted / length
    return np.concatenate([half, half[:, :0:-1]], axis=1).astype(np.float32)
