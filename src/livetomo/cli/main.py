"""The ``livetomo`` command: its subcommands, its exit codes, and errors in one line."""

import sys
import warnings
from typing import Annotated

import click
import typer

from livetomo import __version__
from livetomo.cli import convert, demo, info, live, reconstruct, replay, simulate
from livetomo.errors import LivetomoError

WRONG_ARGUMENTS = 2

app = typer.Typer(
    name="livetomo",
    help="See a specimen in 3-D while the electron microscope is still tilting.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for module in (live, demo, reconstruct, info, convert, replay, simulate):
    app.command(module.NAME)(module.command)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    if version:
        typer.echo(f"livetomo {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line: exit code 0 when all went well, 2 for wrong arguments, 1 otherwise."""
    warnings.showwarning = _one_line_warning
    sys.exit(_run())


def _run() -> int:
    try:
        return app(standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        typer.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _say(error.format_message(), error.exit_code)
    except LivetomoError as error:
        return _say(str(error), 1)
    except (ValueError, TypeError) as error:
        return _say(str(error), WRONG_ARGUMENTS)
    except (OSError, MemoryError) as error:
        return _say(str(error) or type(error).__name__, 1)
    except (click.Abort, KeyboardInterrupt):
        return _say("stopped", 130)


def _say(message: str, exit_code: int) -> int:
    one_line = " ".join(message.split())
    typer.echo(f"livetomo: {one_line}", err=True)
    return exit_code


def _one_line_warning(message: Warning | str, *_: object) -> None:
    typer.echo(f"livetomo: note: {' '.join(str(message).split())}", err=True)
