"""The dialects of HDF5, made small."""

import json
import math
from contextlib import contextmanager

import h5py
import numpy as np
import pytest

from livetomo.errors import FileError, IncompleteFile, MissingMetadata
from livetomo.formats import read, read_contents
from livetomo.model import Volume

STACK = np.random.default_rng(0).integers(0, 1000, (4, 5, 6)).astype(np.uint16)
ANGLES = [-20.0, -5.5, 3.0, 40.0]


def velox(path, tilts_rad, stack=STACK, detector="HAADF"):
    with h5py.File(path, "w") as file:
        file["Version"] = json.dumps({"format": "Velox"})
        group = file.create_group(f"Data/Image/{detector}0123")
        group["Data"] = np.moveaxis(stack, 0, -1)
        columns = np.zeros((2000, len(tilts_rad)), np.uint8)
        for frame, tilt in enumerate(tilts_rad):
            said = {
                "Stage": {"AlphaTilt": str(tilt)},
                "BinaryResult": {"PixelSize": {"width": "2.5e-10"}, "PixelUnitX": "m", "Detector": detector},
            }
            text = json.dumps(said).encode()
            columns[: len(text), frame] = list(text)
        group["Metadata"] = columns


def test_velox_tilts_of_every_frame(tmp_path):
    velox(tmp_path / "a.emd", [math.radians(angle) for angle in ANGLES])
    series = read(tmp_path / "a.emd")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_allclose(series.tilt_angles, ANGLES)
    assert series.pixel_size_nm == pytest.approx(0.25)


def test_velox_without_all_tilts_is_no_series(tmp_path):
    velox(tmp_path / "a.emd", [0.1])
    assert isinstance(read(tmp_path / "a.emd"), Volume)
    np.testing.assert_array_equal(read(tmp_path / "a.emd", angles=ANGLES).tilt_angles, ANGLES)


def test_velox_names_its_images(tmp_path):
    velox(tmp_path / "a.emd", [0.1] * 4)
    assert len(read(tmp_path / "a.emd", dataset="HAADF")) == 4
    with pytest.raises(FileError, match=r"dataset 'BF' is not in it; it holds the images HAADF"):
        read(tmp_path / "a.emd", dataset="BF")


@pytest.mark.parametrize(("units", "factor"), [("[deg]", 1), ("[rad]", math.pi / 180), ("deg", 1)])
def test_emd_as_tomviz_writes_it(tmp_path, units, factor):
    with h5py.File(tmp_path / "a.emd", "w") as file:
        group = file.create_group("data/tomography")
        group.attrs["emd_group_type"] = np.uint32(1)
        group["data"] = STACK
        dims = [np.float32(np.array(ANGLES) * factor), np.arange(5) * 0.336, np.arange(6) * 0.336]
        for number, (values, unit) in enumerate(zip(dims, (units, "[n_m]", "[n_m]"), strict=True)):
            group[f"dim{number + 1}"] = np.float32(values)
            group[f"dim{number + 1}"].attrs["units"] = np.bytes_(unit)
    series = read(tmp_path / "a.emd")
    np.testing.assert_allclose(series.tilt_angles, ANGLES, rtol=1e-6)
    assert series.pixel_size_nm == pytest.approx(0.336)


def test_emd_with_its_angles_last_and_other_arrays_without(tmp_path):
    with h5py.File(tmp_path / "a.emd", "w") as file:
        for name in ("data/Fe", "data/survey", "data/tilts"):
            file.create_group(name).attrs["emd_group_type"] = 1
        file["data/Fe/data"], file["data/survey/data"] = STACK[:3] + 1, STACK[0]
        file["data/tilts/data"], file["data/tilts/dim3"] = STACK.transpose(1, 2, 0), ANGLES
        file["data/tilts/dim1"], file["data/tilts/dim2"] = np.arange(5), np.arange(6)
        file["data/tilts/dim3"].attrs.update({"name": "angles", "units": "[deg]"})
    series = read(tmp_path / "a.emd")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_emd_volume_stored_as_x_y_z(tmp_path):
    with h5py.File(tmp_path / "a.emd", "w") as file:
        group = file.create_group("data/tomography")
        group.attrs["emd_group_type"] = np.uint32(1)
        group["data"] = STACK.transpose(2, 1, 0)
        for number, name in enumerate("xyz"):
            group[f"dim{number + 1}"] = np.arange((6, 5, 4)[number], dtype=np.float32) * 2
            group[f"dim{number + 1}"].attrs.update({"name": np.bytes_(name), "units": np.bytes_("[n_m]")})
    volume = read(tmp_path / "a.emd")
    np.testing.assert_array_equal(volume.data, STACK)
    assert volume.voxel_size_nm == 2


