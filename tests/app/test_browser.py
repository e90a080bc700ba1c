"""The page in headless Chromium, fed by a stand-in for the engine: what a user sees and does.

Nothing waits for time to pass; it waits for the frame counters that the page keeps in ``window.livetomo``.
The pictures go to ``screenshots/``, which is not kept.
"""

import io
import re
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
LONGEST_WAIT_MS = 30_000


class Viewer:
    """The page and what it did wrong."""

    def __init__(self, page, url):
        self.page, self.errors, self.foreign = page, [], []
        page.set_default_timeout(LONGEST_WAIT_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.note_request(request.url))
        page.goto(url)
        page.wait_for_selector(".lt-headline")

    def note_request(self, url):
        if not re.match(r"(http://127\.0\.0\.1:|data:|blob:)", url):
            self.foreign.append(url)

    def wait(self, condition):
        self.page.wait_for_function(f"(() => {{ const v = window.livetomo.views; return {condition} }})()")

    def frames(self, view="volume"):
        return self.page.evaluate(f"window.livetomo.views['{view}'].frames")

    def wait_for_still(self, after, view="volume"):
        self.wait(f"v['{view}'].frames > {after} && v['{view}'].still")

    def wait_for_version(self, version):
        """Wait until the volume and its slices of this number are drawn, the volume in full quality."""
        names = "['volume', 'slice-z', 'slice-y', 'slice-x']"
        self.wait(f"v.volume.still && {names}.every((name) => v[name].version === {version})")

    def picture(self, view="volume"):
        png = self.page.locator(f"[data-view={view}] canvas").screenshot()
        return iio.imread(io.BytesIO(png))[:, :, :3].astype(int)

    def keep(self, name):
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def open_page(chromium, engine, width=1280, height=720):
    return Viewer(chromium.new_page(viewport={"width": width, "height": height}), engine.url)


@pytest.fixture
def viewer(chromium, engine):
    viewer = open_page(chromium, engine)
    yield viewer
    viewer.page.close()
    assert viewer.errors == []
    assert viewer.foreign == []


@pytest.fixture
def with_volume(viewer, engine):
    """A page that shows a volume in full quality."""
    for _ in range(13):
        engine.publish()
    viewer.wait_for_version(engine.version)
    viewer.wait("v.projection.frames > 0")
    viewer.page.wait_for_selector("text=13 of 71 tilts")
    viewer.page.wait_for_selector("text=Volume from 13 tilts")
    return viewer


def test_before_the_first_tilt_the_page_says_what_it_waits_for(viewer):
    viewer.page.wait_for_selector("text=Waiting for the first tilt")
    assert viewer.page.locator(".lt-path").inner_text() == "/data/2026-11-23/needle 3/tilts"
    assert viewer.page.locator(".lt-headline").inner_text() == "Waiting"
    viewer.keep("waiting-1280x720")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_everything_is_on_one_screen(chromium, engine, width, height):
    viewer = open_page(chromium, engine, width, height)
    for _ in range(30):
        engine.publish()
    viewer.page.wait_for_selector("text=30 of 71 tilts")
    viewer.wait_for_version(engine.version)
    viewer.page.wait_for_selector("text=Volume from 30 tilts")
    for part in ("needle_030.mrc", "blank image", "Volume from", "30 in", "Residual"):
        assert viewer.page.get_by_text(part).first.is_visible()
    for selector in (".lt-bar", "[data-view=volume]", ".lt-transfer", ".lt-cell-x", ".lt-convergence", ".lt-tilts"):
        box = viewer.page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    volume = viewer.page.locator("[data-view=volume]").bounding_box()
    assert volume["width"] * volume["height"] > 0.44 * width * height
    assert viewer.page.evaluate("document.scrollingElement.scrollHeight") <= height
    viewer.keep(f"live-{width}x{height}")
    viewer.page.close()


@pytest.mark.parametrize(("width", "height"), [(1024, 600), (760, 900), (760, 700)])
def test_in_a_small_window_nothing_falls_out_and_nothing_covers_another(with_volume, width, height):
    page = with_volume.page
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(f"document.querySelector('.lt-bar').clientWidth === {width}")
    places = {part: page.locator(part).bounding_box() for part in (".lt-method", ".lt-pause", ".lt-finish")}
    for place in places.values():
        assert 0 <= place["x"] <= place["x"] + place["width"] <= width
    figures = [figure.bounding_box() for figure in page.locator(".lt-figure").all()]
    assert all(figure["x"] + figure["width"] <= width for figure in figures)
    switches, tools = (page.locator(part).bounding_box() for part in (".lt-switches", ".lt-tools"))
    assert tools["x"] >= switches["x"] + switches["width"] or tools["y"] >= switches["y"] + switches["height"]
    assert page.locator(".lt-tilts").bounding_box()["height"] > 140
    assert page.locator(".lt-main").evaluate("e => e.scrollHeight > e.clientHeight") == ((width, height) == (760, 700))
    with_volume.keep(f"small-{width}x{height}")


