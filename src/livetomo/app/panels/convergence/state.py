"""What the chart of the residual shows."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ConvergenceState:
    """Names and first values of the variables in the page."""

    convergence_points: list[list[float]] = field(default_factory=list)
    """[seconds, residual]."""
