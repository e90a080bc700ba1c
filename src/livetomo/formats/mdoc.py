"""SerialEM's ``.mdoc``: a text file beside a stack (or a frame) that says how each section was taken."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from livetomo.formats.angle_text import file_name
from livetomo.formats.guard import reading

VOLUME_TITLE = "livetomo: a volume (z, y, x)"
_SECTION = re.compile(r"^\[\s*(ZValue|FrameSet|Image)\s*=\s*(.*?)\s*\]$")
_TITLE = re.compile(r"^\[?\s*T\s*=\s*(.*?)\s*\]?$")
_AXIS = re.compile(r"tilt axis angle\s*=\s*([-+.\d]+)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Mdoc:
    """What an ``.mdoc`` file says."""

    header: Mapping[str, str] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    sections: tuple[Mapping[str, str], ...] = ()
    """One mapping for each ``[ZValue = n]``, in the stack's order."""
    frame_sets: tuple[Mapping[str, str], ...] = ()
    """One mapping for each ``[FrameSet = n]``: many frames, taken at one tilt."""

    @property
    def tilt_angles(self) -> np.ndarray | None:
        """(section,) degrees; None unless every section has one."""
        angles = [_float(section.get("TiltAngle")) for section in self.sections]
        known = [angle for angle in angles if angle is not None]
        return np.array(known) if known and len(known) == len(angles) else None

    @property
    def image_names(self) -> tuple[str, ...]:
        """File name of each section's image, ``[Image = NAME]`` or ``SubFramePath``; empty unless all have one."""
        names = [file_name(section.get("Image") or section.get("SubFramePath") or "") for section in self.sections]
        return tuple(names) if all(names) else ()

    @property
    def tilt_angle_of_frames(self) -> float | None:
        """Degrees at which all frames were taken, when the file describes one set of frames and no sections."""
        return _float(self.frame_sets[0].get("TiltAngle")) if len(self.frame_sets) == 1 and not self.sections else None

    @property
    def is_volume(self) -> bool:
        """Whether our own writer says that the array beside is a volume."""
        return VOLUME_TITLE in self.titles

    @property
    def pixel_size_nm(self) -> float | None:
        """Edge of a pixel in nanometres (the file gives Å)."""
        spacing = _float(self.header.get("PixelSpacing")) or _float(self._first("PixelSpacing"))
        return spacing / 10 if spacing is not None and spacing > 0 else None

    @property
    def image_size_yx(self) -> tuple[int, int] | None:
        """Rows and columns of an image."""
        match = re.match(r"(\d+)\s+(\d+)", self.header.get("ImageSize", ""))
        return None if match is None else (int(match.group(2)), int(match.group(1)))

    @property
    def tilt_axis_deg(self) -> float | None:
        """Direction of the tilt axis from +y towards −x; SerialEM's image rotation lies 90° further."""
        said = axis_in_titles(self.titles)
        rotation = _float(self._first("RotationAngle"))
        return said if said is not None or rotation is None else rotation - 90

    def _first(self, key: str) -> str | None:
        return next((section[key] for section in (*self.sections, *self.frame_sets) if key in section), None)


def axis_in_titles(titles: Iterable[str]) -> float | None:
    """Give the direction of the tilt axis that SerialEM writes into a title, degrees from +y towards −x."""
    found = (match for title in titles if (match := _AXIS.search(title)))
    return next((_float(match.group(1)) for match in found), None)


def read_mdoc(path: Path) -> Mdoc:
    """Read an ``.mdoc`` file; keys without a value and lines that are none are passed over.

    Raises
    ------
    FileError
        When the file cannot be read.
    """
    with reading(path, "SerialEM .mdoc"):
        lines = path.read_text(encoding="latin-1").splitlines()
    header: dict[str, str] = {}
    titles: list[str] = []
    sections: list[tuple[str, str, dict[str, str]]] = []
    current = header
    for line in (line.strip() for line in lines):
        if match := _SECTION.match(line):
            current = {"Image": match.group(2)} if match.group(1) == "Image" else {}
            sections.append((match.group(1), match.group(2), current))
        elif match := _TITLE.match(line):
            titles.append(match.group(1))
        elif "=" in line:
            key, value = line.split("=", 1)
            current[key.strip()] = value.strip()
    of_frames = tuple(values for kind, _, values in sections if kind == "FrameSet")
    return Mdoc(header, tuple(titles), tuple(_in_stack_order(sections)), of_frames)


def _in_stack_order(sections: list[tuple[str, str, dict[str, str]]]) -> list[dict[str, str]]:
    numbered = [(_float(number), values) for kind, number, values in sections if kind != "FrameSet"]
    if all(number is not None for number, _ in numbered):
        numbered.sort(key=lambda entry: entry[0] or 0.0)
    return [values for _, values in numbered]


def _float(text: str | None) -> float | None:
    try:
        value = float((text or "").split()[0])
    except (ValueError, IndexError):
        return None
    return value if np.isfinite(value) else None
