"""MRC: modes, byte orders, signedness, extended headers, sidecars, growing stacks."""

import bz2
import gzip
import struct

import numpy as np
import pytest

from livetomo.errors import FileError, IncompleteFile, MissingMetadata
from livetomo.formats import read, read_contents
from livetomo.formats.mrc import read_complete_sections
from livetomo.model import TiltSeries, Volume

RANDOM = np.random.default_rng(0)
STACK = RANDOM.integers(0, 100, (3, 4, 5))


def mrc_bytes(sections, mode, order="<", extended=b"", n_sections=None, words=()):
    """Give an MRC file; ``words`` are (byte offset, struct format, value)."""
    header = bytearray(1024)
    n_z, n_y, n_x = sections.shape
    struct.pack_into(f"{order}4i", header, 0, n_x, n_y, n_z if n_sections is None else n_sections, mode)
    struct.pack_into(f"{order}i", header, 92, len(extended))
    header[208:214] = b"MAP DD" if order == "<" else b"MAP \x11\x11"
    for place, form, value in words:
        struct.pack_into(f"{order}{form}", header, place, value)
    return bytes(header) + extended + sections.astype(sections.dtype.newbyteorder(order)).tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("mode", "dtype"), [(0, "i1"), (1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")])
def test_modes_and_byte_orders(tmp_path, mode, dtype, order):
    stack = STACK.astype(dtype)
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(stack, mode, order))
    data = read_contents(tmp_path / "a.mrc").data
    np.testing.assert_array_equal(data, stack)
    assert data.dtype == np.dtype(dtype)
    assert data.dtype.isnative


@pytest.mark.parametrize(
    ("words", "dtype"),
    [
        ((), np.int8),
        (((76, "f", 0.0), (80, "f", 200.0)), np.uint8),
        (((76, "f", -20.0), (80, "f", 100.0)), np.int8),
        (((152, "i", 1146047817), (156, "i", 1)), np.int8),
        (((152, "i", 1146047817), (156, "i", 0)), np.uint8),
    ],
)
def test_signedness_of_mode_0(tmp_path, words, dtype):
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(STACK.astype(np.uint8), 0, words=words))
    assert read_contents(tmp_path / "a.mrc").data.dtype == dtype


@pytest.mark.parametrize("mode", [3, 4, 16, 101])
def test_modes_without_plain_images_are_refused(tmp_path, mode):
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(STACK.astype("f4"), mode))
    with pytest.raises(FileError, match=f"mode {mode}"):
        read(tmp_path / "a.mrc")


@pytest.mark.parametrize("order", ["<", ">"])
def test_serialem_extended_header(tmp_path, order):
    records = b"".join(struct.pack(f"{order}hHHh", tilt, 7, 8, 9) for tilt in (-6000, 150, 6025))
    words = ((128, "h", 8), (130, "h", 1 | 4 | 8), (104, "4s", b"SERI"))
    (tmp_path / "a.st").write_bytes(mrc_bytes(STACK.astype("i2"), 1, order, records, words=words))
    contents = read_contents(tmp_path / "a.st")
    np.testing.assert_allclose(contents.tilt_angles, [-60, 1.5, 60.25])
    assert contents.angles_from == "SerialEM extended header"


def old_fei(axis):
    table = np.zeros((1024, 32), "<f4")
    table[:3, 0] = -2, 0, 2
    table[:3, 10], table[:3, 11] = axis, 3.36e-9
    return mrc_bytes(STACK.astype("i2"), 1, extended=table.tobytes(), words=((130, "h", 32), (208, "4s", b"")))


@pytest.mark.parametrize(("axis", "said"), [(0.0, None), (85.5, 85.5)])
def test_old_fei_extended_header(tmp_path, axis, said):
    (tmp_path / "a.mrc").write_bytes(old_fei(axis))
    contents = read_contents(tmp_path / "a.mrc")
    np.testing.assert_array_equal(contents.tilt_angles, [-2, 0, 2])
    assert contents.pixel_size_nm == pytest.approx(3.36)
    assert contents.tilt_axis_deg == said


def test_the_log_beside_says_the_axis(tmp_path):
    (tmp_path / "a.mrc").write_bytes(old_fei(0.0))
    (tmp_path / "a.txt").write_bytes("11/18/11 10:36:43   Tilt Axis Angle [°]:90.00\n".encode("latin-1"))
    series = read(tmp_path / "a.mrc")
    assert series.tilt_axis_origin == "file"
    np.testing.assert_array_equal(series.projections[1], np.rot90(STACK[1]))


