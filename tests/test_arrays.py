import sys

import numpy as np
import pytest

from livetomo import arrays
from livetomo.errors import EnvironmentProblem


def test_numpy_arrays_stay_with_numpy():
    array = np.arange(3.0)
    assert arrays.device_of(array) == arrays.device_of([1, 2]) == "cpu"
    assert arrays.namespace(array) is np
    assert arrays.to_numpy(array) is array
    assert arrays.beside(array, array) is array
    assert arrays.scipy_part(array, "fft").__name__ == "scipy.fft"


def test_an_array_elsewhere_is_refused():
    arrays.require_on("cpu", np.zeros(2), "weights")
    with pytest.raises(TypeError, match="weights: expected a CuPy array, because the rest .* got a NumPy array; cupy"):
        arrays.require_on("cuda", np.zeros(2), "weights")


def test_without_cupy_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install .livetomo\[gpu\]"):
        arrays.namespace_on("cuda")
