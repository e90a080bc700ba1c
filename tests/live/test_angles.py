"""A table of angles means live what it means offline."""

import math

import numpy as np
import pytest

import livetomo as lt
from livetomo.live.angles import AngleSource
from livetomo.sim.encode import encode

SIGNED = ["tilt_0.tif", "tilt_-10.tif", "tilt_10.tif"]


def angles_of(source, files):
    """Give what is known of files with one image each, once all have been seen."""
    for file in files:
        source.saw(file)
    source.refresh()
    return [source.angle(file, 0, 1, math.nan) for file in files]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("in_order.txt", "-14\n1\n16\n", [1, -14, 16]),
        ("as_acquired.rawtlt", "0.2\n9.9\n-10.1\n", [0.2, -10.1, 9.9]),
        ("columns.csv", "file,angle,dose\ntilt_10.tif,10.5,3\nTILT_0.TIF,0.5,1\ntilt_-10,-9.5,2\n", [0.5, -9.5, 10.5]),
        (
            "blanks.txt",
            "file tilt dose\ntilt_10.tif 10.5 3\ntilt_0.tif 0.5 1\ntilt_-10.tif -9.5 2\n",
            [0.5, -9.5, 10.5],
        ),
    ],
)
def test_a_table_gives_what_it_gives_offline(tmp_path, name, text, expected):
    table, folder = tmp_path / name, tmp_path / "series"
    table.write_text(text)
    assert angles_of(AngleSource(table), SIGNED) == expected
    folder.mkdir()
    for number, file in enumerate(SIGNED):
        (folder / file).write_bytes(encode(number + np.eye(8, dtype=np.float32), "tiff", 1.0))
    assert lt.read(folder, angles=table).tilt_angles.tolist() == sorted(expected)


def test_numbers_that_are_no_angles_order_files_by_their_value(tmp_path):
    table = tmp_path / "a.txt"
    table.write_text("-5\n0\n5\n")
    assert angles_of(AngleSource(table), ["scan 10.tif", "scan 9.tif", "scan 2.tif"]) == [5, 0, -5]


def test_a_list_that_comes_late_and_grows(tmp_path):
    table = tmp_path / "a.txt"
    source = AngleSource(table)
    assert angles_of(source, SIGNED) == [None] * 3
    table.write_text("-14\n1\n")
    assert angles_of(source, SIGNED) == [1, -14, None]
    table.write_text("-14\n1\n16\n")
    assert angles_of(source, SIGNED) == [1, -14, 16]


def test_a_table_whose_last_line_is_being_written_gives_the_others(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("name,angle\ntilt_0.tif,0.5\ntilt_10.tif,1e9\ntilt_-10.tif")
    assert angles_of(AngleSource(table), SIGNED)[0] == 0.5
    table.write_text("tilt_0.tif,0.5\ntilt_-10.tif,nan\n")
    assert angles_of(AngleSource(table), SIGNED) == [0.5, None, None]


def test_the_sections_of_a_stack_follow_the_order_of_a_table(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("frame,angle,dose\na.tif,-5,1\nb.tif,5,2\n")
    source = AngleSource(table)
    source.saw("stack.mrc")
    source.refresh()
    assert [source.angle("stack.mrc", index, 3, math.nan) for index in range(3)] == [-5, 5, None]
