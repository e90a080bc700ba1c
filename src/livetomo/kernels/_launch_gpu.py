"""Start kernels on the GPU: a thread for each element, with strides when there are more elements than threads.

Written for numba-cuda, checked in numba's CUDA simulator and not yet on a real GPU. Arrays of CuPy are used where they
are; NumPy tables among the arguments are handed to the GPU, here and nowhere else. Kernels run in the stream in which
CuPy works, so that both keep their order.
"""

from typing import Any

import numpy as np
from numba import cuda

from livetomo.arrays import beside, current_stream, is_cupy, namespace

THREADS_PER_BLOCK = 128
LEAST_BLOCKS = 128
"""Idle ones cost nothing, and numba warns of fewer."""
MOST_BLOCKS = 8192
"""More than any GPU runs at once; every thread has a part of a sum of its own."""


def launch(kernel: Any, n: int, like: Any, *arguments: Any) -> None:
    """Start ``kernel(n, *arguments)`` for ``n`` elements on the GPU that holds the CuPy array ``like``."""
    if n:
        stream = current_stream()
        kernel[_blocks(n), THREADS_PER_BLOCK, cuda.external_stream(stream) if stream else 0](
            n, *(_seen_by_kernels(argument, like) for argument in arguments)
        )


def launch_sum(kernel: Any, n: int, like: Any, *arguments: Any) -> float:
    """Start ``kernel(n, *arguments, sums)`` and give the total of what its threads left in ``sums``, float64."""
    return launch_sums(1, kernel, n, like, *arguments)[0]


def launch_sums(n_sums: int, kernel: Any, n: int, like: Any, *arguments: Any) -> list[float]:
    """Do the same for a kernel that ends with as many arrays of sums."""
    sums = namespace(like).zeros((n_sums, _blocks(n) * THREADS_PER_BLOCK), np.float64)
    launch(kernel, n, like, *arguments, *sums)
    return [float(total) for total in sums.sum(axis=1)]


def _blocks(n: int) -> int:
    return min(max(-(-n // THREADS_PER_BLOCK), LEAST_BLOCKS), MOST_BLOCKS)


def _seen_by_kernels(argument: Any, like: Any) -> Any:
    if isinstance(argument, tuple):
        return tuple(_seen_by_kernels(part, like) for part in argument)
    if isinstance(argument, np.ndarray):
        argument = beside(like, argument)
    return cuda.as_cuda_array(argument, sync=False) if is_cupy(argument) else argument
