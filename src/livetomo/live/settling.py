"""Decides when a file has been left alone long enough to be read, and when to try again."""

from collections.abc import Iterator
from dataclasses import dataclass

from livetomo.live.watch import FileIdentity

_SETTLE_S = 0.06
_SHORT_SETTLE_S = 0.03
_LONGEST_SETTLE_S = 2.0
_LONGEST_WAIT_S = 0.3
_FIRST_RETRY_S = 0.15
_LONGEST_RETRY_S = 5.0


@dataclass
class Candidate:
    """A file that changed and has not been dealt with since."""

    name: str
    identity: FileIdentity
    changed_at: float
    """Seconds of the clock in use, here and below."""
    due_at: float
    waiting_since: float
    """When it first changed after it was last dealt with."""
    longest_gap_s: float = 0.0
    """Longest time between two changes of this file while it was being written."""
    unhurried: bool = False
    """It is only looked through again to be sure."""
    n_tries: int = 0
    trouble: str = ""
    """Why the newest try failed."""


class Settling:
    """The files that are not settled yet, in order of sight. Times are given by the caller, in seconds.

    A file that knows its own length is tried soon after each change. Any other must have been left alone for longer
    than the pauses of whoever writes it.
    """

    def __init__(self) -> None:
        self._candidates: dict[str, Candidate] = {}

    def __len__(self) -> int:
        return len(self._candidates)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(list(self._candidates.values()))

    def saw(self, name: str, identity: FileIdentity, now: float, knows_its_length: bool) -> None:
        """Learn that a file is new or has changed."""
        earlier = self._candidates.get(name)
        gap = earlier.longest_gap_s if earlier else 0.0
        if earlier is not None and earlier.identity != identity:
            gap = max(gap, now - earlier.changed_at)
        since = earlier.waiting_since if earlier else now
        if knows_its_length:
            due_at = max(
                now, min(now + _SHORT_SETTLE_S, since + _LONGEST_WAIT_S)
            )  # a stack that never rests is read as well
        else:
            due_at = now + min(max(_SETTLE_S, 2.5 * gap), _LONGEST_SETTLE_S)
        self._candidates[name] = Candidate(name, identity, now, due_at, since, gap)

    def look_again(self, name: str, identity: FileIdentity, now: float, after_s: float = _SETTLE_S) -> None:
        """Make a file due although it has not changed: something beside it has."""
        candidate = self._candidates.setdefault(name, Candidate(name, identity, now, now + after_s, now))
        candidate.due_at = min(candidate.due_at, now + after_s)
        candidate.unhurried = False

    def verify(self, name: str, identity: FileIdentity, now: float, after_s: float) -> None:
        """Make a file due once more when it has rested for a while."""
        self._candidates[name] = Candidate(name, identity, now, now + after_s, now, unhurried=True)

    def retry(self, candidate: Candidate, now: float, trouble: str) -> None:
        """Try again later, each time after a longer pause."""
        candidate.trouble = trouble
        candidate.due_at = now + min(_FIRST_RETRY_S * 2**candidate.n_tries, _LONGEST_RETRY_S)
        candidate.waiting_since = candidate.due_at
        candidate.n_tries += 1

    def forget(self, name: str) -> None:
        """Take a file off the list: dealt with, or gone."""
        self._candidates.pop(name, None)

    def due(self, now: float) -> list[Candidate]:
        """Give the files whose time has come, in order of sight."""
        return [candidate for candidate in self._candidates.values() if candidate.due_at <= now]

    def next_due_at(self) -> float | None:
        """Give the time at which the next file is due; None when there is none."""
        return min((candidate.due_at for candidate in self._candidates.values()), default=None)
