"""Every kernel of the GPU gives what its twin on the processor gives."""

import cupy
import numpy as np
import pytest

from livetomo.arrays import namespace_on, to_numpy
from livetomo.kernels import conjugate, packed, variation
from livetomo.kernels.doubling import carry_over
from livetomo.kernels.projector import Projector
from livetomo.kernels.turn import Turn, turn_back_tasks, turn_tasks

SHAPE, WIDTH = (4, 10, 5), 6
ANGLES = np.array([-90, -61.3, -45, 0, 12.5, 45, 90, 231])
HALF = np.float32(0.5)


def some(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


class Bench:
    """A grid on a device, rays, and packed data of a fixed seed."""

    def __init__(self, device):
        self.device, self.grid = device, packed.PackedGrid(SHAPE, WIDTH, device)
        self.rays = packed.Rays.of(self.grid, ANGLES, np.linspace(-1, 1.5, len(ANGLES)), 0.25)
        self.tilts = np.array([0, 1, 3, 4, 5, 7])

    def take(self, array):
        return namespace_on(self.device).asarray(array)

    def volume(self, seed=0, grid=None):
        grid = grid or self.grid
        blocks = grid.new_volume()
        grid.pack_volume(self.take(some(grid.volume_shape, seed)), blocks)
        return blocks

    def projections(self, seed=1):
        blocks = self.grid.new_projections(len(ANGLES))
        self.grid.pack_projections(self.take(some((len(ANGLES), SHAPE[1], WIDTH), seed)), blocks)
        return blocks

    def pixel_weights(self, is_weighed):
        blocks = self.grid.new_projections(len(ANGLES))
        self.grid.pack_projections(self.take(np.abs(some((len(ANGLES), SHAPE[1], WIDTH), 7))), blocks)
        return blocks if is_weighed else blocks[:, :0]

    def gain(self, grid=None):
        return np.abs(some((grid or self.grid).n_zx, 2))


def packing(bench):
    return bench.volume(), bench.projections(), bench.grid.unpack_volume(bench.volume())


def forward(bench):
    volume, out = bench.volume(), bench.projections()
    for block in range(bench.grid.n_blocks):
        packed.run(packed.project_tasks(bench.grid.block(block), bench.rays, volume[block], out[block], bench.tilts))
    return (out,)


def back(bench):
    volume, rays = bench.volume(), bench.rays.interpolating(np.linspace(0.1, 2, len(ANGLES)))
    for beams in (bench.rays, rays):
        update = bench.gain(), HALF, np.float32(-0.3)
        for block, measured in enumerate(bench.projections()):
            lanes = bench.grid.block(block)
            packed.run(packed.backproject_tasks(lanes, beams, volume[block], measured, bench.tilts, update))
    return (volume,)


def remainder(bench, is_weighed=True):
    squares, out = [], bench.projections(seed=3)
    ray_weights = np.abs(some((len(ANGLES), WIDTH), 4))
    ray_weights[:, 2] = 0
    tilt_weights = np.abs(some((len(ANGLES),), 5))
    for block, volume in enumerate(bench.volume()):
        weights = ray_weights, bench.pixel_weights(is_weighed)[block], tilt_weights
        measured, lanes = bench.projections()[block], bench.grid.block(block)
        packed.run(
            packed.remainder_tasks(lanes, bench.rays, volume, measured, out[block], weights, bench.tilts, squares)
        )
    return out, sum(squares)


def unweighed_remainder(bench):
    return remainder(bench, is_weighed=False)


def momentum(bench):
    ahead, volume, astray = bench.volume(), bench.volume(seed=5), []
    support = (bench.volume(seed=6) > 0).astype(np.uint8)
    change = np.float32(0.9), np.float32(-0.2), np.float32(1.5), np.float32(0.4)
    for block, measured in enumerate(bench.projections()):
        volumes = ahead[block], volume[block], support[block] if block else support[block][:0]
        update, lanes = (bench.gain(), *change), bench.grid.block(block)
        packed.run(packed.momentum_tasks(lanes, bench.rays, volumes, measured, bench.tilts, update, astray))
        packed.run(packed.advance_tasks(volumes, bench.volume(seed=8)[block], change, astray))
    return ahead, volume, sum(astray)


def conjugate_steps(bench, is_weighed=True):
    left, projected, out = bench.projections()[1], bench.projections(seed=3)[1], bench.projections(seed=4)[1]
    volume, other = bench.volume()[0], bench.volume(seed=5)[0]
    ray_weights = np.abs(some(len(left), 9))
    ray_weights[::3] = 0
    weights, sums = (ray_weights, bench.pixel_weights(is_weighed)[1]), [[], [], [], []]
    steps = (
        conjugate.squares(left, weights, sums[0], 1.0),
        conjugate.squares(volume, conjugate.NO_WEIGHTS, sums[1], 1.0),
        conjugate.take_back(left, projected, weights, 0.3, sums[2], 1.0),
        conjugate.weigh(left, weights, out, 1.0),
        conjugate.add_scaled(volume, other, 0.7, 1.0),
        conjugate.damp(other, volume, 0.2, sums[3], 1.0),
        conjugate.turn(volume, other, 0.6, 1.0),
    )
    for step in steps:
        list(step)
    return left, out, volume, other, *map(sum, sums)


def unweighed_conjugate_steps(bench):
    return conjugate_steps(bench, is_weighed=False)


def descents(bench):
    volume, lower, before = bench.volume(), bench.grid.new_volume(), bench.volume(seed=5)
    list(variation.tv_descent(bench.grid, volume, lower, 0.25, 0.3, 1.0))
    list(variation.tv_descent(bench.grid, lower, lower, 0.25, 0.3, 1.0))
    list(variation.huber_descent(bench.grid, volume, before, (0.1, 1.5, np.float32(-0.2)), 0.5, 1.0))
    return lower, volume, before, variation.gradient_norm(bench.grid, lower, 0.3)


def proximal(bench):
    volume, before, duals = bench.volume(), bench.volume(seed=5), variation.new_duals(bench.grid)
    for floor in (packed.NO_FLOOR, np.float32(0)):
        list(variation.tv_proximal(bench.grid, volume, before, duals, (0.2, floor, 2), 0.5))
    return volume, before


def distances(bench):
    return (variation.distance(bench.volume(), bench.volume(seed=5)),)


def turns(bench):
    given = []
    for angle in (90.0, 180.0, 360.0, 33.0):
        turn = Turn(bench.grid, angle)
        turned, upright = turn.turned_grid.new_volume(), bench.volume(seed=5)
        nothing = np.full(turn.turned_grid.volume_shape, np.nan, np.float32)  # what was there must not matter
        turn.turned_grid.pack_volume(bench.take(nothing), turned)
        packed.run(turn_tasks(turn, bench.volume(), turned))
        packed.run(turn_back_tasks(turn, turned, upright, (HALF, np.float32(-0.1))))
        given += [turned, upright]
    return tuple(given)


def carried_over(bench):
    coarse = packed.PackedGrid((2, 5, 3), 3, bench.device)
    volume, change, carried = bench.volume(), bench.volume(seed=5, grid=coarse), bench.volume(seed=6, grid=coarse)
    list(carry_over((bench.grid, coarse), change, carried, (volume,), np.float32(-0.2), 1.0))
    return volume, carried


WORKS = [
    packing, forward, back, remainder, unweighed_remainder, momentum, conjugate_steps, unweighed_conjugate_steps,
    descents, proximal, distances, turns, carried_over,
]  # fmt: skip


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.__name__)
def test_gpu_gives_what_the_processor_gives(work):
    for on_gpu, on_cpu in zip(work(Bench("cuda")), work(Bench("cpu")), strict=True):
        np.testing.assert_allclose(to_numpy(on_gpu), on_cpu, rtol=2e-5, atol=3e-5)


