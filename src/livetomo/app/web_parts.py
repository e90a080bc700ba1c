"""The application's own page parts: plain scripts and styles served beside trame's, and their elements in Python."""

from pathlib import Path
from typing import Any

from trame_client.widgets.core import AbstractElement

WEB_MODULE = {
    "serve": {"__livetomo": str(Path(__file__).with_name("web"))},
    "scripts": ["__livetomo/live_view.js", "__livetomo/charts.js", "__livetomo/connection.js"],
    "styles": ["__livetomo/livetomo.css"],
    "vue_use": ["livetomo_live_view", "livetomo_charts", "livetomo_connection"],
}
"""What trame is told to serve and to load."""


def live_view(**attributes: Any) -> AbstractElement:
    """Place a picture that the server draws: ``view``, ``controls``, ``voxel_size``, ``cross_u``, ``cross_v``."""
    return _element("lt-live-view", ("view", "controls", "voxel_size", "cross_u", "cross_v"), attributes)


def camera_tools() -> AbstractElement:
    """Place the buttons that turn the camera and keep a picture."""
    return _element("lt-camera-tools", (), {})


def residual_chart(**attributes: Any) -> AbstractElement:
    """Place the chart of the residual: ``points``."""
    return _element("lt-residual-chart", ("points",), attributes)


def tilt_fan(**attributes: Any) -> AbstractElement:
    """Place the fan of tilts: ``angles``, ``newest``."""
    return _element("lt-tilt-fan", ("angles", "newest"), attributes)


def connection(**attributes: Any) -> AbstractElement:
    """Place the words that appear when the connection is lost: ``ended``."""
    return _element("lt-connection", ("ended",), attributes)


def _element(tag: str, names: tuple[str, ...], attributes: dict[str, Any]) -> AbstractElement:
    element = AbstractElement(tag)
    element.props += [(name, name.replace("_", "-")) for name in names]
    for name, value in attributes.items():
        element[name] = value
    return element
