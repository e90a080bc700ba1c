"""CEOS Panta Rhei's PRZ."""

import zipfile
from pathlib import Path

from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import reading
from livetomo.formats.vendor import choose_signal, read_signals


def read(path: Path, options: ReadOptions) -> Contents:
    """Read an image or a stack; the tilts of a stack from its calibration when that is an angle.

    Raises
    ------
    FileError
        When the file cannot be read.
    """
    with reading(path, "PRZ"), zipfile.ZipFile(path):
        pass  # NumPy, which RosettaSciIO reads it with, would leave a broken archive open
    signal = choose_signal(path, read_signals(path, "pantarhei"), options.dataset)
    data, kind = ordered(path, signal.data, options.axes, "?yx")
    angles = signal.stack_angles
    return Contents(
        data=data,
        kind="projections" if angles is not None and kind == "unknown" else kind,
        tilt_angles=angles,
        angles_from="PRZ calibration" if angles is not None else "",
        pixel_size_nm=signal.pixel_size_nm,
        name=path.stem,
        metadata={"original": signal.original, **signal.edges},
    )
