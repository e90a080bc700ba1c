"""Settings that cannot be are refused before anything starts."""

import re

import pytest


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bin": 0}, "bin: expected a whole number of at least 1, got 0"),
        ({"align": "magic"}, "align: expected none or com"),
        ({"background": "blue"}, "background: expected auto or keep"),
        ({"angle_pattern": "("}, "angle_pattern: expected a regular expression"),
        ({"angle_pattern": r"_\d+"}, "group called angle"),
        ({"tilt_axis": "z"}, "tilt_axis"),
        ({"finish_after_idle_s": 0}, "finish_after_idle: expected more than 0 seconds"),
        ({"expect_tilts": 0}, "expect_tilts: expected at least 1"),
        ({"field_of_view": 0}, "field_of_view"),
    ],
)
def test_a_wrong_value_is_named(settings_for, wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        settings_for(**wrong)


@pytest.mark.parametrize("name", ["output", "events", "journal"])
def test_nothing_may_be_written_into_the_watched_folder(settings_for, watched, name):
    with pytest.raises(ValueError, match=f"{name}: nothing is ever written into the watched folder"):
        settings_for(**{name: watched / "inner" / "x.mrc"})


def test_a_file_is_no_folder(settings_for, watched):
    watched.write_text("")
    with pytest.raises(ValueError, match="folder: expected a folder to watch"):
        settings_for()


@pytest.mark.parametrize(
    ("pattern", "name", "wanted"),
    [
        (None, "a_-60.0.MRC", True),
        (None, "a.dm4", True),
        (None, "a.mdoc", False),
        (None, ".a.mrc", False),
        (None, "a.mrc.part", False),
        (None, "a.rec", False),
        ("b*.raw", "B2.RAW", True),
        ("b*", "b.tmp", False),
    ],
)
def test_which_names_are_projections(settings_for, pattern, name, wanted):
    assert settings_for(pattern=pattern).wants(name) is wanted


def test_a_run_that_waits_says_which_files_it_waits_for(settings_for, watched):
    watched.mkdir()
    assert settings_for().missing() == ""
    assert settings_for(pattern="*.dm4").missing() == "Only files that fit the pattern '*.dm4' are read."
