"""Against the simulated microscope and its bad habits: every usable frame arrives once, the rest says why not."""

import shutil

import numpy as np
import pytest

from livetomo.formats import write
from livetomo.live.frame import Frame, digest
from livetomo.live.inbox import AngleCorrection, Arrival, NewBeginning, SetAside
from livetomo.live.journal import Journal
from livetomo.live.settling import Settling
from livetomo.live.watch import FileIdentity, identify
from livetomo.sim import Habits, write_series
from livetomo.sim.encode import encode


def arrivals(news):
    return [item.frame for item in news if isinstance(item, Arrival)]


def set_aside(news):
    return {item.name: item.reason for item in news if isinstance(item, SetAside)}


def put(folder, name, image):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(encode(image, "mrc", 1.0))


def image(seed, shape=(24, 24)):
    return np.random.default_rng(seed).integers(0, 1000, shape, dtype=np.int16)


@pytest.mark.parametrize("file_format", ["mrc", "tiff"])
@pytest.mark.parametrize("style", ["direct", "atomic", "slow", "in-place", "twice"])
def test_each_frame_arrives_whole_whatever_the_style(helix, watched, inbox_for, collect, style, file_format):
    inbox = inbox_for()
    habits = Habits(format=file_format, style=style, interval_s=0.02, order="shuffled", pause_s=0.03)
    written = list(write_series(helix, watched, habits))
    images = {float(angle): projection for angle, projection in zip(helix.tilt_angles, helix.projections, strict=True)}

    def all_are_whole(news):
        newest = {frame.name: frame for frame in arrivals(news)}
        return len(newest) == len(written) and all(
            np.array_equal(newest[file.name].image, images[file.tilt_angle]) for file in written
        )

    news = collect(inbox, all_are_whole)
    assert {frame.name: frame.tilt_angle for frame in arrivals(news)} == {f.name: f.tilt_angle for f in written}
    assert not set_aside(news)
    assert style == "in-place" or len(arrivals(news)) == len(written)


@pytest.mark.parametrize("header_count", ["early", "late", "after"])
def test_a_growing_stack_gives_each_section_as_it_comes(helix, watched, inbox_for, collect, header_count):
    inbox = inbox_for()
    written = []
    for file in write_series(helix, watched, Habits("growing-mrc", interval_s=0.15, header_count=header_count)):
        written.append(file)
        if len(written) == 5:
            collect(inbox, lambda news: len(arrivals(news)) >= 2)
    inbox_news = collect(inbox, lambda news: any(frame.name == written[-1].name for frame in arrivals(news)))
    last = arrivals(inbox_news)[-1]
    assert (last.tilt_angle, last.pixel_size_nm) == (60.0, pytest.approx(1.0))
    np.testing.assert_array_equal(last.image, helix.projections[-1])


def test_files_there_before_the_start_and_angles_in_a_file_that_comes_later(helix, watched, inbox_for, collect):
    list(write_series(helix, watched, Habits(interval_s=0, angles_in="mdoc")))
    late = watched / "helix_003.mrc.mdoc"
    text = late.read_text()
    late.unlink()
    inbox = inbox_for()
    collect(inbox, lambda news: len(arrivals(news)) == 8)
    late.write_text(text)
    [frame] = arrivals(collect(inbox, lambda news: len(arrivals(news)) == 1))
    assert (frame.name, frame.tilt_angle) == ("helix_003.mrc", -15.0)


def test_a_file_without_an_angle_is_set_aside_until_its_angle_comes(watched, inbox_for, collect):
    put(watched, "lonely.mrc", image(1))
    inbox = inbox_for()
    reasons = set_aside(collect(inbox, set_aside))
    assert "no tilt angle" in reasons["lonely.mrc"]
    assert "--angle-pattern" in reasons["lonely.mrc"]
    (watched / "lonely.rawtlt").write_text("12.5\n")
    [frame] = arrivals(collect(inbox, arrivals))
    assert frame.tilt_angle == 12.5


