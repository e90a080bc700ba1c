import numpy as np
import pytest

from livetomo.kernels import variation
from livetomo.kernels.packed import NO_FLOOR, PackedGrid

SHAPES = [(20, 7, 9), (9, 130, 5), (17, 37, 12), (6, 1, 6), (1, 16, 4), (33, 48, 1)]
"""(z, y, x): less than a lane block, several, one that is not full, single slices and rows."""


@pytest.fixture(autouse=True)
def many_slabs(monkeypatch):
    """Cut small volumes as large ones are, so that slabs meet."""
    monkeypatch.setattr(variation, "_LEAST_VALUES_PER_TASK", 1)
    monkeypatch.setattr(variation, "_MOST_VALUES_PER_TASK", 1)


def volume_of(shape, seed=0):
    volume = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    grid = PackedGrid(shape, shape[2])
    packed = grid.new_volume()
    grid.pack_volume(volume, packed)
    return volume, grid, packed


def differences(volume):
    steps = np.zeros((3, *volume.shape), volume.dtype)
    steps[0, :-1], steps[1, :, :-1], steps[2, :, :, :-1] = (np.diff(volume, axis=axis) for axis in range(3))
    return steps


def divergence(field):
    total = np.zeros_like(field[0])
    for axis, part in enumerate(field):
        part = np.moveaxis(part, axis, 0)
        np.moveaxis(total, axis, 0)[:] += part
        np.moveaxis(total, axis, 0)[1:] -= part[:-1]
    return total


def gradient(volume, smoothing=0.0, edge=0.0):
    steps = differences(volume.astype(np.float64))
    return -divergence(steps / np.sqrt(np.maximum((steps**2).sum(0) + smoothing**2, edge**2)))


@pytest.mark.parametrize("shape", SHAPES)
def test_tv_descent_is_that_of_numpy(shape):
    volume, grid, packed = volume_of(shape)
    expected, out = gradient(volume, smoothing=0.3), grid.new_volume()
    assert variation.gradient_norm(grid, packed, 0.3) == pytest.approx(np.linalg.norm(expected), rel=1e-5)
    list(variation.tv_descent(grid, packed, out, 0.25, 0.3, piece_s=0.0))
    np.testing.assert_allclose(grid.unpack_volume(out), np.maximum(0, volume - 0.25 * expected), atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_tv_descent_in_place_is_that_beside(shape):
    _, grid, packed = volume_of(shape)
    beside = grid.new_volume()
    list(variation.tv_descent(grid, packed, beside, 0.25, 0.3, piece_s=0.0))
    list(variation.tv_descent(grid, packed, packed, 0.25, 0.3, piece_s=0.0))
    np.testing.assert_array_equal(packed, beside)


@pytest.mark.parametrize("shape", SHAPES)
def test_huber_descent_is_that_of_numpy_keeps_the_floor_and_pushes_on(shape):
    volume, grid, packed = volume_of(shape)
    before, _, packed_before = volume_of(shape, seed=1)
    pieces = variation.huber_descent(grid, packed, packed_before, (0.1, 1.5, np.float32(-0.2)), 0.5, piece_s=0.0)
    ways = result_of(pieces)
    expected = np.maximum(-0.2, volume - 0.1 * 1.5 * gradient(volume, edge=1.5))
    assert_pushed(grid, (packed, packed_before, ways), expected, before)


@pytest.mark.parametrize("floor", [NO_FLOOR, np.float32(0)])
@pytest.mark.parametrize("shape", SHAPES)
def test_tv_proximal_is_that_of_numpy_and_pushes_on(shape, floor):
    volume, grid, packed = volume_of(shape)
    before, _, packed_before = volume_of(shape, seed=1)
    duals, field = variation.new_duals(grid), np.zeros((3, *shape), np.float32)
    for _ in range(9):
        field = field + differences(np.maximum(floor, volume + 0.05 * divergence(field))) * 1.9 / 0.6
        field = np.rint(127 * field / np.sqrt(np.maximum((field**2).sum(0), 1))) / 127  # as eight bits keep them
    list(variation.tv_proximal(grid, packed.copy(), packed_before.copy(), duals, (0.05, floor, 4), piece_s=0.0))
    ways = result_of(variation.tv_proximal(grid, packed, packed_before, duals, (0.05, floor, 5), 0.5))
    expected = np.maximum(floor, volume + 0.05 * divergence(field))
    assert_pushed(grid, (packed, packed_before, ways), expected, before)


@pytest.mark.parametrize("smooth", ["tv", "huber"])
def test_smoothing_left_at_a_piece_ends(smooth):
    volumes = {}
    for is_left in (True, False):
        _, grid, packed = volume_of((20, 7, 9))
        before, duals = grid.new_volume(), variation.new_duals(grid)
        if smooth == "tv":
            pieces = variation.tv_proximal(grid, packed, before, duals, (0.05, NO_FLOOR, 1), 0.5, piece_s=0.0)
        else:
            pieces = variation.huber_descent(grid, packed, before, (0.1, 1.5, NO_FLOOR), 0.5, piece_s=0.0)
        next(pieces)
        pieces.close() if is_left else list(pieces)
        volumes[is_left] = packed, before, duals
    for left, done in zip(volumes[True], volumes[False], strict=True):
        np.testing.assert_array_equal(left, done)


def result_of(pieces):
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


def assert_pushed(grid, result, expected, before):
    packed, packed_before, ways = result
    assert_equal_but_for_roundings(grid.unpack_volume(packed_before), expected)
    assert_equal_but_for_roundings(grid.unpack_volume(packed), expected + 0.5 * (expected - before))
    np.testing.assert_allclose(ways, [np.sum((expected - before) ** 2), np.sum(expected**2)], rtol=1e-4)
    for border in (packed, packed_before):
        fresh = grid.new_volume()
        grid.pack_volume(grid.unpack_volume(border), fresh)
        np.testing.assert_array_equal(border, fresh)


def assert_equal_but_for_roundings(volume, expected):
    """A dual that falls between two of its 255 values may be rounded to either."""
    np.testing.assert_allclose(volume, expected, atol=2e-3)
    assert np.abs(volume - expected).mean() < 1e-5


def test_tv_proximal_minimises():
    volume, grid, packed = volume_of((12, 20, 11))
    out, duals = grid.new_volume(), variation.new_duals(grid)

    def cost(x):
        return 0.5 * ((x - volume) ** 2).sum() + 0.4 * np.sqrt((differences(x) ** 2).sum(0)).sum()

    list(variation.tv_proximal(grid, packed, out, duals, (0.4, NO_FLOOR, 300)))
    best = grid.unpack_volume(out)
    nearby = [best + 1e-2 * np.random.default_rng(k).normal(size=best.shape) for k in range(5)]
    assert cost(best) < min(cost(other) for other in [*nearby, volume, np.full_like(best, best.mean()), 0.98 * best])


def test_distance():
    volume, grid, packed = volume_of((5, 20, 6))
    before, _, packed_before = volume_of((5, 20, 6), seed=1)
    assert variation.distance(packed, packed_before) == pytest.approx(np.linalg.norm(volume - before), rel=1e-6)
