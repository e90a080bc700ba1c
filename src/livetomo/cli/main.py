"""The ``livetomo`` command: its subcommands, its exit codes, and errors in one line."""

import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer

from livetomo.cli.convert import command as convert
from livetomo.cli.demo import command as demo
from livetomo.cli.info import command as info
from livetomo.cli.live import command as live
from livetomo.cli.reconstruct import command as reconstruct
from livetomo.cli.replay import command as replay
from livetomo.cli.simulate import command as simulate
from livetomo.errors import LivetomoError

WRONG_ARGUMENTS = 2
STOPPED_BY_USER = 130

# Typer carries its own copy of click or uses the installed one, by version; this is the usage error of either.
_UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="livetomo",
    help="See a specimen in 3-D while the electron microscope is still tilting.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
COMMANDS: dict[str, Callable[..., None]] = {
    "live": live,
    "demo": demo,
    "reconstruct": reconstruct,
    "info": info,
    "convert": convert,
    "replay": replay,
    "simulate": simulate,
}
for name, command in COMMANDS.items():
    app.command(name)(command)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"livetomo {version('livetomo')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options of the command itself; each subcommand has its own."""


def main() -> None:
    """Run the command line: exit code 0 when all went well, 2 for wrong arguments, 1 otherwise."""
    warnings.showwarning = _one_line_warning
    sys.exit(_run())


def _run() -> int:
    try:
        exit_code = app(args=sys.argv[1:] or ["--help"], prog_name="livetomo", standalone_mode=False) or 0
        # Newer versions of Typer take Ctrl-C for a command that ended so
        return _say("stopped", STOPPED_BY_USER) if exit_code == STOPPED_BY_USER else exit_code
    except _UsageError as error:
        return _say(f"{error.format_message()} (livetomo COMMAND --help says what can be given)", WRONG_ARGUMENTS)
    except LivetomoError as error:
        return _say(str(error), 1)
    except (ValueError, TypeError) as error:
        return _say(str(error), WRONG_ARGUMENTS)
    except (OSError, MemoryError) as error:
        return _say(str(error) or type(error).__name__, 1)
    except (typer.Abort, KeyboardInterrupt):
        return _say("stopped", STOPPED_BY_USER)


def _say(message: str, exit_code: int) -> int:
    one_line = " ".join(message.split())
    typer.echo(f"livetomo: {one_line}", err=True)
    return exit_code


def _one_line_warning(message: Warning | str, *_: object, **__: object) -> None:
    typer.echo(f"livetomo: note: {' '.join(str(message).split())}", err=True)
