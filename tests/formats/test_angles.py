"""Angles from text, from ``.mdoc``, and the files beside a stack."""

import numpy as np
import pytest

from livetomo.errors import FileError, MissingMetadata
from livetomo.formats import read, read_contents
from livetomo.formats.angle_text import named_angles
from livetomo.formats.angles import read_angles
from livetomo.formats.mdoc import read_mdoc

STACK = np.arange(24, dtype=np.int16).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.rawtlt", " -76.00\r\n -74.00\r\n   0\r\n"),
        ("a.tlt", "# comment\n-76\n-74\n0\n\n"),
        ("a.txt", "-76, -74, 0"),
        ("a.csv", "number,angle\n0,-76\n1,-74\n2,0\n"),
        ("a.csv", "angle;defocus\n-76;1\n-74;1\n0;1\n"),
        ("a.csv", "file,tilt angle,dose\na.tif,-76,3\nb.tif,-74,3\nc.tif,0,3\n"),
        ("a.txt", "1 -76\n2 -74\n3 0\n"),
        ("a.txt", "one.tif -76\ntwo.tif -74\nthree.tif 0\n"),
        ("a.aln", "# SEC ROT TX TILT\n 1 -12 0.1 -76\n 2 -12 0.2 -74\n 3 -12 0.3 0\n"),
        ("a.txt", "\ufeff-76\n-74\n0\n"),
        ("a.csv", "file,time,tilt angle (deg),defocus\na,12.5,-76,-2\nb,12.6,-74,-2\nc,12.7,0,-2\n"),
        ("a.csv", "Exposure time [s],Tilt angle [deg]\n1.5,-76\n1.5,-74\n1.5,0\n"),
        ("a.csv", "dose,alpha_deg\n0,-76\n3,-74\n6,0\n"),
        ("a.csv", '"no","tilt"\n"0","-76"\n"1","-74"\n"2","0"\n'),
        ("a.csv", '"a, 1.tif","-76"\n"b, 1.tif","-74"\n"c, 1.tif","0"\n'),
        ("a.txt", "my image 1.tif -76\nmy image 2.tif -74\nmy image 3.tif 0\n"),
        ("a.txt", "image 1 a.tif -76\nimage 2 b.tif -74\nimage 3 c.tif 0\n"),
        ("a.tlt", "-76 0.5\n-74 0.5\n0 0.5\n"),
        ("a.txt", "-76.0°\n-74.0 °\n0.0°\n"),
        ("a.txt", "−76\n−74\n0\n"),
        ("a.csv", "index;winkel\n0;-76,0\n1;-74,0\n2;0,0\n"),
    ],
)
def test_tables_of_angles(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_angles(tmp_path / name), [-76, -74, 0])


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "a.rawtlt").write_text("-76.0°\r\n-74.0°\r\n", encoding=encoding)
    np.testing.assert_array_equal(read_angles(tmp_path / "a.rawtlt"), [-76, -74])


def test_lines_of_a_name_and_an_angle_among_others():
    text = 'name angle\na 1.tif,-60\n"b;2.tif" -50\nImage 3 4\nd.tif;5,5\ne.tif 6 7.5\nf.tif,8,9\ng.tif\n10\nh.tif,-'
    assert named_angles(text) == {"a 1.tif": -60, "b;2.tif": -50, "Image 3": 4, "d.tif": 5.5, "e.tif 6": 7.5}


def test_decimal_commas(tmp_path):
    (tmp_path / "a.rawtlt").write_text("-49,47\n-39,47\n")
    np.testing.assert_array_equal(read_angles(tmp_path / "a.rawtlt"), [-49.47, -39.47])
    (tmp_path / "a.txt").write_text("a.tif -49,47\nb.tif -39,47\n")
    np.testing.assert_array_equal(read_angles(tmp_path / "a.txt"), [-49.47, -39.47])


def test_angles_in_radians_where_the_heading_says_so(tmp_path):
    (tmp_path / "a.csv").write_text("index,tilt_rad\n0,-0.5\n1,0.5\n")
    np.testing.assert_allclose(read_angles(tmp_path / "a.csv"), np.rad2deg([-0.5, 0.5]))


@pytest.mark.parametrize("text", ["-76,3\n-74,3\n", "3 -76 1\n5 -74 2\n", "time,dose\n1.5,3\n2.5,6\n"])
def test_a_table_without_a_clear_column_is_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FileError, match=r"a\.csv.*none is named.*file,angle,dose"):
        read_angles(tmp_path / "a.csv")


def test_a_line_without_its_angle_is_named(tmp_path):
    (tmp_path / "a.tlt").write_text("-76\nn/a\n-72\n-70\n")
    with pytest.raises(FileError, match=r"a\.tlt.*'n/a' has no number"):
        read_angles(tmp_path / "a.tlt")


def test_shifts_of_patches_after_a_table_are_no_angles(shared_data):
    assert read_angles(shared_data / "formats/mdoc/aretomo/test.aln")[:2].tolist() == [-61.5, -60.0]


