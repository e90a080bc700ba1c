"""What a microscope would record of a phantom: projections with noise and misalignment, and the truth beside them."""

from dataclasses import dataclass

import numpy as np

from livetomo.kernels.projector import Projector
from livetomo.model import TiltSeries
from livetomo.sim.phantoms import PHANTOMS

_BRIGHTEST_COUNTS = 20000.0


@dataclass(frozen=True)
class Imaging:
    """How the projections are recorded."""

    noise: float = 0.0
    """Standard deviation of the detector's Gaussian noise, as a fraction of the brightest pixel."""

    electrons: float | None = None
    """Electrons that reach the brightest pixel: Poisson noise. None for an endless dose."""

    misalign_px: float = 0.0
    """Standard deviation of each projection's displacement in y and in x, pixels."""

    background: float = 0.0
    """Even background, as a fraction of the brightest pixel."""

    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("noise", "misalign_px", "background"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: expected 0 or more, got {getattr(self, name)}")
        if self.electrons is not None and not self.electrons > 0:
            raise ValueError(f"electrons: expected more than 0 per pixel, got {self.electrons}")


@dataclass(frozen=True, eq=False)
class SimulatedSeries:
    """A tilt series whose specimen and misalignment are known."""

    series: TiltSeries
    """The projections (tilt, y, x) int16 as recorded; its ``shifts_px`` are zeros: a microscope does not know them."""
    volume: np.ndarray
    """(z, y, x) float32 specimen, in the units of the projections."""
    shifts_px: np.ndarray
    """(tilt, 2) as (dy, dx): what must be applied to centre each projection."""


def tilt_range(text: str) -> np.ndarray:
    """Turn ``"-70:70:2"`` (first, last, step in degrees, last included) into (tilt,) angles in degrees.

    Raises
    ------
    ValueError
        When the text is not three numbers with a step that leads from the first to the last.
    """
    try:
        first, last, step = (float(part) for part in text.split(":"))
        n_steps = (last - first) / step
    except (ValueError, ZeroDivisionError):
        n_steps = -1.0
    if not 0 <= n_steps < 100_000:
        raise ValueError(f"tilts: expected FIRST:LAST:STEP in degrees such as -70:70:2, got {text!r}")
    return first + step * np.arange(int(np.floor(n_steps + 1e-9)) + 1)


def record(
    volume: np.ndarray, tilt_angles: np.ndarray, imaging: Imaging, pixel_size_nm: float | None = 1.0, name: str = ""
) -> SimulatedSeries:
    """Record a specimen.

    Parameters
    ----------
    volume
        (z, y, x) density, 0 or more.
    tilt_angles
        (tilt,) degrees.
    imaging
        Noise and misalignment.
    pixel_size_nm
        Edge of a pixel, nanometres.
    name
        What to call the series.
    """
    random = np.random.default_rng(imaging.seed)
    clean = np.asarray(Projector(tilt_angles, volume.shape)(volume.astype(np.float32)))
    scale = _BRIGHTEST_COUNTS / max(float(clean.max()), 1e-12)
    counts = clean * scale
    displacement = random.normal(0, imaging.misalign_px, (len(counts), 2)) if imaging.misalign_px else None
    if displacement is not None:
        counts = _displaced(counts, displacement)
    counts = _noisy(counts + imaging.background * _BRIGHTEST_COUNTS, imaging, random)
    recorded = np.clip(np.rint(counts), -32768, 32767).astype(np.int16)
    series = TiltSeries(recorded, tilt_angles, pixel_size_nm, name=name, tilt_axis_origin="file")
    shifts_px = np.zeros((len(counts), 2)) if displacement is None else -displacement
    return SimulatedSeries(series, (volume * scale).astype(np.float32), shifts_px)


def simulate(phantom: str, size: int, tilt_angles: np.ndarray, imaging: Imaging | None = None) -> SimulatedSeries:
    """Record one of the phantoms: ``helix``, ``particles``, ``atoms`` or ``gold``, ``size`` voxels on each side."""
    if phantom not in PHANTOMS:
        raise ValueError(f"phantom: expected one of {', '.join(PHANTOMS)}, got {phantom!r}")
    imaging = imaging or Imaging()
    return record(PHANTOMS[phantom](size, imaging.seed), tilt_angles, imaging, name=phantom)


def _displaced(projections: np.ndarray, displacement_px: np.ndarray) -> np.ndarray:
    from scipy.ndimage import shift

    moved = [shift(image, by, order=1) for image, by in zip(projections, displacement_px, strict=True)]
    return np.stack(moved)


def _noisy(counts: np.ndarray, imaging: Imaging, random: np.random.Generator) -> np.ndarray:
    if imaging.electrons is not None:
        per_count = imaging.electrons / _BRIGHTEST_COUNTS
        counts = random.poisson(np.maximum(counts, 0) * per_count) / per_count
    if imaging.noise:
        counts = counts + random.normal(0, imaging.noise * _BRIGHTEST_COUNTS, counts.shape)
    return counts
