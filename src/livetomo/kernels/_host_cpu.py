"""Numba on this machine: the widest vectors of the processor, and a short start. Imported before all kernels."""

import contextlib
import os
import sys
from types import ModuleType

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from numba.core import config

_BLAS = "scipy.linalg.cython_blas"


def use_full_vectors() -> None:
    # LLVM by itself stays at 256-bit vectors on processors with AVX-512; here 512 bits are about 1.5 times as fast.
    if "NUMBA_CPU_FEATURES" in os.environ or "NUMBA_CPU_NAME" in os.environ:
        return
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:  # LLVM does not know this processor's features: numba copes by itself
        return
    if os.environ.get("NUMBA_ENABLE_AVX") != "0":
        config.CPU_FEATURES = features.flatten() + (",-prefer-256-bit" if features.get("avx512f") else "")


def load_array_functions() -> None:
    # Numba's array functions ask whether SciPy has a BLAS by loading all of its linear algebra, a third of a start. It
    # has one; a name in its place says so, and whoever calls the BLAS loads it then.
    if "scipy.linalg" in sys.modules:
        return
    sys.modules[_BLAS] = ModuleType(_BLAS)
    try:
        with contextlib.suppress(ImportError):  # it may be elsewhere in another numba
            import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[_BLAS]


use_full_vectors()
load_array_functions()

_FEATURES = str(config.CPU_FEATURES).split(",")
VECTOR_LANES = 16 if "+avx512f" in _FEATURES else 8
"""float32 values in a vector; twice the widest where vectors have four."""

HAS_AVX = "+avx" in _FEATURES
"""Whether vectors have eight values at least, as far as this process knows."""

HAS_AVX2 = {"+avx2", "+fma"} <= set(_FEATURES)
"""Whether vectors of whole numbers have eight, too, and an instruction multiplies and adds what it reads."""
