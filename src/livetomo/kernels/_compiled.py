"""How kernels are compiled: once for a processor type, to be found by later processes, and no more than is called."""

from functools import partial

from numba import njit

import livetomo.kernels._host_cpu  # noqa: F401

part = partial(njit, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compile a function that only kernels and other parts call."""

kernel = partial(njit, nogil=True, error_model="numpy", no_cfunc_wrapper=True, cache=True)
"""Compile a function that Python calls, without the lock that Python threads share, and keep it."""
