"""The live engine: watch, read, prepare, align, add, refine, publish, until it is told or able to finish."""

import logging
import math
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from livetomo.algorithms.reconstruct import method_named
from livetomo.algorithms.reconstruct.tilts import check_values
from livetomo.errors import LivetomoError
from livetomo.formats import check_target, write
from livetomo.live.axis_watch import AxisWatch
from livetomo.live.events import EventLog
from livetomo.live.first_axis import SecondAxis, after_first
from livetomo.live.frame import Frame
from livetomo.live.free_name import free_name
from livetomo.live.inbox import AngleCorrection, Arrival, Inbox, NewBeginning, News, SetAside
from livetomo.live.journal import Journal
from livetomo.live.messages import Command, Hello, Status
from livetomo.live.prepare import Preparer
from livetomo.live.publish import Publisher
from livetomo.live.reconstruction import LiveReconstruction, Prepared
from livetomo.live.report import Report, picture
from livetomo.live.settings import LiveSettings
from livetomo.live.stop_signals import StopRequest, stop_signals
from livetomo.live.trial import try_out
from livetomo.live.viewer import NoViewer, ViewerLink
from livetomo.model import Volume

_REST_S = 0.1
_PUBLISH_EVERY_S = 0.4
_PUBLISH_LATEST_S = 2.0
_PUBLISH_SHARE = 0.2
_VISIBLE_CHANGE = 0.03
_LOOK_EVERY_S = 1.0
_log = logging.getLogger(__name__)


def run(
    settings: LiveSettings, viewer: ViewerLink | None = None, on_status: Callable[[Status], None] | None = None
) -> int:
    """Run a live reconstruction to its end, in this process.

    Ends when a viewer says ``finish``, on Ctrl-C or SIGTERM, when the expected tilts are in and the volume has
    converged, or when the run has been idle for long enough (``LiveSettings.finish_after_idle_s``). Whichever it is,
    all frames that were read are in the volume that is written, after one sweep over them at least.

    Parameters
    ----------
    settings
        What to do.
    viewer
        The link to a viewer; it may break without harm.
    on_status
        Called with every status as well, on this thread: for a line on the terminal.

    Returns
    -------
    int
        0 when the volume was written, 1 when there was nothing to write or the run failed; the last status says why.

    Raises
    ------
    ValueError
        When the method or one of its settings is not known, or it refuses projections about a second axis.
    LivetomoError
        When the output cannot be written there, the series about the first axis cannot be read, or another engine uses
        the journal.
    """
    check_target(settings.output, (settings.after,))
    method = method_named(settings.method, **settings.method_settings)
    in_use = after_first(method, settings)
    journal = Journal(settings.journal_folder, settings.folder, settings.resume)
    try:
        events = EventLog(settings.events, keep=settings.resume)
        engine = _Engine(settings, method, in_use, viewer or NoViewer(), journal, events, on_status)
        with stop_signals() as stop:
            return engine.run(stop)
    finally:
        journal.close()


