"""A stand-in for CuPy in numba's CUDA simulator: NumPy arrays in a coat that no NumPy function can look through.

It mirrors the few names that livetomo uses and is stricter than CuPy: whatever mixes host and device raises, and so
does a NumPy function that is given a device array. As in CuPy, what has no axis left is still an array, and index
arrays may come from the host.
"""

from numbers import Number
from types import SimpleNamespace

import numpy as np


class ndarray(np.lib.mixins.NDArrayOperatorsMixin):
    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed; use .get()")

    def __array_function__(self, function, *_):
        raise TypeError(f"numpy.{function.__name__} got a CuPy array")

    def __array_ufunc__(self, ufunc, method, *inputs, **settings):
        return on_device(getattr(ufunc, method))(*inputs, **settings)

    def __getattr__(self, name):
        if name in {"dtype", "shape", "ndim", "size", "nbytes"}:
            return getattr(self.values, name)
        if name in {"all", "any", "astype", "copy", "max", "min", "ravel", "reshape", "sum", "transpose"}:
            return on_device(getattr(self.values, name))
        raise AttributeError(f"the stand-in for CuPy has no ndarray.{name}")

    def __getstate__(self):
        return {"values": self.values}

    def __setstate__(self, state):
        self.__dict__.update(state)

    def __getitem__(self, index):
        return ndarray(self.values[bare(index, may_be_host=True)])

    def __setitem__(self, index, new):
        self.values[bare(index, may_be_host=True)] = bare(new)

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return (ndarray(part) for part in self.values)

    def __bool__(self):
        return bool(self.values)

    def __int__(self):
        return int(self.values)

    def __float__(self):
        return float(self.values)

    def get(self):
        return self.values.copy()


def bare(thing, may_be_host=False):
    if isinstance(thing, ndarray):
        return thing.values
    if isinstance(thing, (list, tuple)):
        return type(thing)(bare(part, may_be_host) for part in thing)
    if isinstance(thing, np.ndarray) and not may_be_host:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return thing


def in_coat(result):
    if isinstance(result, tuple):
        return tuple(in_coat(part) for part in result)
    return ndarray(result) if isinstance(result, (np.ndarray, np.generic, Number)) else result


def on_device(function):
    """Make a NumPy or SciPy function one that takes and gives device arrays."""

    def work(*arguments, **settings):
        given = {key: bare(value) for key, value in settings.items()}
        return in_coat(function(*bare(arguments), **given))

    return work


def array(values, dtype=None):
    return ndarray(np.array(bare(values, may_be_host=True), dtype))


def asarray(values, dtype=None):
    return ndarray(np.asarray(values.values, dtype)) if isinstance(values, ndarray) else array(values, dtype)


def default_rng(seed):
    return SimpleNamespace(random=on_device(np.random.default_rng(seed).random))


asanyarray = asarray
abs = on_device(np.abs)
_MAKING = (
    "zeros",
    "empty",
    "full",
    "zeros_like",
    "empty_like",
    "ones_like",
    "ascontiguousarray",
    "concatenate",
    "stack",
    "pad",
)
_LOOKING = (
    "isfinite",
    "isnan",
    "broadcast_to",
    "moveaxis",
    "digitize",
    "histogram",
    "median",
    "maximum",
    "minimum",
    "nansum",
    "where",
)
_CHANGING = "copyto", "diff", "divide", "nan_to_num"
for _name in (*_MAKING, *_LOOKING, *_CHANGING):
    globals()[_name] = on_device(getattr(np, _name))
linalg = SimpleNamespace(norm=on_device(np.linalg.norm))
random = SimpleNamespace(default_rng=default_rng)
cuda = SimpleNamespace(get_current_stream=lambda: SimpleNamespace(ptr=0))
