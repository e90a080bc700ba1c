import multiprocessing
import os
import threading
import time

import pytest

from livetomo.kernels import _threads


@pytest.fixture(autouse=True)
def three_threads(monkeypatch):
    monkeypatch.setenv("LIVETOMO_THREADS", "3")


def met_by(n):
    """Give tasks that end only when n threads do them at the same time."""
    barrier = threading.Barrier(n, timeout=20)
    return [barrier.wait for _ in range(n)]


def test_every_task_is_done_once():
    done = []
    _threads.run(lambda k=k: done.append(k) for k in range(200))
    assert sorted(done) == list(range(200))


def test_tasks_run_side_by_side():
    _threads.run(met_by(3))


def test_launches_are_done_in_order_by_the_caller_itself():
    done = []
    _threads.run(_threads.Launch(lambda k: done.append((k, threading.get_ident())), k) for k in range(20))
    assert done == [(k, threading.get_ident()) for k in range(20)]


def test_two_callers_do_not_wait_for_each_other():
    tasks, failures = met_by(6), []

    def call(part):
        try:
            _threads.run(part)
        except threading.BrokenBarrierError as failure:
            failures.append(failure)

    callers = [threading.Thread(target=call, args=(part,)) for part in (tasks[:3], tasks[3:])]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not failures


@pytest.mark.parametrize("kind", [ArithmeticError, IndexError])
def test_failure_reaches_the_caller_and_leaves_the_threads_fit_for_work(kind):
    def fail():
        raise kind("on purpose")

    with pytest.raises(kind, match="on purpose"):
        _threads.run([fail] * 5)
    _threads.run(met_by(3))


def test_control_comes_back_between_pieces():
    done = []
    pieces = _threads.run_in_pieces([lambda: done.append(1)] * 30, piece_s=0.0)
    next(pieces)
    assert 1 <= len(done) <= 3
    assert len(list(pieces)) >= 9
    assert len(done) == 30


def _run_in_child(answers):
    _threads.run(met_by(3))
    answers.put(os.getpid())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems with fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_process_has_threads_of_its_own():
    _threads.run(met_by(3))
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_run_in_child, args=(answers,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert answers.get() == child.pid


def test_helpers_that_nobody_calls_end(monkeypatch):
    monkeypatch.setattr(_threads, "_PATIENCE_S", 0.01)
    _threads.run(met_by(3))
    assert _threads._Helper.idle
    deadline = time.monotonic() + 20
    while _threads._Helper.idle and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _threads._Helper.idle
