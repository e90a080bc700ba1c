"""Known displacements are found to a small part of a pixel, in any order of arrival."""

import numpy as np
import pytest
from scipy import ndimage

from livetomo import TiltSeries, align
from livetomo.algorithms.align.centre_of_mass import ComAlignment


def turning_points(n_tilts=15, size=64):
    """Blobs that turn about the tilt axis: projections (tilt, y, x) and their angles."""
    rng = np.random.default_rng(5)
    points_zyx = rng.uniform(-14, 14, (12, 3))
    weights = rng.uniform(0.5, 2, 12)
    points_zyx -= (weights @ points_zyx) / weights.sum()
    angles = np.linspace(-70, 70, n_tilts)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    frames = []
    for angle in np.deg2rad(angles):
        u = points_zyx[:, 2] * np.cos(angle) + points_zyx[:, 0] * np.sin(angle)
        blobs = [
            w * np.exp(-((y - p[1]) ** 2 + (x - v) ** 2) / 8) for w, p, v in zip(weights, points_zyx, u, strict=True)
        ]
        frames.append(np.sum(blobs, axis=0))
    return np.stack(frames), angles


def displaced(frames, moves):
    return np.stack([ndimage.shift(frame, move, order=3) for frame, move in zip(frames, moves, strict=True)])


@pytest.fixture
def scattered():
    frames, angles = turning_points()
    moves = np.random.default_rng(6).uniform(-6, 6, (len(frames), 2))
    moves[0] = 0
    return displaced(frames, moves), angles, moves


def shifts_of(frames):
    alignment = ComAlignment()
    for frame in frames:
        alignment.push(frame)
    return alignment.shifts_px


def test_displacements_are_undone(scattered):
    frames, _, moves = scattered
    np.testing.assert_allclose(shifts_of(frames), -moves, atol=0.15)


def test_the_order_of_arrival_only_chooses_the_origin_along_y(scattered):
    frames, _, _ = scattered
    order = np.random.default_rng(7).permutation(len(frames))
    shuffled = np.empty((len(frames), 2))
    shuffled[order] = shifts_of(frames[order])
    shuffled[:, 0] -= shuffled[0, 0]
    np.testing.assert_allclose(shuffled, shifts_of(frames), atol=0.05)


def test_a_replaced_projection_counts_as_if_it_had_been_right(scattered):
    frames, _, _ = scattered
    alignment = ComAlignment()
    for frame in [*frames[:4], np.ones_like(frames[4]), *frames[5:]]:
        alignment.push(frame)
    alignment.replace(4, frames[4])
    np.testing.assert_array_equal(alignment.shifts_px, shifts_of(frames))


def test_brightness_does_not_matter(scattered):
    frames, _, _ = scattered
    brightness = np.random.default_rng(8).uniform(0.5, 2, (len(frames), 1, 1))
    np.testing.assert_allclose(shifts_of(frames * brightness), shifts_of(frames), atol=1e-6)


@pytest.mark.parametrize("empty", [[0], [3], [0, 1, 14]])
def test_a_projection_that_shows_nothing_changes_nothing_for_the_others(scattered, empty):
    frames, _, _ = scattered
    frames[empty] = 0
    shifts = shifts_of(frames)
    np.testing.assert_array_equal(shifts[empty], 0)
    np.testing.assert_allclose(np.delete(shifts, empty, axis=0), shifts_of(np.delete(frames, empty, axis=0)), atol=1e-9)


def test_a_first_projection_that_is_empty_until_it_is_replaced(scattered):
    frames, _, _ = scattered
    alignment = ComAlignment()
    for frame in [np.zeros_like(frames[0]), *frames[1:]]:
        alignment.push(frame)
    alignment.replace(0, frames[0])
    np.testing.assert_array_equal(alignment.shifts_px, shifts_of(frames))


def test_no_projections_have_no_shifts():
    assert ComAlignment().shifts_px.shape == (0, 2)


def test_a_series_keeps_its_places_and_gains_shifts(scattered):
    frames, angles, moves = scattered
    series = align(TiltSeries(frames + 1000, angles), method="com")
    np.testing.assert_allclose(series.projections, frames, atol=0.05)
    np.testing.assert_allclose(series.shifts_px, -moves, atol=0.15)


def test_an_unknown_method_is_refused(scattered):
    with pytest.raises(ValueError, match="method: expected one of com, none, got 'fiducials'"):
        align(TiltSeries(scattered[0], scattered[1]), method="fiducials")


def test_a_single_row_is_centred_across_the_axis_and_stays_along_it():
    frames, angles = turning_points()
    row = frames.sum(axis=1, keepdims=True)
    shifts = align(TiltSeries(np.roll(row, 3, axis=2), angles)).shifts_px
    np.testing.assert_allclose(shifts[:, 0], 0)
    np.testing.assert_allclose(shifts[:, 1], -3, atol=0.1)
