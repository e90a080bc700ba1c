"""The looks of the editor."""

from trame.widgets import html, vuetify3
from trame_color_opacity_editor.widgets import ColorOpacityEditor  # type: ignore[import-untyped]

from livetomo.app.panels.transfer.logic import TransferEdits
from livetomo.session.transfer_function import PRESETS

_PRESET_ITEMS = [{"title": name.capitalize(), "value": name} for name in PRESETS]


def build(edits: TransferEdits) -> None:
    """Place the editor."""
    with html.Section(classes="lt-panel lt-transfer"):
        with html.Div(classes="lt-editor", v_if=("transfer_is_there",)):
            ColorOpacityEditor(
                v_model_colorNodes=("transfer_color_nodes",),
                v_model_opacityNodes=("transfer_opacity_nodes",),
                update_colorNodes=(edits.set_colors, "[$event]"),
                update_opacityNodes=(edits.set_opacities, "[$event]"),
                scalar_range=("transfer_range",),
                histograms=("transfer_histogram",),
                histograms_range=("[0, 1]",),
                show_histograms=True,
                histograms_color=("[0.62, 0.70, 0.80, 0.30]",),
                background_shape="opacity",
                handle_color=("[0.93, 0.95, 0.98, 1]",),
                handle_border_color=("[0.07, 0.09, 0.12, 1]",),
                handle_radius=("6",),
                line_width=("2",),
                viewport_padding=("[10, 8]",),
                style="height: 100%",
            )
            html.Div(classes="lt-iso-line", v_if=("contour_show",), style=("iso_place",))
        with html.Div(classes="lt-iso", v_if=("transfer_is_there",)):
            vuetify3.VSlider(
                v_model=("iso_value",),
                update_modelValue=(edits.set_iso_value, "[$event]"),
                min=("transfer_range[0]",),
                max=("transfer_range[1]",),
                step=("iso_step",),
                density="compact",
                hide_details=True,
                thumb_size=16,
                track_size=3,
                color=("contour_show ? 'primary' : undefined",),
                classes="lt-iso-slider",
            )
        with html.Div(classes="lt-transfer-side", v_if=("transfer_is_there",)):
            vuetify3.VSelect(
                label="Colours",
                items=("transfer_presets", _PRESET_ITEMS),
                model_value=("transfer_preset",),
                update_modelValue=(edits.choose_preset, "[$event]"),
                density="compact",
                variant="outlined",
                hide_details=True,
                classes="lt-preset",
            )
            vuetify3.VBtn(
                "Follow data",
                click=edits.follow_data,
                disabled=("transfer_follows",),
                variant="tonal",
                size="small",
                prepend_icon="mdi-auto-fix",
                classes="lt-follow",
            )
            with html.Div(classes="lt-iso-words"):
                html.Span("Contour at ")
                html.Span("{{ iso_words }}", classes="lt-strong")
        html.Div(
            "The histogram of the volume, with its colours and opacities, appears here.",
            classes="lt-placeholder",
            v_else=True,
        )
