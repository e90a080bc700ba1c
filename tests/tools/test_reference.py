"""The reference pages are those of this version: `make docs` writes them anew."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

import livetomo as lt
from livetomo.algorithms.reconstruct import METHODS
from livetomo.cli.main import COMMANDS

PAGES = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", lt.__all__)
def test_every_public_name_is_described_as_its_docstring_does(name):
    text = (PAGES / "python.md").read_text(encoding="utf-8")
    assert inspect.getdoc(getattr(lt, name)) in text


def test_fields_are_described_with_shape_and_unit():
    text = (PAGES / "python.md").read_text(encoding="utf-8")
    assert "tilt_angles: np.ndarray\n    (tilt,) degrees; any order" in text
    assert "relaxation: float = 1.0\n" in text


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_described_with_its_settings(name):
    section = (PAGES / "methods.md").read_text(encoding="utf-8").split(f"## `{name}`")[1].split("\n## ")[0]
    assert inspect.getdoc(METHODS[name]) in section
    for setting in dataclasses.fields(METHODS[name]):
        assert re.search(rf"^{setting.name}: .+ = ", section, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_listed(command):
    page = (PAGES / "commands.md").read_text(encoding="utf-8")
    section = page.split(f"## `livetomo {command}`")[1].split("\n## ")[0]
    for parameter in inspect.signature(COMMANDS[command]).parameters.values():
        declared = parameter.annotation.__metadata__[0]
        names = [str(name) for name in (declared.default, *(declared.param_decls or ()))]
        option = next((name for name in names if name.startswith("--")), f"--{parameter.name.replace('_', '-')}")
        is_argument = type(declared).__name__ == "ArgumentInfo"
        assert is_argument or re.search(rf"{option}\b", section), option
