"""Peak memory of SIRT on 512³ voxels and 77 tilts, in a process of its own.

python benchmarks/memory.py [--size 512] [--sweeps 1]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from machine import machine

_TILTS = 77


def section(size: int = 512, sweeps: int = 1) -> str:
    """Measure and give the section as Markdown."""
    command = [sys.executable, __file__, "--child", "--size", str(size), "--sweeps", str(sweeps)]
    measured = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    volume = size**3 * 4 / 2**20
    rows = [f"| {name} | {mib:.0f} | {mib / volume:.2f} |" for name, mib in measured["peaks_mib"].items()]
    return "\n".join([
        f"## Memory: SIRT, {size}³ voxels, {_TILTS} tilts",
        "",
        f"{machine()}. One volume is {volume:.0f} MiB, the projections {measured['projections_mib']:.0f} MiB.",
        f"Above what the process holds with its projections read; a sweep took {measured['sweep_s']:.1f} s.",
        "",
        "| after | peak, MiB | volumes |",
        "| --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def _child(size: int, sweeps: int) -> None:
    from livetomo import SIRT, Geometry

    SIRT().step(SIRT().add(SIRT().start(Geometry((8, 8, 8), 8)), np.ones((1, 8, 8), np.float32), np.zeros(1)))
    projections = np.random.default_rng(0).random((_TILTS, size, size), np.float32)
    before, peaks = held_mib(), {}
    method = SIRT()
    state = method.add(method.start(Geometry((size, size, size), size)), projections, np.linspace(-76, 76, _TILTS))
    peaks["`start`, `add`"] = peak_mib() - before
    start = time.perf_counter()
    for _ in range(sweeps):
        state = method.step(state)
    sweep_s = (time.perf_counter() - start) / sweeps
    peaks["`step`"] = peak_mib() - before
    volume = method.volume(state)
    peaks["`volume`"] = peak_mib() - before
    assert volume.shape == (size, size, size)
    print(json.dumps({"peaks_mib": peaks, "sweep_s": sweep_s, "projections_mib": projections.nbytes / 2**20}))


def held_mib() -> float:
    """Give what the process holds in memory now; its peak where that is not told."""
    pages = Path("/proc/self/statm")
    if not pages.exists():
        return peak_mib()
    return int(pages.read_text().split()[1]) * resource.getpagesize() / 2**20


def peak_mib() -> float:
    """Give the most that the process has held in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--sweeps", type=int, default=1)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        _child(options.size, options.sweeps)
    else:
        print(section(options.size, options.sweeps))
