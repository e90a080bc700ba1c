"""How long a start takes: the command, the import, and the first reconstruction with and without compiled kernels kept.

python benchmarks/first_start.py
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import machine

import livetomo as lt
from livetomo.sim import replay

_STARTS = 7
_CACHED_STARTS = 3
_METHODS = ("sirt", "fista-tv")
_COMMANDS = {
    "`python -c pass`": ["-c", "pass"],
    "`import livetomo`": ["-c", "import livetomo"],
    "`livetomo --help`": ["-m", "livetomo", "--help"],
    "`import livetomo; livetomo.reconstruct`, with NumPy and Numba": ["-c", "import livetomo; livetomo.reconstruct"],
}
_OTHER_PROCESSOR = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""Vectors of four only, no fused multiply-add: any processor can play it."""


def section() -> str:
    """Measure and give the section as Markdown."""
    return "\n".join([
        "## Start",
        "",
        f"{machine()}. Seconds of a process from start to end, medians of {_STARTS}.",
        "",
        "| | seconds |",
        "| --- | --- |",
        *(f"| {name} | {_seconds_of(arguments):.2f} |" for name, arguments in _COMMANDS.items()),
        "",
        "A first reconstruction (32 × 32 × 32 voxels, 8 tilts, 2 sweeps) in a new process. Delay: what it takes longer",
        f"than the same once more; with kernels in the cache the median of {_CACHED_STARTS} processes. All rows of a",
        "method share a cache folder, empty at first; the other processor is an imitation, with vectors of four and no",
        "fused multiply-add. In brackets the same of processor time, which other work on the machine disturbs less.",
        "",
        "| | delay, s | kernels compiled | taken from the cache |",
        "| --- | --- | --- | --- |",
        *(row for method in _METHODS for row in _rows_of(method)),
        "",
        "From the start of `livetomo live --headless`, on a folder that holds three tilts, to the first volume:",
        "",
        "| | seconds |",
        "| --- | --- |",
        *_live_rows(),
    ])  # fmt: skip


def _seconds_of(arguments: list[str]) -> float:
    seconds = []
    for _ in range(_STARTS + 1):  # the first brings the files into memory
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def _rows_of(method: str) -> list[str]:
    turns: dict[str, tuple[dict[str, str], int]] = {
        "nothing compiled": ({}, 1),
        "later starts": ({}, _CACHED_STARTS),
        "another processor": (_OTHER_PROCESSOR, 1),
        "another processor, later starts": (_OTHER_PROCESSOR, _CACHED_STARTS),
        "this processor again": ({}, _CACHED_STARTS),
    }
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for name, (environment, n_starts) in turns.items():
            starts = [_first_call(method, environment | {"NUMBA_CACHE_DIR": cache}) for _ in range(n_starts)]
            delay, work = (statistics.median(start[key] for start in starts) for key in ("delay_s", "work_s"))
            kernels = f"{starts[-1]['compiled']} | {starts[-1]['cached']}"
            rows.append(f"| {method}, {name} | {delay:.2f} ({work:.2f}) | {kernels} |")
    return rows


def _first_call(method: str, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", method]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | environment).stdout
    measured: dict[str, float] = json.loads(output)
    return measured


def _child(method: str) -> None:
    """Reconstruct twice in this process; a kernel is compiled or taken from the cache in the first."""
    series = lt.TiltSeries(np.random.default_rng(0).random((8, 32, 32), np.float32), np.linspace(-60, 60, 8), 1.0)
    clocks = [_clocks()]
    for _ in range(2):
        lt.reconstruct(series, method=method, sweeps=2)
        clocks.append(_clocks())
    (first, first_work), (again, again_work) = np.diff(clocks, axis=0)
    cached, compiled = _kernels_loaded()
    print(json.dumps({
        "delay_s": first - again, "work_s": first_work - again_work, "compiled": compiled, "cached": cached,
    }))  # fmt: skip


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _kernels_loaded() -> tuple[int, int]:
    """Give how many kernels this process took from the cache and how many it compiled and put there."""
    kept = [
        kernel.stats
        for name, module in list(sys.modules.items())
        if name.startswith("livetomo.kernels.")
        for kernel in vars(module).values()
        if hasattr(kernel, "py_func") and kernel.__module__ == name and kernel.stats.cache_path
    ]  # kernels that are kept nowhere are parts of these
    cached = sum(sum(stats.cache_hits.values()) for stats in kept)
    compiled = sum(sum(stats.cache_misses.values()) for stats in kept)
    return cached, compiled


def _live_rows() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        watched, cache = Path(folder) / "watched", Path(folder) / "cache"
        projections = np.random.default_rng(0).random((3, 64, 64), np.float32)
        list(replay(lt.TiltSeries(projections, np.array([-10.0, 0.0, 10.0]), 1.0), watched, 0.0, "mrc", "as-is"))
        return [
            f"| {name} | {_first_volume_s(watched, Path(folder) / name, cache):.2f} |"
            for name in ("nothing compiled", "the next start")
        ]


def _first_volume_s(watched: Path, work: Path, cache: Path) -> float:
    work.mkdir()
    events = work / "events.jsonl"
    command = [sys.executable, "-m", "livetomo", "live", str(watched), "--headless", "--tilt-axis", "y"]
    command += ["--expect-tilts", "3", "--finish-after-idle", "2", "--output", str(work / "volume.mrc")]
    command += ["--events", str(events), "--journal", str(work / "journal")]
    start = time.time()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, check=True, env=os.environ | {"NUMBA_CACHE_DIR": str(cache)}, **quiet)
    happened = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    published = min(float(event["t"]) for event in happened if event["event"] == "published")
    return published - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", choices=_METHODS)
    options = parser.parse_args()
    if options.child:
        _child(options.child)
    else:
        print(section())
