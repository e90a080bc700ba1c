"""What is no tilt series or no grid is refused where it is made."""

import numpy as np
import pytest

from livetomo.model import Geometry, TiltSeries


def test_masked_pixels_are_refused_with_the_remedy():
    masked = np.ma.masked_greater(np.arange(24.0).reshape(2, 3, 4), 20)
    with pytest.raises(ValueError, match="projections: expected no masked pixels; .* weights"):
        TiltSeries(masked, np.zeros(2))


@pytest.mark.parametrize("sizes", [((48.0, 8, 48), 48), ((48, 8, 48), 48.0), ((48, 0, 48), 48)])
def test_sizes_are_whole_numbers_of_at_least_one(sizes):
    with pytest.raises(ValueError, match="volume_shape"):
        Geometry(*sizes)
