"""Hot pixels go, and nothing that a microscope resolves does."""

import numpy as np
import pytest

from livetomo.algorithms.filter.hot_pixels import remove_hot_pixels

Y, X = np.mgrid[:48, :64]
SPECIMEN = 100 * np.exp(-((Y - 24) ** 2 + (X - 30) ** 2) / 60.0)


def noisy(image, seed=0):
    return (image + np.random.default_rng(seed).normal(20, 2, image.shape)).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, ">i2"])
@pytest.mark.parametrize("at", [([5], [9]), ([24], [30]), ([0, 47, 20], [0, 60, 63]), ([10, 10], [50, 51])])
def test_hot_pixels_are_put_among_their_neighbours(at, dtype):
    calm = noisy(SPECIMEN).astype(dtype)
    hot = calm.copy()
    hot[at] = 8000
    cleaned = remove_hot_pixels(hot)
    assert np.abs(cleaned[at] - calm[at].astype(float)).max() < 25
    cleaned[at] = calm[at]
    np.testing.assert_array_equal(cleaned, calm)


@pytest.mark.parametrize(
    "image",
    [
        noisy(SPECIMEN),
        noisy(500 * (X == 20)),  # a line one pixel wide
        noisy(500 * (X == Y)),
        noisy(500 * np.exp(-((Y - 20) ** 2 + (X - 20) ** 2) * np.log(2))),  # a particle two pixels across
        np.random.default_rng(1).poisson(0.02, X.shape),
        np.random.default_rng(1).poisson(3 + SPECIMEN),
        noisy(500.0 * (Y == 47) * (X > 30)),  # a specimen that begins at the border
        np.full(X.shape, 7.0),
        np.zeros((1, 64)),
        np.full(X.shape, np.nan),
    ],
)
def test_an_image_without_hot_pixels_is_left_as_it_is(image):
    before = image.copy()
    assert remove_hot_pixels(image) is image
    np.testing.assert_array_equal(image, before)


def test_a_field_full_of_specimen_has_hot_pixels_too():
    full = noisy(np.full(X.shape, 60.0))
    hot = full.copy()
    hot[7, 8] = 1000
    assert abs(remove_hot_pixels(hot)[7, 8] - 80) < 10


def test_pixels_without_a_number_stay_so():
    hot = noisy(SPECIMEN)
    hot[3, 4:6], hot[9, 9], hot[3, 6] = np.nan, np.inf, 9000
    cleaned = remove_hot_pixels(hot)
    np.testing.assert_array_equal(np.isfinite(cleaned), np.isfinite(hot))
    assert cleaned[3, 6] < 40
