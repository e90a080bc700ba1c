"""The one thread that draws: small changes come in, the newest frames go out.

It sleeps while nothing changes. While the user moves something it draws the 3-D view at half size, smaller still when
that is too slow, and once in full quality when the hand rests; that one is given up when the hand moves again. New
volumes are taken no more often than drawing them leaves most of the time free, since the reconstruction needs the
processor too.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from livetomo.app.views.picture import Frame, encode_jpeg
from livetomo.app.views.stage import VIEW_NAMES, Stage, ViewName
from livetomo.session import Session

_REST_SECONDS = 0.15
_RETRY_SECONDS = 0.03
_SHORTEST_VOLUME_INTERVAL_S = 0.2
_MOVING_VOLUME_INTERVAL_S = 0.9
_COARSE_FRAME_S = 0.035  # what a frame may take while something moves
_COARSEST = 3.2
_DRAWING_SHARE = 0.3  # of the time may go into drawing new volumes

logger = logging.getLogger(__name__)


class Audience(Protocol):
    """Who looks at the frames."""

    def is_anyone_there(self) -> bool:
        """Say whether any view is open in a browser."""
        ...

    def is_waiting_for(self, view: ViewName) -> bool:
        """Say whether a frame of this view would be sent on at once or next."""
        ...

    def show(self, frame: Frame) -> None:
        """Send a frame on; called on the render thread."""
        ...


class RenderThread:
    """Draws what a session shows for an audience.

    Should drawing fail for good, ``on_failure`` is called, on this thread, and nothing more is drawn.
    """

    def __init__(self, session: Session, audience: Audience, on_failure: Callable[[], None] = lambda: None) -> None:
        self._session = session
        self._audience = audience
        self._on_failure = on_failure
        self._wake = threading.Condition()
        self._changes: list[Callable[[Stage], None]] = []
        self._is_woken = False
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="render", daemon=True)
        self._sizes: dict[ViewName, tuple[int, int]] = {}
        self._sequences = dict.fromkeys(VIEW_NAMES, 0)
        self._last_input = 0.0
        self._input_stamp = 0.0
        self._is_pressed = False
        self._needs_still = False
        self._has_input = False
        self._coarseness = 2.0
        self._next_volume_at = 0.0
        session.listen(self._on_session)

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def stop(self) -> None:
        """End and let go of everything that was drawn with."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        self._thread.join()

    def submit(self, change: Callable[[Stage], None]) -> None:
        """Have a small change made before the next frame is drawn; it marks in ``stage.stale`` what it made stale."""
        with self._wake:
            self._changes.append(change)
            self._wake.notify()

    def wake(self) -> None:
        """Look again whether something is to be drawn."""
        with self._wake:
            self._is_woken = True
            self._wake.notify()

    def resize(self, view: ViewName, width: int, height: int) -> None:
        """Draw this view at this size in pixels from now on."""
        self._sizes[view] = (width, height)
        self.submit(lambda stage: stage.stale.add(view))

    def size_of(self, view: ViewName) -> tuple[int, int]:
        """Give the (width, height) in pixels at which this view is drawn when it is still."""
        return self._sizes.get(view, (640, 480))

    def touch(self, *, pressed: bool, stamp: float = 0.0) -> None:
        """Say that the user moves something: coarse frames come first, a fine one when the hand rests."""
        self._last_input = time.monotonic()
        self._has_input = True
        self._is_pressed = pressed
        self._input_stamp = max(self._input_stamp, stamp)

    def _on_session(self, kind: str) -> None:
        if kind == "wish":
            self.touch(pressed=self._is_pressed)
        self.wake()

    def _run(self) -> None:
        try:
            self._draw_until_stopped()
        except Exception:  # the edge of this thread: without it the page would stand still without a word
            logger.exception("drawing failed")
            self._on_failure()

    def _draw_until_stopped(self) -> None:
        stage = Stage()
        logger.info("drawing with %s", stage.scene.renderer_name)
        try:
            while not self._is_stopping:
                self._sleep(stage)
                self._make_changes(stage)
                self._take_volume(stage)
                stage.show(self._session.view(), self._session.facts)
                self._draw(stage)
        finally:
            stage.close()

    def _sleep(self, stage: Stage) -> None:
        with self._wake:
            if not (self._is_woken or self._changes or self._is_stopping):
                self._wake.wait(self._seconds_until_due(stage))
            self._is_woken = False

    def _seconds_until_due(self, stage: Stage) -> float | None:
        now = time.monotonic()
        due = []
        if self._needs_still and self._audience.is_waiting_for("volume"):
            due.append(self._last_input + _REST_SECONDS - now)
        if self._audience.is_anyone_there() and stage.has_newer_volume():
            due.append(max(self._seconds_until_next_volume(), _RETRY_SECONDS))
        return max(min(due), 0.0) if due else None

    def _make_changes(self, stage: Stage) -> None:
        with self._wake:
            changes, self._changes = self._changes, []
            self._has_input = False
        for change in changes:
            change(stage)

    def _take_volume(self, stage: Stage) -> None:
        is_due = self._seconds_until_next_volume() <= 0
        if is_due and self._audience.is_anyone_there() and stage.has_newer_volume():
            facts = stage.take_volume()
            if facts is not None:
                interval = _MOVING_VOLUME_INTERVAL_S if self._is_moving() else _SHORTEST_VOLUME_INTERVAL_S
                self._next_volume_at = time.monotonic() + interval
                self._session.learn(volume=facts)

    def _seconds_until_next_volume(self) -> float:
        if self._session.view().run.tone != "busy":  # the engine rests: all time is ours
            return 0.0
        return self._next_volume_at - time.monotonic()

    def _draw(self, stage: Stage) -> None:
        is_moving = self._is_moving()
        for view in VIEW_NAMES:
            if view in stage.stale and self._audience.is_waiting_for(view):
                stage.stale.discard(view)
                self._draw_one(stage, view, fine=view != "volume" or stage.scene.has_gpu or not is_moving)
        has_rested = time.monotonic() - self._last_input >= _REST_SECONDS
        if self._needs_still and has_rested and self._audience.is_waiting_for("volume"):
            self._draw_one(stage, "volume", fine=True)

    def _is_moving(self) -> bool:
        return self._is_pressed or time.monotonic() - self._last_input < _REST_SECONDS

    def _draw_one(self, stage: Stage, view: ViewName, *, fine: bool) -> None:
        started, stamp = time.monotonic(), self._input_stamp
        width, height = self.size_of(view)
        shrink = 1.0 if fine else self._coarseness
        size = (max(int(width / shrink), 1), max(int(height / shrink), 1))
        picture = stage.draw(view, size, fine=fine, is_unwanted=(lambda: self._has_input) if fine else None)
        if picture is None:
            if view == "volume":  # given up for a new input, or there is nothing to draw yet
                self._needs_still = self._has_input
            return
        self._sequences[view] += 1
        drawn_height, drawn_width, _ = picture.pixels.shape
        info = {**picture.info, "stamp": stamp, "version": stage.volume_version, "tilts": stage.n_tilts}
        encoded = encode_jpeg(picture.pixels, fine=fine)
        self._audience.show(Frame(view, self._sequences[view], fine, drawn_width, drawn_height, info, encoded))
        if view == "volume":
            self._needs_still = not fine
            took = time.monotonic() - started
            if not fine:
                self._adapt(took)
            rest = took * (1 / _DRAWING_SHARE - 1)
            self._next_volume_at = max(self._next_volume_at, started + took + rest if fine else 0.0)

    def _adapt(self, took: float) -> None:
        factor = min(max((took / _COARSE_FRAME_S) ** 0.5, 0.9), 1.15)
        self._coarseness = min(max(self._coarseness * factor, 2.0), _COARSEST)
