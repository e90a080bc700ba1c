"""What the editor of colour and opacity shows."""

from dataclasses import dataclass, field

Node = list[float]


@dataclass(frozen=True)
class TransferState:
    """Names and first values of the variables in the page."""

    transfer_is_there: bool = False
    transfer_color_nodes: list[list[float | list[float]]] = field(default_factory=list)
    """[value, [red, green, blue]]."""
    transfer_opacity_nodes: list[Node] = field(default_factory=list)
    """[value, opacity]."""
    transfer_range: Node = field(default_factory=lambda: [0.0, 1.0])
    transfer_histogram: list[Node] = field(default_factory=list)
    """[value, height from 0 to 1]."""
    transfer_preset: str = "ice"
    transfer_follows: bool = True
    iso_value: float = 0.0
    iso_step: float = 0.01
    iso_words: str = ""
    iso_place: dict[str, str] = field(default_factory=dict)
    """Style that puts a line over the histogram at the value of the contour."""
