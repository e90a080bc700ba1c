"""What is shown of the tilts."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TiltsState:
    """Names and first values of the variables in the page."""

    tilts_angles: list[float] = field(default_factory=list)
    tilts_newest: float | None = None
    tilts_in: list[dict[str, str]] = field(default_factory=list)
    """``angle``, ``file``, ``shift``; newest first."""
    tilts_set_aside: list[dict[str, str]] = field(default_factory=list)
    """``file``, ``reason``; newest first."""
    tilts_n_set_aside: int = 0
    """Images in all."""
