"""The edges of the volume's box."""

from vtkmodules.vtkFiltersSources import vtkOutlineSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer


class OutlineView:
    """One box in one renderer."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._box = vtkOutlineSource()
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._box.GetOutputPort())
        self._actor = vtkActor()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetColor(0.36, 0.43, 0.52)
        self._actor.GetProperty().LightingOff()
        self._actor.VisibilityOff()
        renderer.AddActor(self._actor)

    def set_size(self, size_xyz: tuple[float, float, float]) -> None:
        """Draw the box this large, centred on the origin."""
        self._box.SetBounds(*(sign * size / 2 for size in size_xyz for sign in (-1, 1)))

    def set_visible(self, visible: bool) -> None:
        """Show or hide the box."""
        self._actor.SetVisibility(visible)
