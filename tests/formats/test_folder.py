"""A folder of images: their order, and the angles beside them."""

import imageio.v3 as imageio
import numpy as np
import pytest

from livetomo.errors import FileError, MissingMetadata
from livetomo.formats import read, write
from livetomo.model import TiltSeries, Volume

ANGLES = np.arange(-30, 31, 10)
STACK = np.random.default_rng(0).integers(0, 200, (7, 5, 6)).astype(np.uint8)
BY_ANGLE = {f"tilt_{angle}.png": image for angle, image in zip(ANGLES, STACK, strict=True)}
BY_NUMBER = {f"Image_{number}.png": image for number, image in enumerate(STACK)}
SECTIONS = [f"TiltAngle = {angle}\nSubFramePath = D:\\x\\tilt_{angle}.png\n" for angle in ANGLES]


def put(folder, images, **texts):
    for name, image in images.items():
        imageio.imwrite(folder / name, image)
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return read(folder)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("name", ["series_rawtlt", "angles_txt"])
def test_a_list_of_the_angles_in_the_names_is_matched_by_value(tmp_path, name, order):
    series = put(tmp_path, BY_ANGLE, **{name: "\n".join(map(str, ANGLES[::order]))})
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)
    assert series.metadata["angles_from"] == name.replace("_", ".")


def test_a_list_that_contradicts_the_names_is_refused(tmp_path):
    with pytest.raises(MissingMetadata, match=r"angles\.txt.*tilt_-30\.png to tilt_30\.png.*--angles"):
        put(tmp_path, BY_ANGLE, angles_txt="\n".join(map(str, [0, 5, -5, 10, -10, 15, -15])))


@pytest.mark.parametrize("line", ["{},{}", "{};{}", "{} {}", '"{}","{}"'])
def test_a_table_is_matched_by_name(tmp_path, line):
    rows = [line.format(name, angle) for name, angle in zip(BY_NUMBER, ANGLES, strict=True)]
    series = put(tmp_path, BY_NUMBER, angles_csv="\n".join(rows[::-1]))
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_a_table_that_lacks_an_image_names_it(tmp_path):
    rows = [f"{name},{angle}" for name, angle in zip(BY_NUMBER, ANGLES, strict=True)]
    with pytest.raises(MissingMetadata, match=r"angles\.csv: it gives no angle for Image_3\.png;"):
        put(tmp_path, BY_NUMBER, angles_csv="\n".join(rows[:3] + rows[4:]))


@pytest.mark.parametrize(("suffix", "heading"), [("mdoc", "Image"), ("idoc", "Image"), ("mdoc", "ZValue")])
def test_an_mdoc_is_matched_by_name(tmp_path, suffix, heading):
    images = BY_NUMBER if heading == "Image" else BY_ANGLE
    sections = [
        f"[{heading} = {name if heading == 'Image' else rank}]\n{section}"
        for rank, (name, section) in enumerate(zip(list(images)[::-1], SECTIONS[::-1], strict=True))
    ]
    series = put(tmp_path, images, **{f"s_{suffix}": "\n".join(sections)})
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_the_users_table_is_matched_by_name(tmp_path):
    (tmp_path / "images").mkdir()
    put(tmp_path / "images", BY_NUMBER)
    rows = [f"{name},{angle},3" for name, angle in zip(BY_NUMBER, ANGLES, strict=True)]
    (tmp_path / "mine.csv").write_text("\n".join(["file,tilt angle,dose", *rows[::-1]]))
    np.testing.assert_array_equal(read(tmp_path / "images", angles=tmp_path / "mine.csv").tilt_angles, ANGLES)


@pytest.mark.parametrize("names", [("sa.mrc", "sb.mrc"), ("s.st", "s.ali")])
def test_several_tilt_series_are_not_joined(tmp_path, names):
    for name in names:
        write(TiltSeries(STACK, ANGLES), tmp_path / name)
    with pytest.raises(FileError, match=r"and s.*each hold a tilt series.*--second"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["s.rec", "s_rec.mrc"])
def test_a_reconstruction_beside_the_series_is_passed_over(tmp_path, name):
    write(TiltSeries(STACK, ANGLES), tmp_path / "s.st")
    write(Volume(STACK), tmp_path / name)
    np.testing.assert_array_equal(read(tmp_path).tilt_angles, ANGLES)
    (tmp_path / "s.st").unlink()
    assert isinstance(read(tmp_path), Volume)


def test_a_folder_of_folders_says_so(tmp_path):
    (tmp_path / "s1").mkdir()
    with pytest.raises(FileError, match="holds no files, only folders; name one of them: s1"):
        read(tmp_path)
    with pytest.raises(FileError, match="the folder is empty"):
        read(tmp_path / "s1")


def test_the_file_whose_name_lacks_an_angle_is_named(tmp_path):
    with pytest.raises(MissingMetadata, match=r"overview\.png: no tilt angle in its name, as in those of the other 7"):
        put(tmp_path, {**BY_ANGLE, "overview.png": STACK[0]})


def test_files_of_another_format_are_told(tmp_path):
    for k in range(3):
        np.save(tmp_path / f"s_{k}.npy", STACK[k])
    with pytest.warns(UserWarning, match="3 NumPy files passed over beside 7 image files"):
        series = put(tmp_path, BY_ANGLE)
    np.testing.assert_array_equal(series.projections, STACK)
