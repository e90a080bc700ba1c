"""The bytes a microscope writes: one image in a common format, and the text files that go beside it."""

import io
import struct

import numpy as np

_MRC_MODES = {"int8": 0, "int16": 1, "float32": 2, "uint16": 6, "float16": 12}
_MRC_FALLBACKS = {"uint8": "uint16", "int32": "float32", "uint32": "float32", "float64": "float32"}


def mrc_header(
    shape_zyx: tuple[int, int, int],
    dtype: np.dtype,
    pixel_size_nm: float | None,
    tilt_axis_deg: float | None = None,
) -> bytes:
    """Make the 1024 bytes that start an MRC file of this shape and type, little-endian; the axis is in its title."""
    n_z, n_y, n_x = shape_zyx
    pixel_size_angstrom = 10 * (pixel_size_nm or 0.0)
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, n_x, n_y, n_z, _MRC_MODES[dtype.name], 0, 0, 0, n_x, n_y, max(n_z, 1))
    cell = [pixel_size_angstrom * size for size in (n_x, n_y, max(n_z, 1))]
    struct.pack_into("<6f", header, 40, *cell, 90, 90, 90)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    struct.pack_into("<3f", header, 76, 0, -1, -2)  # minimum above maximum: the statistics are not known
    header[208:216] = b"MAP \x44\x44\x00\x00"
    if tilt_axis_deg is not None:
        title = f"    Tilt axis angle = {tilt_axis_deg:g}, binning = 1".ljust(80).encode()  # as SerialEM does
        struct.pack_into("<i80s", header, 220, 1, title)
    return bytes(header)


def mrc_image(image: np.ndarray) -> np.ndarray:
    """Give the image in a type that MRC can hold, little-endian."""
    name = _MRC_FALLBACKS.get(image.dtype.name, image.dtype.name)
    return np.ascontiguousarray(image, np.dtype(name).newbyteorder("<"))


def encode(
    image: np.ndarray, file_format: str, pixel_size_nm: float | None, tilt_axis_deg: float | None = None
) -> bytes:
    """Give the whole file of one (y, x) image as ``mrc``, which tells the tilt axis, ``tiff`` or ``npy``."""
    stream = io.BytesIO()
    if file_format == "mrc":
        values = mrc_image(image)
        stream.write(mrc_header((1, *image.shape), values.dtype, pixel_size_nm, tilt_axis_deg) + values.tobytes())
    elif file_format == "tiff":
        import tifffile

        per_centimetre = 1e7 / (pixel_size_nm or 1e7)
        unit = {"resolution": (per_centimetre, per_centimetre), "resolutionunit": "CENTIMETER"}
        tifffile.imwrite(stream, image, photometric="minisblack", **(unit if pixel_size_nm else {}))
    elif file_format == "npy":
        np.save(stream, image)
    else:
        raise ValueError(f"format: expected mrc, tiff or npy for one image a file, got {file_format!r}")
    return stream.getvalue()


def mdoc_start(image_file: str, shape_yx: tuple[int, int], pixel_size_nm: float | None) -> str:
    """Give the lines that open a SerialEM ``.mdoc`` file."""
    size = f"PixelSpacing = {10 * pixel_size_nm:g}\n" if pixel_size_nm else ""
    return f"{size}ImageFile = {image_file}\nImageSize = {shape_yx[1]} {shape_yx[0]}\n\n"


def mdoc_section(index: int, tilt_angle: float) -> str:
    """Give the lines that a SerialEM ``.mdoc`` file gains with each section."""
    return f"[ZValue = {index}]\nTiltAngle = {tilt_angle:g}\n\n"


def angle_text(tilt_angle: float) -> str:
    """Write degrees as file names do: at least one decimal, at most four."""
    text = f"{tilt_angle:.4f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