def test_nxtomo_takes_projections_only(tmp_path):
    with h5py.File(tmp_path / "a.nxs", "w") as file:
        file.create_group("entry").attrs["NX_class"] = "NXentry"
        file["entry/instrument/detector/data"] = STACK
        file["entry/instrument/detector/image_key"] = [1, 0, 2, 0]
        file["entry/instrument/detector/x_pixel_size"] = 5e-9
        file["entry/instrument/detector/x_pixel_size"].attrs["units"] = "m"
        file["entry/sample/rotation_angle"] = np.radians(ANGLES)
        file["entry/sample/rotation_angle"].attrs["units"] = "rad"
    series = read(tmp_path / "a.nxs")
    np.testing.assert_array_equal(series.projections, STACK[[1, 3]])
    np.testing.assert_allclose(series.tilt_angles, [-5.5, 40])
    assert series.pixel_size_nm == pytest.approx(5)


@pytest.mark.parametrize("axes", ["tyx", "yxt", "ytx", "xyt"])
def test_nxdata_with_an_angle_axis(tmp_path, axes):
    names = {"t": "tilt", "y": "y", "x": "x"}
    with h5py.File(tmp_path / "a.nxs", "w") as file:
        group = file.create_group("entry/plot")
        group.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": [names[letter] for letter in axes]})
        group["counts"], group["tilt"] = STACK.transpose(["tyx".index(letter) for letter in axes]), ANGLES
        group["tilt"].attrs["units"] = "degrees"
        group["x"], group["y"] = np.arange(6) * 2.0, np.arange(5) * 2.0
        group["x"].attrs["units"] = "um"
    series = read(tmp_path / "a.nxs")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)
    assert series.pixel_size_nm == pytest.approx(2000)


