"""One table over the real samples of every format: values as the reference library gives them, angles and sizes."""

import gzip
import io
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import h5py
import mrcfile
import numpy as np
import pytest
import scipy.io
import tifffile

from livetomo.formats import read_contents
from livetomo.formats.contents import ReadOptions
from livetomo.testing.reader_conformance import check_contents, check_reader


def from_mrcfile(path: Path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # old headers are odd to it, which is the point here
        with mrcfile.open(path, permissive=True) as file:
            return np.array(file.data)


def from_mrcfile_in_order(path: Path) -> np.ndarray:
    with mrcfile.open(path) as file:
        numbers = [int(file.header[name]) for name in ("maps", "mapr", "mapc")]
        return np.array(file.data).transpose([numbers.index(axis) for axis in (3, 2, 1)])


def from_tifffile(path: Path, series: int = 0) -> np.ndarray:
    if path.suffix == ".gz":
        return tifffile.imread(io.BytesIO(gzip.decompress(path.read_bytes())))
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return tifffile.imread(io.BytesIO(archive.read(archive.namelist()[0])))
    return tifffile.imread(path, series=series)


def from_rsciio(plugin: str, path: Path) -> np.ndarray:
    module = pytest.importorskip(f"rsciio.{plugin}")
    return np.asarray(module.file_reader(str(path))[0]["data"])


def from_h5py(place: str, path: Path) -> np.ndarray:
    with h5py.File(path) as file:
        return file[place][()]


def from_velox(path: Path) -> np.ndarray:
    with h5py.File(path) as file:
        return np.moveaxis(next(iter(file["Data/Image"].values()))["Data"][()], -1, 0)


def from_matlab(variable: str, path: Path) -> np.ndarray:
    return scipy.io.loadmat(path)[variable].transpose(2, 1, 0)


@dataclass(frozen=True)
class Sample:
    file: str
    reference: Callable[[Path], np.ndarray]
    shape: tuple[int, ...]
    pixel_size_nm: float | None = None
    angles: tuple[float, ...] | None = None
    tilt_axis_deg: float | None = None
    options: ReadOptions = ReadOptions()


dm, tia, bruker, prz = (partial(from_rsciio, name) for name in ("digitalmicrograph", "tia", "bruker", "pantarhei"))
multiframe = partial(Sample, reference=from_mrcfile, shape=(2, 1024, 1024), pixel_size_nm=0.788, tilt_axis_deg=-90)
SAMPLES = [
    Sample("needle/HAADF.mrc", from_mrcfile, (77, 256, 256), 3.36, tuple(np.arange(-76.0, 77, 2)), 90),
    multiframe("needle/SerialEM_Multiframe_Test/test_000.mrc", angles=(-0.000488, -0.000488)),
    multiframe("needle/SerialEM_Multiframe_Test/test_001.mrc", angles=(5.00054, 5.00054)),
    multiframe("needle/SerialEM_Multiframe_Test/test_002.mrc", angles=(-5.00151, -5.00151)),
    Sample("formats/mrc/EMD-3001.map", from_mrcfile_in_order, (73, 25, 43), 0.044825),
    Sample("formats/mrc/EMD-3197.map", from_mrcfile, (20, 20, 20), 1.14),
    Sample("formats/mrc/emd_3197.map.gz", from_mrcfile, (20, 20, 20), 1.14),
    Sample("formats/mrc/HAADFscan.mrc", from_mrcfile, (1, 16, 16), 5.679131, (0.008116119,)),
    Sample("formats/mrc/fei1_ext_crop256.mrc", from_mrcfile, (1, 256, 256), 0.085377552, (0.00427435395,)),
    Sample("formats/mrc/ncempy_temp.mrc", from_mrcfile, (3, 128, 128), 0.2),
    Sample("formats/mrc/20241021_00405_movie.mrc", from_mrcfile, (32, 4, 8)),
    Sample(
        "catalyst-sim/Catalyst3DModel_TiltSeries180_bin2.tif",
        from_tifffile,
        (90, 300, 300),
        None,
        tuple(np.arange(0.0, 180, 2)),
    ),
    Sample("cryo-sim/TS_01_0000_-60.0.tif", from_tifffile, (1, 500, 500)),
    Sample("eels-gst/EELS_GST_4_5_ali.tif", from_tifffile, (18, 100, 75)),
    Sample("formats/tiff/JEOL-SightX-TEM-mag-dummy.tif.gz", from_tifffile, (1, 556, 556), 1.82078853, (0.1,)),
    Sample("formats/tiff/TVIPS_bin4.zip", from_tifffile, (1, 1024, 1024), 1.4208037, (-0.007,)),
    Sample("formats/tiff/olympus_SIS.tif", partial(from_tifffile, series=1), (1, 101, 112), 0.023927918),
    Sample("formats/tiff/ome.tiff", from_tifffile, (2, 6, 6)),
    Sample("formats/tiff/test_loading_image_saved_with_DM.tif", from_tifffile, (1, 68, 68), 168.674692),
    Sample("formats/tiff/test_loading_image_saved_with_DM_stack.tif", from_tifffile, (2, 68, 68), 168.674007),
    Sample("formats/tiff/test_loading_image_saved_with_imageJ.tif", from_tifffile, (1, 68, 68), 168.674700),
    Sample("formats/tiff/test_loading_image_saved_with_imageJ_stack.tif", from_tifffile, (2, 68, 68), 168.674700),
    Sample(
        "formats/tiff/tiff_FEI_Helios.zip",
        from_tifffile,
        (1, 471, 512),
        3372.4,
        (0.000375,),
        options=ReadOptions(dataset="FEI-Helios-Ebeam-16bits.tif"),
    ),
    Sample("needle/DM_Series_Test/BF_001.dm3", dm, (1, 128, 128), 19.1086997, (-72.003033,)),
    Sample("needle/DM_Series_Test/BF_003.dm3", dm, (1, 128, 128), 19.1086997, (-66.004165,)),
    Sample("formats/dm/Fei HAADF-DE_location.dm3", dm, (1, 4, 16), 5.50607312, (-0.000976,)),
    Sample("formats/dm/dmTest_3D_int16_64,65,66.dm3", dm, (66, 65, 64), 0.002),
    Sample("formats/dm/dmTest_3D_int16_64,65,66.dm4", dm, (66, 65, 64), 0.002),
    Sample("formats/dm/dmTest_float32_nonSquare_diffPixelSize.dm3", dm, (1, 64, 128), 1.0),
    Sample("formats/dm/dmTest_float32_nonSquare_diffPixelSize.dm4", dm, (1, 64, 128), 1.0),
    Sample("formats/dm/multi_signal.dm3", dm, (1, 512, 512), 0.01775158, (0.001952,)),
    Sample("formats/dm/test_STEM_image.dm3", dm, (1, 68, 68), 0.24853802, (24.950479,)),
    Sample("formats/dm/test_diffraction_pattern.dm3", dm, (1, 87, 87)),
    Sample("formats/dm/test_stackbuilder_imagestack.dm3", dm, (3, 2, 16), 59.982903),
    Sample("formats/dm/dtype_2D/test-7.dm4", dm, (1, 2, 2)),
    Sample("formats/ser/128x128-TEM_search_1.ser", tia, (1, 128, 128), 5.261214, (0.0,)),
    Sample("formats/ser/128x128-TEM_search.emi", tia, (1, 128, 128), 5.261214, (0.0,)),
    Sample("formats/ser/64x64x5_TEM_preview_1.ser", tia, (5, 64, 64), 6.2818336),
    Sample("formats/ser/16x16_STEM_BF_DF_acquire_2.ser", tia, (1, 16, 16), 21.510044, (0.0,)),
    Sample("formats/ser/After HAADF 130mm_1.ser", tia, (1, 1024, 1024), 3.27036119),
    Sample("formats/other/test_TEM.bcf", bruker, (1, 64, 64), 0.771004754),
    Sample("dust-eds/bcf/0.bcf", bruker, (1, 256, 256), 13.08144476),
    Sample("formats/other/panta_rhei_sample.prz", prz, (1, 16, 16), 7.795828293),
    Sample(
        "dust-eds/L2083_HAADF_EDS_16tilts_derived.emd",
        partial(from_h5py, "data/HAADF/data"),
        (16, 256, 256),
        13.0814,
        tuple(np.arange(-40.0, 36, 5)),
    ),
    Sample(
        "dust-eds/L2083_HAADF_EDS_16tilts_derived.emd",
        partial(from_h5py, "data/Fe_Ka/data"),
        (16, 256, 256),
        13.0814,
        tuple(np.arange(-40.0, 36, 5)),
        options=ReadOptions(dataset="Fe_Ka"),
    ),
    Sample("formats/emd/Acquisition_18.emd", partial(from_h5py, "data/single/data"), (1, 1024, 1024), 0.01224648),
    Sample("formats/emd/example_signal.emd", partial(from_h5py, "signals/__unnamed__/data"), (3, 3, 3)),
    Sample(
        "formats/emd/Si100_3D.emd",
        partial(from_rsciio, "emd"),
        (37, 22, 22),
        0.25,
    ),
    Sample("formats/emd/Camera Ceta Imaging Micro.emd", from_velox, (1, 512, 512), 3.13884, (-0.00017968,)),
    Sample("formats/emd/fei_example_tem_stack.emd", from_velox, (2, 3, 3), 0.00817288, (-12.58637, -12.58637)),
    Sample(
        "formats/hdf5/example2_v3.1.hspy",
        partial(from_h5py, "Experiments/test_diffraction_pattern/data"),
        (1, 16, 16),
        None,
        (10.0,),
    ),
    Sample("formats/hdf5/simple_signal.nxs", partial(from_h5py, "entry1/rocks/data"), (15, 40, 40)),
    Sample(
        "formats/hdf5/tooth_xray_dataexchange.h5",
        partial(from_h5py, "exchange/data"),
        (181, 2, 640),
        None,
        tuple(np.linspace(0, 179.00552, 181)),
    ),
    Sample("formats/ser/64x64_TEM_images_acquire.npy", np.load, (1, 64, 64)),
    Sample(
        "fept-sim/projections_FePt.npy",
        lambda path: np.load(path).transpose(2, 1, 0),
        (37, 68, 68),
        None,
        tuple(np.arange(-90.0, 91, 5)),
        options=ReadOptions(axes="xyt"),
    ),
    Sample(
        "fept-sim/projections_FePt_misaligned.mat",
        partial(from_matlab, "misaligned_pj"),
        (37, 68, 68),
        None,
        tuple(np.arange(-90.0, 91, 5)),
    ),
    Sample("fept-sim/support_FePt.mat", partial(from_matlab, "support"), (110, 110, 110)),
    Sample("ta-film/ReconObj_sub8.mat", partial(from_matlab, "reconstruction"), (131, 61, 131)),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.file}:{sample.options.dataset or ''}")
def test_sample(sample: Sample, shared_data: Path):
    path = shared_data / sample.file
    read = partial(read_contents, options=sample.options)
    contents = read(path)
    check_contents(path, contents)
    expected = sample.reference(path)
    np.testing.assert_array_equal(contents.data, expected.reshape(sample.shape))
    assert contents.data.dtype == expected.dtype.newbyteorder("=")
    assert contents.pixel_size_nm == (sample.pixel_size_nm and pytest.approx(sample.pixel_size_nm, rel=1e-5))
    assert contents.tilt_axis_deg == sample.tilt_axis_deg
    if sample.angles is None:
        assert contents.tilt_angles is None
    else:
        np.testing.assert_allclose(contents.tilt_angles, sample.angles, atol=1e-5)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if "dtype" not in s.file], ids=lambda sample: sample.file)
def test_reader_keeps_the_rules(sample: Sample, shared_data: Path, tmp_path: Path):
    path = shared_data / sample.file
    if path.stat().st_size > 4_000_000:
        pytest.skip("the same reader is checked on a smaller file")
    check_reader(path, tmp_path, partial(read_contents, options=sample.options))


def test_ta_film(shared_data: Path):
    for area in ("8", "12"):
        contents = read_contents(shared_data / f"ta-film/Projections_area{area}.mat")
        np.testing.assert_array_equal(
            contents.data, from_matlab("Proj_sub", shared_data / f"ta-film/Projections_area{area}.mat")
        )
        table = scipy.io.loadmat(shared_data / "ta-film/angles.mat")["angle"]
        np.testing.assert_array_equal(contents.tilt_angles, table[:, 1])
        assert contents.data.shape == (46, 61, 131)
