"""The looks of the chart of the residual."""

from trame.widgets import html

from livetomo.app.web_parts import residual_chart


def build() -> None:
    """Place the chart."""
    with html.Section(classes="lt-panel lt-convergence"):
        with html.Div(classes="lt-title"):
            html.Span("Residual")
            html.Span("{{ run_residual }}", classes="lt-strong")
        residual_chart(points=("convergence_points",))
