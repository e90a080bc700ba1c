"""Tilt angles from a text file that the user names; it may grow while it is used."""

from dataclasses import dataclass, field
from pathlib import Path, PurePath

from livetomo.errors import FileError
from livetomo.formats.angle_text import named_angles
from livetomo.formats.angles import read_angles, read_text
from livetomo.live.watch import FileIdentity, identify

_WITHOUT_LINES = {".mdoc", ".mat", ".npy"}
"""Of a name and an angle each: what looks like one there means something else."""


@dataclass
class AngleTable:
    """One angle a line, or two columns name and angle; read again whenever the file has changed."""

    path: Path
    version: int = 0
    """Counts how often the content was read."""
    trouble: str = ""
    """Why the file cannot be used now; empty when it can."""
    _by_name: dict[str, float] = field(default_factory=dict)
    _in_order: tuple[float, ...] = ()
    _identity: FileIdentity | None = None

    def refresh(self) -> None:
        """Read the file again if it has changed."""
        identity = identify(self.path)
        if identity == self._identity and self.version:
            return
        self._identity = identity
        self.version += 1
        self.trouble = ""
        self._by_name, self._in_order = {}, ()
        if identity is None:
            self.trouble = f"the table of angles {self.path} is not there"
            return
        try:
            if self.path.suffix.lower() not in _WITHOUT_LINES:
                self._by_name = named_angles(read_text(self.path))
            if not self._by_name:
                self._in_order = tuple(read_angles(self.path))
        except (OSError, FileError) as error:
            self.trouble = str(error)

    def angle(self, name: str, place: int) -> float | None:
        """Give the angle of a projection: by its name, else by its place counted from 0; None when there is none."""
        if self._by_name:
            return self._by_name.get(name, self._by_name.get(PurePath(name).stem))
        return self._in_order[place] if place < len(self._in_order) else None
