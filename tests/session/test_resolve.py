"""What is shown is plain arithmetic on what is wished and what is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from livetomo.live.messages import NewestProjection, SetAsideRecord, Status, TiltRecord
from livetomo.session import Facts, VolumeFacts, Wishes, resolve
from livetomo.session.histogram import background_end, count_values, foreground_threshold, percentile
from livetomo.session.resolve import slice_index, thin_out
from livetomo.session.transfer_function import PRESETS, color_table, opacity_table, preset_colors
from livetomo.sim.phantoms import gold_on_strontium_titanate


def volume_facts(**changes):
    voxels = np.random.default_rng(0).normal(8, 4, (40, 40, 40)).clip(0, 255)
    voxels[10:20, 10:20, 10:20] = 150
    counts = count_values(voxels.astype(np.uint8))
    return replace(VolumeFacts((40, 40, 40), -10.0, 500.0, 1.5, 2, counts), **changes)


def status(**changes):
    return replace(Status(state="refining", folder="/data", output="/out.mrc", method="SIRT"), **changes)


def test_before_the_engine_speaks_there_is_nothing_to_draw_and_nothing_to_order():
    view = resolve(Wishes(), Facts())
    assert view.scene is None
    assert view.run.headline == "Connecting"
    assert not any((view.run.can_start, view.run.can_pause, view.run.can_finish))


@pytest.mark.parametrize(
    ("state", "headline", "can_start", "can_pause", "can_finish"),
    [
        ("waiting", "Waiting", False, True, True),
        ("refining", "Refining", False, True, True),
        ("paused", "Paused", True, False, True),
        ("converged", "Converged", False, True, True),
        ("finished", "Finished", False, False, False),
        ("failed", "Stopped", False, False, False),
    ],
)
def test_each_state_has_its_words_and_its_buttons(state, headline, can_start, can_pause, can_finish):
    run = resolve(Wishes(), Facts(status(state=state))).run
    assert (run.headline, run.can_start, run.can_pause, run.can_finish) == (headline, can_start, can_pause, can_finish)


def test_an_engine_that_is_gone_is_said_and_takes_no_orders():
    run = resolve(Wishes(), Facts(status(), engine_gone=True)).run
    assert (run.headline, run.ended, run.can_finish) == ("Engine ended", True, False)
    assert "--resume" in run.note
    assert "last volume" in run.note


def test_a_finished_run_stays_finished_when_the_engine_goes_and_says_where_the_volume_is():
    run = resolve(Wishes(), Facts(status(state="finished"), engine_gone=True)).run
    assert run.headline == "Finished"
    assert "/out.mrc" in run.note


def test_figures_are_given_in_words():
    tilts = tuple(TiltRecord(f"/data/{n}.mrc", float(n), (0.0, 0.0)) for n in range(43))
    view = resolve(Wishes(), Facts(status(tilts=tilts, expected_tilts=77, residual=0.05321, seconds=3725.0, sweeps=9)))
    assert (view.run.tilts, view.run.residual, view.run.elapsed) == ("43 of 77 tilts", "0.0532", "1:02:05")
    assert view.run.sweeps == "9"


def test_the_newest_projection_and_what_was_set_aside_are_passed_on():
    projection = NewestProjection("/data/a_-12.mrc", -12.0, np.zeros((2, 2), np.uint8))
    aside = (SetAsideRecord("/data/b.mrc", "blank image"),)
    view = resolve(Wishes(), Facts(status(set_aside=aside), projection))
    assert (view.projection_angle, view.projection_file, view.set_aside) == ("-12.0°", "a_-12.mrc", aside)


def test_automatic_opacity_hides_the_background_and_shows_the_object():
    facts = volume_facts()
    scene = resolve(Wishes(), Facts(volume=facts)).scene
    table = opacity_table(scene.opacities, *scene.value_range)
    assert table[:14].max() < 0.02  # the background lies at 8 ± 4
    assert table[150] > 0.2
    assert (np.diff(table) >= 0).all()
    assert -10.0 < scene.iso_value < 500.0


def test_automatic_opacity_hides_a_background_in_the_middle_of_the_range():
    voxels = np.random.default_rng(0).normal(100, 6, (40, 40, 40)).clip(0, 255)  # as WBP gives: values below zero
    voxels[10:20, 10:20, 10:20] = 220
    scene = resolve(Wishes(), Facts(volume=volume_facts(counts=count_values(voxels.astype(np.uint8))))).scene
    table = opacity_table(scene.opacities, *scene.value_range)
    assert table[:112].max() < 0.01
    assert table[220] > 0.2


def test_automatic_opacity_shows_an_even_crystal_that_takes_a_good_part_of_the_field():
    gold = gaussian_filter(gold_on_strontium_titanate(48), 0.5)
    voxels = (230 / gold.max() * gold).astype(np.uint8)
    crystal = 20 + int(np.argmax(count_values(voxels)[20:]))
    scene = resolve(Wishes(), Facts(volume=volume_facts(counts=count_values(voxels)))).scene
    table = opacity_table(scene.opacities, *scene.value_range)
    assert table[: crystal // 3].max() == 0
    assert table[crystal] > 0.06


def test_automatic_choices_follow_the_range_and_edits_stay_where_they_are():
    edited = Wishes(opacities=((0.0, 0.0), (300.0, 1.0)), iso_value=123.0)
    for highest in (500.0, 900.0):
        volume = volume_facts(highest=highest)
        followed = resolve(Wishes(), Facts(volume=volume)).scene
        kept = resolve(edited, Facts(volume=volume)).scene
        assert followed.opacities[-1][0] == pytest.approx(highest)
        assert followed.colors[-1][0] <= highest
        assert (kept.opacities, kept.iso_value) == (edited.opacities, 123.0)


def test_the_same_wishes_and_facts_give_equal_views():
    facts = Facts(status(), volume=volume_facts())
    assert resolve(Wishes(), facts) == resolve(Wishes(), facts)
    assert resolve(Wishes(show_contour=True), facts) != resolve(Wishes(), facts)


def test_slices_keep_their_place_when_the_volume_gets_another_size():
    wishes = Wishes(slice_fractions_zyx=(0.0, 0.5, 1.0))
    assert resolve(wishes, Facts(volume=volume_facts())).scene.slice_indices_zyx == (0, 20, 39)
    large = volume_facts(shape_zyx=(80, 90, 100))
    assert resolve(wishes, Facts(volume=large)).scene.slice_indices_zyx == (0, 45, 99)
    assert [slice_index(f, 4) for f in (-1.0, 0.3, 2.0)] == [0, 1, 3]


def test_presets_span_the_range_with_their_colours():
    for name, colors in PRESETS.items():
        table = color_table(preset_colors(name, -1.0, 1.0), -1.0, 1.0)
        np.testing.assert_allclose(table[[0, -1]], [colors[0], colors[-1]])
    with pytest.raises(ValueError, match="preset: expected one of ice"):
        preset_colors("rainbow", 0, 1)


def test_a_long_curve_is_thinned_out_but_keeps_its_ends():
    history = tuple((float(t), 1 / (t + 1)) for t in range(2000))
    thin = thin_out(history)
    assert len(thin) == 160
    assert (thin[0], thin[-1]) == (history[0], history[-1])
    assert thin_out(history[:5]) == history[:5]


def test_histogram_figures_find_background_and_object():
    counts = volume_facts().counts
    assert sum(counts) == 40**3
    assert 12 < background_end(counts) < 150
    assert 20 < foreground_threshold(counts) < 150
    assert percentile(counts, 99.9) == 150
    assert percentile(counts, 50) == pytest.approx(8, abs=1)


def test_a_histogram_of_a_large_volume_is_taken_from_a_sample():
    assert 100_000 < sum(count_values(np.zeros((200, 200, 200), np.uint8))) < 1_000_000


def test_an_empty_volume_is_shown_without_trouble():
    flat = volume_facts(counts=(1000, *([0] * 255)), lowest=0.0, highest=0.0)
    scene = resolve(Wishes(), Facts(volume=flat)).scene
    assert np.isfinite(opacity_table(scene.opacities, 0.0, 0.0)).all()
    assert np.isfinite(color_table(scene.colors, 0.0, 0.0)).all()
