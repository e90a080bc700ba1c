"""What a live run says on the terminal: a line when something happens, and one that is renewed in place."""

import sys
import time
from collections import Counter
from collections.abc import Sequence

import typer

from livetomo.live.messages import SetAsideRecord, Status

_RENEW_S, _LOG_EVERY_S = 0.2, 10.0
_OF_ONE_REASON = 3
"""So many files that are set aside for the same reason are named; more would hide other lines."""


class Terminal:
    """Prints what changed from one status to the next, on the error stream."""

    def __init__(self) -> None:
        self._renews = sys.stderr.isatty()
        self._said_state = ""
        self._said_note = self._said_choice = ""
        self._said_aside: set[tuple[str, str]] = set()
        """File and reason of each that was set aside by the newest status."""
        self._renewed_at = self._said_at = 0.0
        self.last: Status | None = None
        """The newest status."""

    def say(self, text: str) -> None:
        """Print a line."""
        typer.echo(f"{self._blank()}livetomo: {text}", err=True)

    def show(self, status: Status) -> None:
        """Print what is new in a status."""
        self.last = status
        self._show_set_aside(status.set_aside)
        if status.note and status.note != self._said_note:
            self.say(status.note)
        self._said_note = status.note
        if status.choice and status.choice != self._said_choice:
            self.say(f"{status.method} chose {status.choice}")
        self._said_choice = status.choice
        if self._renews:
            self._renew(status)
        elif self._is_worth_a_line(status):
            self.say(_line(status))
            self._said_state, self._said_at = status.state, time.monotonic()

    def _is_worth_a_line(self, status: Status) -> bool:
        """Say whether a log needs this: it refines and converges by turns at each tilt, which would hide all else."""
        if status.state in {self._said_state, "reading"}:
            return False
        by_turns = {"refining", "converged"}
        is_usual = {status.state, self._said_state} == by_turns
        return not is_usual or time.monotonic() - self._said_at >= _LOG_EVERY_S

    def _show_set_aside(self, records: Sequence[SetAsideRecord]) -> None:
        said = Counter(reason for _, reason in self._said_aside)
        for record in records:
            if (record.file, record.reason) in self._said_aside:
                continue
            said[record.reason] += 1
            images = f" ({record.n_images} images)" if record.n_images > 1 else ""
            if said[record.reason] <= _OF_ONE_REASON:
                self.say(f"set aside: {record.file}{images}: {record.reason}")
            elif said[record.reason] == _OF_ONE_REASON + 1:
                self.say(f"set aside: more for the same reason, the newest is {record.file}")
        self._said_aside = {(record.file, record.reason) for record in records}

    def end(self) -> None:
        """Leave the line that is renewed in place."""
        typer.echo(self._blank(), err=True, nl=False)

    def _renew(self, status: Status) -> None:
        if status.state != "finished" and time.monotonic() - self._renewed_at < _RENEW_S:
            return
        self._renewed_at = time.monotonic()
        typer.echo(f"{self._blank()}{_line(status)}", err=True, nl=False)

    def _blank(self) -> str:
        return "\r\x1b[2K" if self._renews else ""


def _line(status: Status) -> str:
    of_all = "" if status.expected_tilts is None else f" of {status.expected_tilts}"
    residual = "" if status.residual is None else f"  residual {status.residual:.4f}"
    n_aside = sum(record.n_images for record in status.set_aside)
    aside = f"  set aside {n_aside}" if n_aside else ""
    return f"{status.state}  tilts {len(status.tilts)}{of_all}{residual}  sweeps {status.sweeps}{aside}"
