"""The empty field becomes zero; what has no empty field is left alone."""

import numpy as np
import pytest

from livetomo.algorithms.filter.background import background_level, remove_background


def frame(level=0.0, noise=2.0, specimen=500.0):
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:96, :80]
    disc = (y - 40) ** 2 + (x - 50) ** 2 < 20**2
    return rng.normal(level, noise, disc.shape) + specimen * disc


@pytest.mark.parametrize("level", [-31900.0, -50.0, 40.0, 3000.0])
def test_the_level_of_the_empty_field_is_found(level):
    assert background_level(frame(level)) == pytest.approx(level, abs=0.2)


def test_the_level_moves_with_the_counts():
    counts = frame(100.0)
    assert background_level(counts + 1000) == pytest.approx(background_level(counts) + 1000, abs=1e-2)


def test_noise_stays_centred_on_zero():
    empty = remove_background(frame(700.0))[:15]
    assert abs(empty.mean()) < 0.3
    assert empty.min() < 0


def test_whole_counts_are_understood():
    assert background_level(frame(120.0, noise=1.0).round().astype(np.uint16)) == pytest.approx(120, abs=0.3)


def test_a_field_that_the_specimen_fills_is_left_alone():
    counts = np.random.default_rng(4).normal(100, 10, (64, 64))
    np.testing.assert_array_equal(remove_background(counts), counts.astype(np.float32))


def test_a_smooth_specimen_wider_than_the_field_is_left_alone():
    x = np.linspace(-0.7, 0.7, 40)
    counts = np.tile(np.sqrt(1 - x**2), (8, 1)) * 28
    np.testing.assert_array_equal(remove_background(counts), counts.astype(np.float32))


def test_background_free_data_are_left_alone():
    counts = frame(0.0)
    np.testing.assert_array_equal(remove_background(counts), counts.astype(np.float32))


@pytest.mark.parametrize("counts", [np.full((8, 8), 7.0), np.zeros((5, 5)), np.full((4, 4), np.nan)])
def test_constant_and_empty_images_are_harmless(counts):
    assert remove_background(counts).shape == counts.shape
