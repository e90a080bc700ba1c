"""Whole runs on small series: the same volume as offline, every tilt published, and an end that leaves nothing open."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import livetomo as lt
from livetomo.live.engine import run
from livetomo.live.messages import Command, Hello, Status
from livetomo.live.settling import Settling
from livetomo.live.snapshot import SnapshotReader
from livetomo.live.viewer import PipeLink
from livetomo.pipeline import preparation, prepare_series
from livetomo.sim import Habits, Imaging, simulate, write_series

KEYS = {"t", "event", "file", "tilt_angle", "n_tilts", "residual", "reason", "files"}


def events_of(settings):
    return [json.loads(line) for line in settings.events.read_text("utf-8").splitlines()]


def microscope(series, folder, **habits):
    """Start a thread that writes the series and give what it wrote so far."""
    written = []

    def work():
        written.extend(write_series(series, folder, Habits(**habits)))

    thread = threading.Thread(target=work)
    thread.start()
    return thread, written


def difference(volume, reference):
    return float(np.sqrt(np.mean((volume - reference) ** 2) / np.mean(reference**2)))


def test_auto_says_live_what_it_chose_and_why(helix, settings_for, watched):
    settings, choices = settings_for(expect_tilts=len(helix), method="auto"), []
    list(write_series(helix, watched, Habits(interval_s=0, style="atomic")))
    assert run(settings, on_status=lambda status: choices.append(status.choice)) == 0
    name, reason = choices[-1].split(": ", 1)
    assert name in {"fista", "fista-tv"}
    assert "noise is" in reason


def test_every_tilt_is_published_and_the_events_keep_their_form(helix, settings_for, watched):
    settings = settings_for(expect_tilts=len(helix))
    begun, states = [], []

    def note(status):
        if not begun:  # what lies there before the folder is watched has to settle, and may be overtaken
            begun.append(microscope(helix, watched, interval_s=0.1, style="atomic", order="shuffled"))
        states.append(status)

    assert run(settings, on_status=note) == 0
    thread, written = begun[0]
    thread.join()
    events = events_of(settings)
    assert all(set(event) <= KEYS for event in events)
    assert [event["t"] for event in events] == sorted(event["t"] for event in events)
    published = [name for event in events if event["event"] == "published" for name in event["files"]]
    assert published == [file.name for file in written]
    for kind in ("seen", "read", "added"):
        assert [event["file"] for event in events if event["event"] == kind] == published
    assert [event["event"] for event in events][-2:] == ["converged", "finished"]
    assert [event["n_tilts"] for event in events if event["event"] == "added"] == list(range(1, 10))
    assert states[-1].state == "finished"
    assert [tilt.tilt_angle for tilt in states[-1].tilts] == [file.tilt_angle for file in written]
    volume = lt.read(settings.output)
    assert volume.data.shape == (32, 32, 32)
    assert volume.voxel_size_nm == pytest.approx(1.0)


@pytest.mark.parametrize("method", ["sirt", "wbp"])
def test_a_live_run_gives_what_offline_gives(settings_for, watched, method):
    series = simulate("helix", 32, np.arange(-70, 71, 5.0), Imaging(misalign_px=1.0, background=0.1)).series
    settings = settings_for(expect_tilts=len(series), align="com", method=method)
    thread, _ = microscope(series, watched, interval_s=0.05)
    assert run(settings) == 0
    thread.join()
    offline = lt.reconstruct(lt.align(series, method="com"), method=method)
    assert difference(lt.read(settings.output).data, offline.data) < (0.04 if method == "sirt" else 0.001)


def test_a_growing_stack_and_a_turned_axis(helix, settings_for, watched):
    sideways = helix.replace(projections=np.rot90(helix.projections, -1, axes=(1, 2)))
    settings = settings_for(expect_tilts=len(helix), tilt_axis="x", flip_angles=True, bin=2, method="wbp")
    thread, _ = microscope(sideways, watched, format="growing-mrc", interval_s=0.1)
    assert run(settings) == 0
    thread.join()
    prepared = prepare_series(helix.replace(tilt_angles=-helix.tilt_angles), preparation(bin=2))
    volume = lt.read(settings.output)
    assert volume.voxel_size_nm == pytest.approx(2.0)
    assert difference(volume.data, lt.reconstruct(prepared, method="wbp").data) < 0.001


def test_it_finishes_after_idling_and_sets_the_unreadable_aside(helix, settings_for, watched):
    list(write_series(helix, watched, Habits(interval_s=0, dies_in_tilt=5)))
    last = []
    settings = settings_for(finish_after_idle_s=0.5)
    assert run(settings, on_status=last.append) == 0
    assert len(last[-1].tilts) == 5
    [aside] = last[-1].set_aside
    assert aside.file.startswith("helix_005")
    assert "complete" in aside.reason


def test_an_overview_before_the_tilts_is_no_part_of_the_volume(helix, settings_for, watched):
    watched.mkdir()
    lt.write(simulate("helix", 16, np.array([0.5])).series, watched / "a_overview.mrc")
    list(write_series(helix, watched, Habits(interval_s=0)))
    settings = settings_for(finish_after_idle_s=1)
    assert run(settings) == 0
    assert lt.read(settings.output).data.shape == (32, 32, 32)
    events = events_of(settings)
    assert "a_overview.mrc" in {event["file"] for event in events if event["event"] == "set_aside"}
    assert events[-1]["n_tilts"] == len(helix)


@pytest.mark.parametrize("factor", [1e-20, 1e20])
def test_a_frame_that_float32_cannot_square_is_set_aside(helix, settings_for, watched, factor):
    watched.mkdir()
    for k, angle in enumerate(helix.tilt_angles[:5]):
        image = helix.projections[k : k + 1] * (factor if k == 2 else 1)
        lt.write(lt.TiltSeries(image.astype(np.float32), [angle]), watched / f"a_{k}.tif")
    last = []
    assert run(settings_for(finish_after_idle_s=0.5), on_status=last.append) == 0
    assert len(last[-1].tilts) == 4
    [aside] = last[-1].set_aside
    assert aside.file == "a_2.tif"
    assert "float32" in aside.reason or "below 1e+17" in aside.reason


def test_a_support_is_used_live(helix, settings_for, watched):
    support = np.zeros((32, 1, 32), bool)
    support[8:24, :, 8:24] = True
    settings = settings_for(expect_tilts=len(helix), method="fista", method_settings={"support": support})
    list(write_series(helix, watched, Habits(interval_s=0)))
    assert run(settings) == 0
    volume = lt.read(settings.output).data
    assert not volume[:8].any()
    assert volume[8:24].any()


def test_nothing_usable_is_a_failure_in_words(settings_for, watched):
    watched.mkdir()
    (watched / "a_1.0.tif").write_bytes(b"no image" * 100)
    last = []
    assert run(settings_for(finish_after_idle_s=0.3), on_status=last.append) == 1
    assert last[-1].state == "failed"
    assert "No projection could be used" in last[-1].note
    assert last[-1].set_aside[0].file == "a_1.0.tif"


def test_a_mistake_of_the_inbox_fails_the_run_in_words(helix, settings_for, watched, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(Settling, "saw", fail)
    list(write_series(helix, watched, Habits(interval_s=0)))
    last = []
    assert run(settings_for(), on_status=last.append) == 1
    assert (last[-1].state, last[-1].note) == ("failed", "ZeroDivisionError: a mistake")


def test_a_folder_that_is_not_there_is_told_and_counts_as_idle(settings_for, watched):
    said = []
    assert run(settings_for(finish_after_idle_s=0.3), on_status=said.append) == 1
    assert f"The folder {watched} is not there yet." in said[0].note
    assert "nothing was written" in said[-1].note
    assert str(watched) in said[-1].note


def test_a_table_that_is_not_there_is_told_before_the_first_file(helix, settings_for, watched, tmp_path):
    table, said = tmp_path / "angles.txt", []
    watched.mkdir()

    def hear(status):
        if not said:
            table.write_text("\n".join(f"{angle:g}" for angle in helix.tilt_angles))
            list(write_series(helix, watched, Habits(interval_s=0)))
        said.append(status.note)

    assert run(settings_for(angles=table, expect_tilts=len(helix), method="wbp"), on_status=hear) == 0
    assert f"The table of angles {table} is not there yet" in said[0]
    assert "not there" not in said[-1]


def test_a_method_chosen_before_the_first_tilt_is_told_beside_the_first(settings_for):
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    viewer_end.send(Command("method", {"name": "wbp"}))
    viewer_end.send(Command("finish"))
    said = []
    assert run(settings_for(), PipeLink(engine_end), said.append) == 1
    assert (said[-1].method, said[-1].first_method) == ("wbp", "sirt")
    viewer_end.close()


def test_the_viewer_sees_volumes_gives_orders_and_may_crash(helix, settings_for, watched):
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    link = PipeLink(engine_end)
    settings = settings_for()
    result = []
    engine = threading.Thread(target=lambda: result.append(run(settings, link)))
    engine.start()
    list(write_series(helix, watched, Habits(interval_s=0)))
    statuses, names = [], []

    def listen_until(condition):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            message = viewer_end.recv() if viewer_end.poll(0.1) else None
            statuses.extend([message] if isinstance(message, Status) else [])
            names.extend([message.snapshot_name] if isinstance(message, Hello) else [])

    listen_until(lambda: names and statuses and len(statuses[-1].tilts) == len(helix))
    reader = SnapshotReader(names[0])
    assert reader.take().voxels.max() > 100
    viewer_end.send(Command("pause"))
    listen_until(lambda: statuses[-1].state == "paused")
    sweeps = statuses[-1].sweeps
    viewer_end.send(Command("method", {"name": "wbp", "window": "hann"}))
    listen_until(lambda: statuses[-1].method == "wbp")
    assert statuses[-1].sweeps == sweeps
    viewer_end.send(Command("method", {"name": "magic"}))
    listen_until(lambda: "magic" in statuses[-1].note)
    viewer_end.send(Command("start"))
    listen_until(lambda: statuses[-1].state == "converged")
    assert len(statuses[-1].tilts) == len(helix)
    reader.close()
    viewer_end.close()
    late = helix.replace(tilt_angles=helix.tilt_angles + 1, name="late")
    list(write_series(late, watched, Habits(interval_s=0)))
    deadline = time.monotonic() + 20
    while sum(event["event"] == "added" for event in events_of(settings)) < 2 * len(helix):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    link._commands.append(Command("finish"))
    engine.join(20)
    assert result == [0]


def test_tilts_that_came_during_a_pause_are_swept_over_before_the_end(helix, settings_for, watched):
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    viewer_end.send(Command("pause"))
    list(write_series(helix, watched, Habits(interval_s=0)))
    settings, said = settings_for(), []
    engine = threading.Thread(target=lambda: run(settings, PipeLink(engine_end), said.append))
    engine.start()
    deadline = time.monotonic() + 20
    while not settings.events.exists() or sum(event["event"] == "read" for event in events_of(settings)) < len(helix):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    viewer_end.send(Command("finish"))
    engine.join(20)
    viewer_end.close()
    assert (said[-1].state, len(said[-1].tilts), said[-1].sweeps) == ("finished", len(helix), 1)
    assert said[-1].residual < 1


def test_new_content_and_new_angles_change_the_volume_to_what_it_should_be(helix, settings_for, watched, tmp_path):
    table = tmp_path / "angles.txt"
    table.write_text("\n".join(f"{angle + 4:g}" for angle in helix.tilt_angles))
    wrong = helix.replace(projections=helix.projections.copy())
    wrong.projections[4] = helix.projections[0]
    list(write_series(wrong, watched, Habits(interval_s=0)))

    def correct():
        while "added" not in settings.events.read_text():
            time.sleep(0.05)
        time.sleep(0.5)
        table.write_text("\n".join(f"{angle:g}" for angle in helix.tilt_angles))
        list(write_series(helix, watched, Habits(interval_s=0)))

    settings = settings_for(angles=table, finish_after_idle_s=2, method="wbp")
    settings.events.write_text("")
    thread = threading.Thread(target=correct)
    thread.start()
    assert run(settings) == 0
    thread.join()
    offline = lt.reconstruct(prepare_series(helix, preparation()), method="wbp")
    assert difference(lt.read(settings.output).data, offline.data) < 0.001


def test_new_content_keeps_its_own_angle_when_that_of_the_old_was_corrected_during_a_pause(
    helix, settings_for, watched, tmp_path
):
    engine_end, viewer_end = multiprocessing.Pipe(duplex=True)
    viewer_end.send(Command("pause"))
    settings, said = settings_for(), []
    watched.mkdir()
    engine = threading.Thread(target=lambda: run(settings, PipeLink(engine_end), said.append))
    engine.start()
    journal = tmp_path / "journal" / "journal.jsonl"
    for number, angle, line in ((0, 0.0, "frame"), (0, 5.0, "angle"), (1, 10.0, "frame")):
        before = lines_of(journal, line)
        lt.write(lt.TiltSeries(helix.projections[number : number + 1], [angle]), watched / "a.tif")
        deadline = time.monotonic() + 20
        while lines_of(journal, line) == before:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    viewer_end.send(Command("finish"))
    engine.join(20)
    viewer_end.close()
    assert [tilt.tilt_angle for tilt in said[-1].tilts] == [10.0]


def lines_of(journal, kind):
    return journal.read_text("utf-8").count(f'"kind": "{kind}"') if journal.exists() else 0


ENGINE = """
import sys
from pathlib import Path
from livetomo.live.engine import run
from livetomo.live.settings import LiveSettings
folder, place = Path(sys.argv[1]), Path(sys.argv[2])
sys.exit(run(LiveSettings(folder, place / "volume.mrc", align="none", method="wbp", journal=place / "journal",
                          events=place / "events.jsonl", resume="--resume" in sys.argv)))
