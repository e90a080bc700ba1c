"""Options that several commands share, with one help text each."""

import ast
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

Angles = Annotated[
    Path | None,
    typer.Option(
        help="Tilt angles: text with one a line in degrees (.rawtlt, .tlt, .csv, …), .mdoc, .aln, .mat or .npy."
    ),
]
TiltAxis = Annotated[
    str | None,
    typer.Option(
        metavar="x|y|DEGREES", help="Where the tilt axis lies in the file's images; default: as the file says."
    ),
]
FlipAngles = Annotated[bool, typer.Option("--flip-angles", help="Count the tilt angles the other way round.")]
Bin = Annotated[int, typer.Option(metavar="N", help="Average blocks of N × N pixels.")]
Align = Annotated[str, typer.Option(metavar="none|com", help="Alignment: none, or centre of mass.")]
Background = Annotated[
    Literal["auto", "keep"],
    typer.Option(metavar="auto|keep", help="Subtract the level of the empty field, or keep values as they are."),
]
HotPixels = Annotated[
    Literal["remove", "keep"],
    typer.Option(metavar="remove|keep", help="Single pixels far brighter than all around them: remove or keep them."),
]
Method = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Reconstruction method: sirt, wbp, auto, fista, fista-tv, asd-pocs, huber, cgls, …"
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A setting of the method, such as damping=0; give more by more --set."
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write; its suffix chooses the format.")]
AxesOrder = Annotated[
    str | None, typer.Option("--axes", help="Order of the file's axes, slowest first, such as tyx or xyt.")
]
Dataset = Annotated[
    str | None,
    typer.Option(
        help="Which of several: path in HDF5, variable in .mat, detector in Velox, number in TIFF, file in .zip."
    ),
]
Shape = Annotated[str | None, typer.Option(help="Raw binary: sizes, slowest first, such as 77,256,256.")]
DType = Annotated[str | None, typer.Option(help="Raw binary: NumPy type such as <i2.")]
OffsetBytes = Annotated[
    int, typer.Option("--offset-bytes", metavar="N", help="Raw binary: bytes before the first value.")
]
PixelSize = Annotated[float | None, typer.Option("--pixel-size-nm", help="Pixel size in nm, over what the file says.")]

_WORDS = {"true": True, "yes": True, "false": False, "no": False, "none": None}


def parsed_tilt_axis(text: str | None) -> str | float | None:
    """Turn ``x``, ``y`` or a number of degrees into what readers take.

    Raises
    ------
    ValueError
        When it is neither.
    """
    if text is None or text in {"x", "y"}:
        return text
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"--tilt-axis: expected x, y or degrees, got {text!r}") from None


def parsed_align(text: str) -> Literal["none", "com"]:
    """Check the name of an alignment.

    Raises
    ------
    ValueError
        When there is none of that name.
    """
    if text not in {"none", "com"}:
        raise ValueError(f"--align: expected none or com, got {text!r}")
    return "com" if text == "com" else "none"


def parsed_settings(words: list[str] | None) -> dict[str, Any]:
    """Turn ``damping=0``, ``window=hann``, ``positivity=no`` or ``tilts_per_subset=none`` into settings.

    Raises
    ------
    ValueError
        When a word names no setting or gives it no value.
    """
    settings = {}
    for word in words or ():
        name, _, value = word.partition("=")
        if not name.strip() or not value.strip():
            raise ValueError(f"--set: expected NAME=VALUE such as damping=0, got {word!r}")
        settings[name.strip()] = _value(value.strip())
    return settings


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def parsed_turned(degrees: float | None, series: Path | None, series_option: str) -> float:
    """Give by how many degrees the specimen was turned between two series; 90 when nobody said.

    Raises
    ------
    ValueError
        When it was said, but there is no other series.
    """
    if degrees is not None and series is None:
        raise ValueError(f"--turned: expected only together with {series_option}, got {degrees:g} without it")
    return 90.0 if degrees is None else degrees


def parsed_shape(text: str | None) -> tuple[int, ...] | None:
    """Turn ``77,256,256`` into sizes.

    Raises
    ------
    ValueError
        When a part is not a whole number.
    """
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        raise ValueError(f"--shape: expected sizes such as 77,256,256, got {text!r}") from None
