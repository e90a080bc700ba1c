"""Write docs/reference/python.md, methods.md and commands.md from the docstrings and the command line's own help."""

import ast
import inspect
import os
import subprocess
import sys
import textwrap
from itertools import zip_longest
from pathlib import Path

import livetomo
from livetomo.algorithms.reconstruct import METHODS
from livetomo.cli.main import COMMANDS

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"


def main() -> None:
    """Write all three pages."""
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / "methods.md").write_text(methods_page(), encoding="utf-8")
    (PAGES / "python.md").write_text(python_page(), encoding="utf-8")
    (PAGES / "commands.md").write_text(commands_page(), encoding="utf-8")


def python_page() -> str:
    """Describe every public name from its docstring."""
    parts = ["# Python reference\n\nMade from the docstrings by `make docs`. Import it as `import livetomo as lt`.\n"]
    for name in sorted(livetomo.__all__, key=str.lower):
        thing = getattr(livetomo, name)
        parts.append(described(f"lt.{name}", thing))
        if inspect.isclass(thing):
            parts += [
                described(f"lt.{name}.{member}", inspect.getattr_static(thing, member)) for member in public(thing)
            ]
    return "\n".join(parts)


def methods_page() -> str:
    """Describe every method with its settings and what they are when nobody gives them."""
    how = "Settings go to `lt.reconstruct(series, method, **settings)` or, as `--set NAME=VALUE`, to the commands."
    see = "[Which one when](../how-to/choose-a-method.md)."
    parts = [f"# Methods\n\nMade from the docstrings by `make docs`. {how} {see}\n"]
    for name, kind in METHODS.items():
        settings = fields_of(kind).replace("Fields\n------", "Settings\n--------")
        parts.append(f"## `{name}`\n\n```text\n{inspect.getdoc(kind)}{settings}\n```\n")
    return "\n".join(parts)


def public(cls: type) -> list[str]:
    """Give the names of the documented methods and properties of a class in the order they are written."""
    return [name for name, member in vars(cls).items() if not name.startswith("_") and documented(member)]


def documented(member: object) -> bool:
    """Say whether a class member is a method or property with a docstring."""
    return bool(callable(member) or isinstance(member, property | classmethod | staticmethod)) and bool(member.__doc__)


def described(title: str, thing: object) -> str:
    """Give one entry: signature and docstring."""
    function = thing.__func__ if isinstance(thing, classmethod | staticmethod) else thing
    is_plain = callable(function) and not (inspect.isclass(function) and issubclass(function, Exception))
    signature = str(inspect.signature(function)) if is_plain else ""
    text = inspect.getdoc(function) or ""
    fields = fields_of(function) if inspect.isclass(function) else ""
    return f"## `{title}`\n\n```text\n{title}{signature}\n\n{text}{fields}\n```\n"


def fields_of(cls: type) -> str:
    """Give the fields of a class, each with what is written below it."""
    (written,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    lines = []
    for node, below in zip_longest(written.body, written.body[1:]):
        if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
            lines.append(ast.unparse(node))
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                lines.append(textwrap.indent(inspect.cleandoc(below.value.value), "    "))
    return "\n".join(["\n\nFields\n------", *lines]) if lines else ""


def commands_page() -> str:
    """Give the help text of every command."""
    parts = ["# Commands\n\nMade from the program's own help by `make docs`.\n"]
    plain = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "110"}
    for command in ("", *COMMANDS):
        words = ["livetomo", *command.split(), "--help"]
        run = [sys.executable, "-m", *words]
        text = subprocess.run(run, capture_output=True, text=True, check=True, env=plain).stdout
        parts.append(f"## `{' '.join(words[:-1])}`\n\n```text\n{text.strip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    main()