"""


@pytest.fixture
def engine_process(watched, tmp_path):
    engines = []

    def start(*more):
        engines.append(subprocess.Popen([sys.executable, "-c", ENGINE, str(watched), str(tmp_path), *more]))
        return engines[-1]

    yield start
    for engine in engines:
        engine.kill()
        engine.wait()


def wait_for_added(settings, n_tilts, seconds=30):
    deadline = time.monotonic() + seconds
    while not settings.events.exists() or settings.events.read_text("utf-8").count('"added"') < n_tilts:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_run_resumes_with_nothing_lost_even_when_the_files_have_gone(
    helix, settings_for, watched, engine_process, tmp_path
):
    settings = settings_for(resume=True, expect_tilts=len(helix), method="wbp")
    written = write_series(helix, watched, Habits(interval_s=0.1))
    engine = engine_process()
    for _ in range(5):
        next(written)
    wait_for_added(settings, 5)
    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()
    with (tmp_path / "journal" / "journal.jsonl").open("a") as torn:
        torn.write('{"kind": "frame", "na')
    for path in list(watched.iterdir())[:3]:
        path.unlink()
    list(written)
    last = []
    assert run(settings, on_status=last.append) == 0
    assert sorted(tilt.tilt_angle for tilt in last[-1].tilts) == helix.tilt_angles.tolist()
    offline = lt.reconstruct(prepare_series(helix, preparation()), method="wbp")
    assert difference(lt.read(settings.output).data, offline.data) < 0.001


@pytest.mark.parametrize(
    ("how", "reason"), [(signal.SIGINT, "stopped with Ctrl-C"), (signal.SIGTERM, "asked to end by the system")]
)
def test_a_signal_writes_the_volume_and_ends_well(helix, settings_for, watched, engine_process, how, reason):
    list(write_series(helix, watched, Habits(interval_s=0)))
    engine = engine_process()
    wait_for_added(settings_for(), len(helix))
    engine.send_signal(how)
    assert engine.wait(20) == 0
    assert lt.read(settings_for().output).data.shape == (32, 32, 32)
    assert not list(settings_for().output.parent.glob("*.part*"))
    assert events_of(settings_for())[-1]["reason"] == reason


def test_an_axis_along_x_that_nobody_told_of_is_found_and_the_projections_turned(settings_for, watched):
    series = simulate("helix", 32, np.arange(-60, 61, 8.0)).series
    sideways = series.replace(projections=np.rot90(series.projections, -1, axes=(1, 2)))
    settings = settings_for(expect_tilts=len(series), align="com", method="wbp")
    list(write_series(sideways, watched, Habits(interval_s=0)))
    last = []
    assert run(settings, on_status=last.append) == 0
    assert any("--tilt-axis x" in status.note for status in last)
    offline = lt.reconstruct(lt.align(series, method="com"), method="wbp")
    assert difference(lt.read(settings.output).data, offline.data) < 0.001
