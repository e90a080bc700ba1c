"""The looks of the newest projection."""

from trame.widgets import html

from livetomo.app.web_parts import live_view


def build() -> None:
    """Place the newest projection."""
    with html.Div(classes="lt-cell lt-cell-projection"):
        with live_view(view="projection"):
            html.Div("{{ projection_angle }}", classes="lt-tag", v_if=("projection_angle",))
            html.Div("Newest projection", classes="lt-placeholder", v_else=True)
        html.Div("{{ projection_file || 'no file yet' }}", classes="lt-file", raw_attrs=[':title="projection_file"'])
