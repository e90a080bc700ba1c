"""What the engine tells about itself."""

import numpy as np
import pytest

from livetomo.live.messages import SetAsideRecord
from livetomo.live.report import grouped, picture


def test_the_images_of_one_file_set_aside_for_one_reason_are_one_record():
    stack = {"old.mrc": "its size", "old.mrc#1": "its size", "old.mrc#2": "its size"}
    others = {"new.mrc#4": "blank", "tilt #1.mrc": "no angle"}
    assert grouped(stack | others) == (
        SetAsideRecord("old.mrc", "its size", 3),
        SetAsideRecord("new.mrc#4", "blank"),
        SetAsideRecord("tilt #1.mrc", "no angle"),
    )


@pytest.mark.parametrize(("shape_yx", "small_yx"), [((1, 600), (1, 300)), ((2, 1100), (1, 366)), ((700, 4), (350, 2))])
def test_a_projection_of_few_rows_has_a_picture(shape_yx, small_yx):
    image = picture("a", 1.0, np.arange(np.prod(shape_yx), dtype=np.float32).reshape(shape_yx)).image
    assert image.shape == small_yx
    assert np.ptp(image) > 200
