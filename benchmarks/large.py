"""SIRT on 1024³ voxels and 77 tilts: memory, seconds, and what a voxel costs beside one of 256³, in one process.

python benchmarks/large.py [--size 1024] [--small 256] [--rounds 2]     # 9 GB and some minutes
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import numpy as np
from machine import machine
from memory import held_mib, peak_mib
from specimens import PLAIN_SIRT

_TILTS = 77
_SETTINGS = {"SIRT": {}, "plain SIRT": PLAIN_SIRT}


def section(size: int = 1024, small: int = 256, rounds: int = 2) -> str:
    """Measure and give the section as Markdown."""
    rows = [_row(name, _measured(name, size, small, rounds)) for name in _SETTINGS]
    return "\n".join([
        f"## Large: {size}³ voxels, {_TILTS} tilts",
        "",
        f"{machine()}. One volume is {size**3 * 4 / 2**20:.0f} MiB. Peak: above what the process holds with its 8-bit",
        "projections read, after a sweep and with the volume handed out. Cost: seconds of a sweep per voxel and tilt",
        f"over those of {small}³, the two in turns, median of {rounds}; in brackets the same of processor time, which",
        "other work on the machine disturbs less.",
        "",
        "| | peak, MiB | volumes | `start`, `add`, s | sweep, s | 10⁹ updates/s, forward and back | cost |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def _row(name: str, measured: dict[str, float]) -> str:
    return (
        f"| {name} | {measured['peak_mib']:.0f} | {measured['volumes']:.2f} | {measured['add_s']:.1f} "
        f"| {measured['sweep_s']:.1f} | {measured['updates_per_s'] / 1e9:.1f} "
        f"| {measured['cost']:.2f} ({measured['processor_cost']:.2f}) |"
    )


def _measured(name: str, size: int, small: int, rounds: int) -> dict[str, float]:
    sizes = ["--size", str(size), "--small", str(small), "--rounds", str(rounds)]
    command = [sys.executable, __file__, "--child", name, *sizes]
    measured: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return measured


def _child(name: str, size: int, small: int, rounds: int) -> None:
    from livetomo import SIRT

    method = SIRT(**_SETTINGS[name])
    small_state = _started(method, _projections(small))
    _sweep(method, small_state, 1)
    projections = _projections(size)
    before, start = held_mib(), time.perf_counter()
    state = _started(method, projections)
    add_s = time.perf_counter() - start
    n_small_sweeps = max(1, (size // small) ** 3 // 4)
    seconds, costs = [], []
    for _ in range(rounds):
        small_times = _sweep(method, small_state, n_small_sweeps) / small**3
        times = _sweep(method, state, 1)
        seconds.append(times[0])
        costs.append(times / size**3 / small_times)
    volume = method.volume(state)
    assert volume.shape == (size, size, size)
    peak, sweep_s = peak_mib() - before, statistics.median(seconds)
    cost, processor_cost = np.median(costs, axis=0)
    print(json.dumps({
        "peak_mib": peak, "volumes": peak * 2**20 / volume.nbytes, "add_s": add_s, "sweep_s": sweep_s,
        "updates_per_s": 2 * _TILTS * size**3 / sweep_s, "cost": cost, "processor_cost": processor_cost,
    }))  # fmt: skip


def _projections(size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (_TILTS, size, size), np.uint8)


def _started(method, projections):  # type: ignore[no-untyped-def]
    from livetomo import Geometry

    size = projections.shape[-1]
    return method.add(method.start(Geometry((size, size, size), size)), projections, np.linspace(-76, 76, _TILTS))


def _sweep(method, state, n_sweeps: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Give (wall, processor) seconds of one of these sweeps."""
    start = np.array([time.perf_counter(), time.process_time()])
    for _ in range(n_sweeps):
        method.step(state)
    return (np.array([time.perf_counter(), time.process_time()]) - start) / n_sweeps


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--small", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", choices=_SETTINGS)
    options = parser.parse_args()
    if options.child:
        _child(options.child, options.size, options.small, options.rounds)
    else:
        print(section(options.size, options.small, options.rounds))
