"""What the live engine says and can be told: plain frozen records that travel over a pipe."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

EngineState = Literal["waiting", "reading", "refining", "paused", "converged", "finished", "failed"]


@dataclass(frozen=True)
class TiltRecord:
    """One projection that is in the reconstruction."""

    file: str
    tilt_angle: float
    shift_px: tuple[float, float]
    """(dy, dx) pixels."""


@dataclass(frozen=True)
class SetAsideRecord:
    """One image that was not used, or several of a file for one reason, and why."""

    file: str
    reason: str
    n_images: int = 1


@dataclass(frozen=True)
class Status:
    """The engine's state in full; each one replaces the one before. Sent at every change, at most ten a second."""

    state: EngineState
    folder: str
    output: str
    """Both absolute, so that the user knows where."""
    method: str
    first_method: str = ""
    """The one that the run began with."""
    choice: str = ""
    """What the method chose and why, such as "fista-tv: noise is 11.0% of the projections"; empty if it does not."""
    sweeps: int = 0
    residual: float | None = None
    residual_history: tuple[tuple[float, float], ...] = ()
    """(seconds since the start, residual) of the newest sweeps, at most 2000 points."""
    tilts: tuple[TiltRecord, ...] = ()
    """In order of arrival."""
    set_aside: tuple[SetAsideRecord, ...] = ()
    expected_tilts: int | None = None
    seconds: float = 0.0
    """Since the start of the run."""
    voxel_size_nm: float | None = None
    volume_version: int = 0
    """Number of the newest published snapshot; 0 before the first."""
    note: str = ""
    """One sentence for the user, such as a guess that was made or an error that ended the run."""


@dataclass(frozen=True, eq=False)
class NewestProjection:
    """The projection that was added last, for display."""

    file: str
    tilt_angle: float
    image: np.ndarray
    """(y, x) uint8, contrast stretched, at most 512 pixels on a side."""


@dataclass(frozen=True)
class Hello:
    """First message from the engine: where snapshots are found (see ``snapshot``). Sent again when they move."""

    snapshot_name: str


@dataclass(frozen=True)
class Command:
    """What a viewer may ask of the engine.

    ``start`` (go on after a pause), ``pause``, ``finish`` (write the output and end), ``method`` with
    ``{"name": "sirt", …settings}``, ``expect`` with ``{"n_tilts": N}``.
    """

    name: Literal["start", "pause", "finish", "method", "expect"]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ViewerReady:
    """First message from a viewer: its page can be opened."""

    url: str
    """Address with the token in it."""


@dataclass(frozen=True)
class ViewerFailed:
    """Last message from a viewer that cannot serve its page; it ends after it."""

    reason: str
    """In words for the user: what is missing and how to get it."""
