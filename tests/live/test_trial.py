"""A method is tried before it is used."""

import numpy as np
import pytest

from livetomo.algorithms.reconstruct import method_named
from livetomo.algorithms.reconstruct.methods import METHODS
from livetomo.live.trial import try_out


@pytest.mark.parametrize("name", METHODS)
def test_every_method_works_or_says_why_a_turned_specimen_is_refused(name):
    method = method_named(name)
    try_out(method)
    if "fourier" not in name:
        try_out(method, 90.0)
    else:
        with pytest.raises(ValueError, match="rotations_deg: expected none"):
            try_out(method, 90.0)


@pytest.mark.parametrize("name", ["fista", "constrained-fourier"])
def test_a_support_for_another_grid_does_not_matter(name):
    try_out(method_named(name, support=np.ones((32, 1, 32), bool)))
