"""Where a tilt angle comes from, the most trusted first: table, given pattern, the file, a guessed pattern."""

import math
from pathlib import Path

from livetomo.formats.angle_names import NamePattern, guess_pattern
from livetomo.formats.image_files import in_order
from livetomo.live.angle_table import AngleTable

_NAMES_FOR_A_GUESS = 20


class AngleSource:
    """Knows the angles of all files seen so far; what it says of one file may change when others are seen.

    Parameters
    ----------
    table
        File of angles that the user gave.
    pattern
        Regular expression that the user gave for names.
    """

    def __init__(self, table: Path | None = None, pattern: str | None = None) -> None:
        self._table = None if table is None else AngleTable(table)
        self._given = None if pattern is None else NamePattern(pattern)
        self._guess: NamePattern | None = None
        self._names: dict[str, None] = {}
        self._from_table: tuple[int, dict[str, float | None]] = -1, {}
        self._guess_version = 0

    @property
    def version(self) -> int:
        """Changes when angles already given may have become others."""
        return self._guess_version + (self._table.version if self._table else 0)

    @property
    def guess(self) -> NamePattern | None:
        """The pattern that was guessed from the names."""
        return self._guess

    def refresh(self) -> None:
        """Look whether the table has changed."""
        if self._table is not None:
            self._table.refresh()

    def saw(self, file: str) -> None:
        """Learn that there is a file of this name."""
        if file in self._names:
            return
        self._names[file] = None
        if self._table is not None:
            self._guess_version += 1  # a file that sorts between others moves the places of those behind it
        elif self._given is None and (len(self._names) <= _NAMES_FOR_A_GUESS or self._from_guess(file) is None):
            guess = guess_pattern(list(self._names)[-100:])
            if guess is not None and guess != self._guess:
                self._guess = guess
                self._guess_version += 1

    def angle(self, file: str, index: int, n_images: int, from_file: float) -> float | None:
        """Give the degrees of one image; None when nobody knows.

        Parameters
        ----------
        file
            The file's name.
        index
            The image's number in it, counted from 0.
        n_images
            How many images the file holds.
        from_file
            What the file itself or one beside it says; NaN when they do not.
        """
        if self._table is not None:
            return self._table.of_section(index) if n_images > 1 else self._by_file(self._table)[file]
        if self._given is not None:
            return self._given.angle(file) if n_images == 1 else _known(from_file)
        return _known(from_file) if not math.isnan(from_file) or n_images > 1 else self._from_guess(file)

    def missing(self) -> str:
        """Say why a file has no angle and what to do about it."""
        if self._table is not None:
            return f"no tilt angle: {self._table.trouble or f'the table {self._table.path.name} has none for it'}"
        if self._given is not None:
            return f"no tilt angle: --angle-pattern {self._given.pattern} does not fit the name"
        return "no tilt angle in the file, beside it, or clear in its name; give --angles FILE or --angle-pattern RE"

    def _by_file(self, table: AngleTable) -> dict[str, float | None]:
        """Give what the table says of each file seen, worked out once for all of them."""
        version, by_file = self._from_table
        if version != self.version:
            files = [path.name for path in in_order([Path(name) for name in self._names])]
            by_file = dict(zip(files, table.of_files(files), strict=True))
            self._from_table = self.version, by_file
        return by_file

    def _from_guess(self, file: str) -> float | None:
        return None if self._guess is None else self._guess.angle(file)


def _known(angle: float) -> float | None:
    return None if math.isnan(angle) else angle
