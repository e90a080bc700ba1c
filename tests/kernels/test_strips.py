"""Lanes that are worked on hold every slice once, and little else."""

import pytest

from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import LANE_STEP, MOST_LANES
from livetomo.kernels._strips import ENOUGH_LANES, best_width, one_strip, strips
from livetomo.kernels.packed import PackedGrid

EVERY_NUMBER = range(1, 700)


@pytest.mark.parametrize("most_lanes", [0, VECTOR_LANES, MOST_LANES])
def test_rows_are_half_a_vector_or_whole_ones_and_waste_little_memory(most_lanes):
    for n_slices in EVERY_NUMBER:
        lanes = best_width(n_slices, most_lanes, most_lanes)
        assert lanes == LANE_STEP or lanes % VECTOR_LANES == 0 and lanes <= most_lanes
        assert n_slices <= -(-n_slices // lanes) * lanes < 1.125 * (n_slices + VECTOR_LANES)


@pytest.mark.parametrize("n_slices", [100, 128, 200, 256, 300])
@pytest.mark.parametrize("size", [100, 256, 512, 1024])
def test_blocks_are_narrow_where_that_is_fast_and_little_more_work(size, n_slices):
    lanes, widest = PackedGrid((size, n_slices, size), size).lanes, best_width(n_slices, MOST_LANES, MOST_LANES)
    assert PackedGrid((size, n_slices, size), size, "cuda").lanes == widest
    assert lanes == widest or size in {256, 1024} and lanes <= ENOUGH_LANES < widest
    if n_slices % ENOUGH_LANES == 0:
        assert lanes == (ENOUGH_LANES if size in {256, 1024} else widest)


def test_strips_follow_each_other_and_hold_every_slice():
    for n_slices in range(1, MOST_LANES + 1):
        lanes = best_width(n_slices, MOST_LANES, MOST_LANES)
        found, end = strips(n_slices, lanes), 0
        for strip in found:
            assert strip.first_lane == end
            end = strip.first_lane + strip.n_lanes
        assert n_slices <= end <= lanes
        assert one_strip(n_slices, lanes).n_lanes >= n_slices
        assert found[0].cost <= one_strip(n_slices, lanes).cost


def test_a_slice_too_many_is_not_paid_for_as_a_vector():
    with_one_more = sum(strip.cost for strip in strips(MOST_LANES - VECTOR_LANES + 1, MOST_LANES))
    assert (with_one_more < one_strip(MOST_LANES, MOST_LANES).cost) == (VECTOR_LANES > LANE_STEP)


@pytest.mark.parametrize("n_strips", [1, 2, 4])
def test_a_strip_is_cut_into_whole_vectors(n_strips):
    whole = one_strip(MOST_LANES - 3, MOST_LANES)
    first, *others = whole.cut(n_strips)
    assert first.first_lane == 0
    assert len(others) == n_strips - 1
    assert first.n_lanes + sum(strip.n_lanes for strip in others) == whole.n_lanes
    assert all(strip.first_lane % VECTOR_LANES == strip.n_lanes % VECTOR_LANES == 0 for strip in others)
