"""What a viewer sees is the volume, to half a step of its scale, and the scale does not flicker."""

import numpy as np
import pytest

from livetomo.live.publish import Publisher, steady_range
from livetomo.live.snapshot import SnapshotReader


@pytest.fixture
def shown():
    publishers, readers = [], []

    def show(volume, voxel_size_nm=2.0):
        if not publishers:
            publishers.append(Publisher(volume.shape, voxel_size_nm))
            readers.append(SnapshotReader(publishers[0].name))
        publishers[0].publish(volume, n_tilts=5)
        return readers[0].take()

    yield show
    readers[0].close()
    publishers[0].close()


def test_values_come_through_to_half_a_step(shown):
    volume = np.random.default_rng(0).uniform(-3, 9, (20, 30, 40)).astype(np.float32)
    snapshot = shown(volume)
    step = (snapshot.highest - snapshot.lowest) / 255
    assert snapshot.lowest <= volume.min()
    assert snapshot.highest >= volume.max()
    np.testing.assert_allclose(snapshot.lowest + snapshot.voxels * step, volume, atol=0.51 * step)
    assert (snapshot.voxel_size_nm, snapshot.n_tilts, snapshot.version) == (2.0, 5, 1)


def test_a_large_volume_is_binned_and_says_so(shown):
    volume = np.zeros((5, 6, 700), np.float32)
    volume[:3, :3, :3] = 27
    snapshot = shown(volume)
    assert snapshot.voxels.shape == (1, 2, 233)
    assert snapshot.voxel_size_nm == 6.0
    step = (snapshot.highest - snapshot.lowest) / 255
    np.testing.assert_allclose(snapshot.lowest + step * snapshot.voxels[0, 0, :2], (27, 0), atol=0.51 * step)


@pytest.mark.parametrize("n_y", [1, 2])
def test_a_large_volume_of_few_slices_is_shown(shown, n_y):
    volume = np.broadcast_to(np.arange(700, dtype=np.float32), (700, n_y, 700))
    snapshot = shown(volume)
    assert snapshot.voxels.shape == (233, 1, 233)
    step = (snapshot.highest - snapshot.lowest) / 255
    shown_row = snapshot.lowest + step * snapshot.voxels[100, 0]
    np.testing.assert_allclose(shown_row, 1 + 3 * np.arange(233), atol=0.51 * step)


def test_a_constant_volume_is_shown(shown):
    assert np.ptp(shown(np.zeros((4, 4, 4), np.float32)).voxels) == 0


def test_the_scale_stays_while_it_fits_and_follows_when_it_does_not():
    first = steady_range((0.0, 10.0), (0.0, 0.0))
    assert steady_range((0.0, 10.4), first) == first
    assert steady_range((0.0, 9.0), first) == first
    assert steady_range((0.0, 20.0), first)[1] > 20
    assert steady_range((0.0, 3.0), first)[1] < 4
    assert steady_range((-1.0, 10.0), first)[0] < -1
