"""``livetomo reconstruct``: a tilt series into a volume, with a progress bar and one line at the end."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from livetomo.cli import options
from livetomo.errors import MissingMetadata

if TYPE_CHECKING:
    from livetomo.model import TiltSeries
    from livetomo.pipeline import Chain


def command(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="Tilt series: a file, or a folder of one per tilt.")],
    output: options.Output,
    angles: options.Angles = None,
    tilt_axis: options.TiltAxis = None,
    flip_angles: options.FlipAngles = False,
    axes: options.AxesOrder = None,
    dataset: options.Dataset = None,
    shape: options.Shape = None,
    dtype: options.DType = None,
    offset_bytes: options.OffsetBytes = 0,
    bin: options.Bin = 1,
    align: Annotated[
        str | None,
        typer.Option(metavar="none|com", help="Alignment; default: com, none where the file carries shifts."),
    ] = None,
    background: options.Background = "auto",
    hot_pixels: options.HotPixels = "remove",
    method: options.Method = "sirt",
    settings: options.Settings = None,
    sweeps: Annotated[int | None, typer.Option(help="Sweeps over all tilts; default: until converged.")] = None,
    stopping: Annotated[
        Literal["noise", "held-out"] | None,
        typer.Option(metavar="noise|held-out", help="Stop at the noise, or when tilts left out are explained best."),
    ] = None,
    field_of_view: Annotated[
        float, typer.Option(help="Width of the grid over the detector's; above 1 when the object is wider.")
    ] = 1.0,
    pixel_size_nm: options.PixelSize = None,
    leave_out: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Tilts that do not count, the first is 0, such as 3,17-20.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights from 0 to 1: text, one a tilt; or .npy, (tilt) or (tilt, y, x).")
    ] = None,
    second: Annotated[
        Path | None, typer.Option(metavar="INPUT", help="Dual axis: the series with the specimen turned in its plane.")
    ] = None,
    turned: Annotated[
        float | None, typer.Option(metavar="DEGREES", help="By how much it was turned, from x to y; default: 90.")
    ] = None,
    second_angles: Annotated[Path | None, typer.Option(help="Tilt angles of the second series, as --angles.")] = None,
) -> None:
    """Reconstruct a volume from a tilt series, or from two about different axes."""
    from livetomo.algorithms.reconstruct import method_named, reconstruct
    from livetomo.cli.weights import expect_numbers, weighed
    from livetomo.formats import check_target, write
    from livetomo.model import join
    from livetomo.pipeline import preparation

    turned_deg = options.parsed_turned(turned, second, "--second")
    method_settings = options.parsed_settings(settings)
    chosen = method_named(method, **method_settings)  # refuses before anything is read what the method does not have
    _check(align, sweeps, stopping, second, second_angles)
    check_target(output, (source, second))
    started = time.perf_counter()
    what_the_user_says = {
        "tilt_axis": options.parsed_tilt_axis(tilt_axis),
        "flip_angles": flip_angles,
        "axes": axes,
        "dataset": dataset,
        "shape": options.parsed_shape(shape),
        "dtype": dtype,
        "offset_bytes": offset_bytes,
        "pixel_size_nm": pixel_size_nm,
    }
    series = weighed(_read_series(source, angles=angles, **what_the_user_says), weights, leave_out)
    expect_numbers(series, source)
    chain = preparation(bin=bin, background=background, hot_pixels=hot_pixels)
    series = _prepared(series, chain, align, second is not None)
    if second is not None:
        other = _read_series(second, angles=second_angles, **what_the_user_says)
        expect_numbers(other, second)
        other = _prepared(other, chain, align, True)
        series = join([series, other], [0.0, turned_deg])
    with _Progress(sweeps) as progress:
        volume = reconstruct(
            series,
            method=method,
            sweeps=sweeps,
            field_of_view=field_of_view,
            background=background,
            progress=progress.show,
            stopping=stopping,
            **method_settings,
        )
    write(volume, output)
    if choice := volume.metadata.get("chose"):
        typer.echo(f"livetomo: {method} chose {choice['method']}: {choice['reason']}", err=True)
    if sweeps is None and not chosen.is_direct:
        typer.echo(f"livetomo: {volume.metadata['stopped_because']}", err=True)
    typer.echo(
        f"residual={volume.metadata['residual']:.4f} sweeps={volume.metadata['sweeps']} "
        f"seconds={time.perf_counter() - started:.1f} output={output}"
    )


def _check(
    align: str | None, sweeps: int | None, stopping: str | None, second: Path | None, second_angles: Path | None
) -> None:
    """Refuse what would be passed over in silence."""
    if align is not None:
        options.parsed_align(align)
    if sweeps is not None and stopping is not None:
        raise ValueError(
            f"--stopping: expected without --sweeps, which says itself when to stop; got {stopping} and {sweeps} sweeps"
        )
    if second_angles is not None and second is None:
        raise ValueError(f"--second-angles: expected only together with --second, got {second_angles} without it")


def _read_series(source: Path, **what_the_user_says: Any) -> "TiltSeries":
    from livetomo.formats import read
    from livetomo.model import TiltSeries

    series = read(source, **what_the_user_says)
    if isinstance(series, TiltSeries):
        return series
    note = f"; {series.metadata['note']}" if "note" in series.metadata else ""
    raise MissingMetadata(
        f"{source}: expected a tilt series, but the file gives no tilt angles for its {len(series.data)} images: "
        f"give them with --angles FILE (one angle a line, degrees){note}"
    )


def _prepared(series: "TiltSeries", chain: "Chain", align_method: str | None, is_to_join: bool) -> "TiltSeries":
    import numpy as np

    from livetomo.algorithms.align import align, centre_along_axis
    from livetomo.pipeline import prepare_series

    series = prepare_series(series, chain)
    if align_method is None:
        align_method = "com" if not np.any(series.shifts_px) else "none"
    series = align(series, align_method, background="keep")  # the chain has seen to it
    return centre_along_axis(series) if is_to_join and align_method == "com" else series


class _Progress:
    """A progress bar on the error stream, only where a person looks at it."""

    def __init__(self, sweeps: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("starting", total=sweeps)

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, sweeps: int, total: int | None, residual: float) -> None:
        """Move the bar and name the residual."""
        self._bar.update(self._task, completed=sweeps, total=total, description=f"residual {residual:.4f}")
