"""The looks of the bar."""

from trame.widgets import html, vuetify3

from livetomo.app.panels.run_bar.logic import RunOrders


def build(orders: RunOrders) -> None:
    """Place the bar."""
    with html.Header(classes="lt-bar"):
        html.Div("livetomo", classes="lt-brand")
        with html.Div(classes="lt-state", raw_attrs=[':data-tone="run_tone"']):
            html.Span(classes="lt-lamp")
            html.Span("{{ run_headline }}", classes="lt-headline")
        _figure("run_tilts", "")
        _figure("run_residual", "residual")
        _figure("run_sweeps", "sweeps")
        _figure("run_elapsed", "time")
        html.Div(classes="lt-spring")
        vuetify3.VSelect(
            label=("run_method_label",),
            title=("run_choice",),
            items=("run_methods",),
            model_value=("run_method",),
            update_modelValue=(orders.choose_method, "[$event]"),
            disabled=("!run_can_finish",),
            density="compact",
            variant="outlined",
            hide_details=True,
            menu_props=("{ maxHeight: 'calc(100vh - 90px)', contentClass: 'lt-methods' }",),
            classes="lt-method",
        )
        vuetify3.VBtn(
            "Start",
            v_if=("run_can_start",),
            click=orders.start,
            color="primary",
            prepend_icon="mdi-play",
            classes="lt-start",
        )
        vuetify3.VBtn(
            "Pause",
            v_else=True,
            click=orders.pause,
            disabled=("!run_can_pause",),
            variant="tonal",
            prepend_icon="mdi-pause",
            classes="lt-pause",
        )
        _finish(orders)


def _figure(name: str, words: str) -> None:
    with html.Div(classes="lt-figure", v_if=(name,)):
        html.Span(f"{{{{ {name} }}}}", classes="lt-number")
        if words:
            html.Span(words, classes="lt-unit")


def _finish(orders: RunOrders) -> None:
    with vuetify3.VMenu(location="bottom end", offset=8):
        with vuetify3.Template(v_slot_activator="{ props }"):
            vuetify3.VBtn(
                "Finish",
                v_bind="props",
                disabled=("!run_can_finish",),
                variant="tonal",
                prepend_icon="mdi-flag-checkered",
                classes="lt-finish",
            )
        with html.Div(classes="lt-question"):
            html.Div("Write the volume and end this run?")
            vuetify3.VBtn("Finish now", click=orders.finish, color="primary", classes="lt-finish-now")
