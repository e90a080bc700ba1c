"""Lengths and angles in the units that files use, turned to nanometres and degrees."""

import math
import re
from collections.abc import Sequence

_NANOMETRES = {
    "m": 1e9,
    "cm": 1e7,
    "mm": 1e6,
    "um": 1e3,
    "nm": 1.0,
    "pm": 1e-3,
    "a": 0.1,
    "inch": 2.54e7,
    "metre": 1e9,
    "meter": 1e9,
    "centimeter": 1e7,
    "millimeter": 1e6,
    "micrometre": 1e3,
    "micrometer": 1e3,
    "micron": 1e3,
    "microns": 1e3,
    "nanometre": 1.0,
    "nanometer": 1.0,
    "picometer": 1e-3,
    "ang": 0.1,
    "angstrom": 0.1,
    "angstroms": 0.1,
}
_DEGREES = {"deg": 1.0, "degree": 1.0, "degrees": 1.0, "°": 1.0, "rad": 180 / math.pi, "radian": 180 / math.pi}
_NO_UNITS = {"", "<undefined>"}
_LARGEST_PIXEL_NM = 1e6


def _plain(unit: object) -> str:
    """Strip what files write around a unit: brackets, the underscores of EMD (``[n_m]``), escapes, three kinds of µ."""
    text = unit.decode("utf-8", "replace") if isinstance(unit, bytes) else str(unit or "")
    text = text.strip().strip("[]()\x00").strip().replace("_", "")
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match.group(1), 16)), text)  # as ImageJ writes
    text = re.sub(r"µ|μ|Âµ", "u", text)
    return "a" if text in {"\u212b", "\u00c5", "A"} else text.lower()


def nanometres(length: float, unit: object) -> float | None:
    """Give a pixel's edge in nanometres; None when the unit is no length or the length cannot be a pixel's edge."""
    factor = _NANOMETRES.get(_plain(unit))
    if factor is None:
        return None
    size_nm = abs(float(length)) * factor
    return size_nm if math.isfinite(size_nm) and 0 < size_nm < _LARGEST_PIXEL_NM else None


def degrees_factor(unit: object) -> float | None:
    """Give what turns an angle in this unit into degrees; None when the unit is no angle."""
    plain = _plain(unit)
    return _DEGREES.get(plain, _DEGREES.get(plain.rstrip("s")))


def is_unit(unit: object) -> bool:
    """Tell whether anything is said at all."""
    return _plain(unit) not in _NO_UNITS


def unequal_edges(sizes_nm: Sequence[float | None]) -> dict[str, list[float]]:
    """Give ``{"pixel_sizes_nm": …}``, in the order of the axes, when all are known and they are not equal."""
    known = [size for size in sizes_nm if size is not None]
    if not known or len(known) < len(sizes_nm) or max(known) - min(known) < 1e-4 * max(known):
        return {}
    return {"pixel_sizes_nm": known}
