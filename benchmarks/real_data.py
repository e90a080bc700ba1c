"""What the methods reach on real tilt series: ``python benchmarks/real_data.py``; the Ta film is in ../shared/data."""

import time

from machine import machine
from specimens import NEEDLE, PLAIN_SIRT, TA_FILM_FIELD_OF_VIEW, ta_film, ta_film_areas

import livetomo as lt

_SWEEPS = 60
_SETTINGS = {"SIRT": {}, "plain SIRT": PLAIN_SIRT}


def section() -> str:
    """Reconstruct and give the section as Markdown."""
    rows = [*_needle_rows(), *(_ta_film_rows() or ["| Ta film: data not here | | | |"])]
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
    series = lt.read(NEEDLE, tilt_axis="x")
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
    rows = []
    for area in ta_film_areas():
        series, correlation = ta_film(area)
        for name, settings in _SETTINGS.items():
            start = time.perf_counter()
            volume = lt.reconstruct(series, sweeps=_SWEEPS, field_of_view=TA_FILM_FIELD_OF_VIEW, **settings).data
            seconds = time.perf_counter() - start
            rows.append(f"| Ta film, area {area} | {name} | correlation {correlation(volume):.3f} | {seconds:.1f} |")
    return rows


if __name__ == "__main__":
    print(section())