def test_the_picture_changes_when_a_volume_comes_and_rests_when_none_does(with_volume, engine):
    before = with_volume.picture()
    assert before.max() > 150
    for _ in range(12):
        engine.publish()
    with_volume.wait_for_version(engine.version)
    with_volume.page.wait_for_selector("text=Volume from 25 tilts")
    after = with_volume.picture()
    assert np.abs(after - before).mean() > 0.2
    np.testing.assert_array_equal(after, with_volume.picture())


def test_the_caption_says_what_the_picture_shows_not_what_comes_next(with_volume, engine):
    page = with_volume.page
    page.evaluate(  # the 3-D view's pictures are not acknowledged: after one more the server draws no other
        "() => { const send = WebSocket.prototype.send; WebSocket.prototype.send = function (data) {"
        " if (!this.url.endsWith('/live/volume')) send.call(this, data) } }"
    )
    for _ in range(3):
        engine.publish()
        with_volume.wait(f"v['slice-z'].version === {engine.version}")
    engine.say()
    page.wait_for_selector("text=16 of 71 tilts")
    page.wait_for_function("document.querySelector('.lt-caption').innerText === 'Volume from 14 tilts'")
    assert with_volume.page.evaluate("window.livetomo.views.volume.version") == 14


def test_dragging_turns_the_volume_while_it_changes(with_volume, engine, record_property):
    page = with_volume.page
    before, n_frames = with_volume.picture(), with_volume.frames()
    box = page.locator("[data-view=volume]").bounding_box()
    x, y = box["x"] + 200, box["y"] + 200
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("Object.assign(window.livetomo.views.volume, { latencies: [], drawnAt: [] })")
    for step in range(60):
        page.mouse.move(x + 4 * step, y + step)
        if step % 20 == 10:
            engine.publish()
    with_volume.wait("v.volume.latencies.length > 8")
    record = page.evaluate("window.livetomo.views.volume")
    page.mouse.up()
    with_volume.wait_for_still(n_frames)
    assert np.abs(with_volume.picture() - before).mean() > 1
    seconds = (record["drawnAt"][-1] - record["drawnAt"][0]) / 1000
    rate, latency = (len(record["drawnAt"]) - 1) / seconds, float(np.median(record["latencies"]))
    record_property("frames_per_second", round(rate, 1))
    record_property("latency_ms", round(latency))
    assert rate > 5  # generous: other work may share the processor
    assert latency < 500


def test_the_wheel_comes_nearer_and_a_view_button_looks_along_an_axis(with_volume):
    page = with_volume.page
    scale = page.locator("[data-view=volume] .lt-overlay text").last.text_content()
    page.locator("[data-view=volume]").hover(position={"x": 300, "y": 250})
    page.mouse.wheel(0, -1500)
    page.wait_for_function(
        "(old) => [...document.querySelectorAll('[data-view=volume] .lt-overlay text')].pop().textContent !== old",
        arg=scale,
    )
    n_frames = with_volume.frames()
    page.get_by_text("−Z", exact=True).click()
    with_volume.wait_for_still(n_frames)
    red = page.locator("[data-view=volume] .lt-overlay line[stroke='#ff8078']")
    assert float(red.get_attribute("x2")) == pytest.approx(26, abs=0.2)


def test_opacity_and_colours_are_edited_over_the_histogram(with_volume):
    page = with_volume.page
    before, n_frames = with_volume.picture(), with_volume.frames()
    box = page.locator(".color-opacity-editor-opacity-container").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] - 8)  # the point at the lowest value: background
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + 0.3 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_selector(".lt-follow:not([disabled])")
    with_volume.wait_for_still(n_frames)
    edited = with_volume.picture()
    assert np.abs(edited - before).mean() > 3
    n_frames = with_volume.frames()
    page.locator(".lt-follow").click()
    page.wait_for_selector(".lt-follow[disabled]")
    with_volume.wait_for_still(n_frames)
    page.locator(".lt-preset").click()
    n_frames = with_volume.frames()
    page.get_by_role("option", name="Inferno").click()
    with_volume.wait_for_still(n_frames)
    colors = with_volume.picture().reshape(-1, 3)
    assert (colors[:, 0] > colors[:, 2] + 60).mean() > 10 * (
        before.reshape(-1, 3)[:, 0] > before.reshape(-1, 3)[:, 2] + 60
    ).mean()
    with_volume.keep("inferno-1280x720")


