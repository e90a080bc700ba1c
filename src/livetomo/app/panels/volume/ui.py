"""The looks of the 3-D view's surroundings."""

from trame.widgets import html, vuetify3

from livetomo.app.panels.volume.logic import VolumeSwitches
from livetomo.app.web_parts import camera_tools, live_view

_SWITCHES = (
    ("volume", "volume_show", "Volume", "mdi-blur"),
    ("contour", "contour_show", "Contour", "mdi-shape"),
    ("planes", "planes_show", "Slices", "mdi-axis-arrow"),
    ("outline", "outline_show", "Box", "mdi-cube-outline"),
)


def build(switches: VolumeSwitches) -> None:
    """Place the 3-D view, and under it the note, so that it covers nothing."""
    with live_view(view="volume", controls="camera", voxel_size=("volume_voxel_size",)):
        with html.Div(classes="lt-over", v_if=("volume_is_there",)):
            _switches(switches)
            camera_tools()
        _waiting()
    _note()


def _switches(switches: VolumeSwitches) -> None:
    with html.Div(classes="lt-switches", raw_attrs=["@pointerdown.stop", "@dblclick.stop"]):
        for part, shown, words, icon in _SWITCHES:
            vuetify3.VBtn(
                words,
                click=(switches.toggle, f"['{part}']"),
                variant=(f"{shown} ? 'tonal' : 'text'",),
                color=(f"{shown} ? 'primary' : undefined",),
                prepend_icon=icon,
                size="small",
                classes=f"lt-switch-{part}",
            )


def _note() -> None:
    is_open = "run_note && run_note !== note_closed"
    with html.Div(classes="lt-note", v_if=(is_open,), raw_attrs=[':data-tone="run_tone"']):
        html.Span("{{ run_note }}")
        html.Button("✕", click="note_closed = run_note", title="Close this note")


def _waiting() -> None:
    is_shown = "!volume_is_there && run_headline !== 'Connecting'"
    with html.Div(classes="lt-waiting", v_if=(is_shown,)), html.Div(classes="lt-waiting-card"):
        html.Div(_DRAWING, classes="lt-waiting-drawing")
        html.Div(
            "{{ run_waiting ? 'Waiting for the first tilt' : 'The first volume is on its way' }}",
            classes="lt-waiting-title",
        )
        with html.Div(v_if=("run_folder",), classes="lt-waiting-place"):
            html.Span("in ")
            html.Span("{{ run_folder }}", classes="lt-path")
        html.Div(
            "It appears here as soon as a projection is complete.", classes="lt-waiting-hint", v_if=("run_waiting",)
        )


_DRAWING = """<svg width="168" height="120" viewBox="0 0 168 120" fill="none" stroke-linecap="round">
<path d="M20 104 A 66 66 0 0 1 148 104" stroke="#2b3644" stroke-width="2" stroke-dasharray="2 7"/>
<line x1="84" y1="10" x2="84" y2="52" stroke="#5fb3e6" stroke-width="2.5"/>
<path d="M78 46 L84 55 L90 46" stroke="#5fb3e6" stroke-width="2.5" stroke-linejoin="round"/>
<g transform="rotate(-16 84 78)"><rect x="34" y="73" width="100" height="10" rx="5" fill="#24303d"/>
<circle cx="84" cy="70" r="7" fill="#9cc9e4"/><circle cx="66" cy="71" r="4" fill="#6f9dbb"/>
<circle cx="103" cy="71" r="5" fill="#84b4d1"/></g>
<line x1="54" y1="112" x2="114" y2="112" stroke="#36465a" stroke-width="4"/></svg>"""