@pytest.mark.parametrize("text", ["", "hello\nworld\n", "1\n2 3\n", "nan\n", "4000\n"])
def test_no_angles(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(FileError, match=r"a\.txt.*one a line"):
        read_angles(tmp_path / "a.txt")


def test_mdoc_of_a_tilt_series(shared_data):
    said = read_mdoc(shared_data / "formats/mdoc/tilt_series.mdoc")
    np.testing.assert_allclose(said.tilt_angles[:3], [0.000999877, 3.00113, -2.99863])
    assert said.pixel_size_nm == pytest.approx(0.54)
    assert said.tilt_axis_deg == pytest.approx(85.3)


def test_mdoc_of_frames_takes_the_axis_from_the_rotation(shared_data):
    said = read_mdoc(shared_data / "formats/mdoc/frame_set_multiple.mdoc")
    np.testing.assert_allclose(said.tilt_angles[:3], 33, atol=0.01)
    assert said.tilt_axis_deg == pytest.approx(88.414)


def test_mdoc_rotation_and_title_agree(shared_data):
    said = read_mdoc(shared_data / "formats/mdoc/montage_section.mdoc")
    assert said.tilt_axis_deg == pytest.approx(-86.7)
    assert float(said.sections[0]["RotationAngle"]) - 90 == pytest.approx(said.tilt_axis_deg, abs=0.1)


@pytest.mark.parametrize("name", ["a.npy.mdoc", "a.mdoc"])
def test_mdoc_beside_either_name(tmp_path, name):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / name).write_text("PixelSpacing = 5.4\n[ZValue = 1]\nTiltAngle = 3\n[ZValue = 0]\nTiltAngle = -3\n")
    series = read(tmp_path / "a.npy")
    np.testing.assert_array_equal(series.tilt_angles, [-3, 3])
    assert series.pixel_size_nm == pytest.approx(0.54)
    assert series.metadata["angles_from"] == name


def test_one_frame_set_speaks_for_all_frames(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / "a.npy.mdoc").write_text("[FrameSet = 0]\nTiltAngle = 12.5\nNumSubFrames = 2\n")
    np.testing.assert_array_equal(read(tmp_path / "a.npy").tilt_angles, [12.5, 12.5])


def test_aligned_stacks_prefer_the_refined_angles(tmp_path):
    for name in ("a_ali.npy", "a.npy"):
        np.save(tmp_path / name, STACK)
    (tmp_path / "a.tlt").write_text("1.5\n2.5\n")
    (tmp_path / "a.rawtlt").write_text("1\n2\n")
    np.testing.assert_array_equal(read(tmp_path / "a_ali.npy").tilt_angles, [1.5, 2.5])
    np.testing.assert_array_equal(read(tmp_path / "a.npy").tilt_angles, [1, 2])


@pytest.mark.parametrize("name", ["a.rawtlt", "a_preali.RAWTLT", "a_preali.CSV"])
def test_angles_beside_under_their_other_names(tmp_path, name):
    np.save(tmp_path / "a_preali.npy", STACK)
    (tmp_path / name).write_text("1\n2\n")
    np.testing.assert_array_equal(read(tmp_path / "a_preali.npy").tilt_angles, [1, 2])


def test_a_note_beside_is_no_error(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / "a.txt").write_text("spot 5\n")
    assert read(tmp_path / "a.npy").metadata["note"] == "a.txt has 1 angles for 2 images"
    (tmp_path / "a.rawtlt").write_text("5\n")
    with pytest.raises(MissingMetadata, match=r"a\.rawtlt has 1 angles"):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["angles.rawtlt", "tilt_angles.tlt"])
def test_angles_of_any_name_only_when_they_fit(tmp_path, name):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / name).write_text("1\n2\n3\n")
    assert read_contents(tmp_path / "a.npy").tilt_angles is None
    (tmp_path / name).write_text("1\n2\n")
    np.testing.assert_array_equal(read(tmp_path / "a.npy").tilt_angles, [1, 2])


def test_the_users_angles_win(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / "a.rawtlt").write_text("1\n2\n")
    (tmp_path / "mine.csv").write_text("angle\n5\n6\n")
    np.testing.assert_array_equal(read(tmp_path / "a.npy", angles=tmp_path / "mine.csv").tilt_angles, [5, 6])
    np.testing.assert_array_equal(read(tmp_path / "a.npy", angles=(5, 6), flip_angles=True).tilt_angles, [-5, -6])


def test_the_users_angles_must_fit(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    with pytest.raises(MissingMetadata, match="2 images.*the user gives 3.*--angles"):
        read(tmp_path / "a.npy", angles=[1, 2, 3])
    with pytest.raises(ValueError, match="angles: expected degrees"):
        read(tmp_path / "a.npy", angles=["one", "two"])
    with pytest.raises(FileError, match=r"none\.txt: no such file"):
        read(tmp_path / "a.npy", angles=tmp_path / "none.txt")


def test_projections_without_angles_name_the_option(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    with pytest.raises(MissingMetadata, match=r"2 projections.*--angles FILE"):
        read(tmp_path / "a.npy", axes="tyx")
