"""Slice to lines and back in one: Aᴴ W A, which is a convolution and so a product of spectra on a doubled grid.

No sample is interpolated: the product is exact for a slice that is zero outside its grid, because the doubled grid
holds the whole point spread of the sampling. See Fessler, Lee, Olafsson, Shi and Noll, IEEE Trans. Signal Process. 53,
3393 (2005), doi:10.1109/TSP.2005.853152.
"""

import numpy as np

from livetomo.algorithms.reconstruct.fourier_lines import FourierLines


def multiplier(lines: FourierLines, weights: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Give (z, x) float32 factors of the doubled grid's spectrum: about 1 where lines are near, 0 between them.

    Parameters
    ----------
    lines
        Where the samples lie.
    weights
        (tilt, k) how much they count.
    damping
        (k,) what is added, by the distance from the centre, from 0 to the highest frequency of a line.
    """
    from scipy.fft import fft2, fftfreq, next_fast_len

    n_z, n_x = lines.n_zx
    shape = next_fast_len(2 * n_z - 1), next_fast_len(2 * n_x - 1)
    spread = np.zeros(shape)
    spread[: 2 * n_z - 1, : 2 * n_x - 1] = lines.point_spread(weights)
    spectrum = fft2(np.roll(spread, (1 - n_z, 1 - n_x), (0, 1))).real
    distance = np.hypot(fftfreq(shape[0])[:, None], fftfreq(shape[1]))
    spectrum += np.interp(distance, np.arange(len(damping)) / len(lines.frequencies), damping)
    return np.ascontiguousarray(spectrum, np.float32)


def convolved(slices: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Give (…, z, x) complex64 slices whose spectra on the doubled grid were multiplied by these factors."""
    from scipy.fft import fft, ifft

    n_z, n_x = slices.shape[-2:]
    spectra = fft(fft(slices, factors.shape[1], axis=-1), factors.shape[0], axis=-2, overwrite_x=True)
    spectra *= factors
    columns = ifft(spectra, axis=-2, overwrite_x=True)[..., :n_z, :]
    given: np.ndarray = ifft(columns, axis=-1)[..., :n_x]
    return given


def power_step(vector: np.ndarray, factors: np.ndarray) -> tuple[float, np.ndarray]:
    """Do a step of the power method with a (z, x) complex64 vector: give the norm it reached and the unit vector."""
    vector = convolved(vector, factors)
    norm = float(np.linalg.norm(vector))
    return norm, vector / np.float32(norm) if norm > 0 else vector
