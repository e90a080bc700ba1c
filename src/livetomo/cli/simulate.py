"""``livetomo simulate``: a tilt series of a specimen that is known."""

from pathlib import Path
from typing import Annotated

import typer

from livetomo.cli import options

NAME = "simulate"