SERIALEM = b"    Tilt axis angle = 84.3, binning = 4  spot = 3".ljust(80)
NEWSTACK = b"NEWSTACK: Images copied".ljust(80)


def labelled(*labels):
    text = b"".join(labels)
    cell = ((28, "3i", (5, 4, 3)), (40, "3f", (100.0, 80.0, 60.0)))
    words = [(place + 4 * i, form[1], value) for place, form, values in cell for i, value in enumerate(values)]
    return mrc_bytes(STACK.astype("i2"), 1, words=(*words, (220, "i", len(labels)), (224, f"{len(text)}s", text)))


@pytest.mark.parametrize(
    ("name", "labels", "axis"),
    [
        ("a.st", [SERIALEM], 84.3),
        ("a.ali", [SERIALEM], None),
        ("a_ali.mrc", [SERIALEM], None),
        ("a.mrc", [SERIALEM, NEWSTACK], None),
        ("a.mrc", [], None),
    ],
)
def test_serialem_labels_say_the_axis_until_imod_has_turned_the_images(tmp_path, name, labels, axis):
    (tmp_path / name).write_bytes(labelled(*labels))
    assert read_contents(tmp_path / name).tilt_axis_deg == axis


@pytest.mark.parametrize(
    ("name", "mdoc", "axis", "pixel_nm"),
    [
        ("a.mrc", "a.mdoc", 84.3, 0.5),
        ("a.preali", "a.mdoc", 84.3, 2.0),
        ("a.ali", "a.mdoc", None, 2.0),
        ("a.rec", "a.mdoc", None, 2.0),
        ("a.ali", "a.ali.mdoc", 84.3, 0.5),
    ],
)
def test_the_raw_series_mdoc_does_not_describe_what_was_made_of_it(tmp_path, name, mdoc, axis, pixel_nm):
    (tmp_path / name).write_bytes(labelled())
    (tmp_path / mdoc).write_text(f"PixelSpacing = 5\nImageSize = 5 4\n[T = {SERIALEM.decode()}]\n")
    contents = read_contents(tmp_path / name)
    assert contents.tilt_axis_deg == axis
    assert contents.pixel_size_nm == pytest.approx(pixel_nm)


def test_the_header_knows_the_pixel_size_of_images_that_are_not_those_of_the_mdoc(tmp_path):
    (tmp_path / "a.mrc").write_bytes(labelled())
    (tmp_path / "a.mrc.mdoc").write_text("PixelSpacing = 5\nImageSize = 10 8\n")
    assert read_contents(tmp_path / "a.mrc").pixel_size_nm == pytest.approx(2.0)


def test_gzip_under_a_plain_name_says_how_to_rename_it(tmp_path):
    (tmp_path / "a.mrc").write_bytes(gzip.compress(labelled()))
    with pytest.raises(FileError, match=r"packed with gzip.*rename it to a\.mrc\.gz"):
        read(tmp_path / "a.mrc")


@pytest.mark.parametrize("mdoc", ["a.mrc.mdoc", "a.mrc.gz.mdoc", "a.mdoc", "a.mrc.MDOC"])
def test_the_mdoc_of_a_packed_file(tmp_path, mdoc):
    (tmp_path / "a.mrc.gz").write_bytes(gzip.compress(labelled()))
    (tmp_path / mdoc).write_text("PixelSpacing = 5\n")
    assert read_contents(tmp_path / "a.mrc.gz").pixel_size_nm == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["a.rec", "a.map"])
def test_volumes_by_suffix_leave_angles_beside_alone(tmp_path, name):
    (tmp_path / name).write_bytes(mrc_bytes(STACK.astype("f4"), 2))
    (tmp_path / "a.tlt").write_text("1\n2\n3\n")
    assert isinstance(read(tmp_path / name), Volume)
    assert isinstance(read(tmp_path / name, angles=[1, 2, 3]), TiltSeries)


