"""What the engine tells about itself."""

from livetomo.live.messages import SetAsideRecord
from livetomo.live.report import grouped


def test_the_images_of_one_file_set_aside_for_one_reason_are_one_record():
    stack = {"old.mrc": "its size", "old.mrc#1": "its size", "old.mrc#2": "its size"}
    others = {"new.mrc#4": "blank", "tilt #1.mrc": "no angle"}
    assert grouped(stack | others) == (
        SetAsideRecord("old.mrc", "its size", 3),
        SetAsideRecord("new.mrc#4", "blank"),
        SetAsideRecord("tilt #1.mrc", "no angle"),
    )
