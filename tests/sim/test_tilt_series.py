"""A simulated series looks like a recorded one and its truth is known."""

import numpy as np
import pytest
from scipy.ndimage import shift

from livetomo.sim import Imaging, simulate, tilt_range


def test_a_clean_series_is_the_projected_specimen_with_its_mass_kept():
    simulated = simulate("particles", 32, np.array([-40.0, 0.0, 25.0]))
    masses = simulated.series.projections.sum(axis=(1, 2), dtype=np.float64)
    np.testing.assert_allclose(masses, simulated.volume.sum(dtype=np.float64), rtol=0.01)
    np.testing.assert_allclose(simulated.series.projections[1], simulated.volume.sum(axis=0), atol=1.5)


def test_the_known_shifts_undo_the_misalignment():
    angles = np.array([-30.0, 0.0, 30.0])
    straight = simulate("helix", 48, angles).series.projections.astype(float)
    crooked = simulate("helix", 48, angles, Imaging(misalign_px=2.0, seed=5))
    undone = np.stack(
        [
            shift(p.astype(float), by, order=1)
            for p, by in zip(crooked.series.projections, crooked.shifts_px, strict=True)
        ]
    )
    before = np.abs(crooked.series.projections - straight).sum()
    assert np.abs(undone - straight).sum() < 0.35 * before
    assert np.abs(crooked.shifts_px).max() > 0.5


def test_noise_has_the_strength_that_was_asked_for():
    clean = simulate("helix", 32, np.array([0.0])).series.projections.astype(float)
    noisy = simulate("helix", 32, np.array([0.0]), Imaging(noise=0.02)).series.projections
    assert np.std(noisy - clean) == pytest.approx(0.02 * 20000, rel=0.1)
    counted = simulate("helix", 32, np.array([0.0]), Imaging(electrons=100.0)).series.projections
    bright = clean > 0.7 * clean.max()
    assert np.std((counted - clean)[bright]) == pytest.approx(20000 * 0.09, rel=0.25)


@pytest.mark.parametrize(("text", "n", "last"), [("-70:70:2", 71, 70), ("60:-60:-3", 41, -60), ("0:1:0.3", 4, 0.9)])
def test_a_range_of_tilts_holds_its_ends(text, n, last):
    angles = tilt_range(text)
    assert angles.size == n
    assert angles[-1] == pytest.approx(last)


@pytest.mark.parametrize("text", ["-70:70", "-70:70:-2", "a:b:c", "0:10:0", ""])
def test_a_range_that_leads_nowhere_is_refused(text):
    with pytest.raises(ValueError, match="tilts: expected FIRST:LAST:STEP"):
        tilt_range(text)


@pytest.mark.parametrize("wrong", [{"noise": -1}, {"electrons": 0}, {"misalign_px": -0.1}])
def test_impossible_imaging_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Imaging(**wrong)
