"""The state of the run in words, and what can be done about it."""

from dataclasses import dataclass
from typing import Literal

from livetomo.live.messages import EngineState, Status
from livetomo.session.facts import Facts
from livetomo.session.method_names import offered_methods

Tone = Literal["idle", "busy", "good", "bad"]

_HEADLINES: dict[EngineState, tuple[str, Tone]] = {
    "waiting": ("Waiting", "idle"),
    "reading": ("Reading", "busy"),
    "refining": ("Refining", "busy"),
    "paused": ("Paused", "idle"),
    "converged": ("Converged", "good"),
    "finished": ("Finished", "good"),
    "failed": ("Stopped", "bad"),
}


@dataclass(frozen=True)
class RunWords:
    """What the bar at the top says."""

    headline: str
    tone: Tone
    tilts: str
    """Such as "43 of 77 tilts"."""
    sweeps: str
    residual: str
    elapsed: str
    note: str
    method: str
    methods: tuple[tuple[str, str], ...]
    """(name, title) of those to choose from."""
    choice: str
    """What the method chose and why."""
    folder: str
    waiting: bool
    """No tilt has come yet."""
    ended: bool
    can_start: bool
    can_pause: bool
    can_finish: bool


def describe_run(facts: Facts) -> RunWords:
    """Put the state of the run into words."""
    status = facts.status
    if status is None:
        return _before_the_first_word(facts.engine_gone)
    headline, tone = _HEADLINES[status.state]
    ended = facts.engine_gone or status.state in {"finished", "failed"}
    if facts.engine_gone and status.state not in {"finished", "failed"}:
        headline, tone = "Engine ended", "bad"
    running = not ended
    return RunWords(
        headline=headline,
        tone=tone,
        tilts=_count_tilts(status),
        sweeps=f"{status.sweeps}" if status.sweeps else "",
        residual=f"{status.residual:.4f}" if status.residual is not None else "",
        elapsed=_clock(status.seconds),
        note=_note(status, facts.engine_gone),
        method=status.method.lower(),
        methods=offered_methods(status.method.lower(), status.first_method.lower()),
        choice=status.choice,
        folder=status.folder,
        waiting=not status.tilts,
        ended=ended,
        can_start=running and status.state == "paused",
        can_pause=running and status.state != "paused",
        can_finish=running,
    )


def _before_the_first_word(engine_gone: bool) -> RunWords:
    return RunWords(
        headline="Engine ended" if engine_gone else "Connecting",
        tone="bad" if engine_gone else "idle",
        tilts="",
        sweeps="",
        residual="",
        elapsed="",
        note="",
        method="",
        methods=(),
        choice="",
        folder="",
        waiting=True,
        ended=engine_gone,
        can_start=False,
        can_pause=False,
        can_finish=False,
    )


def _count_tilts(status: Status) -> str:
    n_tilts = len(status.tilts)
    if status.expected_tilts:
        return f"{n_tilts} of {status.expected_tilts} tilts"
    return "1 tilt" if n_tilts == 1 else f"{n_tilts} tilts"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _note(status: Status, engine_gone: bool) -> str:
    if engine_gone and status.state not in {"finished", "failed"}:
        return "The run was ended from outside; this is its last volume. Nothing is lost: start it again with --resume."
    if status.note:
        return status.note
    if status.state == "finished" and status.output:
        return f"Saved to {status.output}"
    return ""
