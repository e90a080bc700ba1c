"""What is said about the newest projection."""

from livetomo.app.panels.projection.state import ProjectionState
from livetomo.session import View


def present(view: View) -> ProjectionState:
    """Give the variables for what is to be shown."""
    return ProjectionState(view.projection_angle, view.projection_file)