@pytest.mark.parametrize(("axes", "order"), [((3, 1, 2), (1, 2, 0)), ((3, 2, 1), (2, 1, 0)), ((1, 2, 3), (0, 1, 2))])
def test_volumes_stored_in_another_order(tmp_path, axes, order):
    words = [(64 + 4 * place, "i", axis) for place, axis in enumerate(axes)]
    stored = STACK.astype("f4").transpose(order)
    (tmp_path / "a.map").write_bytes(mrc_bytes(stored, 2, words=words))
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(stored, 2, words=[*words, (88, "i", 1)]))
    (tmp_path / "a.st").write_bytes(mrc_bytes(stored, 2, words=words))
    np.testing.assert_array_equal(read(tmp_path / "a.map").data, STACK)
    np.testing.assert_array_equal(read(tmp_path / "a.mrc").data, STACK)
    np.testing.assert_array_equal(read_contents(tmp_path / "a.st").data, stored)


def test_the_stamp_decides_where_both_byte_orders_may_be(tmp_path):
    stack = RANDOM.integers(0, 100, (1, 256, 256)).astype("i1")
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(stack, 0, ">"))
    np.testing.assert_array_equal(read_contents(tmp_path / "a.mrc").data, stack)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed(tmp_path, suffix, pack):
    path = tmp_path / f"a.mrc{suffix}"
    packed = pack(mrc_bytes(STACK.astype("f4"), 2))
    path.write_bytes(packed)
    (tmp_path / "a.rawtlt").write_text("-1\n0\n1\n")
    series = read(path)
    np.testing.assert_array_equal(series.projections, STACK)
    assert series.name == "a"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(IncompleteFile, match=r"a\.mrc"):
        read(path)


def test_voxel_size_in_angstrom(tmp_path):
    cell = tuple((40 + 4 * axis, "f", size) for axis, size in enumerate((10.0, 8.0, 12.0)))
    grid = tuple((28 + 4 * axis, "i", size) for axis, size in enumerate((5, 4, 3)))
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(STACK.astype("f4"), 2, words=cell + grid))
    volume = read(tmp_path / "a.mrc")
    assert volume.voxel_size_nm == pytest.approx(0.2)
    assert volume.metadata["voxel_sizes_zyx_nm"] == pytest.approx([0.4, 0.2, 0.2])


def test_a_stack_that_ends_early_names_both_sizes(tmp_path):
    whole = mrc_bytes(STACK.astype("i2"), 1)
    (tmp_path / "a.mrc").write_bytes(whole[:-1])
    with pytest.raises(IncompleteFile, match=f"{len(whole)} bytes.*{len(whole) - 1}"):
        read(tmp_path / "a.mrc")


@pytest.mark.parametrize("n_in_header", [0, 1, 3, 77])
def test_growing_stack(tmp_path, n_in_header):
    path = tmp_path / "a.mrc"
    whole = mrc_bytes(STACK.astype("i2"), 1, n_sections=n_in_header)
    path.write_bytes(whole[:-7])  # two sections and a part of the third
    (tmp_path / "a.rawtlt").write_text("-10\n")
    contents = read_complete_sections(path)
    np.testing.assert_array_equal(contents.data, STACK[:2])
    np.testing.assert_array_equal(contents.tilt_angles, [-10, np.nan])
    assert contents.metadata["sections_in_header"] == n_in_header
    (tmp_path / "a.rawtlt").write_text("-10\n0\n10\n")
    path.write_bytes(whole)
    contents = read_complete_sections(path, first=2)
    np.testing.assert_array_equal(contents.data, STACK[2:])
    np.testing.assert_array_equal(contents.tilt_angles, [10])
    assert contents.metadata["sections_complete"] == 3
    assert read_complete_sections(path, first=3).data.shape == (0, 4, 5)


def test_growing_stack_with_its_header_in_part(tmp_path):
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(STACK.astype("i2"), 1)[:500])
    with pytest.raises(IncompleteFile, match="1024 bytes.*500"):
        read_complete_sections(tmp_path / "a.mrc")


def test_angles_of_the_wrong_number_are_refused(tmp_path):
    (tmp_path / "a.mrc").write_bytes(mrc_bytes(STACK.astype("i2"), 1))
    (tmp_path / "a.rawtlt").write_text("1\n2\n")
    with pytest.raises(MissingMetadata, match=r"3 images.*a\.rawtlt has 2 angles.*--angles"):
        read(tmp_path / "a.mrc")
    assert isinstance(read(tmp_path / "a.mrc", angles=[1, 2, 3]), TiltSeries)
    assert isinstance(read(tmp_path / "a.mrc", axes="zyx"), Volume)
