"""Binning averages blocks and keeps the centre."""

import numpy as np
import pytest

from livetomo.algorithms.filter.bin import bin_projections


def test_blocks_are_averaged():
    np.testing.assert_array_equal(bin_projections(np.arange(16).reshape(4, 4), 2), [[2.5, 4.5], [10.5, 12.5]])


def test_a_stack_is_binned_image_by_image():
    stack = np.random.default_rng(0).normal(size=(3, 9, 8)).astype(np.float32)
    np.testing.assert_array_equal(bin_projections(stack, 3), np.stack([bin_projections(image, 3) for image in stack]))


def test_what_fills_no_block_is_left_out_on_both_sides():
    row = np.array([[9.0, 1, 1, 1, 9]])
    np.testing.assert_array_equal(bin_projections(np.repeat(row, 3, axis=0), 3), [[1.0]])


@pytest.mark.parametrize("n", [0, -1, 1.5, 5])
def test_an_impossible_factor_is_refused(n):
    with pytest.raises(ValueError, match="bin: expected a whole number from 1 to 4"):
        bin_projections(np.zeros((4, 6)), n)
