"""What the numbers were measured on."""

import platform
import time
from pathlib import Path

import numpy as np

from livetomo.kernels.packed import thread_count


def machine() -> str:
    """Give the processor's name and kind, and the number of threads used."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        known = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        processor = known.get("model name", processor)
        if "cpu family" in known:
            processor += f" (family {known['cpu family']}, model {known['model']})"
        if any(line.startswith("flags") and " avx512f " in line for line in lines):
            processor += " with AVX-512"
    return f"{processor}, {thread_count()} threads"


def multiply_add_rate() -> float:
    """Measure float32 multiply-adds per second in a matrix product, the best this machine does."""
    size = 2048
    left, right = np.random.default_rng(0).random((2, size, size), np.float32)
    left @ right  # wakes the threads
    start = time.perf_counter()
    left @ right
    seconds = time.perf_counter() - start
    time.sleep(0.5)  # its threads spin on for a while and would slow what is measured next
    return float(size) ** 3 / seconds
