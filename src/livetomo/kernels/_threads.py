"""Short tasks spread over threads that live only as long as the call.

The compiled kernels let go of the interpreter lock, so plain threads are enough: nothing spins between calls, two
callers never meet in a shared pool, and a forked or a spawned process needs no care.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from livetomo.arrays import is_cupy

Task = Callable[[], None]


class Launch(partial[None]):
    """A task that starts a kernel on the GPU: the caller's own thread does it, in the stream that the caller chose."""


def task_on(array: Any, work: Callable[..., Any], *arguments: Any) -> Task:
    """Give the task ``work(*arguments)``, of the GPU if the array lives there."""
    return Launch(work, *arguments) if is_cupy(array) else partial(work, *arguments)


def tasks_on(array: Any, wish: int) -> int:
    """Give in how many tasks to cut work on an array: as many as wished, but one on the GPU, which cuts by itself."""
    return 1 if is_cupy(array) else wish


def thread_count() -> int:
    """Give the number of threads to use: LIVETOMO_THREADS, or the processors this process may run on."""
    wish = os.environ.get("LIVETOMO_THREADS", "")
    if wish.isdigit() and int(wish) > 0:
        return int(wish)
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
        try:
            while not failures:
                queue.pop()()
                if time.perf_counter() >= deadline:
                    return
        except IndexError:
            return
        except BaseException as failure:  # noqa: BLE001 handed to the caller, whose thread raises it
            failures.append(failure)

    n_threads = 1 if isinstance(queue[-1], Launch) else min(thread_count(), len(queue))
    helpers = [threading.Thread(target=work, daemon=True) for _ in range(n_threads - 1)]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    if failures:
        raise failures[0]
