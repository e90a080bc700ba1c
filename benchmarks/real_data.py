"""What the methods reach on real tilt series: ``python benchmarks/real_data.py``; the Ta film is in ../shared/data."""

import time
from pathlib import Path

import numpy as np
from machine import machine

import livetomo as lt

_NEEDLE = Path(lt.__file__).parent / "samples" / "needle" / "HAADF.mrc.gz"
_TA_FILM = Path(__file__).resolve().parents[2] / "shared" / "data" / "ta-film"
_SWEEPS = 60
_SETTINGS = {"SIRT": {}, "plain SIRT": {"tilts_per_subset": None, "damping": 0.0}}


def section() -> str:
    """Reconstruct and give the section as Markdown."""
    rows = [*_needle_rows(), *(_ta_film_rows() if _TA_FILM.is_dir() else ["| Ta film: data not here | | | |"])]
    return "\n".join([
        f"## Real data: {_SWEEPS} sweeps",
        "",
        f"{machine()}. Residual: ‖A x − b‖ / ‖b‖. Correlation: with the published volume (Nat. Mater. 21, 95 (2022)),",
        "on a grid 1.75 times as wide as the field, cropped.",
        "",
        "| data | method | result | seconds |",
        "| --- | --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def _needle_rows() -> list[str]:
    series = lt.read(_NEEDLE, tilt_axis="x")
    rows = []
    for alignment in ("com", "none"):
        aligned = lt.align(series, method=alignment)
        for name, settings in _SETTINGS.items():
            start = time.perf_counter()
            residual = lt.reconstruct(aligned, sweeps=_SWEEPS, **settings).metadata["residual"]
            seconds = time.perf_counter() - start
            rows.append(f"| needle, `--align {alignment}` | {name} | residual {residual:.4f} | {seconds:.1f} |")
    return rows


def _ta_film_rows() -> list[str]:
    from scipy.io import loadmat

    rows = []
    tilt_angles = -loadmat(_TA_FILM / "angles.mat")["angle"][:, 1]
    for area in (8, 12):
        projections = loadmat(_TA_FILM / f"Projections_area{area}.mat")["Proj_sub"].transpose(2, 1, 0)
        published = loadmat(_TA_FILM / f"ReconObj_sub{area}.mat")["reconstruction"].transpose(2, 1, 0)
        series = lt.TiltSeries(projections, tilt_angles, 0.03216)
        for name, settings in _SETTINGS.items():
            start = time.perf_counter()
            volume = lt.reconstruct(series, sweeps=_SWEEPS, field_of_view=1.75, **settings).data
            seconds = time.perf_counter() - start
            margin = (volume.shape[0] - published.shape[0]) // 2
            cropped = volume[margin : margin + published.shape[0], :, margin : margin + published.shape[2]]
            correlation = np.corrcoef(cropped.ravel(), published.ravel())[0, 1]
            rows.append(f"| Ta film, area {area} | {name} | correlation {correlation:.3f} | {seconds:.1f} |")
    return rows


if __name__ == "__main__":
    print(section())
