"""What the bar shows."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RunBarState:
    """Names and first values of the bar's variables in the page."""

    run_headline: str = "Connecting"
    run_tone: str = "idle"
    run_tilts: str = ""
    run_sweeps: str = ""
    run_residual: str = ""
    run_elapsed: str = ""
    run_note: str = ""
    run_method: str = ""
    run_methods: list[dict[str, str]] = field(default_factory=list)
    """Those to choose from, as a select takes them."""
    run_method_label: str = "Method"
    """With what the method chose, if it chooses."""
    run_choice: str = ""
    """What it chose, and why."""
    run_folder: str = ""
    run_waiting: bool = True
    run_ended: bool = False
    run_can_start: bool = False
    run_can_pause: bool = False
    run_can_finish: bool = False
