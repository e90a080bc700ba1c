"""When an iterative reconstruction has had enough sweeps."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class StoppingRule:
    """Stop when the residual hardly falls any more, or after a number of sweeps.

    Offline and live runs use the same rule; live, the residuals are those since the last projection was added.
    """

    tolerance: float = 1e-3
    """Least relative fall of the residual per sweep."""

    max_sweeps: int = 150

    def reason(self, residuals: Sequence[float]) -> str | None:
        """Say why to stop after sweeps with these residuals, None to go on."""
        if len(residuals) >= self.max_sweeps:
            return f"did {self.max_sweeps} sweeps"
        if len(residuals) > 1 and residuals[-2] - residuals[-1] < self.tolerance * residuals[-2]:
            return f"the residual falls less than {self.tolerance:.2g} of itself a sweep"
        return None
