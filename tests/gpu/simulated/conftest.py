"""These tests run in numba's CUDA simulator, in a process of their own that ``test_simulated.py`` starts."""

import os

import pytest

IS_SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
collect_ignore_glob = [] if IS_SIMULATED else ["test_*.py"]

if IS_SIMULATED:
    from numba import cuda
    from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

    # What numba has for real GPUs and its simulator lacks: how kernels see arrays of others
    cuda.as_cuda_array = lambda array, sync: FakeCUDAArray(array.values)


@pytest.fixture(autouse=True)
def few_threads_and_lanes(monkeypatch):
    """Simulated threads are slow: start few, which go on in strides; let small volumes have several lane blocks."""
    from livetomo.kernels import _launch_gpu, packed

    monkeypatch.setattr(_launch_gpu, "THREADS_PER_BLOCK", 2)
    monkeypatch.setattr(_launch_gpu, "LEAST_BLOCKS", 1)
    monkeypatch.setattr(_launch_gpu, "MOST_BLOCKS", 2)
    monkeypatch.setattr(packed.PackedGrid, "lanes", 8)
