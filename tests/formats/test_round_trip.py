"""The law of the writers: what was written comes back."""

import numpy as np
import pytest

from livetomo.errors import FileError, UnknownFormat
from livetomo.formats import WRITERS, read, write
from livetomo.model import TiltSeries, Volume

RANDOM = np.random.default_rng(0)
SHAPE = (4, 5, 6)
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float16", "float32", "float64"]
KEEPS_SHIFTS = {".tif", ".tiff", ".h5", ".hdf5", ".emd", ".xdmf", ".xmf"}
SUFFIXES = list(WRITERS)


def values(dtype):
    numbers = RANDOM.normal(50, 20, SHAPE).clip(0, 120)
    return numbers.astype(np.float32).astype(dtype) if dtype.startswith("float") else numbers.astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("suffix", [".mrc", ".tif", ".h5", ".emd", ".npy", ".xdmf"])
def test_volume(tmp_path, suffix, dtype):
    volume = Volume(values(dtype), voxel_size_nm=0.33607)
    path = tmp_path / f"volume{suffix}"
    if (suffix, dtype) == (".xdmf", "float16"):
        with pytest.raises(ValueError, match="float16"):
            write(volume, path)
        return
    write(volume, path)
    back = read(path)
    assert isinstance(back, Volume)
    np.testing.assert_array_equal(back.data, volume.data)
    assert back.data.dtype == (volume.data.dtype if suffix != ".mrc" else back.data.dtype)
    assert back.voxel_size_nm == pytest.approx(0.33607, rel=1e-6)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix not in {".rec", ".map"}])
def test_tilt_series(tmp_path, suffix):
    series = TiltSeries(
        values("float32"), [-60.1234567, 0, 0, 59.9], 3.36, RANDOM.normal(size=(4, 2)), metadata={"holder": "on-axis"}
    )
    path = tmp_path / f"series{suffix}"
    write(series, path)
    back = read(path)
    np.testing.assert_array_equal(back.projections, series.projections)
    np.testing.assert_array_equal(back.tilt_angles, series.tilt_angles)
    assert back.pixel_size_nm == pytest.approx(3.36, rel=1e-6)
    assert back.tilt_axis_origin == "file"
    if suffix in KEEPS_SHIFTS:
        np.testing.assert_array_equal(back.shifts_px, series.shifts_px)


@pytest.mark.parametrize("suffix", [".mrc", ".tif", ".h5", ".emd", ".npy", ".xdmf"])
def test_what_was_not_known_is_not_invented(tmp_path, suffix):
    write(TiltSeries(values("float32"), [1, 2, 3, 4], tilt_axis_origin="assumed"), tmp_path / f"a{suffix}")
    back = read(tmp_path / f"a{suffix}")
    assert back.pixel_size_nm is None
    assert back.tilt_axis_origin == "assumed"


@pytest.mark.parametrize("suffix", [".mrc", ".tif", ".h5", ".emd", ".npy", ".xdmf"])
def test_a_volume_in_the_place_of_a_series(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write(TiltSeries(values("float32"), [1, 2, 3, 4]), path)
    write(Volume(values("float32")[:2]), path)
    assert isinstance(read(path), Volume)


def test_needle_through_all_formats(shared_data, tmp_path):
    needle = read(shared_data / "needle/HAADF.mrc")
    for suffix in (".mrc", ".tif", ".h5", ".emd", ".npy", ".xdmf"):
        write(needle, tmp_path / f"needle{suffix}")
        back = read(tmp_path / f"needle{suffix}")
        np.testing.assert_array_equal(back.projections, needle.projections)
        np.testing.assert_array_equal(back.tilt_angles, needle.tilt_angles)


def test_writing_over_the_file_that_was_read(tmp_path):
    path = tmp_path / "a.mrc"
    write(TiltSeries(values("float32"), [1, 2, 3, 4]), path)
    series = read(path)
    write(series, path)
    np.testing.assert_array_equal(read(path).projections, series.projections)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.mrc", "a.rawtlt"]


def test_mrc_refuses_what_it_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match=r"MRC cannot hold.*int32.*\.h5"):
        write(Volume(np.full((2, 2, 2), 2**30 + 1, np.int32)), tmp_path / "a.mrc")
    assert not list(tmp_path.iterdir())


def test_wrong_targets(tmp_path):
    volume = Volume(values("float32"))
    with pytest.raises(FileError, match="folder .*none does not exist"):
        write(volume, tmp_path / "none" / "a.mrc")
    with pytest.raises(UnknownFormat, match=r"'\.xyz'.*\.mrc"):
        write(volume, tmp_path / "a.xyz")
    (tmp_path / "b.mrc").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        write(volume, tmp_path / "b.mrc")
    with pytest.raises(TypeError, match="TiltSeries or a Volume, got ndarray"):
        write(volume.data, tmp_path / "a.mrc")


def test_the_values_of_xdmf_leave_other_files_alone(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"measured")
    write(Volume(values("float32")), tmp_path / "a.xdmf")
    assert (tmp_path / "a.h5").read_bytes() == b"measured"
