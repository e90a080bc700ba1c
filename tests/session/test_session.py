"""Wishes and facts are kept in one place, and who listens hears of every change once."""

import multiprocessing
import time

from livetomo.live.messages import Command, Hello, Status
from livetomo.session import EngineLink, Session

STATUS = Status(state="refining", folder="/data", output="/out.mrc", method="sirt")


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen within ten seconds"
        time.sleep(0.005)


def test_a_change_is_told_once_and_no_change_is_not_told():
    session, heard = Session(), []
    session.listen(heard.append)
    session.wish(show_contour=True)
    session.wish(show_contour=True)
    session.learn(status=STATUS)
    assert heard == ["wish", "fact"]


def test_the_view_is_the_same_object_until_something_changes():
    session = Session()
    before = session.view()
    assert session.view() is before
    session.learn(status=STATUS)
    assert session.view().run.headline == "Refining"


def test_the_link_turns_messages_into_facts_and_orders_into_commands():
    engine_end, viewer_end = multiprocessing.Pipe()
    session, names = Session(), []
    link = EngineLink(viewer_end, session, names.append)
    link.start()
    engine_end.send(Hello("memory"))
    engine_end.send(STATUS)
    wait_until(lambda: session.facts.status == STATUS)
    assert names == ["memory"]
    link.command("method", {"name": "wbp"})
    assert engine_end.recv() == Command("method", {"name": "wbp"})
    link.stop()
    engine_end.close()


def test_the_link_notices_that_the_engine_is_gone_and_swallows_later_orders():
    engine_end, viewer_end = multiprocessing.Pipe()
    session = Session()
    link = EngineLink(viewer_end, session, print)
    link.start()
    engine_end.close()
    wait_until(lambda: session.facts.engine_gone)
    link.command("pause")
    link.stop()
