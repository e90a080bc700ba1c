"""TIFF, images, MATLAB, XDMF, NumPy archives, DM calibration, folders and descriptions."""

import gzip
import json
from dataclasses import replace

import h5py
import imageio.v3 as imageio
import numpy as np
import pytest
import scipy.io
import tifffile

from livetomo.errors import FileError, IncompleteFile, MissingMetadata
from livetomo.formats import describe, digital_micrograph, read, read_contents, vendor, write
from livetomo.model import TiltSeries, Volume

RANDOM = np.random.default_rng(0)
STACK = RANDOM.integers(0, 200, (4, 5, 6)).astype(np.uint8)
ANGLES = [-20.0, -5.5, 3.0, 40.0]


@pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits", "zstd"])
def test_big_tiff_and_compressed_tiff(tmp_path, compression):
    tifffile.imwrite(tmp_path / "a.tif", STACK, bigtiff=True, photometric="minisblack", compression=compression)
    np.testing.assert_array_equal(read(tmp_path / "a.tif").data, STACK)
    packed = gzip.compress((tmp_path / "a.tif").read_bytes())
    (tmp_path / "a.tif.gz").write_bytes(packed)
    np.testing.assert_array_equal(read(tmp_path / "a.tif.gz").data, STACK)


def test_damaged_lzw_is_refused_with_the_file_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, compression="lzw", photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        start = tiff.pages[0].dataoffsets[0]
    raw = bytearray((tmp_path / "a.tif").read_bytes())
    raw[start : start + 20] = b"\xff" * 20
    (tmp_path / "a.tif").write_bytes(raw)
    with pytest.raises(FileError, match=r"a\.tif: cannot be read as TIFF"):
        read(tmp_path / "a.tif")


