"""Which way the tilt axis lies, judged by the projections themselves."""

import numpy as np

from livetomo.algorithms.align.centre_of_mass import profile_disagreement


def tilt_axis_evidence(projections: np.ndarray) -> float:
    """Say how much better the projections fit a tilt axis parallel to x than one parallel to y.

    Along the tilt axis the profile of the mass is the same at every tilt, across it it is not.

    Parameters
    ----------
    projections
        (tilt, y, x) background removed; five tilts over 30° or more tell something.

    Returns
    -------
    float
        Disagreement of the profiles along y over that of the profiles along x: far above 1 speaks for x, far below for
        y, near 1 says nothing.
    """
    frames = np.asarray(projections, dtype=np.float32)
    along_y = profile_disagreement(frames.sum(axis=2, dtype=np.float64))
    along_x = profile_disagreement(frames.sum(axis=1, dtype=np.float64))
    return (along_y + 1e-6) / (along_x + 1e-6)
