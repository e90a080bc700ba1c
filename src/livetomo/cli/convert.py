"""``livetomo convert``: one file format into another, with everything that is known."""

from pathlib import Path
from typing import Annotated

import typer

from livetomo.cli import options


def command(
    source: Annotated[Path, typer.Argument(metavar="IN", help="File, or folder with one file per tilt.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File to write; its suffix chooses the format.")],
    angles: options.Angles = None,
    tilt_axis: options.TiltAxis = None,
    flip_angles: options.FlipAngles = False,
    axes: options.AxesOrder = None,
    dataset: options.Dataset = None,
    shape: options.Shape = None,
    dtype: options.DType = None,
    offset_bytes: options.OffsetBytes = 0,
    pixel_size_nm: options.PixelSize = None,
) -> None:
    """Convert a tilt series or a volume to MRC, TIFF, HDF5, EMD, NPY or XDMF."""
    from livetomo.formats import check_target, read, write

    check_target(target, (source,))
    contents = read(
        source,
        angles=angles,
        tilt_axis=options.parsed_tilt_axis(tilt_axis),
        flip_angles=flip_angles,
        axes=axes,
        dataset=dataset,
        shape=options.parsed_shape(shape),
        dtype=dtype,
        offset_bytes=offset_bytes,
        pixel_size_nm=pixel_size_nm,
    )
    write(contents, target)
    typer.echo(f"{contents!r} → {target}")
