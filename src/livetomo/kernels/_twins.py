"""Compiled loops have twins on the GPU, of the same name: the array that comes in says which of them works.

Loops that only ever see the host have none: column sums, and the projector for few slices.
"""

from importlib import import_module
from types import ModuleType
from typing import Any

from livetomo.arrays import is_cupy


def twin(on_cpu: ModuleType, array: Any) -> ModuleType:
    """Give the loops for this array: those of ``on_cpu``, or of its twin, imported when it is first needed."""
    return import_module(on_cpu.__name__.removesuffix("_cpu") + "_gpu") if is_cupy(array) else on_cpu
