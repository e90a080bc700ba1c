"""How kernels are compiled: once for a processor type, to be found by later processes, and no more than is called."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401

part = partial(njit, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compile a function that only kernels and other parts call."""

_SOURCES = sorted(
    (file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in Path(__file__).parent.glob("*.py")
)


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function that Python calls, without the lock that Python threads share, and keep it."""
    if function is None:
        return partial(kernel, **options)
    compiled: Any = njit(function, nogil=True, error_model="numpy", no_cfunc_wrapper=True, cache=True, **options)
    cache_file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if cache_file is not None:
        # By itself numba asks whether this file has changed, and would keep what others of these files once said
        cache_file._source_stamp = _SOURCES
    return compiled
