"""``livetomo replay``: a recorded series written into a folder as if it were being acquired now."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from livetomo.cli import options
from livetomo.errors import MissingMetadata


def command(
    source: Annotated[Path, typer.Argument(metavar="SERIES", help="Recorded tilt series: a file or a folder.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files appear; made when missing.")],
    interval: Annotated[float, typer.Option(metavar="SECONDS", help="From one projection to the next.")] = 1.0,
    format: Annotated[
        Literal["mrc", "tiff", "growing-mrc"], typer.Option(help="One file for each tilt, or one stack that grows.")
    ] = "mrc",
    order: Annotated[Literal["as-is", "shuffled"], typer.Option(help="Order in which the tilts come.")] = "as-is",
    angles: options.Angles = None,
    tilt_axis: options.TiltAxis = None,
    axes: options.AxesOrder = None,
    dataset: options.Dataset = None,
    shape: options.Shape = None,
    dtype: options.DType = None,
    offset_bytes: options.OffsetBytes = 0,
) -> None:
    """Replay a tilt series into a folder, one projection after the other, with the images as they were recorded."""
    from livetomo.formats.read import make_options, read_contents, tilt_axis_of
    from livetomo.model import TiltSeries
    from livetomo.sim.microscope import replay

    said = make_options(
        angles=angles,
        tilt_axis=options.parsed_tilt_axis(tilt_axis),
        axes=axes,
        dataset=dataset,
        shape=options.parsed_shape(shape),
        dtype=dtype,
        offset_bytes=offset_bytes,
    )
    contents = read_contents(source, said)
    if contents.tilt_angles is None:
        raise MissingMetadata(f"{source}: it gives no tilt angles: give them with --angles FILE (one angle a line)")
    axis_deg, origin = tilt_axis_of(contents, said)
    series = TiltSeries(contents.data, contents.tilt_angles, contents.pixel_size_nm, name=contents.name)
    for written in replay(series, folder, interval, format, order, None if origin == "assumed" else axis_deg):
        typer.echo(f"{written.closed_at:.3f} {written.tilt_angle:+.2f} {written.name}")
