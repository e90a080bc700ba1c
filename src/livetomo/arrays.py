"""NumPy or CuPy: the only file that knows CuPy.

The array that comes in decides where work runs. What moves between host and device moves here, where the code says so:
``to_numpy`` brings an array to the host, ``beside`` hands a small table to the GPU.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

import numpy as np

from livetomo.errors import EnvironmentProblem

Device = Literal["cpu", "cuda"]


def is_cupy(array: Any) -> bool:
    """Say whether the array lives on an NVIDIA GPU; CuPy is not imported for the question."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(array, cupy.ndarray)


def device_of(array: Any) -> Device:
    """Say where an array lives; what is no array yet, such as a list, counts as the host's."""
    return "cuda" if is_cupy(array) else "cpu"


def namespace(array: Any) -> ModuleType:
    """Give the module (``numpy`` or ``cupy``) whose functions work on this array."""
    return namespace_on(device_of(array))


def namespace_on(device: Device) -> ModuleType:
    """Give the module (``numpy`` or ``cupy``) whose functions make arrays on this device.

    Raises
    ------
    EnvironmentProblem
        When the device is ``"cuda"`` and there is no CuPy.
    """
    if device == "cpu":
        return np
    try:
        return import_module("cupy")
    except ModuleNotFoundError:
        raise EnvironmentProblem(
            'device: "cuda" needs CuPy, which is not installed: pip install "livetomo[gpu]"'
        ) from None


def scipy_part(array: Any, name: str) -> ModuleType:
    """Give a part of SciPy, such as ``"fft"``, whose functions work on this array: SciPy's own or CuPy's."""
    return import_module(f"cupyx.scipy.{name}" if is_cupy(array) else f"scipy.{name}")


def to_numpy(array: Any) -> np.ndarray:
    """Give the array on the host: itself when it is there already, a copy when it lives on a GPU."""
    return array.get() if is_cupy(array) else np.asarray(array)


def beside(array: Any, table: Any) -> Any:
    """Give a small table, angles or weights or factors, where the array lives: a copy if it comes from the host."""
    return namespace(array).asarray(table)


def require_on(device: Device, array: Any, name: str, because: str = "") -> None:
    """Refuse an array that lives elsewhere, instead of moving it.

    Parameters
    ----------
    device
        Where it must live.
    array
        What came.
    name
        What to call it.
    because
        Why it must live there; that the rest does when not given.

    Raises
    ------
    TypeError
        When it is a NumPy array and the device ``"cuda"``, or the other way round.
    """
    kinds = {"cpu": "a NumPy array", "cuda": "a CuPy array"}
    reasons = {"cpu": "the rest is on the host", "cuda": "the rest is on the GPU"}
    ways = {"cpu": ".get() brings it to the host", "cuda": "cupy.asarray takes it to the GPU"}
    if device_of(array) != device:
        raise TypeError(
            f"{name}: expected {kinds[device]}, because {because or reasons[device]}, got {kinds[device_of(array)]}; "
            f"{ways[device]}"
        )


def current_stream() -> int:
    """Give the address of the CUDA stream in which CuPy works now, 0 for the default one."""
    address: int = import_module("cupy").cuda.get_current_stream().ptr
    return address
