import numpy as np
import pytest

from livetomo.kernels.packed import NO_FLOOR, PackedGrid, run
from livetomo.kernels.turn import Turn, turn_back_tasks, turn_tasks

AFRESH = np.float32(0), NO_FLOOR
ANGLES = [0, 90, -90, 180, 270, 30, 7.3, -135, 400.5]
SHAPES = [(3, 9, 14), (17, 21, 8), (18, 150, 33), (2, 40, 141), (1, 1, 1), (5, 1, 6)]


def packed(grid, volume):
    blocks = grid.new_volume()
    grid.pack_volume(volume, blocks)
    return blocks


def turned(turn, volume):
    out = turn.turned_grid.new_volume()
    out_as_found = packed(turn.turned_grid, np.full(turn.turned_grid.volume_shape, 7))
    out[...] = out_as_found
    run(turn_tasks(turn, packed(turn.grid, volume), out))
    return out


def turned_back(turn, projected, volume=None, update=AFRESH):
    out = packed(turn.grid, np.full(turn.grid.volume_shape, 7) if volume is None else volume)
    run(turn_back_tasks(turn, packed(turn.turned_grid, projected), out, update))
    return out


def unpacked(turn, blocks, grid=None):
    return (turn.turned_grid if grid is None else grid).unpack_volume(blocks)


def bilinear(volume, turn):
    """Point by point, as the convention says."""
    _, n_y, n_x = volume.shape
    width = turn.turned_grid.volume_shape[2]
    cos, sin = np.cos(np.deg2rad(turn.rotation_deg)), np.sin(np.deg2rad(turn.rotation_deg))
    padded = np.pad(volume.astype(float), ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((len(volume), n_y, width))
    for row, column in np.ndindex(n_y, width):
        u, v = column - (width - 1) / 2, row - (n_y - 1) / 2
        x = np.clip(u * cos + v * sin + (n_x - 1) / 2, -1, n_x) + 1
        y = np.clip(v * cos - u * sin + (n_y - 1) / 2, -1, n_y) + 1
        i, j = min(int(x), n_x), min(int(y), n_y)
        p, q = x - i, y - j
        near = padded[:, j : j + 2, i : i + 2]
        out[:, row, column] = np.einsum("zyx,y,x->z", near, [1 - q, q], [1 - p, p])
    return out


@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("shape", SHAPES)
def test_turn_back_is_the_adjoint(shape, angle):
    turn, random = Turn(PackedGrid(shape, shape[2]), angle), np.random.default_rng(0)
    volume = random.normal(size=shape).astype(np.float32)
    other = random.normal(size=turn.turned_grid.volume_shape).astype(np.float32)
    forward, back = unpacked(turn, turned(turn, volume)), unpacked(turn, turned_back(turn, other), turn.grid)
    scale = np.linalg.norm(forward.astype(float)) * np.linalg.norm(other.astype(float))
    difference = np.sum(forward.astype(float) * other) - np.sum(volume.astype(float) * back)
    assert abs(difference) <= 1e-6 * scale


@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("shape", [(2, 9, 14), (1, 12, 7), (1, 70, 8), (17, 6, 6)])
def test_turn_is_bilinear_interpolation(shape, angle):
    turn, volume = Turn(PackedGrid(shape, shape[2]), angle), np.random.default_rng(1).random(shape, np.float32)
    np.testing.assert_allclose(unpacked(turn, turned(turn, volume)), bilinear(volume, turn), atol=1e-5)


@pytest.mark.parametrize("n", [1, 16, 33, 150])
def test_multiples_of_90_move_whole_voxels(n):
    volume = np.random.default_rng(2).random((2, n, n), np.float32)
    for quarters in range(-2, 5):
        turn = Turn(PackedGrid(volume.shape, n), 90.0 * quarters)
        expected = np.rot90(volume, quarters, axes=(2, 1))  # x goes to y
        assert turn.moves_whole_voxels
        np.testing.assert_array_equal(unpacked(turn, turned(turn, volume)), expected)
        np.testing.assert_array_equal(unpacked(turn, turned_back(turn, expected), turn.grid), volume)


def test_point_goes_where_the_convention_says():
    volume = np.zeros((1, 41, 41), np.float32)
    volume[0, 20 + 3, 20 + 12] = 1
    turn = Turn(PackedGrid(volume.shape, 41), 25)
    image = unpacked(turn, turned(turn, volume))[0]
    rows, columns = np.nonzero(image)
    centre = (image.shape[1] - 1) / 2
    cos, sin = np.cos(np.deg2rad(25)), np.sin(np.deg2rad(25))
    weights = image[rows, columns]
    assert np.average(columns, weights=weights) - centre == pytest.approx(12 * cos - 3 * sin, abs=0.3)
    assert np.average(rows, weights=weights) - 20 == pytest.approx(12 * sin + 3 * cos, abs=0.3)


def test_turned_grid_holds_the_corners():
    assert Turn(PackedGrid((5, 40, 30), 37), 90).turned_grid == PackedGrid((5, 40, 40), 37)
    assert Turn(PackedGrid((5, 40, 30), 37), 180).turned_grid == PackedGrid((5, 40, 30), 37)
    assert Turn(PackedGrid((5, 40, 30), 37), 30).turned_grid == PackedGrid((5, 40, 46), 37)
    assert not Turn(PackedGrid((5, 40, 31), 37), 90).moves_whole_voxels


def test_smooth_blob_comes_back():
    y, x = np.mgrid[:90, :80]
    blob = np.exp(-((y - 50) ** 2 + (x - 35) ** 2) / 60)[None].astype(np.float32)
    turn = Turn(PackedGrid(blob.shape, 80), 30)
    back = unpacked(turn, turned_back(turn, unpacked(turn, turned(turn, blob))), turn.grid)
    assert np.corrcoef(back.ravel(), blob.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("angle", [0, 90, 33])
def test_borders_and_unused_lanes_stay_zero(angle):
    shape = (18, 70, 23)
    turn = Turn(PackedGrid(shape, 23), angle)
    for grid, blocks in (
        (turn.turned_grid, turned(turn, np.ones(shape))),
        (turn.grid, turned_back(turn, np.ones(turn.turned_grid.volume_shape))),
    ):
        again = packed(grid, grid.unpack_volume(blocks))
        np.testing.assert_array_equal(blocks, again)


@pytest.mark.parametrize("angle", [90, 33])
def test_volume_is_kept_and_floored(angle):
    random, shape = np.random.default_rng(4), (3, 20, 24)
    turn = Turn(PackedGrid(shape, 24), angle)
    volume = random.normal(size=shape).astype(np.float32)
    other = random.normal(size=turn.turned_grid.volume_shape).astype(np.float32)
    added = unpacked(turn, turned_back(turn, other), turn.grid)
    updated = turned_back(turn, other, volume, (np.float32(0.5), np.float32(0.1)))
    expected = np.maximum(0.1, 0.5 * volume + added)
    np.testing.assert_allclose(unpacked(turn, updated, turn.grid), expected, atol=1e-6)
    np.testing.assert_array_equal(updated, packed(turn.grid, unpacked(turn, updated, turn.grid)))  # zero beside it


def test_threads_to_spare_change_nothing(monkeypatch):
    volume = np.random.default_rng(5).random((20, 30, 26), np.float32)
    turn = Turn(PackedGrid(volume.shape, 26), 12)
    alone = turned(turn, volume)
    monkeypatch.setenv("LIVETOMO_THREADS", "7")
    np.testing.assert_array_equal(turned(turn, volume), alone)