def test_bad_files_are_set_aside_with_their_reason_and_the_rest_goes_on(watched, inbox_for, collect):
    inbox = inbox_for()
    put(watched, "t_-10.0.mrc", image(1))
    collect(inbox, arrivals)
    put(watched, "t_-8.0.mrc", np.zeros((24, 24), np.int16))
    put(watched, "t_-6.0.mrc", image(2, (16, 24)))
    put(watched, "t_-4.0.mrc", np.full((24, 24), np.nan, np.float32))
    (watched / "t_-2.0.mrc").write_bytes(encode(image(3), "mrc", 1.0)[:1500])
    (watched / "t_0.0.tif").write_bytes(b"this is no image at all" * 20)
    (watched / "t_1.0.mrc").write_bytes(b"")
    put(watched, "t_2.0.mrc", image(4))
    news = collect(inbox, lambda news: len(set_aside(news)) == 6 and len(arrivals(news)) == 1)
    reasons = set_aside(news)
    assert "every pixel is 0" in reasons["t_-8.0.mrc"]
    assert "16 × 24" in reasons["t_-6.0.mrc"]
    assert "24 × 24" in reasons["t_-6.0.mrc"]
    assert "NaN" in reasons["t_-4.0.mrc"]
    assert {"t_-2.0.mrc", "t_0.0.tif", "t_1.0.mrc"} < reasons.keys()
    assert not {name: reason for name, reason in reasons.items() if name in reason}
    put(watched, "t_-2.0.mrc", image(3))
    [frame] = arrivals(collect(inbox, arrivals))
    assert frame.name == "t_-2.0.mrc"


def test_an_overview_before_the_tilts_gives_way_to_them(watched, inbox_for, collect):
    inbox = inbox_for()
    put(watched, "overview_+00.0.mrc", image(1, (16, 16)))
    collect(inbox, arrivals)
    for number in range(5):
        put(watched, f"tilt_{number - 2:+03d}.0.mrc", image(number))
    news = collect(inbox, lambda news: len(arrivals(news)) == 5)
    assert news.count(NewBeginning()) == 1
    beginning = news.index(NewBeginning())
    assert "16 × 16" in set_aside(news[beginning:])["overview_+00.0.mrc"]
    assert sorted(frame.tilt_angle for frame in arrivals(news[beginning:])) == [-2.0, -1.0, 0.0, 1.0, 2.0]


def test_an_image_before_a_stack_gives_way_to_its_sections(helix, watched, inbox_for, collect):
    put(watched, "a_1.0.mrc", image(1))
    inbox = inbox_for()
    collect(inbox, arrivals)
    write(helix, watched / "stack.mrc")
    news = collect(inbox, lambda news: len(arrivals(news)) == len(helix))
    assert [frame.tilt_angle for frame in arrivals(news)] == helix.tilt_angles.tolist()


def test_a_series_well_under_way_stays_and_is_told_of_more_images_of_another_size(watched, inbox_for, collect):
    inbox = inbox_for()
    for number in range(6):
        put(watched, f"first_{number:02d}.5.mrc", image(number))
    collect(inbox, lambda news: len(arrivals(news)) == 6)
    for number in range(7):
        put(watched, f"second_{number:02d}.5.mrc", image(number, (16, 16)))
    news = collect(inbox, lambda news: len(set_aside(news)) == 7)
    assert NewBeginning() not in news
    assert "7 images have another size than first_" in inbox.note


def test_new_content_under_an_old_name_replaces_it_and_a_touch_does_not(watched, inbox_for, collect):
    put(watched, "t_-10.0.mrc", image(1))
    put(watched, "t_5.0.mrc", image(2))
    inbox = inbox_for()
    collect(inbox, lambda news: len(arrivals(news)) == 2)
    (watched / "t_5.0.mrc").touch()
    (watched / "t_5.0.mrc").unlink()
    put(watched, "t_5.0.mrc", image(2))
    put(watched, "t_-10.0.mrc", image(3))
    news = collect(inbox, arrivals)
    put(watched, "t_7.0.mrc", image(4))
    news += collect(inbox, arrivals)
    assert [frame.name for frame in arrivals(news)] == ["t_-10.0.mrc", "t_7.0.mrc"]
    np.testing.assert_array_equal(arrivals(news)[0].image, image(3))


def test_a_bad_retake_leaves_the_earlier_image_in_use_until_a_good_one_comes(watched, inbox_for, collect):
    put(watched, "t_-10.0.mrc", image(1))
    inbox = inbox_for()
    collect(inbox, arrivals)
    put(watched, "t_-10.0.mrc", np.full((24, 24), np.nan, np.float32))
    reasons = set_aside(collect(inbox, set_aside))
    assert reasons["t_-10.0.mrc"].endswith("NaN or infinite); its earlier image stays in use")
    put(watched, "t_-10.0.mrc", image(1))
    [frame] = arrivals(collect(inbox, arrivals))
    np.testing.assert_array_equal(frame.image, image(1))


