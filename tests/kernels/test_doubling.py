"""What a coarse volume has changed comes over whole, in place and once."""

import numpy as np
import pytest

from livetomo.kernels import packed_grid
from livetomo.kernels.doubling import carry_over, halved_size
from livetomo.kernels.packed import NO_FLOOR, PackedGrid

SIZES = [(16, 12, 20), (17, 13, 19), (16, 150, 9), (8, 1, 11)]


def grids(shape):
    return PackedGrid(shape, shape[2]), PackedGrid(tuple(map(halved_size, shape)), halved_size(shape[2]))


def ramp(shape, pixel_size):
    """Sample 1 + 2 z - 3 y + x, from the centre of the grid on; the one slice of a grid stays where it is."""
    z, y, x = (pixel_size * (np.arange(size) - (size - 1) / 2) for size in shape)
    return (1 + 2 * z[:, None, None] - 3 * y[:, None] + x).astype(np.float32)


def packed_of(grid, values):
    volume = grid.new_volume()
    grid.pack_volume(np.ascontiguousarray(values, np.float32), volume)
    return volume


def carried(grid_pair, coarse, before, volumes, floor=NO_FLOOR):
    pieces, sums = carry_over(grid_pair, coarse, before, volumes, np.float32(floor), piece_s=float("inf")), None
    while sums is None:
        try:
            next(pieces)
        except StopIteration as end:
            sums = end.value
    return sums


@pytest.mark.parametrize("shape", SIZES)
def test_a_ramp_stays_a_ramp(shape):
    fine, coarse = pair = grids(shape)
    volume = fine.new_volume()
    carried(pair, packed_of(coarse, ramp(coarse.volume_shape, 2)), coarse.new_volume(), (volume,))
    inside = tuple(slice(1, -1) if size > 2 else slice(None) for size in shape)  # at the faces it goes on even
    np.testing.assert_allclose(fine.unpack_volume(volume)[inside], ramp(shape, 1)[inside], atol=1e-4)


def test_blocks_of_the_finer_grid_may_be_narrower(monkeypatch):
    monkeypatch.setattr(packed_grid, "_BETTER_NARROW", [range(18 * 22, 18 * 22 + 1)])
    fine, coarse = pair = grids((16, 192, 20))
    assert fine.lanes == 64
    volume = fine.new_volume()
    carried(pair, packed_of(coarse, ramp(coarse.volume_shape, 2)), coarse.new_volume(), (volume,))
    inside = ramp(fine.volume_shape, 1)[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(fine.unpack_volume(volume)[1:-1, 1:-1, 1:-1], inside, atol=2e-4)


def test_only_the_change_comes_over_to_all_volumes_and_once():
    fine, coarse = pair = grids((16, 12, 20))
    random = np.random.default_rng(0)
    old, new = (random.random(coarse.volume_shape).astype(np.float32) for _ in range(2))
    first, second = (random.random(fine.volume_shape).astype(np.float32) for _ in range(2))
    before, after = packed_of(coarse, old), packed_of(coarse, new)
    volumes, change = (packed_of(fine, first), packed_of(fine, second)), fine.new_volume()
    carried(pair, packed_of(coarse, new - old), coarse.new_volume(), (change,))
    for _ in range(2):
        carried(pair, after, before, volumes)
    np.testing.assert_array_equal(before, after)
    for volume, start in zip(volumes, (first, second), strict=True):
        np.testing.assert_allclose(fine.unpack_volume(volume), start + fine.unpack_volume(change), atol=1e-5)


def test_floor_is_kept_and_what_was_added_is_told():
    fine, coarse = pair = grids((16, 12, 20))
    start = np.random.default_rng(1).random(fine.volume_shape).astype(np.float32)
    volume = packed_of(fine, start)
    less = packed_of(coarse, np.full(coarse.volume_shape, -0.5))
    squares, energy = carried(pair, less, coarse.new_volume(), (volume,), 0)
    expected = np.maximum(start - 0.5, 0)
    np.testing.assert_allclose(fine.unpack_volume(volume), expected, atol=1e-6)
    np.testing.assert_allclose([squares, energy], [((expected - start) ** 2).sum(), (expected**2).sum()], rtol=1e-4)


def test_it_ends_even_if_left():
    fine, coarse = pair = grids((64, 40, 64))
    volume, before = fine.new_volume(), coarse.new_volume()
    pieces = carry_over(pair, packed_of(coarse, np.ones(coarse.volume_shape)), before, (volume,), NO_FLOOR, piece_s=0.0)
    next(pieces)
    pieces.close()
    np.testing.assert_allclose(fine.unpack_volume(volume), 1)
