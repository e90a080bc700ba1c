"""The journal gives back what was used, whatever killed the run."""

import io
from pathlib import Path

import numpy as np
import pytest

from livetomo.errors import EnvironmentProblem
from livetomo.live.frame import Frame, digest
from livetomo.live.journal import Journal, default_journal
from livetomo.live.watch import FileIdentity


def frame(name, seed, tilt_angle=1.0):
    image = np.random.default_rng(seed).integers(-9, 9, (3, 4), dtype=np.int16)
    return Frame(name, image, tilt_angle, 0.5, 87.0)


def keep(journal, item, angle_from_file=np.nan):
    journal.keep(item, digest(item.image), FileIdentity(1, 2, 3), angle_from_file)


def fill_disk(journal):
    journal._stream.close()
    journal._stream = open("/dev/full", "ab", buffering=0)  # noqa: SIM115 the journal closes it


@pytest.fixture
def opened(tmp_path):
    journals = []

    def open_journal(resume=False):
        for journal in journals:
            journal.close()
        journals.append(Journal(tmp_path / "journal", tmp_path / "watched", resume))
        return journals[-1]

    yield open_journal
    journals[-1].close()


def test_a_resumed_journal_gives_back_every_frame_in_order(opened):
    journal = opened()
    items = [frame("b", 1), frame("a", 2, -3.5), frame("s#1", 3)]
    for item in items:
        keep(journal, item)
    journal.correct_angle("b", 7.25, 7.25)
    kept = opened(resume=True).kept
    assert list(kept) == ["b", "a", "s#1"]
    assert kept["b"].frame.tilt_angle == 7.25
    assert (kept["a"].frame.tilt_angle, kept["a"].frame.pixel_size_nm, kept["a"].frame.tilt_axis_deg) == (-3.5, 0.5, 87)
    assert kept["a"].identity == FileIdentity(1, 2, 3)
    for item in items:
        np.testing.assert_array_equal(kept[item.name].frame.image, item.image)
        assert kept[item.name].digest == digest(item.image)


def test_a_series_that_began_anew_is_resumed_from_there(opened):
    journal = opened()
    keep(journal, frame("overview", 1))
    journal.begin_anew()
    keep(journal, frame("tilt", 2))
    assert list(opened(resume=True).kept) == ["tilt"]


def test_what_the_file_said_of_the_angle_is_told_from_a_guess(opened, tmp_path):
    journal = opened()
    keep(journal, frame("guessed", 1))
    keep(journal, frame("said", 2), angle_from_file=-2.0)
    keep(journal, frame("said later", 3))
    journal.correct_angle("said later", 7.25, 7.25)
    kept = opened(resume=True).kept
    assert [one.angle_from_file for one in kept.values()] == pytest.approx([np.nan, -2.0, 7.25], nan_ok=True)
    assert "NaN" not in (tmp_path / "journal" / "journal.jsonl").read_text()


def test_a_journal_that_does_not_tell_a_guess_is_read(opened, tmp_path):
    keep(opened(), frame("a", 1, -3.5))
    lines = tmp_path / "journal" / "journal.jsonl"
    lines.write_text(lines.read_text().replace('"angle_from_file": null, ', ""))
    assert opened(resume=True).kept["a"].angle_from_file == -3.5


def test_replaced_content_is_what_comes_back_and_the_old_image_is_gone(opened, tmp_path):
    journal = opened()
    keep(journal, frame("a", 1))
    keep(journal, frame("a", 2))
    journal = opened(resume=True)
    np.testing.assert_array_equal(journal.kept["a"].frame.image, frame("a", 2).image)
    assert journal.note == "Resumed with 1 projection."
    assert len(list((tmp_path / "journal" / "frames").iterdir())) == 1


def test_a_torn_last_line_and_a_half_written_image_cost_nothing_else(opened, tmp_path):
    journal = opened()
    keep(journal, frame("a", 1))
    keep(journal, frame("b", 2))
    journal.close()
    lines = tmp_path / "journal" / "journal.jsonl"
    whole = lines.read_bytes()
    (tmp_path / "journal" / "frames" / "000003.part").write_bytes(b"half an ima")
    for n_bytes in range(len(whole) - 40, len(whole)):
        lines.write_bytes(whole[:n_bytes])
        assert list(opened(resume=True).kept) == ["a"]
    keep(opened(resume=True), frame("c", 3))
    assert list(opened(resume=True).kept) == ["a", "c"]