def test_a_tiff_that_lacks_its_last_page(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for image in STACK:
            writer.write(image, contiguous=False, photometric="minisblack")
    raw = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(raw[: len(raw) * 3 // 4])
    with pytest.raises(IncompleteFile, match=r"a\.tif"):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("odd", [STACK[1, :2], STACK[1].astype(np.float32)])
def test_a_tiff_page_unlike_the_others_is_named(tmp_path, odd):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for image in [*STACK[[0] * 5], odd, *STACK[[0] * 5]]:
            writer.write(image, contiguous=False, metadata=None, photometric="minisblack")
    with pytest.raises(FileError, match="pages of 5 × 6 uint8 .* page 5 of . × 6 .*one size and type"):
        read(tmp_path / "a.tif")


def test_tiff_images_written_one_by_one_are_a_stack(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for image in STACK:
            writer.write(image, photometric="minisblack", contiguous=False)
    np.testing.assert_array_equal(read(tmp_path / "a.tif").data, STACK)
    np.testing.assert_array_equal(read(tmp_path / "a.tif", dataset="2").data[0], STACK[2])


@pytest.mark.parametrize(("grey_size", "expected"), [((2, 2), (1, 5, 6)), ((4, 5), (1, 4, 5))])
def test_tiff_in_colour_gives_way_to_grey_that_is_no_thumbnail(tmp_path, grey_size, expected):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(np.zeros((5, 6, 3), np.uint8), photometric="rgb", metadata=None)
        writer.write(np.zeros(grey_size, np.uint8), photometric="minisblack", metadata=None)
    assert read(tmp_path / "a.tif").data.shape == expected


def test_tiff_colour_becomes_luminance(tmp_path):
    colour = RANDOM.integers(0, 200, (5, 6, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", colour, photometric="rgb")
    imageio.imwrite(tmp_path / "a.png", colour)
    expected = colour @ [0.2126, 0.7152, 0.0722]
    for name in ("a.tif", "a.png"):
        volume = read(tmp_path / name)
        np.testing.assert_allclose(volume.data[0], expected, rtol=1e-6)
        assert "luminance" in volume.metadata["note"]


def test_tiff_series_of_channels_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((3, 4, 8, 8), np.uint8), metadata={"axes": "CZYX"})
    with pytest.raises(FileError, match="C 3, Z 4, Y 8, X 8"):
        read(tmp_path / "a.ome.tif")


def test_ome_pixel_size(tmp_path):
    size = {"axes": "ZYX", "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "Å"}
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK, metadata=size)
    assert read(tmp_path / "a.ome.tif").voxel_size_nm == pytest.approx(0.025)


def test_imagej_escapes_its_units(tmp_path):
    for unit, edge_nm in (("\\u00B5m", 500), ("\\u00C5", 0.05)):
        tifffile.imwrite(
            tmp_path / "a.tif", STACK, imagej=True, resolution=(2, 2), metadata={"unit": unit, "axes": "ZYX"}
        )
        assert read(tmp_path / "a.tif").voxel_size_nm == pytest.approx(edge_nm)


@pytest.mark.parametrize(("mode", "edge_nm"), [("MAG", pytest.approx(25.4e6 / 3629 / 150_000)), ("DIFF", None)])
def test_jeol_pixel_size_is_that_of_the_camera_over_the_magnification(tmp_path, mode, edge_nm):
    said = f"<ModeString>{mode}</ModeString><SelectorValue>150000</SelectorValue>"
    text = f"<TemReporter><ImageFormingSystem>{said}</ImageFormingSystem></TemReporter>"
    resolution = {"resolution": (3629, 3629), "resolutionunit": "INCH"}
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], description=text, metadata=None, **resolution)
    assert read(tmp_path / "a.tif").voxel_size_nm == edge_nm


def test_a_zip_with_several_files_asks_which(shared_data):
    with pytest.raises(FileError, match="holds 5 files.*--dataset.*FEI-Helios-navcam.tif"):
        read(shared_data / "formats/tiff/tiff_FEI_Helios.zip")


def test_png_in_part(tmp_path):
    imageio.imwrite(tmp_path / "a.png", STACK[0])
    np.testing.assert_array_equal(read(tmp_path / "a.png").data[0], STACK[0])
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:-5])
    with pytest.raises(IncompleteFile, match="no end"):
        read(tmp_path / "a.png")


def test_matlab_with_angles_inside_and_in_another_order(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"images": STACK.transpose(1, 2, 0), "angle": ANGLES, "note": "hello"})
    series = read(tmp_path / "a.mat", axes="yxt")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_matlab_73(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["scan/projections"] = STACK  # MATLAB's (x, y, tilt) lies in the file as (tilt, y, x)
        file["tilts"] = np.array(ANGLES)[:, np.newaxis]
        file["#refs#/a"] = STACK  # what cells point to
    raw = bytearray((tmp_path / "a.mat").read_bytes())
    raw[:19] = b"MATLAB 7.3 MAT-file"
    (tmp_path / "a.mat").write_bytes(raw)
    series = read(tmp_path / "a.mat")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_matlab_struct(tmp_path):
    inner = {"angles": ANGLES, "sample": "FePt"}
    scipy.io.savemat(tmp_path / "a.mat", {"scan": {"images": STACK.transpose(2, 1, 0), "stage": inner}})
    series = read(tmp_path / "a.mat", dataset="scan.images")
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)


def test_npz(tmp_path):
    np.savez(tmp_path / "a.npz", images=STACK, tilt_angles=ANGLES, notes=np.array({"a": 1}, dtype=object))
    np.testing.assert_array_equal(read(tmp_path / "a.npz").tilt_angles, ANGLES)


@pytest.mark.parametrize("other", [{"tilt_shifts": np.zeros((4, 2))}, {"tilt_axis": [0.0, 1, 0]}, {"alpha": [1.0] * 9}])
def test_npz_with_other_arrays_that_speak_of_tilts(tmp_path, other):
    np.savez(tmp_path / "a.npz", images=STACK, **other, tilts=ANGLES)
    np.testing.assert_array_equal(read(tmp_path / "a.npz").tilt_angles, ANGLES)


