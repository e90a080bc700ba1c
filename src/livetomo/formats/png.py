"""PNG, JPEG and BMP images; colours become luminance."""

from pathlib import Path

from livetomo.errors import IncompleteFile
from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import reading
from livetomo.formats.luminance import luminance

_ERRORS = (ValueError, SyntaxError, IndexError, KeyError, TypeError, RuntimeError, OverflowError)
_PNG_MARK, _PNG_END = b"\x89PNG", b"IEND"


def read(path: Path, options: ReadOptions) -> Contents:
    """Read one image.

    Raises
    ------
    IncompleteFile
        When a PNG file has no end yet.
    FileError
        When it is no image.
    """
    import imageio.v3 as imageio
    from PIL import Image

    with reading(path, "an image", *_ERRORS, Image.DecompressionBombError):
        raw = path.read_bytes()
        if raw.startswith(_PNG_MARK) and _PNG_END not in raw[-16:]:
            raise IncompleteFile(f"{path}: the PNG file has no end; it is still being written or was cut off")
        array = imageio.imread(raw, extension=path.suffix.lower(), plugin="pillow")
    array, note = luminance(array) if array.ndim == 3 and array.shape[-1] <= 4 else (array, "")
    data, kind = ordered(path, array, options.axes, "?yx")
    return Contents(data=data, kind=kind, name=path.stem, metadata={"note": note} if note else {})
