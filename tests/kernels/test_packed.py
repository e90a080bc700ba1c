"""Steps over lane blocks do what they say, whatever the width of a row."""

import numpy as np
import pytest

from livetomo.kernels import _pack_cpu, conjugate, packed

RANDOM = np.random.default_rng(0)
KEEP, FLOOR, CEILING, MOMENTUM = (np.float32(number) for number in (0.9, 0.1, 0.8, 0.3))


def random_rows(n_rows, lanes):
    rows = packed.aligned_zeros((n_rows, lanes))
    rows[...] = RANDOM.random(rows.shape)
    return rows


@pytest.mark.parametrize("lanes", [8, 24])
@pytest.mark.parametrize("held", ["everywhere", "support"])
def test_momentum(lanes, held):
    extrapolated, volume, step = (random_rows(71, lanes) for _ in range(3))
    support = (RANDOM.random((71 if held == "support" else 0, lanes)) < 0.5).astype(np.uint8)
    expected = np.clip(KEEP * extrapolated + step, FLOOR, CEILING) * (support if len(support) else 1)
    change, astray, before = expected - volume, [], extrapolated.copy()
    packed.run(packed.advance_tasks((extrapolated, volume, support), step, (KEEP, FLOOR, CEILING, MOMENTUM), astray))
    np.testing.assert_allclose(volume, expected, rtol=1e-5)
    np.testing.assert_allclose(extrapolated, expected + MOMENTUM * change, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sum(astray), np.sum((before - expected) * change, dtype=np.float64), rtol=1e-4)


@pytest.mark.parametrize("n_slices", [5, 20, 40, 52])
def test_momentum_is_a_back_projection_and_then_a_step(n_slices):
    grid, tilts = packed.PackedGrid((21, n_slices, 17), 19), np.arange(5)
    rays, block = packed.Rays.of(grid, np.linspace(-70, 70, 5), np.zeros(5), 0.0), grid.block(0)
    volumes, at_once, step = ([grid.new_volume()[0] for _ in range(n)] for n in (2, 2, 1))
    projections, gain = grid.new_projections(5), 0.1 * RANDOM.random((21, 17), np.float32)
    grid.pack_projections(RANDOM.random((5, n_slices, 19)), projections)
    for one, other in zip(volumes, at_once, strict=True):
        grid.pack_volume(RANDOM.random(grid.volume_shape), one[None])
        other[...] = one
    support, change, sums = np.zeros((0, grid.lanes), np.uint8), (KEEP, np.float32(0), CEILING, MOMENTUM), ([], [])
    afresh = gain, np.float32(0), packed.NO_FLOOR
    packed.run(packed.backproject_tasks(block, rays, step[0], projections[0], tilts, afresh))
    packed.run(packed.advance_tasks((*volumes, support), step[0], change, sums[0]))
    packed.run(packed.momentum_tasks(block, rays, (*at_once, support), projections[0], tilts, (gain, *change), sums[1]))
    for one, other in zip(volumes, at_once, strict=True):
        np.testing.assert_allclose(grid.unpack_volume(other[None]), grid.unpack_volume(one[None]), atol=1e-5)
    np.testing.assert_allclose(sum(sums[1]), sum(sums[0]), rtol=1e-4)


def read_only(shape):
    array = np.zeros(shape, np.float32)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("out", [np.zeros((5, 5, 5), np.float32), np.zeros((4, 5, 6), np.int16), read_only((4, 5, 6))])
def test_a_volume_goes_only_where_it_fits(out):
    grid = packed.PackedGrid((4, 5, 6), 6)
    with pytest.raises(ValueError, match="out: expected an array"):
        grid.unpack_volume(grid.new_volume(), out)


@pytest.mark.parametrize("lanes", [8, 24])
@pytest.mark.parametrize("weighed", [False, True])
def test_remainder(lanes, weighed):
    n_tilts, width, border = 3, 41, 2
    projected, measured = (random_rows(n_tilts * (width + 2 * border), lanes) for _ in range(2))
    rays = RANDOM.random((n_tilts, width)).astype(np.float32)
    rays[:, :7] = 0
    pixels = random_rows(*measured.shape) if weighed else np.zeros((0, 0), np.float32)
    difference, kept = (measured - projected) * (pixels if weighed else 1), projected.copy()
    subtract = _pack_cpu.subtract_and_weigh
    of_tilts_too = np.array([0.25, 1, 0.5], np.float32)
    weights = rays, pixels, of_tilts_too
    squares = subtract(projected, measured, weights, np.array([0, 2]), (width + 4, border), (0, lanes))
    expected, of_tilts = kept.reshape(n_tilts, -1, lanes), difference.reshape(n_tilts, -1, lanes)
    inside = slice(border, border + width)
    energy = (of_tilts * (measured - kept).reshape(expected.shape))[[0, 2], inside] * (rays[[0, 2], :, None] > 0)
    energy *= of_tilts_too[[0, 2], None, None]
    expected[[0, 2], inside] = rays[[0, 2], :, None] * of_tilts[[0, 2], inside]
    np.testing.assert_allclose(projected, kept, rtol=1e-5)
    np.testing.assert_allclose(squares, energy.sum(dtype=np.float64), rtol=1e-5)


