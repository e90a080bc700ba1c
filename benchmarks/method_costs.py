"""What a sweep of each method costs beside one of plain SIRT, in turns within one process.

python benchmarks/method_costs.py [--slices 64]
"""

import argparse
import statistics
import time
from typing import Any

import numpy as np
from machine import machine
from specimens import PLAIN_SIRT, recorded_slab

from livetomo.algorithms.reconstruct import METHODS, method_named
from livetomo.model import Geometry
from livetomo.sim.phantoms import particles
from livetomo.sim.tilt_series import Imaging

_SIZE, _TILT_ANGLES = 256, np.arange(-70, 71, 2.0)
_PAIRS = 5


def section(slices: int = 64) -> str:
    """Measure and give the section as Markdown."""
    series = recorded_slab(particles(_SIZE), slices, _TILT_ANGLES, Imaging(noise=0.02)).series
    projections = series.projections.astype(np.float32)
    geometry, plain = Geometry.of(series), method_named("sirt", **PLAIN_SIRT)
    reference, plain_s, rows = _begun(plain, geometry, projections), list[float](), []
    for name in METHODS:
        method = method_named(name)
        state, ratios = _begun(method, geometry, projections), []
        for _ in range(_PAIRS):
            plain_s.append(_seconds(plain, reference))
            ratios.append(_seconds(method, state) / plain_s[-1])
        kind = "one pass" if method.is_direct else "a sweep"
        rows.append(f"| `{name}` | {kind} | {statistics.median(ratios):.1f} | {min(ratios):.1f}–{max(ratios):.1f} |")
    return "\n".join([
        f"## Cost of a sweep: {_SIZE} × {_SIZE} × {slices} slices, {len(_TILT_ANGLES)} tilts",
        "",
        f"{machine()}. Time over that of a sweep of plain SIRT, {statistics.median(plain_s) * 1e3:.0f} ms here, "
        f"which ran in turns with it. Medians of {_PAIRS} pairs.",
        "",
        "| method | | over plain SIRT | lowest–highest |",
        "| --- | --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def _begun(method: Any, geometry: Geometry, projections: np.ndarray) -> Any:
    return method.step(method.add(method.start(geometry), projections, _TILT_ANGLES))


def _seconds(method: Any, state: Any) -> float:
    start = time.perf_counter()
    method.step(state)
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=64)
    print(section(**vars(parser.parse_args())))
