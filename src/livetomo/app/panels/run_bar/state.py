"""What the bar shows."""

from dataclasses import dataclass


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


METHODS = [
    {"title": "Auto", "value": "auto"},
    {"title": "SIRT", "value": "sirt"},
    {"title": "FISTA", "value": "fista"},
    {"title": "FISTA-TV", "value": "fista-tv"},
    {"title": "ASD-POCS", "value": "asd-pocs"},
    {"title": "Huber", "value": "huber"},
    {"title": "WBP", "value": "wbp"},
    {"title": "SIRT-WBP", "value": "sirt-wbp"},
]
"""Methods that can be chosen while it runs: those that make sense live; the command line has all."""
