"""How long a new projection takes from its closed file to the volume: a replay of the needle through a real engine.

    python benchmarks/live_lag.py                      # engine alone
    python benchmarks/live_lag.py --browser            # with the application and a headless Chromium that watches it
    python benchmarks/live_lag.py --series FILE --interval 0.5 --tilt-axis x --align com

Prints the lag from file closed to the first published volume that contains it, and how far the final volume, some
seconds after the last tilt, is from the same method run offline to its stopping rule.
"""

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from machine import machine
from specimens import NEEDLE

import livetomo as lt
from livetomo.formats import read_contents
from livetomo.model import TiltSeries
from livetomo.sim import Written, replay

_CHROMIUM = "/usr/bin/chromium"
_CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
_STAGES = ["closed", "seen", "read", "added", "published"]


def main() -> None:
    """Replay, watch, measure, print."""
    for name, value in measure(_options()).items():
        print(f"{name}: {value:.4f}")


def section() -> str:
    """Measure with and without a browser that watches and give the section as Markdown."""
    columns = [measure(_options(words)) for words in ([], ["--browser"])]
    rows = [f"| {name} | {_shown(columns[0][name])} | {_shown(columns[1][name])} |" for name in columns[0]]
    return "\n".join([
        "## Live: 77 tilts of the needle, 256 × 256 pixels, one every 0.5 s",
        "",
        f"{machine()}. Lag: from file closed to the first published volume that contains it. Then 5 s more,",
        "and the volume is compared with the same method run offline to its stopping rule.",
        "",
        "| | engine alone | with a browser watching |",
        "| --- | --- | --- |",
        *rows,
    ])  # fmt: skip


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Do one run and give what was measured, by name."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = _start_engine(options, work)
        stack.callback(_end, engine)
        if options.browser:
            stack.enter_context(_watching_browser(work / "output.txt"))
        else:
            time.sleep(2.0)  # the compiled kernels are loaded before the microscope starts, as in a real session
        written = _replay(options, work / "watched")
        time.sleep(options.settle)
        engine.send_signal(signal.SIGINT)
        _wait_for(lambda: '"finished"' in (work / "events.jsonl").read_text(encoding="utf-8"))
        measured = _lags(_happenings(written, work / "events.jsonl"))
        return measured if options.no_offline else measured | _against_offline(options, work)


def _options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=Path, default=NEEDLE, help="recorded tilt series")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between projections")
    parser.add_argument("--format", default="mrc", choices=("mrc", "tiff", "growing-mrc"))
    parser.add_argument("--order", default="as-is", choices=("as-is", "shuffled"))
    parser.add_argument("--tilt-axis", default="x")
    parser.add_argument("--align", default="com", choices=("com", "none"))
    parser.add_argument("--method", default="sirt")
    parser.add_argument("--settle", type=float, default=5.0, help="seconds given after the last projection")
    parser.add_argument("--browser", action="store_true", help="watch with the application in headless Chromium")
    parser.add_argument("--no-offline", action="store_true", help="do not compare with the offline result")
    return parser.parse_args(words)


def _start_engine(options: argparse.Namespace, work: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "livetomo", "live", str(work / "watched")]
    command += ["--tilt-axis", options.tilt_axis, "--align", options.align, "--method", options.method]
    command += ["--output", str(work / "live.mrc"), "--events", str(work / "events.jsonl")]
    command += ["--no-browser"] if options.browser else ["--headless"]
    with (work / "output.txt").open("w") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def _end(engine: subprocess.Popen[bytes]) -> None:
    """End the engine, and with it the viewer that waits for its browser."""
    if engine.poll() is None:
        engine.terminate()
    engine.wait(timeout=30)


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:.0f} s in vain")
        time.sleep(0.05)


@contextmanager
def _watching_browser(output: Path) -> Iterator[None]:
    """Open the engine's page in headless Chromium and keep it open."""
    from playwright.sync_api import sync_playwright

    _wait_for(lambda: "http://" in output.read_text())
    address = re.search(r"http://\S+", output.read_text())
    assert address is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(address.group())
        page.wait_for_timeout(4000)
        yield
        browser.close()


def _replay(options: argparse.Namespace, folder: Path) -> list[Written]:
    contents = read_contents(options.series)
    if contents.tilt_angles is None:
        raise SystemExit(f"{options.series} gives no tilt angles")
    series = TiltSeries(contents.data, contents.tilt_angles, contents.pixel_size_nm, name=contents.name)
    return list(replay(series, folder, options.interval, options.format, options.order))


def _happenings(written: list[Written], events: Path) -> np.ndarray:
    """Give (file, 5) epoch seconds at which each file was closed, seen, read, added, published; NaN for never."""
    times = {file.name: [file.closed_at, *[np.nan] * 4] for file in written}
    for line in events.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["event"] in _STAGES:
            stage = _STAGES.index(event["event"])
            for name in event.get("files", [event.get("file")]):
                if name in times and np.isnan(times[name][stage]):
                    times[name][stage] = event["t"]
    return np.array(list(times.values()))


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _lags(times: np.ndarray) -> dict[str, float]:
    lags = (times[:, -1] - times[:, 0])[np.isfinite(times[:, -1])]
    return {
        "tilts published": lags.size,
        "lag, median, s": float(np.median(lags)),
        "lag, 95 %, s": float(np.quantile(lags, 0.95)),
        "lag, longest, s": float(lags.max()),
        **{
            f"of it until {name}, median, s": float(np.nanmedian(stage))
            for name, stage in zip(_STAGES[1:], np.diff(times, axis=1).T, strict=True)
        },
    }


def _against_offline(options: argparse.Namespace, work: Path) -> dict[str, float]:
    series = lt.align(lt.read(options.series, tilt_axis=options.tilt_axis), method=options.align)
    offline = lt.reconstruct(series, method=options.method)
    live = lt.read(work / "live.mrc")
    rms = float(np.sqrt(np.mean((live.data - offline.data) ** 2)))
    return {
        "offline residual": float(offline.metadata["residual"]),
        "live − offline, NRMSE over the root mean square, %": 100 * rms / float(np.sqrt(np.mean(offline.data**2))),
        "live − offline, NRMSE over the range, %": 100 * rms / float(np.ptp(offline.data)),
    }


if __name__ == "__main__":
    main()
