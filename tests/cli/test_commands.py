"""The commands as a user types them: what they print, what they leave, how they end."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import livetomo as lt

SUMMARY = re.compile(r"residual=(\d\.\d{4}) sweeps=(\d+) seconds=\d+\.\d output=(.+)\n")


def livetomo(*words, cwd=None):
    run = subprocess.run(
        [sys.executable, "-m", "livetomo", *map(str, words)], capture_output=True, text=True, cwd=cwd, timeout=120
    )
    return run.returncode, run.stdout, run.stderr


@pytest.fixture(scope="module")
def helix(tmp_path_factory):
    path = tmp_path_factory.mktemp("series") / "helix.mrc"
    exit_code, _, error = livetomo(
        "simulate", "helix", "-o", path, "--size", 32, "--tilts", "-60:60:5", "--misalign", 1
    )
    assert exit_code == 0, error
    return path


def test_a_simulated_series_has_its_angles_and_size(helix):
    series = lt.read(helix)
    assert series.projections.shape == (25, 32, 32)
    np.testing.assert_allclose(series.tilt_angles, np.arange(-60, 61, 5))


def test_reconstruct_ends_with_one_line_and_a_volume(helix, tmp_path):
    exit_code, said, error = livetomo("reconstruct", helix, "-o", tmp_path / "v.mrc", "--sweeps", 12, "--align", "com")
    assert exit_code == 0, error
    residual, sweeps, output = SUMMARY.fullmatch(said).groups()
    assert (int(sweeps), Path(output)) == (12, tmp_path / "v.mrc")
    assert float(residual) < 0.4
    assert lt.read(tmp_path / "v.mrc").data.shape == (32, 32, 32)


def test_auto_says_what_it_chose_and_why(helix, tmp_path):
    words = "reconstruct", helix, "-o", tmp_path / "v.mrc", "--sweeps", 2, "--method", "auto"
    exit_code, said, error = livetomo(*words)
    assert exit_code == 0
    assert len(said.splitlines()) == 1
    assert "auto chose fista" in error
    assert "noise is" in error


def test_the_command_and_python_give_the_same_volume(helix, tmp_path):
    livetomo("reconstruct", helix, "-o", tmp_path / "v.npy", "--sweeps", 5, "--bin", 2)
    from livetomo.pipeline import preparation, prepare_series

    series = lt.align(prepare_series(lt.read(helix), preparation(bin=2)))
    expected = lt.reconstruct(series, sweeps=5)
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), expected.data, atol=1e-4 * expected.data.max())


def test_settings_reach_the_method(helix, tmp_path):
    words = "--align", "none", "--sweeps", 3, "--set", "tilts_per_subset=none", "--set", "damping=0"
    livetomo("reconstruct", helix, "-o", tmp_path / "v.npy", *words)
    expected = lt.reconstruct(lt.read(helix), sweeps=3, tilts_per_subset=None, damping=0)
    np.testing.assert_allclose(lt.read(tmp_path / "v.npy").data, expected.data, atol=1e-5)


def test_info_says_what_a_file_knows_as_json(helix):
    exit_code, said, _ = livetomo("info", helix, "--json")
    facts = json.loads(said)
    assert exit_code == 0
    assert facts["kind"] == "tilt series"
    assert facts["shape"] == [25, 32, 32]
    assert facts["pixel_size_nm"] == pytest.approx(1.0)


def test_info_in_words_names_the_option_for_what_is_missing(tmp_path):
    np.save(tmp_path / "stack.npy", np.zeros((5, 8, 8), np.float32))
    exit_code, said, _ = livetomo("info", tmp_path / "stack.npy")
    assert exit_code == 0
    assert "--angles" in said


def test_info_in_words_rounds_what_it_shows(tmp_path):
    series = lt.TiltSeries(np.zeros((2, 8, 8), np.float32), [-0.0, 3.0000001], pixel_size_nm=float(np.float32(1.14)))
    lt.write(series, tmp_path / "a.h5")
    _, said, _ = livetomo("info", tmp_path / "a.h5")
    facts = dict(line.split("  ", 1) for line in said.splitlines())
    assert facts["pixel size nm"].strip() == "1.14"
    assert facts["tilt angles"].strip() == "0, 3"


def test_convert_keeps_values_and_angles(helix, tmp_path):
    exit_code, _, error = livetomo("convert", helix, tmp_path / "helix.h5")
    assert exit_code == 0, error
    before, after = lt.read(helix), lt.read(tmp_path / "helix.h5")
    np.testing.assert_array_equal(after.projections, before.projections)
    np.testing.assert_allclose(after.tilt_angles, before.tilt_angles)


def test_pixels_without_a_number_are_named_by_file_and_tilt(helix, tmp_path):
    series = lt.read(helix)
    images = np.array(series.projections, np.float32)
    images[[3, 7], 5, 5] = np.nan
    lt.write(series.replace(projections=images), tmp_path / "spoilt.h5")
    words = "reconstruct", tmp_path / "spoilt.h5", "-o", tmp_path / "v.npy", "--sweeps", 1
    exit_code, _, error = livetomo(*words)
    assert exit_code == 1
    assert "spoilt.h5: pixels in the tilts 3,7 are NaN or infinite" in error
    assert livetomo(*words, "--leave-out", "3,7")[0] == 0


def test_replay_takes_raw_binary_and_tells_its_axis(tmp_path):
    stack = np.arange(60, dtype="<i2").reshape(3, 4, 5)
    (tmp_path / "a.dat").write_bytes(b"header" + stack.tobytes())
    (tmp_path / "a.rawtlt").write_text("-2\n0\n2\n")
    raw = "--shape", "3,4,5", "--dtype", "<i2", "--offset-bytes", 6
    exit_code, _, error = livetomo(
        "replay", tmp_path / "a.dat", tmp_path / "new", "--interval", 0, "--tilt-axis", "x", *raw
    )
    assert exit_code == 0, error
    np.testing.assert_array_equal(lt.read(tmp_path / "new", tilt_axis="y").projections, stack)
    np.testing.assert_array_equal(lt.read(tmp_path / "new").projections, np.rot90(stack, axes=(1, 2)))
    assert livetomo("info", tmp_path / "a.dat", *raw)[0] == 0


def test_a_replayed_series_is_reconstructed_live(helix, tmp_path):
    exit_code, said, _ = livetomo("replay", helix, tmp_path / "folder", "--interval", 0)
    assert exit_code == 0
    assert len(said.splitlines()) == 25
    words = ("live", "folder", "--headless", "--expect-tilts", 25, "-o", "live.mrc", "--events", "events.jsonl")
    exit_code, said, error = livetomo(*words, cwd=tmp_path)
    assert exit_code == 0, error
    assert "tilts=25" in said
    assert f"output={tmp_path / 'live.mrc'}\n" in said
    assert f"Written to {tmp_path / 'live.mrc'} (" in error
    events = [json.loads(line)["event"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert events.count("added") == 25
    assert events[-1] == "finished"
    assert lt.read(tmp_path / "live.mrc").data.shape == (32, 32, 32)


@pytest.mark.parametrize(
    ("words", "exit_code", "message"),
    [
        (("reconstruct", "nowhere.mrc", "-o", "v.mrc"), 1, "nowhere.mrc: no such file"),
        (("reconstruct", "SERIES", "-o", "v.xyz"), 1, "no writer for '.xyz'"),
        (("reconstruct", "SERIES"), 2, "--output"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--method", "magic"), 2, "method: expected one of"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--set", "damping"), 2, "--set: expected NAME=VALUE"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--set", "sweeps=3"), 2, "sweeps: sirt has no such setting"),
        (("live", "folder", "--headless", "--set", "dampin=0"), 2, "dampin: sirt has no such setting"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--bin", "0"), 2, "bin: expected a whole number"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--bin", "two"), 2, "--bin"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--tilt-axis", "z"), 2, "--tilt-axis: expected x, y or degrees"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--align", "laser"), 2, "--align: expected none or com, got 'laser'"),
        (("reconstruct", "SERIES", "-o", "v.mrc", "--leave-out", "5-3"), 2, "the lower number first, as in 3-5"),
        (
            ("reconstruct", "SERIES", "-o", "v.mrc", "--turned", "90"),
            2,
            "--turned: expected only together with --second",
        ),
        (
            ("reconstruct", "SERIES", "-o", "v.mrc", "--second-angles", "a.txt"),
            2,
            "only together with --second, got a.txt",
        ),
        (
            ("reconstruct", "SERIES", "-o", "v.mrc", "--stopping", "noise", "--sweeps", "3"),
            2,
            "expected without --sweeps",
        ),
        (("live", "folder", "--turned", "90"), 2, "--turned: expected only together with --after"),
        (("live", "folder", "--align", "laser"), 2, "--align: expected none or com, got 'laser'"),
        (("demo", "--interval", "-1"), 2, "--interval: expected 0 seconds or more, got -1"),
        (("live", "folder", "-o", "folder/v.mrc", "--headless"), 2, "nothing is ever written into the watched folder"),
        (("live", "folder", "--port", "99999"), 2, "--port: expected a number from 1 to 65535"),
        (("demo", "--port", "-1"), 2, "or no --port for any that is free, got -1"),
        (("live", "SERIES", "--headless"), 2, "expected a folder to watch"),
        (("simulate", "teapot", "-o", "t.mrc"), 2, "phantom: expected one of helix, particles, atoms"),
        (("simulate", "helix", "-o", "t.mrc", "--tilts", "many"), 2, "tilts: expected FIRST:LAST:STEP"),
        (("teleport",), 2, "No such command 'teleport'"),
    ],
)
def test_a_mistake_gives_one_clear_line(words, exit_code, message, helix, tmp_path):
    words = [str(helix) if word == "SERIES" else word for word in words]
    code, said, error = livetomo(*words, cwd=tmp_path)
    assert code == exit_code
    assert said == ""
    assert len(error.splitlines()) == 1
    assert message in error
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_command():
    exit_code, said, _ = livetomo("--help")
    assert exit_code == 0
    for command in ("live", "demo", "reconstruct", "info", "convert", "replay", "simulate"):
        assert f"  {command} " in said


def test_two_series_about_different_axes_are_one_volume(tmp_path):
    from livetomo.sim.phantoms import particles

    volume, angles = particles(32), np.arange(-60, 61, 5.0)
    for name, rotation in (("first", 0), ("second", 90)):
        projections = lt.Projector(angles, volume.shape, rotations_deg=np.full(25, rotation))(volume)
        lt.write(lt.TiltSeries(projections, angles, pixel_size_nm=1.0), tmp_path / f"{name}.mrc")
    words = ("--second", tmp_path / "second.mrc", "--align", "none", "--sweeps", 10, "-o")
    errors = []
    for turned in (90, -90):
        output = tmp_path / "out.npy"
        exit_code, _, error = livetomo("reconstruct", tmp_path / "first.mrc", *words, output, "--turned", turned)
        assert exit_code == 0, error
        errors.append(np.linalg.norm(lt.read(output).data - volume) / np.linalg.norm(volume))

    assert errors[0] < 0.4 < errors[1]


def test_tilts_left_out_and_weights_change_the_residual(helix, tmp_path):
    (tmp_path / "weights.txt").write_text("\n".join("0" if k in {3, 4, 5} else "1" for k in range(25)))
    summaries = []
    for words in ((), ("--leave-out", "3-5"), ("--weights", tmp_path / "weights.txt")):
        exit_code, output, error = livetomo("reconstruct", helix, "-o", tmp_path / "o.npy", "--sweeps", 5, *words)
        assert exit_code == 0, error
        summaries.append(SUMMARY.match(output)[1])

    assert summaries[0] != summaries[1] == summaries[2]


@pytest.mark.parametrize("content", [b"", b"1\n1\n", b"one"])
def test_weights_that_do_not_fit_are_refused(helix, tmp_path, content):
    for name in ("weights.txt", "weights.npy"):
        weights = tmp_path / name
        weights.write_bytes(content)
        words = "--weights", weights, "--leave-out", 2
        exit_code, _, error = livetomo("reconstruct", helix, "-o", tmp_path / "o.npy", *words)

        assert exit_code == 2
        assert "weights: expected" in error
        assert "Traceback" not in error


@pytest.mark.parametrize(("words", "expected"), [("30", "from 0 to 24, got 30"), ("a-b", "such as 3,17-20, got 'a-b'")])
def test_tilts_that_are_not_there_cannot_be_left_out(helix, tmp_path, words, expected):
    exit_code, _, error = livetomo("reconstruct", helix, "-o", tmp_path / "o.npy", "--leave-out", words)

    assert exit_code != 0
    assert expected in error
    assert not (tmp_path / "o.npy").exists()
