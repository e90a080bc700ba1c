"""The looks of the three slices."""

from trame.widgets import html, vuetify3

from livetomo.app.panels.slices.logic import SliceMoves
from livetomo.app.web_parts import live_view

_CROSSES = {"z": ("x", "y"), "y": ("x", "z"), "x": ("z", "y")}
"""Which axes run to the right and down."""


def build(moves: SliceMoves) -> None:
    """Place the three slices."""
    for axis, (right, down) in _CROSSES.items():
        with html.Div(classes=f"lt-cell lt-cell-{axis}"):
            with live_view(
                view=f"slice-{axis}",
                controls="slice",
                cross_u=(f"slice_{right}_fraction",),
                cross_v=(f"slice_{down}_fraction",),
            ):
                with html.Div(classes="lt-tag", v_if=("volume_is_there",)):
                    html.Span(axis, classes=f"lt-axis-{axis}")
                    html.Span(f"{{{{ slice_{axis} + 1 }}}}")
                html.Div(f"Slice along {axis}", classes="lt-placeholder", v_else=True)
            vuetify3.VSlider(
                v_model=(f"slice_{axis}",),
                update_modelValue=(moves.move, f"['{axis}', $event]"),
                min=0,
                max=(f"slice_{axis}_last",),
                step=1,
                disabled=("!volume_is_there",),
                density="compact",
                hide_details=True,
                thumb_size=14,
                track_size=3,
            )
