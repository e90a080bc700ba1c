import numpy as np
import pytest

from livetomo.kernels import packed
from livetomo.kernels.turn import Turn, turn_back_tasks, turn_tasks

_SHAPES = [(5, 12, 12), (4, 11, 16), (3, 40, 15), (2, 150, 31)]


def packed_of(grid, volume):
    out = grid.new_volume()
    grid.pack_volume(volume, out)
    return out


def turned(turn, volume):
    out = turn.turned_grid.new_volume()
    packed.run(turn_tasks(turn, packed_of(turn.grid, volume), out))
    return out


def random_volume(shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@pytest.mark.parametrize("rotation_deg", [0, 90, -90, 180, 30, 7.3, 451])
@pytest.mark.parametrize("shape", _SHAPES)
def test_turning_back_is_the_transpose(shape, rotation_deg):
    turn = Turn(packed.PackedGrid(shape, shape[2]), rotation_deg)
    volume, other = random_volume(shape), random_volume(turn.turned_grid.volume_shape, 1)
    there = turn.turned_grid.unpack_volume(turned(turn, volume)).astype(np.float64)
    back = turn.grid.new_volume()
    packed.run(
        turn_back_tasks(turn, packed_of(turn.turned_grid, other), back, (np.float32(0), packed.NO_FLOOR))
    )

    np.testing.assert_allclose((there * other).sum(), (volume * turn.grid.unpack_volume(back)).sum(), rtol=1e-5)


def test_a_quarter_turn_takes_x_to_y_exactly():
    volume = random_volume((3, 20, 20))
    turn = Turn(packed.PackedGrid(volume.shape, 20), 90)
    found = turn.turned_grid.unpack_volume(turned(turn, volume))
    expected = np.empty_like(volume)
    for y in range(20):
        for x in range(20):
            expected[:, x, 19 - y] = volume[:, y, x]  # (x, y) from the centre goes to (-y, x)

    np.testing.assert_array_equal(found, expected)


def test_a_blob_turned_there_and_back_is_itself():
    z, y, x = np.mgrid[:3, :40, :40]
    blob = np.exp(-((y - 14) ** 2 + (x - 25) ** 2) / 18).astype(np.float32)
    turn = Turn(packed.PackedGrid(blob.shape, 40), 30)
    back = turn.grid.new_volume()
    packed.run(turn_back_tasks(turn, turned(turn, blob), back, (np.float32(0), packed.NO_FLOOR)))

    assert np.corrcoef(turn.grid.unpack_volume(back).ravel(), blob.ravel())[0, 1] > 0.99


def test_borders_and_unused_lanes_stay_zero():
    turn = Turn(packed.PackedGrid((4, 11, 16), 16), 33)
    out = turned(turn, random_volume((4, 11, 16)) + 1)
    whole = out.reshape(turn.turned_grid.n_blocks, 6, -1, turn.turned_grid.lanes)

    assert not whole[:, [0, -1]].any()
    assert not whole[:, :, [0, -1]].any()
    assert not whole[-1, :, :, 11 % turn.turned_grid.lanes :].any()


def test_keep_and_floor_are_those_of_an_update():
    turn, volume = Turn(packed.PackedGrid((2, 8, 8), 8), 90), random_volume((2, 8, 8))
    step = random_volume((2, 8, 8), 1) - 1
    updated = packed_of(turn.grid, volume)
    packed.run(turn_back_tasks(turn, packed_of(turn.turned_grid, step), updated, (np.float32(0.5), np.float32(0))))
    plain = turn.grid.new_volume()
    packed.run(turn_back_tasks(turn, packed_of(turn.turned_grid, step), plain, (np.float32(0), packed.NO_FLOOR)))

    expected = np.maximum(0, 0.5 * volume + turn.grid.unpack_volume(plain))
    np.testing.assert_allclose(turn.grid.unpack_volume(updated), expected, rtol=1e-6)