@pytest.mark.parametrize("rotation", [0.0, 90.0, 30.0])
def test_projector_works_where_its_array_lives(rotation):
    random, n_tilts = np.random.default_rng(1), len(ANGLES)
    A = Projector(ANGLES, (5, 9, 6), 7, random.normal(size=(n_tilts, 2)), 0.5, np.arange(n_tilts) % 2 * rotation)
    volume, images = some((5, 9, 6)), some(A.projections_shape, 1)
    projections, back = A(cupy.asarray(volume)), A.T(cupy.asarray(images))
    assert isinstance(projections, cupy.ndarray)
    assert isinstance(back, cupy.ndarray)
    np.testing.assert_allclose(projections.get(), A(volume), atol=2e-5)
    np.testing.assert_allclose(back.get(), A.T(images), atol=2e-5)
    forward, backward = np.vdot(projections.get(), images), np.vdot(volume, back.get())
    assert abs(forward - backward) < 1e-5 * np.linalg.norm(projections.get()) * np.linalg.norm(images)


def test_nothing_moves_by_itself():
    bench = Bench("cuda")
    with pytest.raises(
        TypeError, match="expected a CuPy array, because the rest is on the GPU, got a NumPy array; cupy.asarray"
    ):
        bench.grid.pack_volume(np.zeros(SHAPE, np.float32), bench.grid.new_volume())
    with pytest.raises(TypeError, match="out: expected a CuPy array"):
        bench.grid.unpack_volume(bench.volume(), np.zeros(SHAPE, np.float32))
