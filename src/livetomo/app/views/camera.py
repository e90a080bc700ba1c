"""The camera of the 3-D view: turned, moved and zoomed by small steps, or looking along an axis.

In the scene x points right, y down and z away from the viewer in the front view, as in the projections; the scene's
longest edge measures 1 and its centre is the origin.
"""

import math
from typing import Any

import numpy as np
from vtkmodules.vtkRenderingCore import vtkCamera

from livetomo.app.views.framing import Frame

VIEW_ANGLE_DEG = 26.0
WHOLE_SCENE = Frame()
_DIRECTIONS = {
    "front": ((-0.42, -0.38, -1.0), (0, -1, 0)),
    "+x": ((1, 0, 0), (0, -1, 0)),
    "-x": ((-1, 0, 0), (0, -1, 0)),
    "+y": ((0, 1, 0), (0, 0, -1)),
    "-y": ((0, -1, 0), (0, 0, -1)),
    "+z": ((0, 0, 1), (0, -1, 0)),
    "-z": ((0, 0, -1), (0, -1, 0)),
}
"""From where the camera looks to the centre, and what is up."""


class Camera:
    """Moves a VTK camera."""

    def __init__(self, camera: vtkCamera) -> None:
        self._camera = camera
        self.is_untouched = True
        """The user has not moved it since it last framed the object."""
        camera.SetViewAngle(VIEW_ANGLE_DEG)
        self.look("front")

    def look(self, direction: str, frame: Frame = WHOLE_SCENE) -> None:
        """Look at what the frame holds, ``"front"`` for the slanted first view, or from ``"+x"``, ``"-x"`` … ``"-z"``.

        Raises
        ------
        ValueError
            When there is no such direction.
        """
        if direction not in _DIRECTIONS:
            raise ValueError(f"direction: expected one of {', '.join(_DIRECTIONS)}, got {direction!r}")
        towards, up = _DIRECTIONS[direction]
        distance = frame.radius / math.sin(math.radians(VIEW_ANGLE_DEG / 2))
        length = math.sqrt(sum(part**2 for part in towards))
        self._camera.SetFocalPoint(*frame.centre_xyz)
        self._camera.SetPosition(
            *(centre + distance * part / length for centre, part in zip(frame.centre_xyz, towards, strict=True))
        )
        self._camera.SetViewUp(*up)
        self._camera.OrthogonalizeViewUp()
        self.is_untouched = direction == "front"

    def rotate(self, right: float, down: float) -> None:
        """Turn the object with the pointer; 1 is the height of the view and turns by half a circle."""
        self.is_untouched = False
        self._camera.Azimuth(-180 * right)
        self._camera.Elevation(180 * down)
        self._camera.OrthogonalizeViewUp()

    def pan(self, right: float, down: float) -> None:
        """Move the object with the pointer; 1 is the height of the view."""
        self.is_untouched = False
        up = np.array(self._camera.GetViewUp())
        sight = np.array(self._camera.GetDirectionOfProjection())
        step = self.height_at_centre() * (down * up - right * np.cross(sight, up))
        self._camera.SetFocalPoint(*(np.array(self._camera.GetFocalPoint()) + step))
        self._camera.SetPosition(*(np.array(self._camera.GetPosition()) + step))

    def zoom(self, factor: float) -> None:
        """Come nearer by this factor; the distance stays between 0.15 and 20 edges of the volume."""
        self.is_untouched = False
        distance = self._camera.GetDistance() / factor
        if 0.15 <= distance <= 20:
            self._camera.Dolly(factor)

    def height_at_centre(self) -> float:
        """Give the height of what the view shows at the depth of the point it turns about, in scene units."""
        return float(2 * self._camera.GetDistance() * math.tan(math.radians(VIEW_ANGLE_DEG / 2)))

    def axes_on_screen(self) -> list[list[float]]:
        """Give (right, down, towards the viewer) of the x, y and z axis, each of length 1."""
        up = np.array(self._camera.GetViewUp())
        sight = np.array(self._camera.GetDirectionOfProjection())
        right = np.cross(sight, up)
        frame: Any = np.stack([right, -up, -sight])
        return [[round(float(value), 4) for value in frame[:, axis]] for axis in range(3)]
