"""The 3-D scene: one off-screen VTK window with the volume, the contour, the planes and the outline.

All VTK objects belong to the thread that makes the scene; no other may touch it.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

# These two are imported for what they register with VTK: without them nothing is drawn.
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLogger, vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from livetomo.app.views.camera import Camera
from livetomo.app.views.contour_view import ContourView
from livetomo.app.views.framing import Frame, frame_object
from livetomo.app.views.outline_view import OutlineView
from livetomo.app.views.picture import Picture
from livetomo.app.views.plane_views import PlaneViews
from livetomo.app.views.volume_view import VolumeView
from livetomo.app.views.voxels import scene_size_xyz
from livetomo.session.resolve import SceneView
from livetomo.session.transfer_function import color_table, opacity_table

_SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swiftshader", "swrast")


class Scene:
    """What the 3-D view shows."""

    def __init__(self) -> None:
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # that there is no screen is no news
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        if sys.platform == "darwin":  # a window would have to belong to the main thread
            self._window.SetConnectContextToNSView(False)
        self._window.SetMultiSamples(0)  # the default of 8 is ruinous on a software renderer
        self._renderer = vtkRenderer()
        self._renderer.GradientBackgroundOn()
        self._renderer.SetBackground(0.027, 0.034, 0.045)
        self._renderer.SetBackground2(0.070, 0.086, 0.112)
        self._window.AddRenderer(self._renderer)
        self._window.SetSize(64, 64)
        self._window.Render()
        self.renderer_name = _renderer_name(self._window)
        self.has_gpu = not any(name in self.renderer_name.lower() for name in _SOFTWARE_RENDERERS)
        self.camera = Camera(self._renderer.GetActiveCamera())
        self._volume = VolumeView(self._renderer, has_gpu=self.has_gpu)
        self._contour = ContourView(self._renderer, has_gpu=self.has_gpu)
        self._planes = PlaneViews(self._renderer)
        self._outline = OutlineView(self._renderer)
        self._shape_zyx: tuple[int, ...] = ()
        self._frame = self._newest_frame = Frame()
        self._view: SceneView | None = None
        self._bytes = vtkUnsignedCharArray()
        self._is_unwanted: Callable[[], bool] = _never
        self._window.AddObserver("AbortCheckEvent", self._check_abort)

    def set_voxels(self, voxels: np.ndarray, object_level: float = 64.0) -> None:
        """Show these (z, y, x) uint8 voxels, in place until others come; what is above the level is the object.

        The camera follows the object's size and place until the user has moved it.
        """
        if voxels.shape != self._shape_zyx:
            self._shape_zyx = voxels.shape
            self._outline.set_size(scene_size_xyz(voxels.shape))
        frame = frame_object(voxels, object_level)
        if self.camera.is_untouched and frame.is_far_from(self._frame):
            self._frame = frame
            self.camera.look("front", frame)
        self._newest_frame = frame
        self._volume.set_voxels(voxels)
        self._contour.set_voxels(voxels)
        self._planes.set_voxels(voxels)

    def show(self, view: SceneView) -> bool:
        """Change what differs from what is shown, and say whether anything did."""
        before, self._view = self._view, view
        if view == before:
            return False
        if before is None or (view.colors, view.opacities, view.value_range) != (
            before.colors,
            before.opacities,
            before.value_range,
        ):
            self._paint(view)
        self._paint_contour(view)
        self._planes.set_indices(view.slice_indices_zyx)
        self._volume.set_visible(view.show_volume)
        self._contour.set_visible(view.show_contour)
        self._planes.set_visible(view.show_planes)
        self._outline.set_visible(view.show_outline)
        return True

    def look(self, direction: str) -> None:
        """Look at the object from a direction, see ``Camera.look``."""
        self._frame = self._newest_frame
        self.camera.look(direction, self._frame)

    @property
    def n_contour_triangles(self) -> int:
        """Triangles of the contour as last drawn."""
        return self._contour.n_triangles

    def draw(
        self, width: int, height: int, *, fine: bool, is_unwanted: Callable[[], bool] | None = None
    ) -> Picture | None:
        """Draw the scene at this size in pixels; None when it became unwanted while it was being drawn.

        VTK asks at most five times a second whether it is still wanted.
        """
        self._is_unwanted = is_unwanted or _never
        self._window.SetSize(width, height)
        self._volume.set_fine(fine)
        self._renderer.SetUseFXAA(fine)
        self._contour.prepare()
        self._renderer.ResetCameraClippingRange()
        self._window.SetAbortRender(0)
        self._window.Render()
        if self._window.GetAbortRender():
            self._window.SetAbortRender(0)
            return None
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, self._bytes, 0)
        pixels = vtk_to_numpy(self._bytes).reshape(height, width, 3)[::-1]
        return Picture(np.ascontiguousarray(pixels), self._overlay_info())

    def close(self) -> None:
        """Let go of the voxels and of the window."""
        for part in (self._volume, self._contour, self._planes):
            part.release(self._renderer)
        self._window.RemoveRenderer(self._renderer)
        self._window.Finalize()

    def _paint(self, view: SceneView) -> None:
        colors = color_table(view.colors, *view.value_range)
        self._volume.set_tables(colors, opacity_table(view.opacities, *view.value_range))
        self._planes.set_colors(colors)

    def _paint_contour(self, view: SceneView) -> None:
        lowest, highest = view.value_range
        level = 255 * (view.iso_value - lowest) / max(highest - lowest, 1e-30)
        color = color_table(view.colors, view.iso_value, view.iso_value)[0]
        light = 0.35 + 0.65 * color  # a dark surface would be lost on the dark ground
        self._contour.set_level(level)
        self._contour.set_color((float(light[0]), float(light[1]), float(light[2])))

    def _check_abort(self, *_: object) -> None:
        if self._is_unwanted():
            self._window.SetAbortRender(1)

    def _overlay_info(self) -> dict[str, Any]:
        voxels_high = self.camera.height_at_centre() * (max(self._shape_zyx) if self._shape_zyx else 1)
        return {"voxelsHigh": voxels_high, "axes": self.camera.axes_on_screen()}


def _never() -> bool:
    return False


def _renderer_name(window: vtkRenderWindow) -> str:
    for line in window.ReportCapabilities().splitlines():
        if line.startswith("OpenGL renderer string:"):
            return str(line.partition(":")[2].strip())
    return "unknown"