def test_temporary_hidden_and_foreign_files_are_let_be(watched, inbox_for, collect):
    watched.mkdir()
    for name in (".t_1.0.mrc", "t_2.0.mrc.part", "t_3.0.mrc~", "notes.docx", "t_4.0.tmp"):
        (watched / name).write_bytes(encode(image(1), "mrc", 1.0))
    put(watched, "t_-5.0.mrc", image(1))
    inbox = inbox_for()
    assert [frame.name for frame in arrivals(collect(inbox, arrivals))] == ["t_-5.0.mrc"]
    (watched / "t_2.0.mrc.part").rename(watched / "t_2.0.mrc")
    assert [frame.name for frame in arrivals(collect(inbox, arrivals))] == ["t_2.0.mrc"]


def test_a_pattern_chooses_the_files(watched, inbox_for, collect):
    for number in (1, 2):
        put(watched, f"series{number}_-5.0.mrc", image(number))
    inbox = inbox_for(pattern="series2*")
    assert [frame.name for frame in arrivals(collect(inbox, arrivals))] == ["series2_-5.0.mrc"]


def test_files_of_other_kinds_are_passed_over_and_named_while_there_are_no_others(watched, inbox_for, collect):
    watched.mkdir()
    for name in ("t_1.0.mrc.gz", "t_2.0.mrc.gz", "Thumbs.db", "log.txt", ".t_3.0.mrc.gz"):
        (watched / name).write_bytes(b"")
    inbox = inbox_for()
    collect(inbox, lambda news: "2 of the kind *.mrc.gz" in inbox.note and "--pattern '*.mrc.gz'" in inbox.note)
    put(watched, "t_-5.0.mrc", image(1))
    collect(inbox, arrivals)
    assert "passed over" not in inbox.note.lower()


def test_a_guess_made_too_early_is_corrected_when_more_names_come(watched, inbox_for, collect):
    inbox = inbox_for()
    put(watched, "v1.5_scan_12.mrc", image(1))
    assert arrivals(collect(inbox, arrivals))[0].tilt_angle == 1.5
    put(watched, "v1.5_scan_-14.mrc", image(2))
    news = collect(inbox, lambda news: len(news) == 2)
    assert AngleCorrection("v1.5_scan_12.mrc", 12.0) in news
    assert arrivals(news)[0].tilt_angle == -14.0
    assert "give --angles or --angle-pattern" in inbox.note


def test_angles_from_a_growing_table_and_by_name(watched, tmp_path, inbox_for, collect):
    table = tmp_path / "angles.csv"
    table.write_text("name,angle\na.mrc,-7.5\n")
    for number, name in enumerate(("a.mrc", "b.mrc")):
        put(watched, name, image(number))
    inbox = inbox_for(angles=table)
    assert arrivals(collect(inbox, arrivals))[0].tilt_angle == -7.5
    table.write_text("name,angle\na.mrc,-7.0\nb.mrc,3\n")
    news = collect(inbox, lambda news: len(news) >= 2)
    assert AngleCorrection("a.mrc", -7.0) in news
    assert [frame.tilt_angle for frame in arrivals(news)] == [3.0]


def test_a_table_that_comes_or_changes_when_all_files_are_decided_is_used(watched, tmp_path, inbox_for, collect):
    table = tmp_path / "angles.csv"
    put(watched, "a.mrc", image(1))
    inbox = inbox_for(angles=table)
    assert "is not there" in set_aside(collect(inbox, set_aside))["a.mrc"]
    table.write_text("a.mrc,-7.5\n")
    assert [frame.tilt_angle for frame in arrivals(collect(inbox, arrivals))] == [-7.5]
    table.write_text("a.mrc,-7.25\n")
    assert collect(inbox, len) == [AngleCorrection("a.mrc", -7.25)]


def test_an_mdoc_can_be_the_table(watched, tmp_path, inbox_for, collect):
    table = tmp_path / "series.mdoc"
    sections = (f"[ZValue = {k}]\nTiltAngle = {angle}\nDefocus = -3\n\n" for k, angle in enumerate((-7.5, 3)))
    table.write_text("PixelSpacing = 5.4\n\n" + "".join(sections))
    for number, name in enumerate(("a.mrc", "b.mrc")):
        put(watched, name, image(number))
    news = collect(inbox_for(angles=table), lambda news: len(arrivals(news)) == 2)
    assert sorted(frame.tilt_angle for frame in arrivals(news)) == [-7.5, 3.0]


