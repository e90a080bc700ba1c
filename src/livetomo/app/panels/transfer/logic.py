"""What the editor shows, and what editing does."""

from collections.abc import Sequence
from typing import Any

from livetomo.app.panels.transfer.state import TransferState
from livetomo.session import Session, View


def present(view: View) -> TransferState:
    """Give the editor's variables for what is to be shown."""
    scene, histogram = view.scene, view.histogram
    if scene is None or histogram is None:
        return TransferState()
    lowest, highest = scene.value_range
    return TransferState(
        transfer_is_there=True,
        transfer_color_nodes=[[value, list(color)] for value, color in scene.colors],
        transfer_opacity_nodes=[list(node) for node in scene.opacities],
        transfer_range=[lowest, highest],
        transfer_histogram=[list(bar) for bar in histogram.bars],
        transfer_preset=histogram.preset,
        transfer_follows=histogram.follows_data,
        iso_value=scene.iso_value,
        iso_step=max((highest - lowest) / 500, 1e-12),
        iso_words=f"{scene.iso_value:.4g}",
        iso_place={"left": f"calc(10px + (100% - 20px) * {_share(scene.iso_value, lowest, highest):.4f})"},
    )


def _share(value: float, lowest: float, highest: float) -> float:
    return min(max((value - lowest) / max(highest - lowest, 1e-30), 0.0), 1.0)


class TransferEdits:
    """Turns edits into wishes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set_colors(self, nodes: Sequence[Any]) -> None:
        """Use these [value, [red, green, blue]] nodes from now on."""
        colors = tuple((float(value), tuple(float(part) for part in color[:3])) for value, color in nodes)
        self._session.wish(colors=colors)

    def set_opacities(self, nodes: Sequence[Any]) -> None:
        """Use these [value, opacity] nodes from now on."""
        self._session.wish(opacities=tuple((float(value), float(opacity)) for value, opacity in nodes))

    def choose_preset(self, name: str) -> None:
        """Use the colours of a preset, following the data's range."""
        self._session.wish(preset=name, colors=None)

    def follow_data(self) -> None:
        """Forget all edits: colours, opacities and the contour follow the data again."""
        self._session.wish(colors=None, opacities=None, iso_value=None)

    def set_iso_value(self, value: float) -> None:
        """Put the contour at this value, and show it."""
        self._session.wish(iso_value=float(value), show_contour=True)
