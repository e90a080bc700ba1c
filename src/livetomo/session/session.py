"""The one place where wishes and facts are kept; any thread may change them and look at what follows."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from livetomo.session.facts import Facts
from livetomo.session.resolve import View, resolve
from livetomo.session.wishes import Wishes


class Session:
    """Wishes and facts of one running application.

    Listeners are called at once, by the thread that made the change, with ``"wish"`` or ``"fact"``; they hand work to
    their own thread and return.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wishes = Wishes()
        self._facts = Facts()
        self._view: View | None = None
        self._listeners: list[Callable[[str], None]] = []

    @property
    def wishes(self) -> Wishes:
        """What the user asked for."""
        return self._wishes

    @property
    def facts(self) -> Facts:
        """What the engine said."""
        return self._facts

    def view(self) -> View:
        """Give what is to be shown now; the same object until something changes."""
        with self._lock:
            if self._view is None:
                self._view = resolve(self._wishes, self._facts)
            return self._view

    def wish(self, **changes: Any) -> None:
        """Change wishes by the names of their fields."""
        with self._lock:
            wishes = replace(self._wishes, **changes)
            if wishes == self._wishes:
                return
            self._wishes, self._view = wishes, None
        self._tell("wish")

    def learn(self, **changes: Any) -> None:
        """Change facts by the names of their fields."""
        with self._lock:
            self._facts, self._view = replace(self._facts, **changes), None
        self._tell("fact")

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call this after every change."""
        self._listeners.append(listener)

    def _tell(self, kind: str) -> None:
        for listener in self._listeners:
            listener(kind)
