"""``livetomo live``: watch a folder, reconstruct while it fills, show it in a browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livetomo.cli import options

if TYPE_CHECKING:
    from livetomo.cli.terminal import Terminal
    from livetomo.cli.viewer_process import ViewerSettings
    from livetomo.live.settings import LiveSettings
    from livetomo.live.viewer import ViewerLink

WHILE_WATCHED_S = 12 * 3600.0


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder the microscope writes into; it may appear later.")
    ],
    pattern: Annotated[str | None, typer.Option(metavar="GLOB", help="Which files, such as 'series3_*.dm4'.")] = None,
    angles: Annotated[
        Path | None, typer.Option(help="Table of tilt angles: one a line in the order of the files, or name and angle.")
    ] = None,
    angle_pattern: Annotated[
        str | None,
        typer.Option(
            metavar="RE", help="Where the angle stands in a file's name: a regular expression with (?P<angle>…)."
        ),
    ] = None,
    tilt_axis: options.TiltAxis = None,
    flip_angles: options.FlipAngles = False,
    bin: options.Bin = 1,
    align: options.Align = "com",
    background: options.Background = "auto",
    hot_pixels: options.HotPixels = "remove",
    method: options.Method = "sirt",
    method_settings: options.Settings = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Volume to write at the end; default: FOLDER_volume.mrc here, never over a file."
        ),
    ] = None,
    events: Annotated[Path | None, typer.Option(help="Write a JSON line for every happening to this file.")] = None,
    finish_after_idle: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Finish by itself when no tilt has come for so long.")
    ] = None,
    expect_tilts: Annotated[
        int | None, typer.Option(metavar="N", help="Finish by itself when so many tilts are in and refined.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="No view: reconstruct only.")] = False,
    host: Annotated[str, typer.Option(help="Address to serve the view on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port to serve the view on; default: any that is free.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open no browser.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was killed; nothing is lost.")
    ] = False,
    journal: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the journal is kept; default: in your state folder.")
    ] = None,
    field_of_view: Annotated[
        float, typer.Option(help="Width of the grid over the detector's; above 1 when the object is wider.")
    ] = 1.0,
    after: Annotated[
        Path | None, typer.Option(metavar="SERIES", help="Dual axis: go on from this series about the first axis.")
    ] = None,
    turned: Annotated[
        float | None,
        typer.Option(metavar="DEGREES", help="By how much the specimen was turned since, from x to y; default: 90."),
    ] = None,
) -> None:
    """Watch a folder and reconstruct its tilt series while it grows, shown in 3-D in a browser."""
    from livetomo.cli.viewer_process import ViewerSettings
    from livetomo.live.settings import LiveSettings

    settings = LiveSettings(
        folder=folder,
        output=output or default_output(folder),
        may_write_over=output is not None,
        pattern=pattern,
        angles=angles,
        angle_pattern=angle_pattern,
        flip_angles=flip_angles,
        tilt_axis=options.parsed_tilt_axis(tilt_axis),
        bin=bin,
        align=options.parsed_align(align),
        background=background,
        hot_pixels=hot_pixels,
        method=method,
        method_settings=options.parsed_settings(method_settings),
        field_of_view=field_of_view,
        after=after,
        turned_deg=options.parsed_turned(turned, after, "--after"),
        finish_after_idle_s=finish_after_idle,
        expect_tilts=expect_tilts,
        events=events,
        resume=resume,
        journal=journal,
    )
    is_unattended = finish_after_idle is not None
    stay_s = ViewerSettings.stay_seconds if is_unattended else WHILE_WATCHED_S
    viewer = None if headless else ViewerSettings(host, port, not no_browser, stay_s)
    raise typer.Exit(run(settings, viewer))


def default_output(folder: Path) -> Path:
    """Give a name in the current folder or, where that is being watched, beside the watched one."""
    from livetomo.live.free_name import free_name

    watched = folder.resolve()
    here = Path.cwd()
    place = watched.parent if here.is_relative_to(watched) else here
    return free_name(place / f"{watched.name or 'livetomo'}_volume.mrc")


def run(settings: "LiveSettings", viewer: "ViewerSettings | None") -> int:
    """Run the engine in this process, with a viewer as its child; give the exit code."""
    from livetomo.cli.terminal import Terminal

    terminal = Terminal()
    if viewer is None:
        return _closing(terminal, _engine(settings, terminal))
    from livetomo.cli.viewer_process import ViewerProcess

    process = ViewerProcess(viewer, terminal.say)
    link = process.link()
    try:
        exit_code = _engine(settings, terminal, link)
    finally:
        link.close()
    _closing(terminal, exit_code)
    process.wait()
    return exit_code


def _engine(settings: "LiveSettings", terminal: "Terminal", link: "ViewerLink | None" = None) -> int:
    """Run the engine; who cannot wait for its end is told how to go on."""
    from livetomo.live.engine import run as run_engine

    try:
        return run_engine(settings, link, terminal.show)
    except KeyboardInterrupt:
        if terminal.last is not None and terminal.last.tilts:
            terminal.say(f"{len(terminal.last.tilts)} tilts are kept; the same command with --resume goes on with them")
        raise


def _closing(terminal: "Terminal", exit_code: int) -> int:
    """Print the line that a run ends with."""
    status = terminal.last
    if exit_code == 0 and status is not None:
        residual = float("nan") if status.residual is None else status.residual
        terminal.end()
        typer.echo(
            f"residual={residual:.4f} tilts={len(status.tilts)} sweeps={status.sweeps} "
            f"seconds={status.seconds:.1f} output={status.output}"
        )
    return exit_code
