"""A live reconstruction by the clock: refined until the next tilt comes, as far as processor time allows."""

from collections.abc import Sequence
from typing import Any

from clock import seconds as seconds_spent

from livetomo.live.reconstruction import LiveReconstruction, Prepared


def refine_until(live: LiveReconstruction, end: float) -> None:
    """Sweep until ``clock.seconds`` gives ``end`` or the run may rest."""
    while seconds_spent() < end and not live.may_rest:
        for _ in live.refine():
            if seconds_spent() >= end:
                return


def warm_up(method: Any, frames: Sequence[Prepared]) -> None:
    """Compile what the method needs."""
    live = LiveReconstruction(method)
    live.add(list(frames))
    for _ in live.refine():
        pass
