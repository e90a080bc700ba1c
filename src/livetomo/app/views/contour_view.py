"""A surface of equal value."""

import numpy as np
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from livetomo.app.views.voxels import as_image, bin_by_two, scene_size_xyz

_SMALLEST_EDGE_TO_BIN = 96


class ContourView:
    """One contour in one renderer. It is worked out when drawn, and only while it is shown."""

    def __init__(self, renderer: vtkRenderer, *, has_gpu: bool) -> None:
        self._has_gpu = has_gpu
        self._voxels: np.ndarray | None = None
        self._scale = 1.0
        self._level = 0.0
        self._is_new = False
        self._edges = vtkFlyingEdges3D()
        self._edges.ComputeNormalsOn()
        self._edges.ComputeScalarsOff()
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._edges.GetOutputPort())
        mapper.ScalarVisibilityOff()
        self._actor = vtkActor()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetAmbient(0.12)
        self._actor.GetProperty().SetDiffuse(0.88)
        self._actor.GetProperty().SetSpecular(0.25)
        self._actor.GetProperty().SetSpecularPower(30)
        self._actor.VisibilityOff()
        renderer.AddActor(self._actor)

    def set_voxels(self, voxels: np.ndarray) -> None:
        """Use these (z, y, x) uint8 voxels from now on."""
        self._voxels = voxels
        self._is_new = True

    def set_level(self, level: float) -> None:
        """Put the surface at this stored value, 0 to 255."""
        self._level = level

    def set_color(self, color: tuple[float, float, float]) -> None:
        """Paint the surface."""
        self._actor.GetProperty().SetColor(*color)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the surface."""
        self._actor.SetVisibility(visible and self._voxels is not None)

    def prepare(self) -> None:
        """Bring the surface up to date before drawing."""
        if not self._actor.GetVisibility() or self._voxels is None:
            return
        if self._is_new:
            self._take_in(self._voxels)
            self._is_new = False
        self._edges.SetValue(0, self._level * self._scale)

    @property
    def n_triangles(self) -> int:
        """Triangles of the surface as last prepared."""
        self._edges.Update()
        return int(self._edges.GetOutput().GetNumberOfPolys())

    def _take_in(self, voxels: np.ndarray) -> None:
        binned = not self._has_gpu and min(voxels.shape) >= _SMALLEST_EDGE_TO_BIN
        image = as_image(bin_by_two(voxels) if binned else voxels)
        if binned:  # an odd last plane was left out: keep the binned voxels where they belong
            edges = scene_size_xyz(voxels.shape)
            spacing = [2 * edge / size for edge, size in zip(edges, voxels.shape[::-1], strict=True)]
            image.SetSpacing(*spacing)
            image.SetOrigin(*(-0.5 * edge + 0.5 * step for edge, step in zip(edges, spacing, strict=True)))
        self._scale = 8.0 if binned else 1.0
        self._edges.SetInputData(image)

    def release(self, renderer: vtkRenderer) -> None:
        """Let go of the voxels."""
        renderer.RemoveActor(self._actor)
        self._edges.RemoveAllInputs()
        self._voxels = None
