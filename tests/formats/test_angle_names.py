"""Tilt angles in file names: what is clear is found, what is not is left alone."""

import pytest

from livetomo.formats.angle_names import NamePattern, guess_pattern

CLEAR = {
    "signed decimals after an index": {"TS_01_0000_-60.0.tif": -60, "TS_01_0021_3.0.tif": 3, "TS_01_0039_57.0.tif": 57},
    "letters for signs": {"needle_n76degrees.dm3": -76, "needle_p10degrees.dm3": 10, "needle_0degrees.dm3": 0},
    "letters without a unit": {"img_n76_a.tif": -76, "img_p10_a.tif": 10},
    "a unit": {"a_12deg.tif": 12, "a_-13deg.tif": -13},
    "the word and a decimal": {"tilt_012.0.tif": 12, "tilt_014.0.tif": 14},
    "the word and steps of two": {"tilt_012.tif": 12, "tilt_014.tif": 14, "tilt_016.tif": 16},
    "brackets": {"Position_1_001[-60.00]_EER.mrc": -60, "Position_1_002[57.00]_EER.mrc": 57},
    "a date behind": {"P_1_001_-60.00_20240101_120000.mrc": -60, "P_1_002_57.00_20240101_120100.mrc": 57},
    "a date in front": {"2024-05-12_s_-60.tif": -60, "2024-05-12_s_3.tif": 3},
    "a hyphen that comes and goes": {"img-60.0.tif": -60, "img0.0.tif": 0, "img3.0.tif": 3},
    "an index and whole degrees": {"img_000_60.tif": 60, "img_001_58.tif": 58, "img_002_56.tif": 56},
    "plus and minus": {"t_+60.tif": 60, "t_-3.tif": -3},
    "hyphens between words beside signs": {"TS-01-000--60.tif": -60, "TS-01-001-0.tif": 0, "TS-01-002-60.tif": 60},
    "hyphens beside signs and a unit": {"s--60deg.tif": -60, "s-0deg.tif": 0, "s-60deg.tif": 60},
    "words for signs": {"a0_minus60.tif": -60, "a1_plus0.tif": 0, "a2_plus60.tif": 60},
    "short words for signs": {"neg60.tif": -60, "pos0.tif": 0, "POS60.tif": 60},
    "short words behind an index": {"00_neg_60.tif": -60, "01_pos_0.tif": 0, "02_pos_60.tif": 60},
    "decimal commas": {"00 tilt -59,5.tif": -59.5, "01 tilt 0,5.tif": 0.5, "02 tilt 60,5.tif": 60.5},
    "positions and an angle": {"pos1_-60.tif": -60, "pos2_60.tif": 60},
    "a stray name among them": {"a_-6.0.tif": -6, "a_-3.0.tif": -3, "a_0.0.tif": 0, "overview.tif": None},
}
UNCLEAR = [
    ["BF_001.dm3", "BF_002.dm3", "BF_003.dm3"],
    ["img_002.tif", "img_004.tif", "img_006.tif"],
    ["img-60.tif", "img-58.tif", "img-56.tif"],
    ["img-60.0.tif"],
    ["x_0.5nm_012.tif", "x_0.5nm_013.tif"],
    ["img_p10_a.tif"],
    ["scan_12.tif"],
    ["pos1.tif", "pos2.tif", "pos3.tif"],
    ["a_60.0L.tif", "a_30.0L.tif", "a_0.0.tif", "a_30.0R.tif", "a_60.0R.tif"],
    ["a-60_0.5.tif", "b-60_0.5.tif", "a-30_0.5.tif", "b-30_0.5.tif"],
    ["a_60.0_L.tif", "a_30.0_L.tif", "a_0.0.tif", "a_30.0_R.tif", "a_60.0_R.tif"],
    ["nothing.tif"],
    [],
]


@pytest.mark.parametrize("names", CLEAR.values(), ids=CLEAR.keys())
def test_clear_names_give_their_angles(names):
    pattern = guess_pattern(list(names))
    assert {name: pattern.angle(name) for name in names} == names


@pytest.mark.parametrize("name", ["TS_01_0000_-60.0.tif", "needle_n76degrees.dm3", "a_[12.50].mrc", "t_+60.tif"])
def test_one_clear_name_is_enough(name):
    assert guess_pattern([name]) is not None


@pytest.mark.parametrize("names", UNCLEAR, ids=lambda names: names[0] if names else "none")
def test_what_is_unclear_is_not_guessed(names):
    assert guess_pattern(names) is None


@pytest.mark.parametrize(
    ("pattern", "name", "angle"),
    [
        (r"_(?P<angle>-?\d+\.\d)", "a_-7.5.tif", -7.5),
        (r"_(?P<sign>[np])(?P<angle>\d+)", "a_n12.tif", -12),
        (r"_(?P<sign>[np])(?P<angle>\d+)", "a_p12.tif", 12),
        (r"_(?P<angle>[nmp]\d+)", "a_m5.tif", -5),
        (r"_(?P<angle>[nmp]\d+)", "a_p5.tif", 5),
        (r"_(?P<angle>\S+)_", "a_3,5_b.tif", 3.5),
        (r"_(?P<angle>\S+)_", "a_x_b.tif", None),
        (r"_(?P<angle>\d+)_", "a.tif", None),
    ],
)
def test_a_given_pattern_reads_signs_in_every_form(pattern, name, angle):
    assert NamePattern(pattern).angle(name) == angle
