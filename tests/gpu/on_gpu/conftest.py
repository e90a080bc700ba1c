"""These tests need a GPU: a real one, or numba's CUDA simulator, which ``test_simulated.py`` starts."""

import os
from importlib.util import find_spec

import pytest

IS_SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"


def has_gpu():
    if find_spec("cupy") is None:
        return False
    import cupy

    return cupy.cuda.is_available()


collect_ignore_glob = [] if IS_SIMULATED or has_gpu() else ["test_*.py"]

if IS_SIMULATED:
    from numba import cuda
    from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

    # What numba has for real GPUs and its simulator lacks: how kernels see arrays of others
    cuda.as_cuda_array = lambda array, sync: FakeCUDAArray(array.values)


@pytest.fixture(autouse=True)
def few_threads_and_lanes(monkeypatch):
    """Let small volumes have several lane blocks; simulated threads are slow: start few, which go on in strides."""
    from livetomo.kernels import _launch_gpu, packed

    monkeypatch.setattr(packed.PackedGrid, "lanes", 8)
    if IS_SIMULATED:
        monkeypatch.setattr(_launch_gpu, "THREADS_PER_BLOCK", 2)
        monkeypatch.setattr(_launch_gpu, "LEAST_BLOCKS", 1)
        monkeypatch.setattr(_launch_gpu, "MOST_BLOCKS", 2)
