"""The small text files that IMOD and SerialEM put beside a stack: ``.rawtlt`` and ``.mdoc``."""

from pathlib import Path

from livetomo.formats.mdoc import VOLUME_TITLE
from livetomo.formats.writers.beside import written_beside
from livetomo.formats.writers.facts import pixel_size_of
from livetomo.model import TiltSeries, Volume


def write_rawtlt(series: TiltSeries, target: Path) -> None:
    """Write the tilt angles, one a line in degrees, beside ``target`` as ``.rawtlt``."""
    with written_beside(target.with_suffix(".rawtlt")) as part:
        part.write_text("".join(f"{angle!r}\n" for angle in series.tilt_angles.tolist()), encoding="ascii")


def write_mdoc(item: TiltSeries | Volume, target: Path) -> None:
    """Write what a format cannot hold, pixel size (in Å), tilt axis and angles, beside ``target`` as ``.mdoc``."""
    lines = []
    size_nm = pixel_size_of(item)
    if size_nm is not None:
        lines.append(f"PixelSpacing = {size_nm * 10!r}")
    if isinstance(item, TiltSeries):
        if item.tilt_axis_origin != "assumed":
            lines.append("[T = Tilt axis angle = 0.0]")
        for number, angle in enumerate(item.tilt_angles.tolist()):
            lines += ["", f"[ZValue = {number}]", f"TiltAngle = {angle!r}"]
    else:
        lines.append(f"[T = {VOLUME_TITLE}]")
    with written_beside(target.with_name(target.name + ".mdoc")) as part:
        part.write_text("\n".join(lines) + "\n", encoding="ascii")
