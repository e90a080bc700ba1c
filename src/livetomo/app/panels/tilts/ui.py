"""The looks of the tilts."""

from trame.widgets import html

from livetomo.app.web_parts import tilt_fan


def build() -> None:
    """Place the fan and the list."""
    with html.Section(classes="lt-panel lt-tilts"):
        with html.Div(classes="lt-title"):
            html.Span("Tilts")
            with html.Span(classes="lt-strong"):
                html.Span("{{ tilts_in.length }} in")
                html.Span("· {{ tilts_n_set_aside }} set aside", classes="lt-warn", v_if=("tilts_n_set_aside",))
        tilt_fan(angles=("tilts_angles",), newest=("tilts_newest",))
        with html.Div(classes="lt-lists"):
            _set_aside()
            _in()


def _set_aside() -> None:
    with (
        html.Div(classes="lt-rows lt-rows-aside", v_if=("tilts_set_aside.length",)),
        html.Div(v_for="(row, place) in tilts_set_aside", key="place + row.file", classes="lt-row lt-row-aside"),
    ):
        html.Div("{{ row.file }}", raw_attrs=[':title="row.file"'])
        html.Div("{{ row.reason }}", classes="lt-row-reason", raw_attrs=[':title="row.reason"'])


def _in() -> None:
    with html.Div(classes="lt-rows"):
        html.Div("No tilt has come yet.", v_if=("!tilts_in.length",), classes="lt-empty")
        with html.Div(v_for="(row, place) in tilts_in", key="place + row.file", classes="lt-row"):
            html.Span("{{ row.angle }}", classes="lt-row-angle")
            html.Span("{{ row.file }}", classes="lt-row-file", raw_attrs=[':title="row.file"'])
            html.Span("{{ row.shift }}", classes="lt-row-shift")
