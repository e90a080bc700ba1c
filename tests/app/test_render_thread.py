"""The render thread: coarse while something moves, fine at rest, and asleep while nothing changes."""

import time

import numpy as np
import pytest
from fake_engine import needle

pytest.importorskip("vtkmodules")
pytestmark = pytest.mark.usefixtures("can_draw")


class Everyone:
    """Keeps every frame."""

    def __init__(self):
        self.frames = []
        self.is_there = True

    def is_anyone_there(self):
        return self.is_there

    def is_waiting_for(self, view):
        return self.is_there

    def show(self, frame):
        self.frames.append(frame)

    def volume_frames(self):
        return [frame for frame in self.frames if frame.view == "volume"]


@pytest.fixture
def running():
    from livetomo.app.views.render_thread import RenderThread
    from livetomo.live.snapshot import SnapshotWriter
    from livetomo.session import Session

    session, audience, writer = Session(), Everyone(), SnapshotWriter((48, 48, 48))
    renderer = RenderThread(session, audience)
    renderer.start()
    renderer.resize("volume", 300, 200)
    renderer.submit(lambda stage: stage.attach(writer.name))
    yield renderer, session, audience, writer
    renderer.stop()
    writer.close()


def publish(writer, renderer, strength=1.0):
    writer.buffer()[...] = (255 * strength * needle(48)).astype(np.uint8)
    writer.publish(0.0, 1.0, 1.0, 1)
    renderer.wake()


def wait_until(condition):
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, "it did not happen within fifteen seconds"
        time.sleep(0.005)


def test_a_new_volume_is_drawn_fine_with_its_slices(running):
    renderer, session, audience, writer = running
    publish(writer, renderer)
    wait_until(lambda: {frame.view for frame in audience.frames} >= {"volume", "slice-z", "slice-y", "slice-x"})
    frame = audience.volume_frames()[-1]
    assert (frame.still, frame.width, frame.height) == (True, 300, 200)
    assert session.facts.volume.shape_zyx == (48, 48, 48)


def test_while_it_moves_frames_are_smaller_and_a_fine_one_follows(running):
    renderer, _, audience, writer = running
    publish(writer, renderer)
    wait_until(audience.volume_frames)
    audience.frames.clear()
    renderer.touch(pressed=True, stamp=42.0)
    renderer.submit(lambda stage: (stage.scene.camera.rotate(0.1, 0.0), stage.stale.add("volume")))
    wait_until(lambda: len(audience.volume_frames()) >= 2)
    coarse, fine = audience.volume_frames()[:2]
    assert (coarse.still, fine.still) == (False, True)
    assert coarse.width <= 150
    assert coarse.info["stamp"] == 42.0


def test_nothing_is_drawn_while_nothing_changes(running):
    renderer, _, audience, writer = running
    publish(writer, renderer)
    wait_until(audience.volume_frames)
    time.sleep(0.3)
    n_frames, spent = len(audience.frames), time.process_time()
    time.sleep(0.6)
    assert len(audience.frames) == n_frames
    assert time.process_time() - spent < 0.15


def test_nothing_is_taken_while_nobody_looks(running):
    renderer, session, audience, writer = running
    audience.is_there = False
    publish(writer, renderer)
    time.sleep(0.3)
    assert session.facts.volume is None
    audience.is_there = True
    renderer.wake()
    wait_until(audience.volume_frames)


def test_the_last_volume_stays_on_view_when_the_engine_takes_its_memory_back(running):
    renderer, session, audience, writer = running
    publish(writer, renderer)
    wait_until(audience.volume_frames)
    renderer.submit(lambda stage: stage.detach())
    audience.frames.clear()
    session.wish(show_contour=True)
    wait_until(lambda: any(frame.still for frame in audience.volume_frames()))
    publish(writer, renderer, 0.5)
    time.sleep(0.3)
    assert session.facts.volume.version == 1


def test_a_failure_is_told_and_ends_the_drawing():
    from livetomo.app.views.render_thread import RenderThread
    from livetomo.session import Session

    told = []
    renderer = RenderThread(Session(), Everyone(), lambda: told.append("failed"))
    renderer.start()
    renderer.submit(lambda stage: 1 / 0)
    wait_until(lambda: told == ["failed"])
    renderer.stop()