def test_the_contour_follows_its_slider(with_volume):
    page = with_volume.page
    page.locator(".lt-switch-volume").click()
    n_frames = with_volume.frames()
    slider = page.locator(".lt-iso .v-slider").bounding_box()
    page.mouse.click(slider["x"] + 0.3 * slider["width"], slider["y"] + slider["height"] / 2)
    page.wait_for_selector(".lt-iso-line")
    with_volume.wait_for_still(n_frames)
    low, words = with_volume.picture(), page.locator(".lt-iso-words").inner_text()
    n_frames = with_volume.frames()
    page.mouse.click(slider["x"] + 0.85 * slider["width"], slider["y"] + slider["height"] / 2)
    page.wait_for_function("(before) => document.querySelector('.lt-iso-words').innerText !== before", arg=words)
    with_volume.wait_for_still(n_frames)
    assert np.abs(with_volume.picture() - low).mean() > 0.5
    page.locator(".lt-switch-planes").click()
    page.locator(".lt-iso .v-slider").click(position={"x": 0.35 * slider["width"], "y": 12})
    with_volume.wait_for_still(n_frames + 2)
    with_volume.keep("contour-1280x720")


def test_slices_move_with_their_slider_and_under_the_pointer(with_volume):
    page = with_volume.page
    label = page.locator("[data-view=slice-z] .lt-tag")
    assert label.inner_text().split() == ["z", "33"]
    n_frames = with_volume.frames("slice-z")
    slider = page.locator(".lt-cell-z .v-slider").bounding_box()
    page.mouse.click(slider["x"] + 0.75 * slider["width"], slider["y"] + slider["height"] / 2)
    page.wait_for_function("document.querySelector('[data-view=slice-z] .lt-tag').innerText.match(/4\\d/)")
    with_volume.wait(f"v['slice-z'].frames > {n_frames}")
    n_frames = with_volume.frames("slice-x")
    canvas = page.locator("[data-view=slice-z] canvas").bounding_box()
    page.mouse.click(canvas["x"] + 0.25 * canvas["width"], canvas["y"] + 0.5 * canvas["height"])
    page.wait_for_function("document.querySelector('[data-view=slice-x] .lt-tag').innerText.includes('17')")
    with_volume.wait(f"v['slice-x'].frames > {n_frames}")


def test_the_run_is_paused_started_changed_and_finished(with_volume, engine):
    page = with_volume.page
    page.locator(".lt-pause").click()
    page.wait_for_selector(".lt-headline:has-text('Paused')")
    page.locator(".lt-start").click()
    page.wait_for_selector(".lt-headline:has-text('Refining')")
    page.locator(".lt-method").click()
    page.get_by_role("option", name="WBP", exact=True).click()
    page.wait_for_selector(".lt-method:has-text('WBP')")
    page.locator(".lt-finish").click()
    page.locator(".lt-finish-now").click()
    page.wait_for_selector(".lt-headline:has-text('Finished')")
    assert [command.name for command in engine.commands] == ["pause", "start", "method", "finish"]
    assert engine.commands[2].values == {"name": "wbp"}
    assert page.locator(".lt-finish").is_disabled()
    assert page.get_by_text("Saved to /data/2026-11-23/needle 3.mrc").is_visible()
    with_volume.keep("finished-1280x720")


def test_the_word_of_the_end_leaves_the_note_free_and_the_note_the_volume(with_volume, engine):
    page = with_volume.page
    engine.end()
    page.wait_for_selector("text=The run has ended")
    card, note = (page.locator(selector).bounding_box() for selector in (".lt-lost-card", ".lt-note"))
    assert card["y"] + card["height"] < note["y"]
    view = page.locator("[data-view=volume]").bounding_box()
    assert view["y"] + view["height"] < note["y"]
    with_volume.keep("ended-1280x720")


