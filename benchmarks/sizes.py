"""How the projector's cost for each voxel and tilt depends on the size of the grid, in turns within one process.

python benchmarks/sizes.py [--pairs 7]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from machine import machine
from projection_pair import projection_pair

_TILTS = 36
_REFERENCE = (512, 128, 512), 512
_CASES = {
    "256 × 256, 256 slices": ((256, 256, 256), 256),
    "500 × 500": ((500, 128, 500), 500),
    "384 × 384": ((384, 128, 384), 384),
    "300 × 300": ((300, 128, 300), 300),
    "301 × 211": ((301, 128, 211), 211),
    "200 slices": ((384, 200, 384), 384),
    "129 slices": ((512, 129, 512), 512),
    "100 slices": ((512, 100, 512), 512),
    "32 slices": ((512, 32, 512), 512),
    "16 slices": ((512, 16, 512), 512),
    "8 slices": ((512, 8, 512), 512),
    "1 slice": ((512, 1, 512), 512),
    "detector 1.5 × wider": ((512, 128, 512), 768),
    "detector 0.6 × as wide": ((512, 128, 512), 307),
}


def section(pairs: int = 5) -> str:
    """Measure and give the section as Markdown."""
    rows = []
    for name, (volume_shape, detector_width) in _CASES.items():
        forward, back = _ratios(volume_shape, detector_width, pairs)
        rows.append(f"| {name} | {forward} | {back} |")
    (n_z, n_y, n_x), _ = _REFERENCE
    return "\n".join([
        "## Cost of a voxel × tilt by the size of the grid",
        "",
        f"{machine()}; {_TILTS} tilts. Time for each voxel of the grid and tilt, with or without a ray through it,",
        f"over that of {n_z} × {n_x} pixels × {n_y} slices, which was measured before and after each.",
        f"Medians of {pairs} (lowest–highest).",
        "",
        "| | forward | back |",
        "| --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def _ratios(volume_shape: tuple[int, int, int], detector_width: int, pairs: int) -> list[str]:
    reference = projection_pair(*_REFERENCE, _TILTS)
    case = projection_pair(volume_shape, detector_width, _TILTS)
    n_z, n_y, n_x = _REFERENCE[0]
    share = np.prod(volume_shape) / (n_z * n_y * n_x)
    repeats = max(1, round(1 / share))
    words = []
    for own, other in zip(case, reference, strict=True):
        ratios = []
        for _ in range(pairs):
            before = _seconds(other, 1)
            spent = _seconds(own, repeats) / repeats / share
            ratios.append(spent / statistics.mean((before, _seconds(other, 1))))
        words.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")
    return words


def _seconds(work: Callable[[], None], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    print(section(**vars(parser.parse_args())))