def test_a_table_in_order_follows_the_names_not_the_arrival(watched, tmp_path, inbox_for, collect):
    (tmp_path / "angles.txt").write_text("-10\n0\n10\n")
    inbox = inbox_for(angles=tmp_path / "angles.txt")
    put(watched, "image10.mrc", image(1))
    collect(inbox, arrivals)
    put(watched, "image9.mrc", image(2))
    put(watched, "image2.mrc", image(3))
    angles = {}

    def is_right(news):
        for item in news:
            name = item.frame.name if isinstance(item, Arrival) else item.name
            angles[name] = item.frame.tilt_angle if isinstance(item, Arrival) else item.tilt_angle
        return angles == {"image2.mrc": -10.0, "image9.mrc": 0.0, "image10.mrc": 10.0}

    collect(inbox, is_right)


def test_duplicate_angles_are_both_used(watched, inbox_for, collect):
    for number in range(3):
        put(watched, f"t_{number:03d}_{(0.0, -10.0, 0.0)[number]}.mrc", image(number))
    news = collect(inbox_for(), lambda news: len(arrivals(news)) == 3)
    assert sorted(frame.tilt_angle for frame in arrivals(news)) == [-10.0, 0.0, 0.0]


def test_a_vanished_file_keeps_what_was_read_and_nothing_is_written_into_the_folder(helix, watched, inbox_for, collect):
    list(write_series(helix, watched, Habits(interval_s=0)))
    before = {path.name: path.stat().st_mtime_ns for path in watched.iterdir()}, watched.stat().st_mtime_ns
    inbox = inbox_for()
    news = collect(inbox, lambda news: len(arrivals(news)) == len(helix))
    after = {path.name: path.stat().st_mtime_ns for path in watched.iterdir()}, watched.stat().st_mtime_ns
    assert before == after
    shutil.rmtree(watched)
    put(watched, "t_003_90.0.mrc", image(1, helix.projections.shape[1:]))
    news = collect(inbox, arrivals)
    assert [frame.tilt_angle for frame in arrivals(news)] == [90.0]


def test_what_ends_the_inbox_is_told_to_whoever_takes_its_news(watched, inbox_for, collect, monkeypatch):
    inbox = inbox_for()
    put(watched, "t_-10.0.mrc", image(1))
    collect(inbox, arrivals)

    def fail(*_):
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(Settling, "saw", fail)
    put(watched, "t_5.0.mrc", image(2))
    with pytest.raises(ZeroDivisionError, match="a mistake"):
        collect(inbox, arrivals)


def test_a_run_resumes_whose_files_have_a_number_sign_in_their_names(settings_for, inbox_for):
    settings = settings_for()
    journal = Journal(settings.journal_folder, settings.folder, resume=False)
    frame = Frame("tilt #1_-70.0.mrc", np.eye(8, dtype=np.float32), -70.0, None, None)
    journal.keep(frame, digest(frame.image), FileIdentity(1, 2, 3), np.nan)
    journal.close()
    assert inbox_for(resume=True).take() == []


def test_a_wrong_guess_is_corrected_after_a_resume_too(watched, settings_for, inbox_for, collect):
    settings = settings_for()
    put(watched, "v1.5_scan_12.mrc", image(1))
    journal = Journal(settings.journal_folder, settings.folder, resume=False)
    guessed = Frame("v1.5_scan_12.mrc", image(1), 1.5, None, None)
    journal.keep(guessed, digest(guessed.image), identify(watched / guessed.name), np.nan)
    journal.close()
    inbox = inbox_for(resume=True)
    put(watched, "v1.5_scan_-14.mrc", image(2))
    news = collect(inbox, lambda news: len(news) == 2)
    assert AngleCorrection("v1.5_scan_12.mrc", 12.0) in news
    assert arrivals(news)[0].tilt_angle == -14.0


def test_a_whole_series_in_one_file_gives_all_its_frames(watched, inbox_for, collect, helix):
    watched.mkdir()
    write(helix, watched / "stack.h5")
    news = collect(inbox_for(), lambda news: len(arrivals(news)) == len(helix))
    assert arrivals(news)[1].name == "stack.h5#1"