def test_npz_and_matlab_say_which_axis_has_as_many_entries_as_there_are_angles(tmp_path):
    np.savez(tmp_path / "a.npz", images=STACK.transpose(1, 2, 0), tilt_angles=ANGLES)
    with pytest.raises(MissingMetadata, match="5 images but a.npz gives 4.*--axes yxt"):
        read(tmp_path / "a.npz")
    scipy.io.savemat(tmp_path / "a.mat", {"images": STACK, "angle": ANGLES})
    with pytest.raises(MissingMetadata, match="6 images but a variable in the file gives 4.*--axes tyx"):
        read(tmp_path / "a.mat")
    np.save(tmp_path / "b.npy", STACK)
    (tmp_path / "b.tlt").write_text("1\n2\n3\n")
    with pytest.raises(MissingMetadata, match="4 images but b.tlt has 3 angles.*--axes zyx"):
        read(tmp_path / "b.npy")


@pytest.mark.parametrize(("form", "text"), [("Binary", "a.bin"), ("XML", " ".join(map(str, STACK.ravel())))])
def test_xdmf_with_its_array_elsewhere(tmp_path, form, text):
    (tmp_path / "a.bin").write_bytes(b"12" + STACK.tobytes())
    item = f'<DataItem Dimensions="4 5 6" NumberType="UChar" Precision="1" Format="{form}" Seek="2">{text}</DataItem>'
    (tmp_path / "a.xdmf").write_text(
        f"<Xdmf><Domain><Grid><Attribute Name='s'>{item}</Attribute></Grid></Domain></Xdmf>"
    )
    np.testing.assert_array_equal(read(tmp_path / "a.xdmf").data, STACK)


def test_dm_stack_with_tilts_in_its_calibration(shared_data, tmp_path):
    pytest.importorskip("rsciio")
    raw = (shared_data / "formats/dm/dmTest_3D_int16_64,65,66.dm3").read_bytes()
    micrometre, degree = "um".encode("utf-16-le"), "° ".encode("utf-16-le")
    (tmp_path / "a.dm3").write_bytes(raw.replace(micrometre, degree))
    np.testing.assert_allclose(read(tmp_path / "a.dm3").tilt_angles, 4 * np.arange(66.0))


def test_dm_stack_with_as_many_images_as_its_tags_plan(shared_data):
    pytest.importorskip("rsciio")
    file = shared_data / "needle/DM_Series_Test/BF_001.dm3"  # one of a series planned from -72 to 72 by 3 degrees
    (signal,) = vendor.read_signals(file, "digitalmicrograph")
    stack = replace(signal, data=np.zeros((49, 2, 2)), axes=(signal.axes[0], *signal.axes))
    np.testing.assert_array_equal(digital_micrograph._angles(stack)[0], np.arange(-72.0, 73, 3))
    assert digital_micrograph._angles(replace(stack, data=np.zeros((48, 2, 2))))[0] is None


def test_spectra_are_refused(shared_data):
    pytest.importorskip("rsciio")
    with pytest.raises(FileError, match="only spectra"):
        read(shared_data / "formats/dm/EELS_SI.dm4")


def test_folder_with_angles_in_the_tags(shared_data):
    pytest.importorskip("rsciio")
    series = read(shared_data / "needle/DM_Series_Test")
    np.testing.assert_allclose(series.tilt_angles, [-72.003033, -69.003599, -66.004165], atol=1e-5)
    assert series.pixel_size_nm == pytest.approx(19.1087, rel=1e-4)


def test_folder_with_angles_in_the_names(shared_data):
    series = read(shared_data / "cryo-sim")
    np.testing.assert_array_equal(series.tilt_angles, np.arange(-60.0, 58, 3))
    third = tifffile.imread(shared_data / "cryo-sim/TS_01_0002_-54.0.tif")
    np.testing.assert_array_equal(series.projections[2], third)


