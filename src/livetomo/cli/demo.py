"""``livetomo demo``: the built-in needle, replayed into a folder and reconstructed live."""

import subprocess
import sys
import tempfile
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from livetomo.cli import options
from livetomo.cli.live import WHILE_WATCHED_S, run

N_TILTS = 77
_GIVEN_UP_S = 10.0


def command(
    interval: Annotated[float, typer.Option(metavar="SECONDS", help="From one projection to the next.")] = 0.5,
    method: options.Method = "sirt",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Volume to write at the end; default: needle_demo.mrc here, never over a file."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to serve the view on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port to serve the view on; default: any that is free.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open no browser.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="No view: reconstruct only.")] = False,
) -> None:
    """Replay a real tilt series, a multilayer needle, into a folder and watch it appear in 3-D."""
    from livetomo.cli.viewer_process import ViewerSettings
    from livetomo.live.free_name import free_name
    from livetomo.live.settings import LiveSettings

    if not interval >= 0:
        raise ValueError(f"--interval: expected 0 seconds or more, got {interval:g}")
    with tempfile.TemporaryDirectory(prefix="livetomo-demo-") as place, as_file(_sample()) as needle:
        folder = Path(place) / "needle"
        settings = LiveSettings(
            folder=folder,
            output=output or free_name(Path.cwd() / "needle_demo.mrc"),
            may_write_over=output is not None,
            tilt_axis="x",
            method=method,
            expect_tilts=N_TILTS,
            finish_after_idle_s=_GIVEN_UP_S + 10 * interval,  # should the replay die
            journal=Path(place) / "journal",
        )
        viewer = None if headless else ViewerSettings(host, port, not no_browser, WHILE_WATCHED_S)
        words = [sys.executable, "-m", "livetomo", "replay", str(needle), str(folder), "--interval", str(interval)]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as microscope:
            try:
                exit_code = run(settings, viewer)
            finally:
                microscope.terminate()
    raise typer.Exit(exit_code)


def _sample() -> Traversable:
    return files("livetomo") / "samples" / "needle" / "HAADF.mrc.gz"
