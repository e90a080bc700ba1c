"""Volumes cross from engine to viewer unharmed, and neither waits for the other."""

import numpy as np
import pytest

from livetomo.live import snapshot
from livetomo.live.snapshot import SnapshotReader, SnapshotWriter


@pytest.fixture
def pair():
    writer = SnapshotWriter((3, 4, 5))
    reader = SnapshotReader(writer.name)
    yield writer, reader
    reader.close()
    writer.close()


def publish(writer, value):
    writer.buffer()[...] = value
    return writer.publish(0.0, float(value), 1.5, n_tilts=value)


def test_nothing_is_there_before_the_first_volume(pair):
    assert pair[1].take() is None


def test_the_newest_volume_is_taken_with_its_scale(pair):
    writer, reader = pair
    publish(writer, 1)
    publish(writer, 2)
    snapshot = reader.take()
    assert (snapshot.voxels == 2).all()
    assert (snapshot.highest, snapshot.voxel_size_nm, snapshot.n_tilts, snapshot.version) == (2.0, 1.5, 2, 2)


def test_a_held_volume_is_not_written_over(pair):
    writer, reader = pair
    publish(writer, 1)
    held = reader.take()
    for value in range(2, 7):
        publish(writer, value)
    assert (held.voxels == 1).all()
    assert (reader.take().voxels == 6).all()


def test_a_volume_published_while_one_is_taken_lends_it_no_numbers(pair, monkeypatch):
    writer, reader = pair
    publish(writer, 1)
    give = reader._block.voxels
    monkeypatch.setattr(reader._block, "voxels", lambda buffer: (publish(writer, 2), give(buffer))[1])
    held = reader.take()
    assert (held.voxels == 1).all()
    assert (held.n_tilts, held.version, reader.version) == (1, 1, 2)


def test_volumes_of_any_shape_keep_their_voxels():
    writer = SnapshotWriter((2, 3, 7))
    reader = SnapshotReader(writer.name)
    volume = np.random.default_rng(1).integers(0, 255, (2, 3, 7), dtype=np.uint8)
    writer.buffer()[...] = volume
    writer.publish(-1.0, 3.0, None, n_tilts=1)
    taken = reader.take().voxels.copy()
    reader.close()
    writer.close()
    np.testing.assert_array_equal(taken, volume)


class _Overtaken(np.ndarray):
    """Words of an engine that is a moment late to take the newest volume back."""

    def __setitem__(self, key, value):
        if key == snapshot._NEWEST and value == snapshot._NOBODY:
            self.look()
        super().__setitem__(key, value)


def test_a_volume_taken_while_the_engine_looks_for_a_buffer_is_not_written_over(pair):
    writer, reader = pair
    publish(writer, 1)
    reader.take()
    publish(writer, 2)
    taken = []
    writer._block.words = writer._block.words.view(_Overtaken)
    writer._block.words.look = lambda: taken.append(reader.take())
    publish(writer, 3)
    assert [held.version for held in taken] == [2]
    assert (taken[0].voxels == 2).all()