def test_folder_of_multiframe_files_keeps_every_frame(shared_data):
    series = read(shared_data / "needle/SerialEM_Multiframe_Test")
    np.testing.assert_allclose(series.tilt_angles, np.repeat([-0.000488, 5.00054, -5.00151], 2), atol=1e-6)


def test_folder_in_natural_order_with_a_file_of_angles(tmp_path):
    for number in (10, 9, 8, 11):
        imageio.imwrite(tmp_path / f"image{number}.png", STACK[number - 8])
    (tmp_path / "my tilts.txt").write_text("\n".join(map(str, ANGLES)))
    series = read(tmp_path)
    np.testing.assert_array_equal(series.projections, STACK)
    np.testing.assert_array_equal(series.tilt_angles, ANGLES)
    assert series.metadata["files"] == [f"image{number}.png" for number in (8, 9, 10, 11)]


def test_folder_with_angles_from_matlab(tmp_path):
    for number in range(4):
        imageio.imwrite(tmp_path / f"image{number}.png", STACK[number])
    scipy.io.savemat(tmp_path / "angles.mat", {"angle": ANGLES})
    np.testing.assert_array_equal(read(tmp_path).tilt_angles, ANGLES)


def test_folder_with_an_image_of_another_size(tmp_path):
    for number, image in enumerate((STACK[0], STACK[1], STACK[0, 1:])):
        imageio.imwrite(tmp_path / f"{number}.png", image)
    with pytest.raises(FileError, match=r"2\.png.*4 × 6 pixels.*5 × 6"):
        read(tmp_path)


def test_folder_where_one_file_lacks_its_angle(tmp_path):
    write(TiltSeries(STACK[:1], [3.0]), tmp_path / "a.tif")
    write(TiltSeries(STACK[:1], [4.0]), tmp_path / "b.tif")
    tifffile.imwrite(tmp_path / "c.tif", STACK[0])
    with pytest.raises(MissingMetadata, match=r"c\.tif: gives no tilt angle"):
        read(tmp_path)
    np.testing.assert_array_equal(read(tmp_path, angles=[1, 2, 3]).tilt_angles, [1, 2, 3])


def test_describe_the_needle(shared_data):
    facts = describe(shared_data / "needle/HAADF.mrc")
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["kind"], facts["shape"], facts["dtype"]) == ("tilt series", [77, 256, 256], "int16")
    assert (facts["tilt_axis_deg"], facts["tilt_axis_from"], facts["pixel_size_nm"]) == (90, "HAADF.txt", 3.36)
    assert facts["angles_from"] == "HAADF.rawtlt"
    assert facts["unknown"] == []


def test_describe_what_is_not_known(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    assert {entry["what"] for entry in describe(tmp_path / "a.npy")["unknown"]} >= {"tilt angles", "pixel size"}
    facts = describe(tmp_path / "a.npy", axes="tyx")
    assert facts["kind"] == "tilt series"
    assert [entry["option"] for entry in facts["unknown"]] == [
        "--angles FILE",
        "--pixel-size-nm NM",
        "--tilt-axis x|y|DEGREES",
    ]


def test_describe_notes_angles_that_look_like_radians(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((11, 5, 6)), theta=np.radians(np.linspace(-50, 50, 11)))
    assert "look like radians" in describe(tmp_path / "a.npz")["angles_note"]
    np.savez(tmp_path / "a.npz", images=np.zeros((11, 5, 6)), theta=np.linspace(-50, 50, 11))
    assert describe(tmp_path / "a.npz")["angles_note"] is None


def test_an_image_without_angle_is_a_thin_volume(tmp_path):
    np.save(tmp_path / "a.npy", STACK[0])
    assert isinstance(read(tmp_path / "a.npy"), Volume)
    assert read_contents(tmp_path / "a.npy").data.shape == (1, 5, 6)
    assert isinstance(read(tmp_path / "a.npy", angles=[3]), TiltSeries)