@pytest.mark.parametrize("n_slices", [5, 41, 130])
@pytest.mark.parametrize("n_tilts", [1, 3, 40])
def test_threads_that_share_a_projection_agree(n_slices, n_tilts, monkeypatch):
    monkeypatch.setattr(packed, "_LEAST_UPDATES_PER_TASK", 1)
    grid, tilts = packed.PackedGrid((21, n_slices, 17), 19), np.arange(n_tilts)
    rays = packed.Rays.of(grid, np.linspace(-70, 70, n_tilts), np.zeros(n_tilts), 0.0)
    volume, measured = grid.new_volume(), grid.new_projections(n_tilts)
    grid.pack_volume(RANDOM.random(grid.volume_shape), volume)
    grid.pack_projections(RANDOM.random((n_tilts, n_slices, 19)), measured)
    weights = RANDOM.random((n_tilts, 19), np.float32), np.zeros((0, 0), np.float32), np.ones(n_tilts, np.float32)
    found = []
    for n_threads in (1, 2, 7):
        monkeypatch.setenv("LIVETOMO_THREADS", str(n_threads))
        out, squares = grid.new_projections(n_tilts), []
        arrays = volume[0], measured[0], out[0]
        packed.run(packed.remainder_tasks(grid.block(0), rays, *arrays, weights, tilts, squares))
        found.append((out[0], sum(squares)))
    for out, energy in found[1:]:
        np.testing.assert_allclose(out, found[0][0], atol=2e-5)
        np.testing.assert_allclose(energy, found[0][1], rtol=1e-6)


@pytest.mark.parametrize("lanes", [8, 24])
@pytest.mark.parametrize("weighed", [False, True])
def test_conjugate_steps(lanes, weighed):
    remainder, projected = (random_rows(71, lanes) for _ in range(2))
    rays = RANDOM.random(71).astype(np.float32)
    rays[:7] = 0
    pixels = random_rows(71, lanes) if weighed else np.zeros((0, 0), np.float32)
    counted, found, before = (pixels if weighed else np.ones_like(remainder)), [], remainder.copy()
    list(conjugate.squares(remainder, (rays, pixels), found, 1.0))
    np.testing.assert_allclose(sum(found), np.sum(rays[:, None] * counted * before**2, dtype=np.float64), rtol=1e-5)
    expected, found = before - (rays > 0)[:, None] * np.float32(0.3) * projected, []
    list(conjugate.take_back(remainder, projected, (rays, pixels), 0.3, found, 1.0))
    np.testing.assert_allclose(remainder, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sum(found), np.sum(rays[:, None] * counted * expected**2, dtype=np.float64), rtol=1e-5)
    expected, found = remainder - np.float32(0.2) * before, []
    list(conjugate.damp(remainder, before, 0.2, found, 1.0))
    np.testing.assert_allclose(sum(found), np.sum(expected**2, dtype=np.float64), rtol=1e-5)


@pytest.mark.parametrize(("shape", "width"), [((19, 1, 23), 23), ((40, 1, 7), 31), ((1, 1, 9), 5)])
def test_path_lengths_are_the_projection_of_ones(shape, width):
    grid, angles = packed.PackedGrid(shape, width), np.array([-90, -61.3, -45, -1e-7, 0, 12.5, 45, 77, 90, 180, 231])
    rays = packed.Rays.of(grid, angles, np.linspace(-4, 3, len(angles)), 1.25)
    ones, projections = grid.new_volume(), grid.new_projections(len(angles))
    grid.pack_volume(np.ones(shape, np.float32), ones)
    packed.run(packed.project_tasks(grid.block(0), rays, ones[0], projections[0], np.arange(len(angles))))
    expected = grid.unpack_projections(projections, 0, len(angles))[:, 0]
    np.testing.assert_allclose(rays.path_lengths(grid), expected, rtol=1e-5, atol=1e-5)


def test_taps_reach_every_voxel_of_a_block():
    for n_x in (64, 4096, 9000, 30000):
        grid = packed.PackedGrid((n_x, 200, n_x), n_x)
        n_values = (n_x + 2) ** 2 * grid.lanes
        assert n_values <= 1 << 33
        assert grid.lanes * grid.n_blocks >= 200


@pytest.mark.parametrize("n_parts", [1, 2, 3, 8])
def test_tilts_in_lines_are_handed_out_once_and_by_their_axes(n_parts):
    grid = packed.PackedGrid((16, 8, 16), 16)
    rays = packed.Rays.of(grid, np.linspace(-71, 71, 36), np.zeros(36), 0.0)
    parts = packed._parts_by_axis(rays, np.arange(36), n_parts)
    assert sorted(np.concatenate(parts)) == list(range(36))
    assert len(parts) <= n_parts
    assert sum(len(np.unique(rays.crossings[part, 3])) for part in parts) <= n_parts + 1
