"""What a user is told when a file cannot be used."""

import os
import subprocess
import sys

import numpy as np
import pytest

from livetomo.errors import FileError, IncompleteFile, MissingMetadata, MissingPackage, UnknownFormat
from livetomo.formats import READERS, check_target, read

STACK = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize("suffix", sorted(set(READERS) - {".raw", ".dat", ".bin"}))
def test_text_garbage_and_emptiness_in_every_format(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    for raw in (b"this is only text\n" * 100, np.random.default_rng(1).bytes(4000)):
        path.write_bytes(raw)
        with pytest.raises(FileError, match=rf"a{suffix}"):
            read(path)
    path.write_bytes(b"")
    with pytest.raises(IncompleteFile, match="empty"):
        read(path)


def test_missing_file_and_empty_folder(tmp_path):
    with pytest.raises(FileError, match=r"none\.mrc: no such file"):
        read(tmp_path / "none.mrc")
    with pytest.raises(FileError, match="the folder is empty"):
        read(tmp_path)


def test_unknown_suffix_lists_what_is_known(tmp_path):
    (tmp_path / "a.xyz").write_text("hello")
    with pytest.raises(UnknownFormat, match=r"'\.xyz'; known are \.mrc.*shape= and dtype="):
        read(tmp_path / "a.xyz")


def test_known_by_its_first_bytes(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / "a.npy").rename(tmp_path / "a.scan")
    np.testing.assert_array_equal(read(tmp_path / "a.scan").data, STACK)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / "a.npy").chmod(0)
    with pytest.raises(FileError, match="no permission"):
        read(tmp_path / "a.npy")


def test_header_with_absurd_sizes(tmp_path):
    header = bytearray(1024)
    header[:16] = np.array([900_000, 900_000, 900_000, 2], "<i4").tobytes()
    (tmp_path / "a.mrc").write_bytes(header)
    with pytest.raises(FileError, match="900000 × 900000 × 900000.*damaged"):
        read(tmp_path / "a.mrc")


def test_colours(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((8, 8), [("R", "u1"), ("G", "u1"), ("B", "u1")]))
    with pytest.raises(FileError, match="values with the parts R, G, B, such as colours: save grey values"):
        read(tmp_path / "a.npy")


def test_complex_numbers(tmp_path):
    np.save(tmp_path / "a.npy", STACK.astype(np.complex64))
    with pytest.raises(FileError, match="complex numbers: save their amplitude or phase"):
        read(tmp_path / "a.npy")


def test_too_many_axes(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 4, 5)))
    with pytest.raises(FileError, match=r"expected a filled array of 3 axes.*got 4 of sizes \(2, 3, 4, 5\)"):
        read(tmp_path / "a.npy")


def test_python_objects_are_not_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(FileError, match="Python objects"):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"axes": "abc"}, "axes: expected"),
        ({"tilt_axis": "z"}, "tilt_axis: expected"),
        ({"pixel_size_nm": -1}, "pixel_size_nm: expected"),
        ({"offset_bytes": -1}, "offset_bytes: expected"),
        ({"shape": (2, 3, 4), "dtype": "text"}, "dtype: expected"),
    ],
)
def test_wrong_arguments(tmp_path, wrong, message):
    np.save(tmp_path / "a.npy", STACK)
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "a.npy", **wrong)


def test_raw_binary(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"head" + STACK.astype(">f4").tobytes())
    with pytest.raises(MissingMetadata, match="shape and dtype.*--shape"):
        read(path)
    volume = read(path, shape=(2, 3, 4), dtype=">f4", offset_bytes=4, pixel_size_nm=2)
    np.testing.assert_array_equal(volume.data, STACK)
    assert volume.voxel_size_nm == 2
    with pytest.raises(IncompleteFile, match="needs 484 bytes, the file has 100"):
        read(path, shape=(10, 3, 4), dtype="f4", offset_bytes=4)
    with pytest.raises(FileError, match="needs 96 bytes, the file has 100.*offset_bytes"):
        read(path, shape=(2, 3, 4), dtype="f4")


def test_vendor_formats_without_rosettasciio(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rsciio", None)
    monkeypatch.setitem(sys.modules, "rsciio.digitalmicrograph", None)
    (tmp_path / "a.dm3").write_bytes(b"\0\0\0\3" + b"\0" * 40)
    with pytest.raises(MissingPackage, match=r'pip install "livetomo\[vendor\]"'):
        read(tmp_path / "a.dm3")


def test_reading_is_imported_fast():
    heavy = "h5py tifffile mrcfile rsciio imageio PIL scipy"
    script = f"import sys, livetomo.formats; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("source", "target"), [("a.mrc", "a.mrc"), ("a.xdmf.h5", "a.xdmf")])
def test_what_a_file_is_made_from_is_not_written_over(tmp_path, source, target):
    (tmp_path / source).write_bytes(b"measured")
    with pytest.raises(FileError, match="would write over"):
        check_target(tmp_path / target, [tmp_path / source])


def test_nothing_is_written_among_the_images(tmp_path):
    with pytest.raises(FileError, match="lies among the images"):
        check_target(tmp_path / "volume.mrc", [tmp_path])
