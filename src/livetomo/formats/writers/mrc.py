"""MRC2014: voxel size in Å, a tilt series with its angles in an FEI1 extended header and in ``.rawtlt`` beside."""

from pathlib import Path
from typing import Any

import numpy as np

from livetomo.formats.mrc import TILT_AXIS_LABEL, VOLUME_LABEL
from livetomo.formats.writers.angles import write_rawtlt
from livetomo.formats.writers.beside import written_beside
from livetomo.formats.writers.facts import array_of, pixel_size_of
from livetomo.model import TiltSeries, Volume

_KEPT = ("int8", "int16", "uint16", "float16", "float32")
_ALPHA_TILT_SET, _PIXEL_SIZE_SET = 1 << 7, 1 << 14 | 1 << 15


def write(item: TiltSeries | Volume, path: Path) -> None:
    """Write one stack or volume."""
    import mrcfile

    data = _in_a_mode_of_mrc(array_of(item))
    with written_beside(path) as part:
        with mrcfile.new(part) as file:
            file.set_data(data)
            if isinstance(item, TiltSeries):
                file.set_image_stack()
                _set_angles(file, item)
                if item.tilt_axis_origin != "assumed":
                    file.add_label(TILT_AXIS_LABEL)
            else:
                file.set_volume()
                file.add_label(VOLUME_LABEL)
            file.voxel_size = 10 * (pixel_size_of(item) or 0.0)
        if isinstance(item, TiltSeries):
            write_rawtlt(item, path)


def _in_a_mode_of_mrc(array: np.ndarray) -> np.ndarray:
    if array.dtype.name in _KEPT:
        return np.ascontiguousarray(array)
    if array.dtype == np.uint8:
        return array.astype(np.uint16)
    narrowed = array.astype(np.float32)
    if array.dtype.kind in "iub" and not np.array_equal(narrowed.astype(array.dtype), array):
        raise ValueError(f"item: MRC cannot hold all values of {array.dtype} exactly; write .h5, .emd or .npy instead")
    if np.isfinite(array).all() and not np.isfinite(narrowed).all():
        raise ValueError("item: its values are beyond what MRC's float32 can hold; write .h5, .emd or .npy instead")
    return narrowed


def _set_angles(file: Any, series: TiltSeries) -> None:
    from mrcfile.dtypes import get_ext_header_dtype

    dtype = get_ext_header_dtype(b"FEI1", "<")
    records = np.zeros(len(series), dtype)
    records["Metadata size"] = dtype.itemsize
    records["Bitmask 1"] = _ALPHA_TILT_SET | (_PIXEL_SIZE_SET if series.pixel_size_nm else 0)
    records["Alpha tilt"] = series.tilt_angles
    records["Pixel size X"] = records["Pixel size Y"] = (series.pixel_size_nm or 0.0) * 1e-9
    file.set_extended_header(records)
    file.header.exttyp = b"FEI1"