@contextmanager
def hyperspy(path, **tilt_axis):
    with h5py.File(path, "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        group = file.create_group("Experiments/tilts")
        group["data"] = STACK
        for number in (0, 1, 2):
            said = {"offset": 0.0, "scale": 0.5, "units": "Å"} if number else tilt_axis
            group.create_group(f"axis-{number}").attrs.update(said)
        yield group


@pytest.mark.parametrize("said", [{"units": "degrees"}, {"units": "", "name": "Tilt angle"}])
def test_hyperspy_stack_with_a_tilt_axis(tmp_path, said):
    with hyperspy(tmp_path / "a.hspy", offset=-20.0, scale=2.0, **said):
        pass
    series = read(tmp_path / "a.hspy")
    np.testing.assert_allclose(series.tilt_angles, [-20, -18, -16, -14])
    assert series.pixel_size_nm == pytest.approx(0.05)


def test_hyperspy_axis_that_lists_its_angles(tmp_path):
    with hyperspy(tmp_path / "a.hspy", units="degrees") as group:
        group["axis-0/axis"] = ANGLES
    np.testing.assert_array_equal(read(tmp_path / "a.hspy").tilt_angles, ANGLES)


@pytest.mark.parametrize("place", ["tilts", "_list_tilts", "_sig_tilts/data"])
def test_tilts_as_etspy_saves_them(tmp_path, place):
    with hyperspy(tmp_path / "a.hspy", offset=0.0, scale=1.0, units="degrees") as group:
        group[f"metadata/Tomography/{place}"] = np.reshape(ANGLES, (4, 1))
    np.testing.assert_array_equal(read(tmp_path / "a.hspy").tilt_angles, ANGLES)


def test_etspy_axis_that_only_counts_is_no_angle(tmp_path):
    with hyperspy(tmp_path / "a.hspy", offset=0.0, scale=1.0, units="degrees") as group:
        group.create_group("metadata/Tomography")
    with pytest.raises(MissingMetadata, match="4 projections but no tilt angles"):
        read(tmp_path / "a.hspy")


def test_fxi(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["img_tomo"], file["angle"] = STACK, ANGLES
    np.testing.assert_array_equal(read(tmp_path / "a.h5").tilt_angles, ANGLES)


def test_any_array_with_angles_beside_it(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scan/images"], file["scan/tilt_angles"], file["other"] = STACK, ANGLES, np.zeros((2, 2))
    series = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_any_array_with_an_axis_of_length_one(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"], file["angles"] = STACK[:, np.newaxis], ANGLES
    np.testing.assert_array_equal(read(tmp_path / "a.h5").projections, STACK)


def test_arrays_that_lie_in_other_files(tmp_path):
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["entry/images"] = STACK
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scan"] = h5py.ExternalLink("raw.h5", "/entry")
        file["lost"] = h5py.ExternalLink("lost.h5", "/entry")
        file["angles"] = ANGLES
    series = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_arrays_in_a_file_that_is_not_there(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scan"] = h5py.ExternalLink("raw.h5", "/entry")
    with pytest.raises(FileError, match="/entry of raw.h5, which is not there; put that file beside it"):
        read(tmp_path / "a.h5")


def test_no_image_yet(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", shape=(0, 5, 6), maxshape=(None, 5, 6), dtype="u2")
    with pytest.raises(IncompleteFile, match="/images holds no image yet, its sizes are 0 × 5 × 6"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize(("name", "units"), [("angles", "rad"), ("angles_rad", ""), ("theta (rad)", "")])
def test_radians_by_unit_or_by_name(tmp_path, name, units):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"], file[name] = STACK, np.radians(ANGLES)
        file[name].attrs["units"] = units
    np.testing.assert_allclose(read(tmp_path / "a.h5").tilt_angles, ANGLES)


def test_too_many_angles_are_no_volume_unless_the_user_says_so(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"], file["angles"] = STACK, [*ANGLES, 60.0]
    with pytest.raises(MissingMetadata, match="4 images but angles in the file gives 5.*--axes ytx"):
        read(tmp_path / "a.h5")
    assert isinstance(read(tmp_path / "a.h5", axes="zyx"), Volume)


def test_several_arrays_are_listed(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["one/data"], file["two/data"] = STACK, STACK[:2]
    with pytest.raises(FileError, match=r"--dataset.*one/data 4×5×6, two/data 2×5×6"):
        read(tmp_path / "a.h5")
    assert read(tmp_path / "a.h5", dataset="/two/data").data.shape == (2, 5, 6)
    with pytest.raises(FileError, match="'three' is not in it; it holds one/data"):
        read(tmp_path / "a.h5", dataset="three")


def test_a_dark_and_white_are_left_out(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["exchange/data"], file["exchange/theta"] = STACK, np.radians(ANGLES)
        file["exchange/theta"].attrs["units"] = "rad"
        file["exchange/data_dark"] = STACK
    contents = read_contents(tmp_path / "a.h5")
    np.testing.assert_allclose(contents.tilt_angles, ANGLES)


def test_data_exchange_of_sinograms(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["exchange/data"], file["exchange/theta"] = STACK.transpose(1, 0, 2), ANGLES
        file["exchange/data"].attrs["axes"] = "y:theta:x"
    series = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_not_hdf5_and_not_yet_hdf5(tmp_path):
    (tmp_path / "a.h5").write_text("hello, this is a text file and nothing else, really")
    with pytest.raises(FileError, match="not an HDF5 file"):
        read(tmp_path / "a.h5")
    (tmp_path / "a.h5").write_bytes(b"\0" * 4096)
    with pytest.raises(IncompleteFile, match="still being written"):
        read(tmp_path / "a.h5")
