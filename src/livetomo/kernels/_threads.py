"""Short tasks spread over threads.

The compiled kernels let go of the interpreter lock, so plain threads are enough. To start one takes as long as many a
task, so those that have helped wait a moment for the next call: asleep, lent to one caller at a time, so that two never
wait for each other. A forked process begins with none.
"""

import _thread  # noqa: PLC2701 documented, and only private by its name
import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import pairwise
from typing import Any, ClassVar

from livetomo.arrays import is_cupy

_PATIENCE_S = 1.0
"""A helper that nobody called for so long ends."""

Task = Callable[[], None]


class Launch(partial[None]):
    """A task that starts a kernel on the GPU: the caller's own thread does it, in the stream that the caller chose."""


def task_on(array: Any, work: Callable[..., Any], *arguments: Any) -> Task:
    """Give the task ``work(*arguments)``, of the GPU if the array lives there."""
    return Launch(work, *arguments) if is_cupy(array) else partial(work, *arguments)


def tasks_on(array: Any, wish: int) -> int:
    """Give in how many tasks to cut work on an array: as many as wished, but one on the GPU, which cuts by itself."""
    return 1 if is_cupy(array) else wish


def cut(n_rows: int, n_parts: int) -> list[tuple[int, int]]:
    """Cut so many rows into parts (first, end) of nearly one size."""
    bounds = [n_rows * k // n_parts for k in range(n_parts + 1)]
    return list(pairwise(bounds))


def thread_count() -> int:
    """Give the number of threads to use: LIVETOMO_THREADS, or the processors this process may run on."""
    wish = os.environ.get("LIVETOMO_THREADS", "")
    if wish.isdigit() and int(wish) > 0:
        return int(wish)
    return _processor_count()


@cache
def _processor_count() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1


def run(tasks: Iterable[Task]) -> None:
    """Do all tasks and come back."""
    for _ in run_in_pieces(tasks, piece_s=float("inf")):
        pass


def run_in_pieces(tasks: Iterable[Task], piece_s: float, *, ends_if_left: bool = False) -> Iterator[None]:
    """Do all tasks, handing control back about every ``piece_s`` seconds.

    When the caller does not come back, what is left stays undone, or is done at once if it ``ends_if_left``.
    """
    queue = list(tasks)[::-1]
    try:
        while queue:
            _run_until(queue, time.perf_counter() + piece_s)
            yield
    except GeneratorExit:
        if queue and ends_if_left:
            _run_until(queue, float("inf"))
        raise


def _run_until(queue: list[Task], deadline: float) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        while not failures:
            try:
                task = queue.pop()
            except IndexError:
                return
            try:
                task()
            except BaseException as failure:  # noqa: BLE001 handed to the caller, whose thread raises it
                failures.append(failure)
            if time.perf_counter() >= deadline:
                return

    n_threads = 1 if isinstance(queue[-1], Launch) else min(thread_count(), len(queue))
    helpers = [_Helper.lent() for _ in range(n_threads - 1)]
    for helper in helpers:
        helper.begin(work)
    work()
    for helper in helpers:
        helper.finish()
    if failures:
        raise failures[0]


class _Helper:
    """A thread that does what it is asked to, then waits to be asked again."""

    idle: ClassVar[list["_Helper"]] = []

    def __init__(self) -> None:
        self._wanted, self._done = _thread.allocate_lock(), _thread.allocate_lock()
        self._wanted.acquire()
        self._done.acquire()
        self._work: Task = _nothing
        _thread.start_new_thread(self._serve, ())

    @classmethod
    def lent(cls) -> "_Helper":
        try:
            return cls.idle.pop()
        except IndexError:
            return cls()

    def begin(self, work: Task) -> None:
        self._work = work
        self._wanted.release()

    def finish(self) -> None:
        """Wait until the work is done, and be there for others."""
        self._done.acquire()
        self._work = _nothing
        self.idle.append(self)

    def _serve(self) -> None:
        while True:
            if self._wanted.acquire(timeout=_PATIENCE_S):
                self._work()
                self._done.release()
            elif self._goes():
                return

    def _goes(self) -> bool:
        """Whether nobody has borrowed it, so that it can leave."""
        try:
            self.idle.remove(self)
        except ValueError:
            return False
        return True


def _nothing() -> None:
    """Keep no results of others alive."""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Helper.idle.clear)
