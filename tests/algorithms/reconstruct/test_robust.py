"""Odd data give a finite volume or one clear error, by every method, and no warning."""

import numpy as np
import pytest

from livetomo.algorithms.reconstruct import METHODS, method_named, reconstruct
from livetomo.kernels.projector import Projector
from livetomo.live.reconstruction import LiveReconstruction, Prepared
from livetomo.model import TiltSeries

ANGLES = np.linspace(-60, 60, 9)
SWEEPS = 24  # DART begins a round


def images(shape=(24, 4, 24), angles=ANGLES):
    z, y, x = np.mgrid[: shape[0], : shape[1], : shape[2]].astype(np.float32)
    middle = (shape[0] - 1) / 2
    blob = np.exp(-((z - middle) ** 2 + (x - middle - 1) ** 2) / 10) * (1 + 0.1 * y)
    noise = np.random.default_rng(3).normal(0, 0.05, (len(angles), shape[1], shape[2]))
    return (Projector(angles, shape)(blob.astype(np.float32)) + noise).astype(np.float32)


def hot_pixels():
    b = images()
    b[2, 1, 5] = b[4, 3, 12] = b[4, 0, 20] = 1000 * b.max()
    return b, ANGLES


def a_blank_tilt():
    b = images()
    b[3] = 0
    return b, ANGLES


def constant_images():
    return np.full((9, 4, 24), 7, np.float32), ANGLES


def nothing_at_all():
    return np.zeros((9, 4, 24), np.float32), ANGLES


def all_negative():
    return -images() - 1, ANGLES


def whole_numbers():
    return np.rint(1000 * images()).astype(np.int16), ANGLES


def five_pixels_wide():
    return images((5, 4, 5)), ANGLES


def a_single_slice():
    return images((24, 1, 24)), ANGLES


def a_single_tilt():
    return images(angles=ANGLES[:1]), ANGLES[:1]


def repeated_angles():
    angles = np.array([0.0, 0, 0, 30, 30, -45])
    return images(angles=angles), angles


def right_angles():
    angles = np.array([-90.0, -45, 0, 45, 90])
    return images(angles=angles), angles


def tenths_of_a_degree():
    angles = np.arange(-0.5, 0.55, 0.1)
    return images(angles=angles), angles


def tiny_values():
    return images() * np.float32(1e-11), ANGLES


def huge_values():
    return images() * np.float32(1e12), ANGLES


ODD = [
    hot_pixels,
    a_blank_tilt,
    constant_images,
    nothing_at_all,
    all_negative,
    whole_numbers,
    five_pixels_wide,
    a_single_slice,
    a_single_tilt,
    repeated_angles,
    right_angles,
    tenths_of_a_degree,
    tiny_values,
    huge_values,
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.__name__)
@pytest.mark.parametrize("name", METHODS)
def test_odd_data_give_a_finite_volume(name, odd):
    projections, angles = odd()
    volume = reconstruct(TiltSeries(projections, angles), name, sweeps=SWEEPS, background="keep")
    assert volume.data.shape == (projections.shape[2], *projections.shape[1:])
    assert np.isfinite(volume.data).all()
    assert np.isfinite(volume.metadata["residuals"]).all()


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("odd", [hot_pixels, a_blank_tilt, nothing_at_all], ids=lambda odd: odd.__name__)
def test_odd_data_that_come_one_by_one_give_a_finite_volume(name, odd):
    projections, angles = odd()
    live = LiveReconstruction(method_named(name))
    for k in range(len(angles)):
        live.add([Prepared(str(k), projections[k], float(angles[k]))])
        for _ in live.refine():
            pass
    assert np.isfinite(live.volume()).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, np.finfo(np.float32).max])
@pytest.mark.parametrize("where", [(3, 2, 7), (3,)], ids=["pixel", "tilt"])
@pytest.mark.parametrize("name", METHODS)
def test_nan_and_infinity_are_one_clear_error(name, where, bad):
    projections = images()
    projections[where] = bad
    with pytest.raises(ValueError, match="projections: expected finite values"):
        reconstruct(TiltSeries(projections, ANGLES), name)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("sirt", "relaxation", "1"),
        ("sirt", "relaxation", float("nan")),
        ("sirt", "positivity", 1),
        ("fista-tv", "tilts_per_subset", 2.5),
        ("sirt-wbp", "iterations", None),
        ("dart", "damping", [0.1]),
    ],
)
def test_a_setting_of_another_kind_is_one_clear_error(name, setting, value):
    with pytest.raises(ValueError, match=f"{setting}: expected .*, got "):
        reconstruct(TiltSeries(images(), ANGLES), name, **{setting: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("sweeps", float("nan")), ("sweeps", 1.5), ("stopping", 5), ("method", None), ("axis_shift_px", float("inf"))],
)
def test_an_argument_of_another_kind_is_one_clear_error(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected .*, got "):
        reconstruct(TiltSeries(images(), ANGLES), **{name: value})


def test_values_too_small_for_float32_are_one_clear_error():
    with pytest.raises(ValueError, match=r"projections: expected values that reach 1e-11 in size, got .* multiply"):
        reconstruct(TiltSeries(images() * np.float32(1e-15), ANGLES))


@pytest.mark.parametrize("shift", [(0, 1e10), (0, -1e300), (1e300, 0)])
def test_a_projection_shifted_out_of_sight_brings_nothing(shift):
    shifts, weights = np.zeros((len(ANGLES), 2)), np.ones(len(ANGLES))
    shifts[4], weights[4] = shift, 0
    shifted, without = (
        reconstruct(TiltSeries(images(), ANGLES, **given), "landweber").data
        for given in ({"shifts_px": shifts}, {"weights": weights})
    )
    assert np.linalg.norm(shifted - without) < 0.02 * np.linalg.norm(without)


@pytest.mark.parametrize(
    ("of_the_series", "of_the_grid"),
    [({"weights": np.zeros(9)}, {}), ({"shifts_px": np.full((9, 2), 1e10)}, {}), ({}, {"axis_shift_px": -70.0})],
    ids=["weights", "shifts", "axis"],
)
def test_a_series_that_shows_nothing_of_the_grid_is_one_clear_error(of_the_series, of_the_grid):
    with pytest.raises(ValueError, match="expected a projection that counts and shows some of the volume"):
        reconstruct(TiltSeries(images(), ANGLES, **of_the_series), **of_the_grid)


def test_auto_chooses_the_same_for_whole_numbers():
    signed = np.rint(12000 * (images() / images().max() - 0.3))
    chosen = [
        reconstruct(TiltSeries(signed.astype(kind), ANGLES), "auto", sweeps=1, background="keep").metadata["chose"]
        for kind in (np.float32, np.int16)
    ]
    assert chosen[0]["settings"] == chosen[1]["settings"]
    assert not chosen[0]["settings"]["positivity"]
