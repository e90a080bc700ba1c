"""The points of the chart."""

from livetomo.app.panels.convergence.state import ConvergenceState
from livetomo.session import View


def present(view: View) -> ConvergenceState:
    """Give the variables for what is to be shown."""
    return ConvergenceState([[round(seconds, 2), float(f"{value:.4g}")] for seconds, value in view.convergence])
