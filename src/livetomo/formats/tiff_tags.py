"""What the tags of a TIFF file say of pixel size and tilt: each maker has a corner of its own."""

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.formats.axes import Kind
from livetomo.formats.units import nanometres

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

OUR_KEY = "livetomo"
_DM_UNIT_X, _DM_SCALE_X = 65003, 65009
_LARGEST_TRUSTED_PIXEL_NM = 10_000  # beyond, a resolution is that of a printer: 72 dpi and the like
_OLYMPUS_TAG = 33560
_JEOL_MAGNIFICATION = re.compile(
    r"<ImageFormingSystem>(?:(?!</ImageFormingSystem>).)*?<ModeString>MAG</ModeString>"
    r"(?:(?!</ImageFormingSystem>).)*?<SelectorValue>([\d.]+)</SelectorValue>",
    re.DOTALL,
)
_JEOL_SCANNING = "<EosMode>eosASID</EosMode>"
_JEOL_TILT = re.compile(r"<StagePosition>.*?<TX>([-+.\deE]+)</TX>", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Tags:
    """What the tags say; the kind and angles as in ``Contents``."""

    pixel_size_nm: float | None = None
    tilt_angles: np.ndarray | None = None
    angles_from: str = ""
    tilt_axis_deg: float | None = None
    kind: Kind = "unknown"
    metadata: dict[str, Any] = field(default_factory=dict)


def read_tags(tiff: "TiffFile", series: "TiffPageSeries") -> Tags:
    """Read what the first image's tags say; the makers are asked in turn and the first that knows answers."""
    page = series.keyframe
    ours = _ours(page)
    if ours is not None:
        return ours
    for maker in (_fei, _tvips, _olympus, _jeol, _ome, _digital_micrograph, _imagej):
        tags = maker(tiff, page)
        if tags is not None:
            return tags
    return Tags(pixel_size_nm=_from_resolution(page))


def _ours(page: "TiffPage") -> Tags | None:
    try:
        said = json.loads(page.description).get(OUR_KEY)
    except (ValueError, AttributeError):
        return None
    if not isinstance(said, dict):
        return None
    angles = said.get("tilt_angles")
    return Tags(
        pixel_size_nm=said.get("pixel_size_nm"),
        tilt_angles=None if angles is None else np.array(angles, dtype=np.float64),
        angles_from="" if angles is None else "TIFF description",
        tilt_axis_deg=None if angles is None else said.get("tilt_axis_deg"),
        kind=said.get("kind", "unknown"),
        metadata={key: value for key, value in said.items() if key in {"shifts_px", "metadata"} and value is not None},
    )


def _one_tilt(degrees: object, source: str) -> dict[str, Any]:
    try:
        angle = float(degrees)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return {}
    return {"tilt_angles": np.array([angle]), "angles_from": source} if abs(angle) <= 360 else {}


def _fei(tiff: "TiffFile", page: "TiffPage") -> Tags | None:
    said = tiff.fei_metadata
    if not said:
        return None
    scan = said.get("Scan") or said.get("EScan") or {}
    width_m = scan.get("PixelWidth")
    tilt_rad = (said.get("Stage") or {}).get("StageT")
    size_nm = nanometres(width_m, "m") if isinstance(width_m, float) else None
    angle = math.degrees(tilt_rad) if isinstance(tilt_rad, int | float) else None
    return Tags(pixel_size_nm=size_nm, metadata={"fei": _plain(said)}, **_one_tilt(angle, "FEI tag"))


def _tvips(tiff: "TiffFile", page: "TiffPage") -> Tags | None:
    said = tiff.tvips_metadata
    if not said:
        return None
    stage = said.get("TemStagePosition") or []
    size = said.get("PixelSizeX")
    return Tags(
        pixel_size_nm=nanometres(size, "nm") if size else _from_resolution(page),
        metadata={"tvips": {name: said[name] for name in ("TemMagnification", "TemHighTension") if name in said}},
        **_one_tilt(stage[3] if len(stage) > 3 else None, "TVIPS tag"),
    )


def _olympus(tiff: "TiffFile", page: "TiffPage") -> Tags | None:
    said = page.tags.valueof(_OLYMPUS_TAG) or tiff.sis_metadata  # tifffile asks the first page, often a preview
    if not isinstance(said, dict):
        return None
    size_m = said.get("pixelsizex")
    return Tags(pixel_size_nm=nanometres(size_m, "m") if size_m else None)


def _jeol(tiff: "TiffFile", page: "TiffPage") -> Tags | None:
    if "<TemReporter" not in page.description:
        return None
    tilt = _JEOL_TILT.search(page.description)
    said = None if _JEOL_SCANNING in page.description else _JEOL_MAGNIFICATION.search(page.description)
    magnification = float(said.group(1)) if said else 0.0
    camera_nm = _resolved(page, _resolution_unit(page))  # the resolution is that of the camera
    return Tags(
        pixel_size_nm=camera_nm / magnification if camera_nm and magnification else None,
        **_one_tilt(tilt.group(1) if tilt else None, "JEOL description"),
    )


def _ome(tiff: "TiffFile", page: "TiffPage") -> Tags | None:
    if not tiff.is_ome:
        return None
    size = re.search(r'PhysicalSizeX="([-+.\deE]+)"', page.description)
    unit = re.search(r'PhysicalSizeXUnit="([^"]+)"', page.description)
    return Tags(pixel_size_nm=nanometres(float(size.group(1)), unit.group(1) if unit else "um") if size else None)


def _digital_micrograph(tiff: "TiffFile", page: "TiffPage") -> Tags | None:
    if _DM_SCALE_X not in page.tags or _DM_UNIT_X not in page.tags:
        return None
    return Tags(pixel_size_nm=nanometres(page.tags[_DM_SCALE_X].value, page.tags[_DM_UNIT_X].value))


def _imagej(tiff: "TiffFile", page: "TiffPage") -> Tags | None:
    said = tiff.imagej_metadata
    if not said:
        return None
    size_nm = _resolved(page, said.get("unit"))
    metadata: dict[str, Any] = {}
    if size_nm is not None and (spacing := said.get("spacing")):
        metadata["pixel_sizes_nm"] = [nanometres(float(spacing), said.get("unit")), size_nm, size_nm]
    return Tags(pixel_size_nm=size_nm, metadata=metadata)


def _from_resolution(page: "TiffPage") -> float | None:
    size_nm = _resolved(page, _resolution_unit(page))
    return size_nm if size_nm is not None and size_nm < _LARGEST_TRUSTED_PIXEL_NM else None


def _resolution_unit(page: "TiffPage") -> str | None:
    return {2: "inch", 3: "cm"}.get(int(getattr(page, "resolutionunit", 1)))


def _resolved(page: "TiffPage", unit: object) -> float | None:
    pixels, units = page.tags["XResolution"].value if "XResolution" in page.tags else (0, 0)
    return nanometres(units / pixels, unit) if pixels else None


def _plain(said: Any) -> Any:
    if isinstance(said, dict):
        return {str(key): _plain(value) for key, value in said.items()}
    return said if isinstance(said, str | int | float | bool | None) else str(said)
