"""What a live run is told before it starts."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

from livetomo.formats.angle_names import NamePattern
from livetomo.formats.orient import axis_degrees
from livetomo.live.journal import default_journal
from livetomo.pipeline import Chain, preparation

IMAGE_SUFFIXES = frozenset(
    (".mrc", ".st", ".ali", ".mrcs", ".preali", ".tif", ".tiff", ".stk", ".dm3", ".dm4", ".ser", ".emd", ".hspy")
    + (".h5", ".hdf5", ".nxs", ".npy", ".png", ".prz")
)
"""Files that are projections when no pattern is given."""

_TEMPORARY_STARTS = (".", "~", "#")
_TEMPORARY_ENDS = ("~", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".lock", ".swp", ".filepart")


def is_temporary(name: str) -> bool:
    """Say whether a file name is hidden or that of a file still to be renamed."""
    small = name.lower()
    return small.startswith(_TEMPORARY_STARTS) or small.endswith(_TEMPORARY_ENDS)


@dataclass(frozen=True)
class LiveSettings:
    """Where projections come from, what is done with them, where the volume goes.

    Raises
    ------
    ValueError
        When a value cannot be, or a file would be written into the watched folder.
    """

    folder: Path
    """The watched folder; it may appear later."""

    output: Path
    """The volume is written here at the end."""

    may_write_over: bool = True
    """Whether it takes the place of a file of that name; else it gets another name."""

    pattern: str | None = None
    """File names that are projections, such as ``*.mrc``; every readable image when not given."""

    angles: Path | None = None
    """Table of angles: one a line in the order of the names (or of a stack's images), or two columns name, angle."""

    angle_pattern: str | None = None
    """Regular expression with a group ``angle`` and perhaps ``sign``; guessed from the names when not given."""

    flip_angles: bool = False
    tilt_axis: str | float | None = None
    """``"x"``, ``"y"`` or degrees; what the files say, else y, when not given."""

    bin: int = 1
    align: Literal["none", "com"] = "com"
    background: Literal["auto", "keep"] = "auto"
    """Whether the level of the empty field is subtracted, or values are kept as they are."""

    hot_pixels: Literal["remove", "keep"] = "remove"
    """Whether what lies around them is put in their place."""

    method: str = "sirt"
    method_settings: Mapping[str, Any] = field(default_factory=dict)
    field_of_view: float = 1.0
    """Width of the grid over the detector's."""

    after: Path | None = None
    """A series of the same specimen about another tilt axis, recorded before: the run goes on from it."""

    turned_deg: float = 90.0
    """By how much the specimen was turned in its plane since, from x to y."""

    finish_after_idle_s: float | None = None
    """Finish when no projection has come for so long and the volume has converged; converged or not after twice as
    long, but not before the first sweep is done. Counted from the first file on; a run that has seen no file waits,
    unless its folder is missing: then it counts from the start."""

    expect_tilts: int | None = None
    """Finish when so many projections are in and the volume has converged."""

    events: Path | None = None
    """A JSON line for every happening goes here."""

    resume: bool = False
    """Go on with the run that the journal holds."""

    journal: Path | None = None
    """Folder of the journal; one in the user's own state folder when not given."""

    def __post_init__(self) -> None:
        if self.angle_pattern is not None:
            NamePattern(self.angle_pattern)
        if self.tilt_axis is not None:
            axis_degrees(self.tilt_axis)
        if not -360 <= self.turned_deg <= 360:
            raise ValueError(f"turned: expected degrees from -360 to 360, got {self.turned_deg}")
        if self.bin < 1:
            raise ValueError(f"bin: expected a whole number of at least 1, got {self.bin}")
        self._check_word("align", "none", "com")
        self._check_word("background", "auto", "keep")
        self._check_word("hot_pixels", "remove", "keep")
        if not 0.1 <= self.field_of_view <= 10:
            raise ValueError(f"field_of_view: expected a factor between 0.1 and 10, got {self.field_of_view}")
        if self.finish_after_idle_s is not None and not self.finish_after_idle_s > 0:
            raise ValueError(f"finish_after_idle: expected more than 0 seconds, got {self.finish_after_idle_s}")
        if self.expect_tilts is not None and self.expect_tilts < 1:
            raise ValueError(f"expect_tilts: expected at least 1, got {self.expect_tilts}")
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"folder: expected a folder to watch, got the file {self.folder}")
        self._check_outside("output", self.output)
        self._check_outside("events", self.events)
        self._check_outside("journal", self.journal_folder)

    @property
    def journal_folder(self) -> Path:
        """Where the journal is kept."""
        return self.journal or default_journal(self.folder)

    def preparation(self, tilt_axis: str | float = "y") -> Chain:
        """Give what is done to every projection whose tilt axis lies so."""
        return preparation(tilt_axis, self.bin, self.background, self.hot_pixels)

    def wants(self, name: str) -> bool:
        """Say whether a file name is that of projections; hidden and temporary names never are."""
        small = name.lower()
        if is_temporary(name):
            return False
        if self.pattern is not None:
            return fnmatch.fnmatchcase(small, self.pattern.lower())
        return PurePath(small).suffix in IMAGE_SUFFIXES

    def missing(self, have_some_come: bool = False) -> str:
        """Say in a sentence why no projection may come: what is not there, what is asked of a file's name."""
        if not self.folder.is_dir():
            gone = "has gone, perhaps with its network share; it is looked for"
            return f"The folder {self.folder.absolute()} {gone if have_some_come else 'is not there yet'}."
        if have_some_come:
            return ""
        if self.angles is not None and not self.angles.is_file():
            return f"The table of angles {self.angles.absolute()} is not there yet, so no projection can be used."
        return "" if self.pattern is None else f"Only files that fit the pattern {self.pattern!r} are read."

    def _check_word(self, name: str, *known: str) -> None:
        if getattr(self, name) not in known:
            raise ValueError(f"{name}: expected {' or '.join(known)}, got {getattr(self, name)!r}")

    def _check_outside(self, name: str, path: Path | None) -> None:
        if path is not None and path.resolve().is_relative_to(self.folder.resolve()):
            raise ValueError(
                f"{name}: nothing is ever written into the watched folder {self.folder}; choose a place outside, "
                f"got {path}"
            )
