"""What hot pixels cost and how many are found: the needle with some of its pixels raised.

python benchmarks/hot_pixels.py [--methods sirt huber]
"""

import argparse
from collections.abc import Sequence
from typing import Literal

import numpy as np
from machine import machine
from specimens import NEEDLE, error

import livetomo as lt
from livetomo.algorithms.filter import remove_hot_pixels
from livetomo.model import TiltSeries

_RAISED = ((1e-4, 3), (1e-4, 10), (1e-4, 30), (1e-3, 10), (5e-3, 10))
"""Share of the pixels, and by how many times the brightest of the specimen."""
_BIN = 2


def section(methods: Sequence[str] = ("sirt", "huber")) -> str:
    """Measure and give the section as Markdown."""
    series = lt.read(NEEDLE, tilt_axis="x")
    series = series.replace(projections=series.projections.astype(np.float32))
    references = {method: _volume(series, method, "keep") for method in methods}
    rows = [_row(series, share, times, references) for share, times in _RAISED]
    return "\n".join([
        f"## Hot pixels: the needle, `--bin {_BIN}`",
        "",
        f"{machine()}. Error of the volume against that of the series as recorded, where {_found(series)} are found.",
        "",
        f"| raised | by × the brightest | left | {' | '.join(f'{m}, kept | {m}, removed' for m in methods)} |",
        "| --- |" + " --- |" * (2 + 2 * len(methods)),
        *rows,
    ])  # fmt: skip


def _row(series: TiltSeries, share: float, times: float, references: dict[str, np.ndarray]) -> str:
    projections = series.projections
    brightest = np.quantile(projections, 0.999) - np.median(projections)
    is_raised = np.random.default_rng(0).random(projections.shape) < share
    spoilt = series.replace(projections=projections + np.float32(times * brightest) * is_raised)
    cleaned = np.stack([remove_hot_pixels(projection) for projection in spoilt.projections])
    n_left = int((is_raised & (cleaned == spoilt.projections)).sum())
    errors = [
        error(_volume(spoilt, method, word), reference)
        for method, reference in references.items()
        for word in ("keep", "remove")
    ]
    return f"| {share:g} | {times} | {n_left} of {is_raised.sum()} | {' | '.join(f'{e:.3f}' for e in errors)} |"


def _volume(series: TiltSeries, method: str, hot_pixels: Literal["keep", "remove"]) -> np.ndarray:
    prepared = lt.prepare_series(series, lt.preparation(bin=_BIN, hot_pixels=hot_pixels))
    return lt.reconstruct(lt.align(prepared, background="keep"), method).data


def _found(series: TiltSeries) -> int:
    return sum(int((remove_hot_pixels(image) != image).sum()) for image in series.projections)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="*", default=("sirt", "huber"))
    print(section(parser.parse_args().methods))
