"""What is known: the engine's status, the newest projection, the scale and histogram of the newest volume."""

from dataclasses import dataclass

from livetomo.live.messages import NewestProjection, Status


@dataclass(frozen=True)
class VolumeFacts:
    """What is known of a published volume beside its voxels."""

    shape_zyx: tuple[int, int, int]
    lowest: float
    """Value of a voxel stored as 0."""
    highest: float
    """Value of a voxel stored as 255."""
    voxel_size_nm: float
    """0 when unknown."""
    version: int
    counts: tuple[int, ...]
    """(256,) voxels of each stored value in a subsample."""


@dataclass(frozen=True)
class Facts:
    """Everything the application has been told by the engine."""

    status: Status | None = None
    projection: NewestProjection | None = None
    volume: VolumeFacts | None = None
    engine_gone: bool = False
    """The pipe to the engine is closed: nothing new will come."""
