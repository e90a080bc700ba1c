"""Turns what happens in a folder into frames that can be used; what cannot be used is set aside with its reason."""

import logging
import math
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from livetomo.errors import LivetomoError, MissingPackage
from livetomo.formats.sidecars import stem_of
from livetomo.live.angles import AngleSource
from livetomo.live.events import EventLog
from livetomo.live.frame import Frame, digest, fault, file_and_index, frame_name
from livetomo.live.journal import Journal
from livetomo.live.reading import FileImages, can_grow, knows_its_length, read_images
from livetomo.live.series_size import SeriesSize
from livetomo.live.settings import LiveSettings, is_temporary
from livetomo.live.settling import Candidate, Settling
from livetomo.live.watch import FileIdentity, FolderWatcher, Sighting, identify

_PATIENCE_S = 3.0
_VERIFY_AFTER_S = 1.0
_SOON_S = 0.05
_HOPELESS_READS = 2
_LONGEST_VERIFY_S = 60.0
_SIDECAR_SUFFIXES = frozenset((".mdoc", ".rawtlt", ".tlt", ".emi", ".txt", ".csv", ".xml"))
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Arrival:
    """A frame that is new, or new content under a name that was taken before."""

    frame: Frame


@dataclass(frozen=True)
class AngleCorrection:
    """A frame that was taken has another angle after all."""

    name: str
    tilt_angle: float


