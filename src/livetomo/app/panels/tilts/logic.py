"""The tilts as rows and rays."""

from pathlib import PurePath

from livetomo.app.panels.tilts.state import TiltsState
from livetomo.live.messages import SetAsideRecord, TiltRecord
from livetomo.session import View


def present(view: View) -> TiltsState:
    """Give the variables for what is to be shown."""
    angles = [round(tilt.tilt_angle, 2) for tilt in view.tilts]
    return TiltsState(
        tilts_angles=angles,
        tilts_newest=angles[-1] if angles else None,
        tilts_in=[_row(tilt) for tilt in reversed(view.tilts)],
        tilts_set_aside=[_row_aside(record) for record in reversed(view.set_aside)],
        tilts_n_set_aside=sum(record.n_images for record in view.set_aside),
    )


def _row(tilt: TiltRecord) -> dict[str, str]:
    dy, dx = tilt.shift_px
    return {
        "angle": f"{tilt.tilt_angle:+.1f}°",
        "file": PurePath(tilt.file).name,
        "shift": f"{dx:+.1f}, {dy:+.1f} px" if (dy, dx) != (0.0, 0.0) else "",
    }


def _row_aside(record: SetAsideRecord) -> dict[str, str]:
    images = f" ({record.n_images} images)" if record.n_images > 1 else ""
    return {"file": f"{PurePath(record.file).name}{images}", "reason": record.reason}
