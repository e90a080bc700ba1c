"""Which angle of a list belongs to which image of a folder."""

from pathlib import Path

import numpy as np
import pytest

from livetomo.errors import MissingMetadata
from livetomo.formats.angle_text import AngleList
from livetomo.formats.pairing import angles_in_names, contradicts, paired

FILES = ["t_0.tif", "t_10.tif", "t_-10.tif"]
ANGLES = np.array([-10.2, 0.1, 9.9])


def test_by_the_names_in_the_list():
    listed = AngleList(ANGLES, ("T_-10.TIF", "T_0.TIF", "T_10.TIF"))
    np.testing.assert_array_equal(paired(listed, FILES, Path("a.csv")), [0.1, 9.9, -10.2])


def test_names_without_their_suffix_count_too():
    listed = AngleList(ANGLES, ("t_-10", "t_0.mrc", "t_10"))
    np.testing.assert_array_equal(paired(listed, FILES, Path("a.csv")), [0.1, 9.9, -10.2])


def test_by_the_values_in_the_files_names():
    np.testing.assert_array_equal(paired(AngleList(ANGLES), FILES, Path("a.rawtlt")), [0.1, 9.9, -10.2])


def test_by_order_where_names_say_nothing_or_something_else():
    np.testing.assert_array_equal(paired(AngleList(ANGLES), ["a1.tif", "a2.tif", "a3.tif"], Path("a.tlt")), ANGLES)
    np.testing.assert_array_equal(paired(AngleList(ANGLES + 30), FILES, Path("a.tlt")), ANGLES + 30)


def test_an_image_that_the_list_lacks_is_named():
    with pytest.raises(MissingMetadata, match=r"a\.csv: it gives no angle for t_-10\.tif;"):
        paired(AngleList(ANGLES[:2], ("t_0.tif", "t_10.tif")), FILES, Path("a.csv"))


def test_an_mdoc_may_name_the_frames_instead():
    frames = AngleList(ANGLES, ("f1.tif", "f2.tif", "f3.tif"))
    np.testing.assert_array_equal(paired(frames, ["a1.mrc", "a2.mrc", "a3.mrc"], Path("a.mdoc")), ANGLES)
    with pytest.raises(MissingMetadata, match=r"a1\.mrc and 2 more"):
        paired(frames, ["a1.mrc", "a2.mrc", "a3.mrc"], Path("a.csv"))


def test_a_list_contradicts_names_that_it_neither_rises_nor_falls_with():
    assert contradicts(ANGLES, FILES)
    assert not contradicts(np.array([30.0, 40.0, 20.0]), FILES)
    assert not contradicts(np.array([0.0, -10.0, 10.0]), FILES)
    assert not contradicts(ANGLES, ["a1.tif", "a2.tif", "a3.tif"])


def test_angles_in_names_only_when_all_have_one():
    np.testing.assert_array_equal(angles_in_names(FILES), [0, 10, -10])
    assert angles_in_names([*FILES, "overview.tif"]) is None
    assert angles_in_names(["t_10.tif"]) is None
