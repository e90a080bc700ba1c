"""NumPy or CuPy: the only file that knows CuPy.

The array that comes in decides where work runs. Nothing here moves data by itself but ``to_numpy``.
"""

import sys
from types import ModuleType
from typing import Any

import numpy as np


def is_cupy(array: Any) -> bool:
    """Say whether the array lives on an NVIDIA GPU; CuPy is not imported for the question."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(array, cupy.ndarray)


def namespace(array: Any) -> ModuleType:
    """Give the module (``numpy`` or ``cupy``) whose functions work on this array."""
    return sys.modules["cupy"] if is_cupy(array) else np


def to_numpy(array: Any) -> np.ndarray:
    """Give the array on the host: itself when it is there already, a copy when it lives on a GPU."""
    return array.get() if is_cupy(array) else np.asarray(array)