def test_auto_says_what_it_chose_and_why(with_volume):
    page = with_volume.page
    page.locator(".lt-method").click()
    page.get_by_role("option", name="Auto", exact=True).click()
    page.wait_for_selector(".lt-method:has-text('Method: FISTA-TV')")
    assert page.get_by_title("noise is 11.0% of the projections").count()
    with_volume.keep("auto-1280x720")


def test_a_run_can_return_to_the_method_it_began_with(with_volume, engine):
    page = with_volume.page
    engine.first_method = engine.method = "constrained-fourier"
    engine.say()
    page.wait_for_selector(".lt-method:has-text('Constrained Fourier')")
    assert page.locator(".lt-method .v-select__selection-text").evaluate("e => e.scrollWidth <= e.clientWidth")
    for name, title in (("sirt", "SIRT"), ("constrained-fourier", "Constrained Fourier")):
        page.locator(".lt-method").click()
        page.get_by_role("option", name=title, exact=True).click()
        page.wait_for_selector(f".lt-method:has-text('{title}')")
        assert engine.commands[-1].values == {"name": name}


@pytest.mark.parametrize(("height", "scrolls"), [(720, False), (420, True)])
def test_the_list_of_methods_is_whole_or_scrolls_and_shows_it(with_volume, height, scrolls):
    page = with_volume.page
    page.set_viewport_size({"width": 1280, "height": height})
    page.locator(".lt-method").click()
    page.get_by_role("option", name="SIRT", exact=True).hover()  # it is there and stands still
    with_volume.keep(f"methods-1280x{height}")
    box = page.locator(".lt-methods .v-list")
    assert box.bounding_box()["y"] + box.bounding_box()["height"] <= height
    assert box.evaluate("e => e.scrollHeight > e.clientHeight") == scrolls
    assert box.evaluate("e => e.offsetWidth > e.clientWidth") == scrolls


def test_a_picture_can_be_kept(with_volume):
    with with_volume.page.expect_download() as waiting:
        with_volume.page.get_by_text("Save picture").click()
    kept = iio.imread(Path(waiting.value.path()).read_bytes())[:, :, :3].astype(int)
    shown = with_volume.picture()
    assert kept.shape == shown.shape
    inner = (slice(60, -70), slice(120, -220))  # where nothing lies over the picture
    assert np.abs(kept[inner] - shown[inner]).mean() < 3


def test_two_browsers_see_the_same_and_one_may_go(with_volume, chromium, engine):
    second = open_page(chromium, engine, 1100, 800)
    second.wait_for_still(0)
    n_frames = second.frames()
    with_volume.page.locator(".lt-switch-outline").click()
    second.wait_for_still(n_frames)
    second.page.close()
    n_frames = with_volume.frames()
    with_volume.page.locator(".lt-switch-outline").click()
    with_volume.wait_for_still(n_frames)


def test_two_windows_of_different_sizes_show_it_sharp_and_undistorted(with_volume, chromium, engine):
    second = open_page(chromium, engine, 760, 700)
    second.wait_for_still(0)
    second.keep("narrow-760x700")
    canvas = second.page.locator("[data-view=volume] canvas")
    place, (width, height) = canvas.bounding_box(), canvas.evaluate("e => [e.width, e.height]")
    assert place["width"] / place["height"] == pytest.approx(width / height, rel=0.005)
    box = with_volume.page.locator("[data-view=volume]").evaluate("e => [e.clientWidth, e.clientHeight]")
    assert [width, height] == box
    n_frames = second.frames()
    with_volume.page.goto("about:blank")
    second.wait_for_still(n_frames)
    box = second.page.locator("[data-view=volume]").evaluate("e => [e.clientWidth, e.clientHeight]")
    assert canvas.evaluate("e => [e.width, e.height]") == box
    second.page.close()


def test_when_the_viewer_dies_the_page_says_so_and_comes_back_by_itself(with_volume, engine):
    page, port = with_volume.page, int(engine.url.split(":")[2].split("/")[0])
    engine.viewer.kill()
    engine.viewer.join()
    page.wait_for_selector("text=Connection lost")
    with_volume.keep("lost-1280x720")
    engine.stop_event.set()
    engine.listener.join()
    engine.pipe.close()
    engine.stop_event.clear()
    engine.start_viewer(port=port)
    page.wait_for_selector("text=Connection lost", state="hidden")
    page.wait_for_selector("text=13 of 71 tilts")
    with_volume.wait("v.volume && v.volume.frames > 0")
