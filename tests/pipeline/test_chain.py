"""A chain is what its steps are, and survives being saved."""

import json

import numpy as np
import pytest

from livetomo import TiltSeries
from livetomo.pipeline import OPERATORS, Chain, Step, preparation, prepare_series


def test_a_chain_runs_its_steps_in_order():
    frame = np.arange(48.0).reshape(6, 8) + 100
    chain = preparation(tilt_axis="x", bin=2)
    expected = frame
    turned_and_binned = ("turn", {"tilt_axis": "x"}), ("bin", {"n": 2})
    for name, values in (("remove-hot-pixels", {}), *turned_and_binned, ("remove-background", {})):
        expected = OPERATORS[name](expected, **values)
    np.testing.assert_array_equal(chain(frame), expected)


def test_a_saved_chain_gives_the_same_pixels():
    frame = np.random.default_rng(0).normal(50, 2, (20, 30))
    chain = preparation(tilt_axis=90, bin=2)
    again = Chain.from_state(json.loads(json.dumps(chain.state())))
    np.testing.assert_array_equal(again(frame), chain(frame))


def test_a_series_is_prepared_projection_by_projection():
    projections = np.random.default_rng(1).normal(50, 2, (3, 20, 30))
    series = TiltSeries(projections, [0, 1, 2], pixel_size_nm=2.0, shifts_px=np.full((3, 2), 4.0))
    prepared = prepare_series(series, preparation(bin=2))
    np.testing.assert_array_equal(prepared.projections[1], preparation(bin=2)(projections[1]))
    assert prepared.pixel_size_nm == 4.0
    np.testing.assert_array_equal(prepared.shifts_px, np.full((3, 2), 2.0))


def test_shifts_turn_with_the_projections():
    series = TiltSeries(np.ones((2, 8, 10)), [0, 1], shifts_px=[[4.0, 2.0], [0.0, 6.0]])
    prepared = prepare_series(series, preparation(tilt_axis="x", bin=2))
    np.testing.assert_allclose(prepared.shifts_px, [[-1, 2], [-3, 0]], atol=1e-12)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (("bend", {}), "operator: expected one of remove-hot-pixels, turn, bin, remove-background, got 'bend'"),
        (("bin", {"n": "many"}), "bin: parameter n: .* got 'many'"),
        (("bin", {"n": 2, "m": 3}), "bin: parameter m: .* got 3"),
        (("bin", {}), "bin: parameter n: .*required"),
    ],
)
def test_a_wrong_step_names_what_is_wrong(step, message):
    with pytest.raises(ValueError, match=message):
        Step(*step)


def test_every_operator_says_what_it_does():
    for operator in OPERATORS.values():
        assert operator.summary.endswith(".")
