"""Forward and back projection side by side with ASTRA's processor projector, in turns within one process.

python benchmarks/projector.py [--size 512] [--slices 128] [--tilts 72]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from machine import machine, multiply_add_rate
from projection_pair import projection_pair

_PAIRS = 5


def section(size: int = 512, slices: int = 128, tilts: int = 72) -> str:
    """Measure and give the section as Markdown."""
    ours, theirs = _ours(size, slices, tilts), _astra(size, slices, tilts)
    seconds: dict[str, list[float]] = {name: [] for name in (*ours, *theirs)}
    rates = []
    for _ in range(_PAIRS):
        rates.append(multiply_add_rate() / 1e9)
        for name, (work, _) in (ours | theirs).items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    rows = []
    for name, (_, updates) in (ours | theirs).items():
        speeds = [updates / spent / 1e9 for spent in seconds[name]]
        rows.append(f"| {name} | {statistics.median(speeds):.2f} | {min(speeds):.2f}–{max(speeds):.2f} |")
    return "\n".join([
        f"## Projector: {size} × {size} pixels × {slices} slices × {tilts} tilts",
        "",
        f"{machine()}; in between a float32 matrix product did {statistics.median(rates):.0f} · 10⁹ multiply-adds/s.",
        f"A voxel × tilt update is two of them. Medians of {_PAIRS}; ASTRA projects one slice a call, in one thread.",
        "",
        "| | 10⁹ updates/s | lowest–highest |",
        "| --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def _ours(size: int, slices: int, tilts: int) -> dict[str, tuple[Callable[[], object], float]]:
    forward, back = projection_pair((size, slices, size), size, tilts)
    updates = float(size) * size * slices * tilts
    return {"livetomo forward": (forward, updates), "livetomo back": (back, updates)}


def _astra(size: int, slices: int, tilts: int) -> dict[str, tuple[Callable[[], object], float]]:
    try:
        import astra
    except ImportError:
        print("astra-toolbox is not installed: pip install astra-toolbox")
        return {}
    volume = astra.create_vol_geom(size, size)
    angles_rad = np.deg2rad(np.linspace(-71, 71, tilts))
    projector = astra.create_projector("linear", astra.create_proj_geom("parallel", 1.0, size, angles_rad), volume)
    operator = astra.OpTomo(projector)
    plane = np.random.default_rng(0).random(size * size, np.float32)
    sinogram = operator.FP(plane)
    updates = float(size) * size * tilts  # of one slice: the same for each
    return {
        "ASTRA `linear` forward": (lambda: operator.FP(plane), updates),
        "ASTRA `linear` back": (lambda: operator.BP(sinogram), updates),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--slices", type=int, default=128)
    parser.add_argument("--tilts", type=int, default=72)
    print(section(**vars(parser.parse_args())))
