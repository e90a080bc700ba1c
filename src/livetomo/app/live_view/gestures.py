"""What the pointer does: the camera turns, a slice moves."""

from collections.abc import Callable, Mapping
from typing import Any

from livetomo.app.views.render_thread import RenderThread
from livetomo.app.views.stage import Stage, ViewName
from livetomo.session import Session

_SLICE_AXES = {"slice-z": ("x", "y"), "slice-y": ("x", "z"), "slice-x": ("z", "y")}
"""Which axes run to the right and down in the picture of a slice."""
_LARGEST_EDGE_PX = 2200


def perform(message: Mapping[str, Any], view: ViewName, session: Session, renderer: RenderThread) -> None:
    """Do what a browser's message about one view asks for.

    Raises
    ------
    KeyError, ValueError, TypeError
        When the message is not one of ours.
    """
    kind = message["kind"]
    if kind == "release":
        renderer.touch(pressed=False)
        renderer.wake()
    elif kind == "point":
        renderer.touch(pressed=bool(message["pressed"]), stamp=float(message["stamp"]))
        _point(session, view, float(message["u"]), float(message["v"]))
    elif kind == "step":
        _step(session, view, int(message["by"]))
    else:
        move = _camera_move(kind, message)
        renderer.touch(pressed=bool(message.get("pressed")), stamp=float(message.get("stamp", 0.0)))
        renderer.submit(move)


def fit(width: int, height: int) -> tuple[int, int]:
    """Keep a size within what is drawn at most, with its proportions."""
    if not 1 <= width <= 20_000 or not 1 <= height <= 20_000:
        raise ValueError(f"size: expected 1 to 20000 pixels, got {width} × {height}")
    scale = min(1.0, _LARGEST_EDGE_PX / max(width, height))
    return max(round(width * scale), 2), max(round(height * scale), 2)


def _camera_move(kind: str, message: Mapping[str, Any]) -> Callable[[Stage], None]:
    if kind in {"rotate", "pan"}:
        right, down = float(message["right"]), float(message["down"])

        def move(stage: Stage) -> None:
            getattr(stage.scene.camera, kind)(right, down)
            stage.stale.add("volume")

    elif kind == "zoom":
        factor = 2.0 ** min(max(2 * float(message["power"]), -2.0), 2.0)

        def move(stage: Stage) -> None:
            stage.scene.camera.zoom(factor)
            stage.stale.add("volume")

    elif kind == "look":
        direction = str(message["direction"])

        def move(stage: Stage) -> None:
            stage.scene.look(direction)
            stage.stale.add("volume")

    else:
        raise ValueError(f"kind: expected a gesture, got {kind!r}")
    return move


def _point(session: Session, view: ViewName, right: float, down: float) -> None:
    fractions = dict(zip("zyx", session.wishes.slice_fractions_zyx, strict=True))
    for axis, fraction in zip(_SLICE_AXES[view], (right, down), strict=True):
        fractions[axis] = min(max(fraction, 0.0), 1.0)
    session.wish(slice_fractions_zyx=(fractions["z"], fractions["y"], fractions["x"]))


def _step(session: Session, view: ViewName, by: int) -> None:
    volume = session.facts.volume
    if volume is None or view not in _SLICE_AXES:
        return
    place = "zyx".index(view[-1])
    size = volume.shape_zyx[place]
    fractions = list(session.wishes.slice_fractions_zyx)
    index = min(max(int(fractions[place] * size) + min(max(by, -20), 20), 0), size - 1)
    fractions[place] = (index + 0.5) / size
    session.wish(slice_fractions_zyx=tuple(fractions))
