"""Phantoms are what they are said to be, and the same for the same seed."""

import numpy as np
import pytest

from livetomo.sim import PHANTOMS


@pytest.mark.parametrize("name", PHANTOMS)
def test_a_phantom_is_a_clean_density_that_stays_inside_the_field_at_every_tilt(name):
    volume = PHANTOMS[name](48, 1)
    z, _, x = np.nonzero(volume > 1e-3)
    assert volume.dtype == np.float32
    assert volume.shape == (48, 48, 48)
    assert volume.min() >= 0
    assert volume.max() >= 1
    assert np.hypot(z - 23.5, x - 23.5).max() < 24


@pytest.mark.parametrize("name", PHANTOMS)
def test_the_seed_decides_the_specimen(name):
    make = PHANTOMS[name]
    np.testing.assert_array_equal(make(32, 3), make(32, 3))
    assert not np.array_equal(make(32, 3), make(32, 4))


def test_a_phantom_too_small_to_hold_anything_is_refused():
    with pytest.raises(ValueError, match="size: expected at least 16"):
        PHANTOMS["helix"](8, 0)
