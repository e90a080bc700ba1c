"""What stands beside the newest projection."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectionState:
    """Names and first values of the variables in the page."""

    projection_angle: str = ""
    projection_file: str = ""
