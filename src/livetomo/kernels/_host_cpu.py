"""Tell numba to use the widest vectors this processor has. Imported before anything is compiled."""

import os

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from numba.core import config


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


use_full_vectors()

_FEATURES = str(config.CPU_FEATURES).split(",")
VECTOR_LANES = 16 if "+avx512f" in _FEATURES else 8
"""float32 values in a vector; twice the widest where vectors have four."""

HAS_AVX = "+avx" in _FEATURES
"""Whether vectors have eight values at least, as far as this process knows."""
