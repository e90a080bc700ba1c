"""Bruker's BCF: the electron image of an EDS map."""

from pathlib import Path

from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.vendor import choose_signal, read_signals


def read(path: Path, options: ReadOptions) -> Contents:
    """Read the electron image; its spectra are passed over.

    Raises
    ------
    FileError
        When the file cannot be read.
    """
    signal = choose_signal(path, read_signals(path, "bruker", select_type="image"), options.dataset)
    data, kind = ordered(path, signal.data, options.axes, "?yx")
    metadata = {"original": signal.original, **signal.edges}
    return Contents(data=data, kind=kind, pixel_size_nm=signal.pixel_size_nm, name=path.stem, metadata=metadata)