def test_a_line_torn_in_the_middle_costs_no_other(opened, tmp_path):
    journal = opened()
    for number, name in enumerate("abc"):
        keep(journal, frame(name, number))
    journal.close()
    lines = tmp_path / "journal" / "journal.jsonl"
    text = lines.read_text().splitlines(keepends=True)
    lines.write_text("".join([*text[:2], text[2][:30] + "\n", *text[3:]]))
    assert list(opened(resume=True).kept) == ["a", "c"]


def test_an_unfinished_run_is_never_deleted(opened, tmp_path):
    keep(opened(), frame("a", 1))
    journal = opened()
    assert not journal.kept
    [aside] = [path for path in tmp_path.iterdir() if path.name.startswith("journal.")]
    assert str(aside) in journal.note
    np.testing.assert_array_equal(np.load(aside / "frames" / "000001.npy"), frame("a", 1).image)


def test_a_finished_run_leaves_nothing(opened, tmp_path):
    journal = opened()
    keep(journal, frame("a", 1))
    journal.finish(tmp_path / "volume.mrc")
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_never_had_a_projection_leaves_nothing(opened, tmp_path):
    opened().close()
    assert list(tmp_path.iterdir()) == []


def test_what_else_lies_in_the_folder_of_a_finished_run_stays(opened, tmp_path):
    journal = opened()
    (tmp_path / "journal" / "notes.txt").write_text("mine")
    journal.finish(tmp_path / "volume.mrc")
    journal.close()
    assert [path.name for path in (tmp_path / "journal").iterdir()] == ["notes.txt"]


def test_a_finished_run_that_was_killed_while_it_tidied_makes_room(opened, tmp_path):
    journal = opened()
    keep(journal, frame("a", 1))
    journal.finish(tmp_path / "volume.mrc")
    journal._is_finished = False
    assert not opened().note
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]


def test_two_engines_cannot_share_a_journal(opened, tmp_path):
    opened()
    with pytest.raises(EnvironmentProblem, match="another livetomo is watching"):
        Journal(tmp_path / "journal", tmp_path / "watched")


def test_the_default_place_differs_from_folder_to_folder_and_lies_in_neither(tmp_path):
    first, second = default_journal(tmp_path / "a" / "tilts"), default_journal(tmp_path / "b" / "tilts")
    assert first != second
    assert not first.is_relative_to(tmp_path)


needs_full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")


@needs_full_disk
def test_a_full_disk_is_told_and_ends_nothing(opened):
    journal = opened()
    keep(journal, frame("a", 1))
    fill_disk(journal)
    keep(journal, frame("b", 2))
    assert "No space left" in journal.trouble
    assert list(opened(resume=True).kept) == ["a"]


@needs_full_disk
def test_a_full_disk_leaves_the_earlier_image_of_a_projection(opened):
    journal = opened()
    keep(journal, frame("a", 1))
    fill_disk(journal)
    keep(journal, frame("a", 2))
    kept = opened(resume=True).kept
    np.testing.assert_array_equal(kept["a"].frame.image, frame("a", 1).image)


class _NearlyFull(io.FileIO):
    """A file on a disk with room for half of what is written."""

    def write(self, line):
        return super().write(line[: len(line) // 2])


def test_a_line_that_the_disk_takes_half_of_is_told_and_costs_no_other(opened, tmp_path):
    journal = opened()
    keep(journal, frame("a", 1))
    stream, journal._stream = journal._stream, _NearlyFull(tmp_path / "journal" / "journal.jsonl", "ab")
    keep(journal, frame("a", 2))
    journal._stream.close()
    journal._stream = stream
    assert "No space left" in journal.trouble
    keep(journal, frame("b", 3))
    kept = opened(resume=True).kept
    assert list(kept) == ["a", "b"]
    np.testing.assert_array_equal(kept["a"].frame.image, frame("a", 1).image)