class _Engine:
    """One run: its parts and what goes on between them."""

    def __init__(
        self,
        settings: LiveSettings,
        method: Any,
        in_use: Any,
        viewer: ViewerLink,
        journal: Journal,
        events: EventLog,
        on_status: Callable[[Status], None] | None,
    ) -> None:
        self._settings = settings
        self._method = method
        self._in_use = in_use  # the same, or what begins with the first axis and goes on with it
        self._viewer = viewer
        self._on_status = on_status
        self._journal = journal
        self._events = events
        self._report = Report(settings, self._show)
        self._woken = threading.Event()
        viewer.when_woken(self._woken.set)
        self._inbox = Inbox(settings, journal, events, self._woken.set)
        self._prepare = Preparer(settings)
        self._reconstruction: LiveReconstruction | None = None
        self._publisher: Publisher | None = None
        self._note = journal.note
        self._axis_watch = AxisWatch()
        self._unpublished: list[str] = []
        self._published_at = 0.0
        self._publishing_s = 0.0
        self._published_residual = 1.0
        self._looked_at = -math.inf
        self._said_missing = ""
        self._started_at = time.monotonic()
        self._last_tilt_at: float | None = None
        self._first_seen_at: float | None = None
        self._is_paused = False
        self._is_asked_to_finish = False

    def run(self, stop: StopRequest) -> int:
        """Work until there is a reason to finish; then write the volume."""
        try:
            self._resume()
            self._inbox.start()
            self._warm_up()
            reason = self._work(stop)
            self._inbox.stop()
            self._take_in(self._inbox.take())
            self._sweep_over_the_newest()
            return self._finish(reason)
        except LivetomoError as error:
            return self._fail(str(error))
        except Exception as error:  # noqa: BLE001 the engine's edge: the viewer and the caller must hear of it
            _log.exception("The live run failed")
            return self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._inbox.stop()
            self._axis_watch.close()
            self._events.close()
            self._viewer.close()
            self._close_publisher()

    def _show(self, status: Status) -> None:
        self._viewer.send(status)
        if self._on_status is not None:
            self._on_status(status)

    def _work(self, stop: StopRequest) -> str:
        self._tell(now=True)
        while True:
            self._obey(self._viewer.commands())
            if not self._is_paused:
                self._take_in(self._inbox.take())
            self._turn_if_it_must()
            reason = stop.by or self._reason_to_finish()
            if reason is not None:
                return reason
            if self._may_refine():
                self._refine(stop)
            else:
                self._rest()
            self._tell()

    def _resume(self) -> None:
        self._take_in([Arrival(kept.frame) for kept in self._journal.kept.values()])
        self._journal.release_images()

    def _warm_up(self) -> None:
        """Load what is compiled before the first frame needs it."""
        try_out(self._method)

    def _obey(self, commands: list[Command]) -> None:
        for command in commands:
            if command.name == "finish":
                self._is_asked_to_finish = True
            elif command.name in {"pause", "start"}:
                self._is_paused = command.name == "pause"
            elif command.name == "expect":
                self._report.expected_tilts = command.values.get("n_tilts")
            elif command.name == "method":
                self._change_method(dict(command.values))

    def _change_method(self, values: dict[str, Any]) -> None:
        """Go on with another method; one that is unknown or refuses the projections is told, and nothing changes."""
        try:
            name = values.pop("name", self._method.name)
            if not values and name == self._settings.method:
                values = dict(self._settings.method_settings)
            method = method_named(name, **values)
            in_use = replace(self._in_use, method=method) if isinstance(self._in_use, SecondAxis) else method
            if self._reconstruction is not None:
                self._reconstruction.change_method(in_use)
        except (ValueError, TypeError, MemoryError) as error:
            self._note = f"The method stays {self._method.name}: {error or type(error).__name__}"
            return
        self._method, self._in_use = method, in_use
        self._report.method = method.name
        self._publish()

    def _take_in(self, news: list[News]) -> None:
        """Add what is new, all at once, correct what was wrong, and show it."""
        arrived, corrections = self._sorted_out(news)
        if arrived:
            self._add(list(arrived.values()))
        for name, angle in corrections.items():
            if self._reconstruction is not None and name in self._reconstruction:
                self._reconstruction.correct_angle(name, angle)
        if arrived or corrections:
            self._publish()
        if arrived:
            self._last_tilt_at = time.monotonic()

    def _sorted_out(self, news: list[News]) -> tuple[dict[str, Prepared], dict[str, float]]:
        """Give the frames to add, with their newest angles, and the angles to correct; note what is set aside."""
        arrived: dict[str, Prepared] = {}
        corrections: dict[str, float] = {}
        for item in news:
            if isinstance(item, SetAside):
                self._report.set_aside[item.name] = item.reason
            elif isinstance(item, AngleCorrection):
                corrections[item.name] = self._prepare.angle(item.tilt_angle)
            elif isinstance(item, NewBeginning):
                arrived.clear()
                corrections.clear()
                self._begin_anew()
            elif (prepared := self._prepared(item.frame)) is not None:
                arrived[prepared.name] = prepared
                corrections.pop(prepared.name, None)  # it came for the content before
        for name in arrived.keys() & corrections.keys():
            arrived[name] = replace(arrived[name], tilt_angle=corrections.pop(name))
        return arrived, corrections

    def _begin_anew(self) -> None:
        """Drop all projections, and what the first of them settled."""
        self._prepare = Preparer(self._settings)
        self._reconstruction = None
        self._unpublished.clear()
        self._close_publisher()

    def _prepared(self, frame: Frame) -> Prepared | None:
        try:
            prepared = self._prepare(frame)
            check_values(prepared.projection[None])
            return prepared
        except ValueError as error:
            self._report.set_aside[frame.name] = str(error)
            self._events.write("set_aside", frame.name, reason=str(error))
            return None

    def _add(self, frames: list[Prepared]) -> None:
        if self._reconstruction is None:
            align = self._settings.align == "com"
            self._reconstruction = LiveReconstruction(self._in_use, align, self._settings.field_of_view)
        new = [frame for frame in frames if frame.name not in self._reconstruction]
        for frame in frames:
            if frame not in new:
                self._reconstruction.replace(frame)
        if new:
            is_first = not len(self._reconstruction)
            self._reconstruction.add(new)
            if is_first:
                self._note = _joined(self._note, _too_full(self._report.output, self._reconstruction.volume_shape))
        n_tilts = len(self._reconstruction) - len(new)
        for frame in frames:
            n_tilts += frame in new
            self._report.set_aside.pop(frame.name, None)
            self._unpublished.append(frame.name)
            self._events.write("added", frame.name, tilt_angle=frame.tilt_angle, n_tilts=n_tilts)
        self._viewer.send(picture(frames[-1].name, frames[-1].tilt_angle, frames[-1].projection))

    def _turn_if_it_must(self) -> None:
        """Turn everything once the projections show that the tilt axis lies along x and nobody has said otherwise."""
        if self._reconstruction is None or not self._prepare.is_axis_assumed or self._is_paused:
            return
        if not self._axis_watch.lies_along_x(self._reconstruction):
            return
        self._prepare.turn()
        self._reconstruction = self._reconstruction.turned()
        self._close_publisher()
        self._note = (
            "Nobody said where the tilt axis lies; the projections fit an axis along x much better than one along y, "
            "so they were turned. Give --tilt-axis x to confirm, or y to keep them as they are."
        )
        self._publish()

    def _publish(self) -> None:
        """Show the volume as it is now."""
        if self._reconstruction is None:
            return
        begin = time.monotonic()
        if self._publisher is None:
            self._publisher = Publisher(self._reconstruction.volume_shape, self._prepare.voxel_size_nm)
            self._viewer.send(Hello(self._publisher.name))
        self._publisher.publish(self._reconstruction.volume(), len(self._reconstruction))
        self._published_at = time.monotonic()
        self._publishing_s = self._published_at - begin
        self._published_residual = self._reconstruction.residual or 1.0
        self._events.write(
            "published",
            n_tilts=len(self._reconstruction),
            residual=self._reconstruction.residual,
            files=self._unpublished,
        )
        self._unpublished.clear()

    def _close_publisher(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _may_refine(self) -> bool:
        reconstruction = self._reconstruction
        if self._is_paused or reconstruction is None or self._inbox.expects_news:
            return False
        expected = self._report.expected_tilts
        has_all = expected is not None and len(reconstruction) >= expected
        return not (reconstruction.has_converged if has_all else reconstruction.may_rest)

    def _refine(self, stop: StopRequest) -> None:
        """Do one sweep, or as much of it as comes before there is something else to do."""
        assert self._reconstruction is not None
        self._report.state = "refining"
        had_converged = self._reconstruction.has_converged
        for _ in self._reconstruction.refine():
            self._tell()
            if self._inbox.has_news or self._inbox.expects_news or self._viewer.has_commands or stop.by:
                return
        residual = self._reconstruction.residuals[-1]
        self._report.swept(residual)
        has_just_converged = self._reconstruction.has_converged and not had_converged
        is_due = has_just_converged or self._reconstruction.may_rest
        if is_due or (self._viewer.is_watching and self._is_worth_showing(residual)):
            self._publish()
        if has_just_converged:
            self._events.write("converged", n_tilts=len(self._reconstruction), residual=residual)

    def _sweep_over_the_newest(self) -> None:
        """Sweep once where tilts came after the last sweep: the volume that is written would hardly know them."""
        if self._reconstruction is not None and not self._reconstruction.residuals:
            for _ in self._reconstruction.refine():
                pass
            self._report.swept(self._reconstruction.residuals[-1])
            self._publish()

    def _is_worth_showing(self, residual: float) -> bool:
        """Say whether the volume has changed enough for a viewer; drawing it takes time that refining could use."""
        if self._inbox.is_busy:  # a tilt on its way is published sooner than this volume would be
            return False
        since_s = time.monotonic() - self._published_at
        change = abs(residual - self._published_residual) / max(residual, 1e-9)
        wait_s = _PUBLISH_EVERY_S if change > _VISIBLE_CHANGE else _PUBLISH_LATEST_S
        return since_s > max(wait_s, self._publishing_s / _PUBLISH_SHARE)

    def _rest(self) -> None:
        """Wait for something to do, without using the processor."""
        if self._is_paused:
            self._report.state = "paused"
        elif self._inbox.is_busy:
            self._report.state = "reading"
        elif self._reconstruction is not None:
            self._report.state = "converged"
        else:
            self._report.state = "waiting"
        self._woken.wait(_REST_S)
        self._woken.clear()

    def _reason_to_finish(self) -> str | None:
        if self._is_asked_to_finish:
            return "asked to finish"
        if self._is_paused:
            return None
        n_tilts = 0 if self._reconstruction is None else len(self._reconstruction)
        has_converged = self._reconstruction is None or (
            self._reconstruction.has_converged and not self._axis_watch.is_looking
        )
        expected = self._report.expected_tilts
        if expected is not None and n_tilts >= expected and has_converged:
            return f"all {expected} expected tilts are in"
        limit_s = self._settings.finish_after_idle_s
        idle_s = self._idle_s()
        if limit_s is None or idle_s is None or idle_s < limit_s or self._inbox.is_busy:
            return None
        has_swept = self._reconstruction is not None and bool(self._reconstruction.residuals)
        if has_converged or (has_swept and idle_s >= 2 * limit_s):
            return f"no new tilt for {idle_s:.1f} seconds"
        return None

    def _idle_s(self) -> float | None:
        """Give the seconds since the newest tilt, else since the first file was seen, else since the start.

        None while a folder that is there has not got its first file: it may take its time.
        """
        now = time.monotonic()
        if self._last_tilt_at is not None:
            return now - self._last_tilt_at
        if self._first_seen_at is None and self._inbox.has_seen_files:
            self._first_seen_at = now
        if self._first_seen_at is None and self._settings.folder.is_dir():
            return None
        return now - (self._first_seen_at or self._started_at)

    def _finish(self, reason: str) -> int:
        """Write the volume and say so."""
        reconstruction, missing = self._reconstruction, self._settings.missing(self._reconstruction is not None)
        if reconstruction is None:
            return self._fail(_joined(f"No projection could be used ({reason}); nothing was written.", missing))
        if not self._settings.may_write_over:
            self._report.output = free_name(self._report.output)  # another run may have taken the name meanwhile
        output = self._report.output
        try:
            write(self._volume(reconstruction, reason), output)
        except LivetomoError as error:
            how = "make room and start again with --resume, or with --resume and another --output"
            return self._fail(f"{error}. The {len(reconstruction)} tilts are kept: {how}.")
        self._journal.finish(output)
        self._report.state = "finished"
        self._note = _joined(f"Written to {output} ({reason}).", missing, self._note)
        self._events.write(
            "finished", str(output), n_tilts=len(reconstruction), residual=reconstruction.residual, reason=reason
        )
        self._tell(now=True)
        return 0

    def _volume(self, reconstruction: LiveReconstruction, reason: str) -> Volume:
        metadata = {
            "method": self._method.name,
            "settings": asdict(self._method),
            "field_of_view": self._settings.field_of_view,
            "sweeps": reconstruction.sweeps,
            "residual": reconstruction.residual,
            "stopped_because": reason,
            "files": reconstruction.names,
            "tilt_angles": list(reconstruction.tilt_angles),
            "shifts_px": reconstruction.shifts_px.tolist(),
            "set_aside": dict(self._report.set_aside),
        }
        if reconstruction.choice is not None:
            metadata["chose"] = reconstruction.choice
        return Volume(reconstruction.volume(), self._prepare.voxel_size_nm, self._settings.output.stem, metadata)

    def _fail(self, reason: str) -> int:
        self._report.state = "failed"
        self._note = reason
        self._events.write("finished", reason=reason)
        self._tell(now=True)
        return 1

    def _notes(self) -> str:
        return _joined(self._missing(), self._note, self._journal.trouble, self._events.trouble, self._inbox.note)

    def _missing(self) -> str:
        """Give what is missing, looked for once a second: a folder on a network takes its time."""
        if time.monotonic() - self._looked_at > _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            self._said_missing = self._settings.missing(self._reconstruction is not None)
        return self._said_missing

    def _tell(self, now: bool = False) -> None:
        has_ended = self._report.state in {"finished", "failed"}
        self._report.note = self._note if has_ended else self._notes()
        version = 0 if self._publisher is None else self._publisher.version
        tell = self._report.tell_now if now else self._report.tell
        tell(self._reconstruction, version, self._prepare.voxel_size_nm)


def _too_full(output: Path, volume_shape: tuple[int, int, int]) -> str:
    """Say early, while there is time to make room, that the disk will not hold the volume."""
    needed, free = 4 * math.prod(volume_shape), shutil.disk_usage(output.parent).free
    if free >= needed:
        return ""
    return f"The volume will take {needed:,} bytes, the disk for {output} has {free:,} left: make room meanwhile."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
