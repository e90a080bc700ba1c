"""What the benchmarks reconstruct: slabs of phantoms whose truth is known, the needle, and Ta films."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import livetomo as lt
from livetomo.model import TiltSeries
from livetomo.sim.tilt_series import Imaging, SimulatedSeries, record

NEEDLE = Path(lt.__file__).parent / "samples" / "needle" / "HAADF.mrc.gz"
PLAIN_SIRT = {"tilts_per_subset": None, "damping": 0.0}
"""Settings of SIRT as the textbook has it."""
TA_FILM_FIELD_OF_VIEW = 1.75

_TA_FILM = Path(__file__).resolve().parents[2] / "shared" / "data" / "ta-film"


def recorded_slab(volume: np.ndarray, slices: int, tilt_angles: np.ndarray, imaging: Imaging) -> SimulatedSeries:
    """Record the middle slices of a phantom (z, y, x)."""
    first = (volume.shape[1] - slices) // 2
    return record(volume[:, first : first + slices], tilt_angles, imaging)


def error(volume: np.ndarray, truth: np.ndarray) -> float:
    """Give ‖x − truth‖ / ‖truth‖."""
    return float(np.linalg.norm(volume - truth) / np.linalg.norm(truth))


def ta_film_areas() -> tuple[int, ...]:
    """Give the areas of the film whose data are here."""
    return (8, 12) if _TA_FILM.is_dir() else ()


def ta_film(area: int) -> tuple[TiltSeries, Callable[[np.ndarray], float]]:
    """Give an area's series, and what correlates a volume of TA_FILM_FIELD_OF_VIEW with the published one."""
    from scipy.io import loadmat

    projections = loadmat(_TA_FILM / f"Projections_area{area}.mat")["Proj_sub"].transpose(2, 1, 0)  # from (x, y, tilt)
    published = loadmat(_TA_FILM / f"ReconObj_sub{area}.mat")["reconstruction"].transpose(2, 1, 0)  # from (x, y, z)
    tilt_angles = -loadmat(_TA_FILM / "angles.mat")["angle"][:, 1]

    def correlation(volume: np.ndarray) -> float:
        margin = (volume.shape[0] - published.shape[0]) // 2
        inside = slice(margin, margin + published.shape[0])
        return float(np.corrcoef(volume[inside, :, inside].ravel(), published.ravel())[0, 1])

    return TiltSeries(projections, tilt_angles, 0.03216), correlation
