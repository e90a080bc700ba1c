"""What the engine tells about itself: the status for viewers and the newest projection as a picture."""

import time
from collections import deque
from collections.abc import Callable, Mapping

import numpy as np

from livetomo.live.frame import file_and_index
from livetomo.live.messages import EngineState, NewestProjection, SetAsideRecord, Status, TiltRecord
from livetomo.live.reconstruction import LiveReconstruction
from livetomo.live.settings import LiveSettings

_LEAST_INTERVAL_S = 0.1
_LARGEST_PICTURE = 512
_HISTORY = 2000


class Report:
    """Gathers what a viewer should know and sends it, at most ten times a second.

    Parameters
    ----------
    settings
        Of the run.
    send
        Takes each status.
    """

    def __init__(self, settings: LiveSettings, send: Callable[[Status], None]) -> None:
        self.state: EngineState = "waiting"
        self.note = ""
        self.method = settings.method
        """Name of the one in use."""
        self.expected_tilts = settings.expect_tilts
        self.output = settings.output.absolute()
        """Where the volume will be written, or was."""
        self.set_aside: dict[str, str] = {}
        """Reason by name of every image that is not used."""
        self._settings = settings
        self._send = send
        self._begin = time.monotonic()
        self._history: deque[tuple[float, float]] = deque(maxlen=_HISTORY)
        self._sent_at = 0.0
        self._sent: Status | None = None

    @property
    def seconds(self) -> float:
        """Since the start of the run."""
        return time.monotonic() - self._begin

    def swept(self, residual: float) -> None:
        """Add a point to the history of residuals."""
        self._history.append((self.seconds, residual))

    def tell(self, reconstruction: LiveReconstruction | None, version: int, voxel_size_nm: float | None) -> None:
        """Send the status when there is something new in it and the last one is old enough."""
        now = time.monotonic()
        if now - self._sent_at < _LEAST_INTERVAL_S:
            return
        status = self._status(reconstruction, version, voxel_size_nm)
        if self._sent is not None and (now - self._sent_at < 1 and _same(status, self._sent)):
            return
        self._sent_at, self._sent = now, status
        self._send(status)

    def tell_now(self, reconstruction: LiveReconstruction | None, version: int, voxel_size_nm: float | None) -> None:
        """Send the status whatever was sent before."""
        self._sent_at, self._sent = 0.0, None
        self.tell(reconstruction, version, voxel_size_nm)

    def _status(self, reconstruction: LiveReconstruction | None, version: int, voxel_size_nm: float | None) -> Status:
        return Status(
            state=self.state,
            folder=str(self._settings.folder.absolute()),
            output=str(self.output),
            method=self.method,
            first_method=self._settings.method,
            choice=_choice(reconstruction),
            sweeps=reconstruction.sweeps if reconstruction else 0,
            residual=reconstruction.residual if reconstruction else None,
            residual_history=tuple(self._history),
            tilts=_records(reconstruction),
            set_aside=grouped(self.set_aside),
            expected_tilts=self.expected_tilts,
            seconds=self.seconds,
            voxel_size_nm=voxel_size_nm,
            volume_version=version,
            note=self.note,
        )


def _choice(reconstruction: LiveReconstruction | None) -> str:
    choice = reconstruction.choice if reconstruction else None
    return "" if choice is None else f"{choice['method']}: {choice['reason']}"


def grouped(set_aside: Mapping[str, str]) -> tuple[SetAsideRecord, ...]:
    """Put the images of one file that are set aside for one reason, given by their names, into one record."""
    names: dict[tuple[str, str], list[str]] = {}
    for name, reason in set_aside.items():
        names.setdefault((file_and_index(name)[0], reason), []).append(name)
    return tuple(
        SetAsideRecord(images[0] if len(images) == 1 else file, reason, len(images))
        for (file, reason), images in names.items()
    )


def picture(name: str, tilt_angle: float, projection: np.ndarray) -> NewestProjection:
    """Make a small picture of a projection (y, x): uint8, contrast stretched, binned to at most 512 pixels a side."""
    binning = -(-max(projection.shape) // _LARGEST_PICTURE)
    bin_y, bin_x = (min(binning, size) for size in projection.shape)
    n_y, n_x = projection.shape[0] // bin_y, projection.shape[1] // bin_x
    cut = projection[: n_y * bin_y, : n_x * bin_x]
    small = cut.reshape(n_y, bin_y, n_x, bin_x).mean(axis=(1, 3), dtype=np.float32)
    lowest, highest = np.quantile(small, (0.002, 0.998))
    scaled = (small - lowest) * (255 / max(highest - lowest, 1e-12))
    return NewestProjection(name, tilt_angle, np.clip(scaled, 0, 255).astype(np.uint8))


def _records(reconstruction: LiveReconstruction | None) -> tuple[TiltRecord, ...]:
    if reconstruction is None:
        return ()
    rows = zip(reconstruction.names, reconstruction.tilt_angles, reconstruction.shifts_px.tolist(), strict=True)
    return tuple(TiltRecord(name, angle, (dy, dx)) for name, angle, (dy, dx) in rows)


def _same(status: Status, other: Status) -> bool:
    """Compare all but the clock."""
    return all(
        getattr(status, name) == getattr(other, name) for name in status.__dataclass_fields__ if name != "seconds"
    )
