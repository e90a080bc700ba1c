"""What the tests of the application need: a way to draw, a browser, a stand-in for the engine."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # fake_engine, also for the viewer's process

_PARTS = ("vtkmodules", "trame", "trame_vuetify", "trame_color_opacity_editor", "simplejpeg")


def pytest_collection_modifyitems(items):
    missing = [part for part in _PARTS if importlib.util.find_spec(part) is None]
    if missing:
        mark = pytest.mark.skip(reason=f"the app extra is not installed: {', '.join(missing)} missing")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def can_draw():
    from livetomo.app.drawing_probe import DrawingProbe
    from livetomo.errors import EnvironmentProblem

    try:
        DrawingProbe().check()
    except EnvironmentProblem as problem:
        pytest.skip(str(problem))


@pytest.fixture
def engine(can_draw):
    from fake_engine import FakeEngine

    engine = FakeEngine()
    engine.start_viewer()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this computer")
    flags = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=flags.split(), ignore_default_args=["--hide-scrollbars"]
        )
        yield browser
        browser.close()