@dataclass(frozen=True)
class SetAside:
    """A file or an image that is not used, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class NewBeginning:
    """All frames handed on so far belong to no series with those to come."""


News = Arrival | AngleCorrection | SetAside | NewBeginning


@dataclass
class _Taken:
    """An image that was handed on."""

    file: str
    index: int
    digest: str
    tilt_angle: float
    angle_from_file: float


@dataclass
class _File:
    """What is known of one image file."""

    name: str
    read_as: FileIdentity | None = None
    n_images: int = 1
    n_done: int = 0
    """Images from the start that need not be read again unless the file is written anew."""
    lacks_angle: bool = False
    n_vain_reads: int = 0
    """Reads since the last one that gave an image: many while a large file is slowly being written."""
    verify_after_s: float = _VERIFY_AFTER_S
    refused: dict[int, str] = field(default_factory=dict)
    """Digest of each image that cannot be used, by its number."""


class Inbox:
    """Watches the folder, reads files when they are complete, finds their angles, and keeps them in the journal.

    All of it happens on the inbox's own thread; ``take`` gives what came since the last call.

    Parameters
    ----------
    settings
        The folder and what is known of its files.
    journal
        Keeps every frame before it is handed on; frames it holds already are not handed on again.
    events
        Learns what is seen, read and set aside.
    wake
        Called whenever there is news.
    """

    def __init__(
        self, settings: LiveSettings, journal: Journal, events: EventLog, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._events = events
        self._wake = wake
        self._angles = AngleSource(settings.angles, settings.angle_pattern)
        self._angles_version = 0
        self._files: dict[str, _File] = {}
        self._taken: dict[str, _Taken] = {}
        self._settling = Settling()
        self._sightings: queue.SimpleQueue[Sighting | None] = queue.SimpleQueue()
        self._news: deque[News] = deque()
        self._size = SeriesSize()
        self._set_aside: dict[str, str] = {}
        self._unwatched: set[str] = set()
        self._watcher = FolderWatcher(settings.folder, self._sightings.put)
        self._thread = threading.Thread(target=self._work, name="inbox", daemon=True)
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._remember()

    def start(self) -> None:
        """Begin to watch and read."""
        self._thread.start()
        self._watcher.start()

    def stop(self) -> None:
        """Stop both threads; what is unsettled is set aside with its reason."""
        if self._thread.ident is None:  # it never began
            return
        self._watcher.stop()
        self._stopping.set()
        self._sightings.put(None)
        self._thread.join()

    def take(self) -> list[News]:
        """Give the news since the last call, in order.

        Raises
        ------
        Exception
            The one that ended the inbox's thread, once all news are taken.
        """
        news = []
        while self._news:
            news.append(self._news.popleft())
        if self._failure is not None and not news:
            raise self._failure
        return news

    @property
    def has_news(self) -> bool:
        """There is something to take."""
        return bool(self._news)

    @property
    def is_busy(self) -> bool:
        """A file has been seen that is not yet decided upon."""
        return (
            any(not candidate.trouble and not candidate.unhurried for candidate in self._settling)
            or not self._sightings.empty()
        )

    @property
    def expects_news(self) -> bool:
        """A file is being read or will be in a moment: a good time to keep the processor free."""
        soon = time.monotonic() + _SOON_S
        return any(
            candidate.due_at < soon
            and not (candidate.trouble or candidate.unhurried)
            and self._files[candidate.name].n_vain_reads < _HOPELESS_READS
            for candidate in self._settling
        )

    @property
    def has_seen_files(self) -> bool:
        """At least one file of the series has been seen."""
        return bool(self._files)

    @property
    def note(self) -> str:
        """Say what may surprise: files that are passed over while there are no others, sizes, how angles were found."""
        if self._unwatched and not self._files:
            return _passed_over(tuple(self._unwatched))
        return " ".join(filter(None, (self._size.note(len(self._taken)), self._note_on_angles())))

    def _note_on_angles(self) -> str:
        guess = self._angles.guess
        example = next((taken for taken in list(self._taken.values()) if math.isnan(taken.angle_from_file)), None)
        if guess is None or example is None:
            return ""
        return (
            f"Tilt angles are read from the file names ({example.file}: {example.tilt_angle:g}°); "
            "if that is wrong, give --angles or --angle-pattern."
        )

    def _remember(self) -> None:
        """Take over what a resumed journal holds."""
        for name, kept in self._journal.kept.items():
            file_name, index = file_and_index(name)
            self._angles.saw(file_name)
            file = self._files.setdefault(file_name, _File(file_name))
            file.n_done, file.read_as = max(file.n_done, index + 1), kept.identity
            file.n_images = max(file.n_images, index + 1)
            self._taken[name] = _Taken(file_name, index, kept.digest, kept.frame.tilt_angle, kept.angle_from_file)
            self._size.took(name, kept.frame.image.shape)
        self._angles_version = self._angles.version

    def _work(self) -> None:
        try:
            self._watch()
        except Exception as error:  # noqa: BLE001 the thread's edge: whoever takes the news hears of it
            self._failure = error
            self._wake()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            due_at = self._settling.next_due_at()
            wait = 1.0 if due_at is None else min(max(due_at - time.monotonic(), 0.0), 1.0)
            try:
                self._handle(self._sightings.get(timeout=wait) if wait else self._sightings.get_nowait())
                while True:
                    self._handle(self._sightings.get_nowait())
            except queue.Empty:
                pass
            self._angles.refresh()
            for candidate in self._settling.due(time.monotonic()):
                if self._stopping.is_set():
                    break
                self._process(candidate)
            self._correct_angles()
        for candidate in self._settling:
            if candidate.trouble:
                self._put_aside(candidate.name, candidate.trouble)

    def _handle(self, sighting: Sighting | None) -> None:
        if sighting is None:
            return
        if not self._settings.wants(sighting.name):
            if PurePath(sighting.name).suffix.lower() in _SIDECAR_SUFFIXES:
                self._look_beside(sighting.name)
            elif not is_temporary(sighting.name):
                self._pass_over(sighting)
            return
        if sighting.identity is None:  # what was read of it stays
            self._settling.forget(sighting.name)
            return
        known = self._files.get(sighting.name)
        if known is None:
            known = self._files[sighting.name] = _File(sighting.name)
            self._events.write("seen", sighting.name)
            self._angles.saw(sighting.name)
        elif known.read_as == sighting.identity:  # a resumed run knows this file already
            return
        self._saw(sighting.name, sighting.identity)
        self._wake()

    def _pass_over(self, sighting: Sighting) -> None:
        change = self._unwatched.discard if sighting.identity is None else self._unwatched.add
        change(sighting.name)
        self._wake()

    def _saw(self, name: str, identity: FileIdentity) -> None:
        self._settling.saw(name, identity, time.monotonic(), knows_its_length(Path(name)))

    def _look_beside(self, sidecar: str) -> None:
        """Read files again whose angles may stand in a file that has just changed."""
        stem = PurePath(sidecar).stem
        general = stem.lower() in {"angles", "tilt_angles"}
        for file in self._files.values():
            belongs = stem in {file.name, PurePath(file.name).stem}
            if belongs or (general and file.lacks_angle):
                identity = identify(self._settings.folder / file.name)
                if identity is not None:
                    self._settling.look_again(file.name, identity, time.monotonic())

    def _process(self, candidate: Candidate) -> None:
        """Read one file that has settled and decide upon its images."""
        file = self._files[candidate.name]
        path = self._settings.folder / file.name
        identity = identify(path)
        if identity is None:
            self._settling.forget(file.name)
            return
        if identity != candidate.identity and not can_grow(path):
            self._saw(file.name, identity)
            return
        file.n_vain_reads += 1
        try:
            images = read_images(path, self._first_to_read(file, identity))
            if can_grow(path) or identify(path) == identity:  # else the sighting of its change is on its way
                self._decide(file, identity, images, candidate)
                self._go_by_the_majority()
        except MissingPackage as error:
            self._settling.forget(file.name)
            self._put_aside(file.name, str(error))
        except LivetomoError as error:
            self._try_later(candidate, str(error).removeprefix(f"{path}: "))
        except Exception as error:  # noqa: BLE001 the pipeline's edge: a damaged file never ends the run
            _log.exception("Reading %s failed", path)
            self._try_later(candidate, f"cannot be read: {error or type(error).__name__}")

    def _first_to_read(self, file: _File, identity: FileIdentity) -> int:
        """Choose what to read: all of it, or only what a stack has gained."""
        before = file.read_as
        if not can_grow(Path(file.name)) or file.n_done <= 1 or before is None or before.inode != identity.inode:
            return 0
        if before == identity and not file.lacks_angle:
            return 0
        return 0 if identity.size < before.size else file.n_done

    def _decide(self, file: _File, identity: FileIdentity, images: FileImages, candidate: Candidate) -> None:
        """Take or refuse every image that was read; then see whether the file must be looked at again."""
        file.n_images = max(images.n_images, 1)
        missing = []
        unwritten = _unwritten_at_end(images)
        for offset in range(len(images.images) - unwritten):
            index = images.first + offset
            if not self._decide_image(file, index, images, identity):
                missing.append(frame_name(file.name, index))
        n_decided = images.first + len(images.images) - unwritten
        grew = n_decided > file.n_done or images.first == 0
        first_missing = next((i for i in range(n_decided) if not self._is_decided(file, i)), n_decided)
        changed_inside = file.read_as is not None and file.read_as != identity and not grew
        file.n_done, file.read_as, file.lacks_angle = first_missing, identity, bool(missing)
        if len(images.images) == 0 and images.n_images == 0:
            self._try_later(candidate, "no complete image in it yet")
        elif unwritten and images.n_images == unwritten:
            self._try_later(candidate, fault(images.images[0]) or "empty")
        elif missing:
            self._angles_missing(file, candidate, missing)
        elif changed_inside:
            self._verify_later(file, identity)
        else:
            self._settling.forget(file.name)

    def _is_decided(self, file: _File, index: int) -> bool:
        return index in file.refused or frame_name(file.name, index) in self._taken

    def _decide_image(self, file: _File, index: int, images: FileImages, identity: FileIdentity) -> bool:
        """Take or refuse one image; False when only its angle is missing."""
        name = frame_name(file.name, index)
        image = images.images[index - images.first]
        from_file = float(images.tilt_angles[index - images.first])
        code = digest(image)
        taken = self._taken.get(name)
        if taken is not None and taken.digest == code and name not in self._set_aside:
            if not math.isnan(from_file):
                taken.angle_from_file = from_file
                self._correct_angle(name, taken)
            return True
        if file.refused.get(index) == code:
            return True
        misfit = self._size.misfit(image.shape)
        reason = fault(image) or misfit
        angle = self._angles.angle(file.name, index, file.n_images, from_file)
        if reason:
            file.refused[index] = code
            self._put_aside(name, reason)
            if reason == misfit and angle is not None:
                self._size.refused(name, image.shape)
            return True
        if angle is None:
            return False
        file.refused.pop(index, None)
        frame = Frame(name, image, angle, images.pixel_size_nm, images.tilt_axis_deg)
        self._accept(frame, _Taken(file.name, index, code, angle, from_file), identity)
        return True

    def _go_by_the_majority(self) -> None:
        """Begin anew, with the images of another size, once they are more than the few that were taken."""
        names, size = self._size.outnumbering(len(self._taken)), self._size.yx
        if not names or size is None:
            return
        self._size.change_to(names)
        given_up, self._taken = self._taken, {}
        self._journal.begin_anew()
        self._tell(NewBeginning())
        for name, taken in given_up.items():
            self._files[taken.file].refused[taken.index] = taken.digest
            self._put_aside(name, self._size.misfit(size) or "")
        for name in names:
            self._read_anew(*file_and_index(name))

    def _read_anew(self, file_name: str, index: int) -> None:
        """Decide upon an image once more that was refused."""
        file = self._files[file_name]
        file.refused.pop(index, None)
        file.n_done = 0
        identity = identify(self._settings.folder / file_name)
        if identity is not None:
            self._settling.look_again(file_name, identity, time.monotonic(), after_s=0.0)

    def _accept(self, frame: Frame, taken: _Taken, identity: FileIdentity) -> None:
        self._size.took(frame.name, frame.image.shape)
        self._files[taken.file].n_vain_reads = 0
        self._journal.keep(frame, taken.digest, identity, taken.angle_from_file)
        self._taken[frame.name] = taken
        self._set_aside.pop(frame.name, None)
        self._events.write("read", frame.name, tilt_angle=self._shown(frame.tilt_angle))
        self._tell(Arrival(frame))

    def _correct_angles(self) -> None:
        """Renew all angles when the guess or the table has changed, and look again at files that had none."""
        if self._angles.version == self._angles_version:
            return
        self._angles_version = self._angles.version
        for name, taken in self._taken.items():
            self._correct_angle(name, taken)
        for file in self._files.values():
            if file.lacks_angle and file.read_as is not None:
                self._settling.look_again(file.name, file.read_as, time.monotonic(), after_s=0.0)

    def _correct_angle(self, name: str, taken: _Taken) -> None:
        n_images = self._files[taken.file].n_images
        angle = self._angles.angle(taken.file, taken.index, n_images, taken.angle_from_file)
        if angle is not None and abs(angle - taken.tilt_angle) > 1e-6:
            taken.tilt_angle = angle
            self._journal.correct_angle(name, angle, taken.angle_from_file)
            self._tell(AngleCorrection(name, angle))

    def _angles_missing(self, file: _File, candidate: Candidate, names: list[str]) -> None:
        """Wait a little for the angles, which often come in a file of their own; then say what is missing."""
        now = time.monotonic()
        reason = self._angles.missing()
        if now - candidate.changed_at < _PATIENCE_S:
            self._settling.retry(candidate, now, reason)
            return
        self._settling.forget(file.name)
        for name in names:
            self._put_aside(name, reason)

    def _try_later(self, candidate: Candidate, reason: str) -> None:
        """Try an unreadable file again; once it has rested for a while, set it aside until it changes."""
        now = time.monotonic()
        if now - candidate.changed_at < _PATIENCE_S:
            self._settling.retry(candidate, now, reason)
            return
        self._settling.forget(candidate.name)
        self._put_aside(candidate.name, reason)

    def _verify_later(self, file: _File, identity: FileIdentity) -> None:
        """Read a stack anew that changed but did not grow: mostly only its header did, so there is no hurry."""
        self._settling.verify(file.name, identity, time.monotonic(), file.verify_after_s)
        file.verify_after_s = min(2 * file.verify_after_s, _LONGEST_VERIFY_S)

    def _put_aside(self, name: str, reason: str) -> None:
        if name in self._taken:
            reason += "; its earlier image stays in use"
        if self._set_aside.get(name) == reason:
            return
        self._set_aside[name] = reason
        self._journal.set_aside(name, reason)
        self._events.write("set_aside", name, reason=reason)
        self._tell(SetAside(name, reason))

    def _tell(self, news: News) -> None:
        self._news.append(news)
        self._wake()

    def _shown(self, angle: float) -> float:
        return -angle if self._settings.flip_angles else angle


def _unwritten_at_end(images: FileImages) -> int:
    """Count images of zeros at the end of a file: room that its writer has made and may still fill."""
    n_zero = 0
    while n_zero < len(images.images) and not images.images[-1 - n_zero].any():
        n_zero += 1
    return n_zero


def _passed_over(names: Iterable[str]) -> str:
    kinds = Counter(name.removeprefix(stem_of(Path(name)).name) for name in names)
    kind, number = kinds.most_common(1)[0]
    return f"Passed over: {number} of the kind *{kind}; if these are projections, give --pattern '*{kind}'."
