"""Tilt angles from a file that the user names; it may grow while it is used."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from livetomo.errors import FileError
from livetomo.formats.angle_text import AngleList, named_angles
from livetomo.formats.angles import read_angle_list, read_text
from livetomo.formats.pairing import by_name, names_any, paired
from livetomo.live.watch import FileIdentity, identify

_MDOC = {".mdoc", ".idoc"}
_WITHOUT_LINES = {*_MDOC, ".mat", ".npy"}
"""Of a name and an angle each: what looks like one there means something else."""
_NOTHING = AngleList(np.empty(0))


@dataclass
class AngleTable:
    """One angle a line, or a table that may name the images; read again whenever the file has changed."""

    path: Path
    version: int = 0
    """Counts how often the content was read."""
    trouble: str = ""
    """Why the file cannot be used now; empty when it can."""
    _listed: AngleList = field(default=_NOTHING)
    _identity: FileIdentity | None = None

    def refresh(self) -> None:
        """Read the file again if it has changed."""
        identity = identify(self.path)
        if identity == self._identity and self.version:
            return
        self._identity = identity
        self.version += 1
        self.trouble, self._listed = "", _NOTHING
        if identity is None:
            self.trouble = f"the table of angles {self.path} is not there"
            return
        try:
            self._listed = self._read()
        except (OSError, FileError) as error:
            self.trouble = str(error)

    def of_files(self, files: Sequence[str]) -> list[float | None]:
        """Give the angle of each file, in the order of the series: by its name where the table names images."""
        listed = self._listed
        # An .mdoc that names none of them names the frames that they were made of.
        if listed.names and (self.path.suffix.lower() not in _MDOC or names_any(listed, files)):
            return by_name(listed, files)
        if len(files) == len(listed.angles):
            return [float(angle) for angle in paired(listed, files, self.path)]
        return [self.of_section(place) for place in range(len(files))]

    def of_section(self, number: int) -> float | None:
        """Give the angle of an image in a stack, counted from 0; None when there is none."""
        return float(self._listed.angles[number]) if number < len(self._listed.angles) else None

    def _read(self) -> AngleList:
        """Read the whole table; where it does not hold together, as while it is being written, the lines with names.

        Raises
        ------
        OSError
            When the file cannot be read.
        FileError
            When it holds no angles.
        """
        named = self._lines_with_names()
        try:
            listed = read_angle_list(self.path)
        except FileError:
            if not named:
                raise
        else:
            if listed.names or not named:
                return listed
        return AngleList(np.array(list(named.values())), tuple(named))

    def _lines_with_names(self) -> dict[str, float]:
        if self.path.suffix.lower() in _WITHOUT_LINES:
            return {}
        return {name: angle for name, angle in named_angles(read_text(self.path)).items() if math.isfinite(angle)}
