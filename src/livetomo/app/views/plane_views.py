"""The three slices as framed planes inside the 3-D view."""

import numpy as np
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersSources import vtkOutlineSource
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkImageSlice,
    vtkImageSliceMapper,
    vtkPolyDataMapper,
    vtkRenderer,
)

from livetomo.app.views.voxels import as_image, replace_voxels

_FRAME_COLORS = ((0.48, 0.72, 1.0), (0.50, 0.83, 0.58), (1.0, 0.50, 0.47))


class PlaneViews:
    """Three opaque planes in one renderer, in the order z, y, x, framed in the colours of their axes."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._image: vtkImageData | None = None
        self._table = vtkLookupTable()
        self._table.SetNumberOfTableValues(256)
        self._table.SetRange(0, 255)
        self._planes = [_make_plane(orientation, self._table) for orientation in (2, 1, 0)]
        self._frames = [vtkOutlineSource() for _ in _FRAME_COLORS]
        self._edges = [_make_edges(frame, color) for frame, color in zip(self._frames, _FRAME_COLORS, strict=True)]
        for prop in (*self._planes, *self._edges):
            prop.VisibilityOff()
            renderer.AddViewProp(prop)

    def set_voxels(self, voxels: np.ndarray) -> None:
        """Cut these (z, y, x) uint8 voxels, in place."""
        if self._image is None or self._image.GetDimensions() != voxels.shape[::-1]:
            self._image = as_image(voxels)
            for plane in self._planes:
                plane.GetMapper().SetInputData(self._image)
        else:
            replace_voxels(self._image, voxels)

    def set_colors(self, colors: np.ndarray) -> None:
        """Use these (256, 3) colours, 0 to 1, for the stored values."""
        for level, (red, green, blue) in enumerate(colors.tolist()):
            self._table.SetTableValue(level, red, green, blue, 1.0)

    def set_indices(self, indices_zyx: tuple[int, int, int]) -> None:
        """Move the planes to these voxels."""
        if self._image is None:
            return
        for place, index in enumerate(indices_zyx):
            axis = 2 - place
            self._planes[place].GetMapper().SetSliceNumber(index)
            bounds = list(self._image.GetBounds())
            depth = self._image.GetOrigin()[axis] + index * self._image.GetSpacing()[axis]
            bounds[2 * axis] = bounds[2 * axis + 1] = depth
            self._frames[place].SetBounds(*bounds)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the planes."""
        for prop in (*self._planes, *self._edges):
            prop.SetVisibility(visible and self._image is not None)

    def release(self, renderer: vtkRenderer) -> None:
        """Let go of the voxels."""
        for prop in (*self._planes, *self._edges):
            renderer.RemoveViewProp(prop)
        for plane in self._planes:
            plane.GetMapper().RemoveAllInputs()
        self._image = None


def _make_plane(orientation: int, table: vtkLookupTable) -> vtkImageSlice:
    mapper = vtkImageSliceMapper()
    mapper.SetOrientation(orientation)
    plane = vtkImageSlice()
    plane.SetMapper(mapper)
    plane.GetProperty().SetLookupTable(table)
    plane.GetProperty().UseLookupTableScalarRangeOn()
    plane.GetProperty().SetInterpolationTypeToLinear()
    return plane


def _make_edges(frame: vtkOutlineSource, color: tuple[float, float, float]) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(frame.GetOutputPort())
    mapper.SetResolveCoincidentTopologyToPolygonOffset()
    mapper.SetRelativeCoincidentTopologyLineOffsetParameters(0, -8)  # before the plane it frames
    edges = vtkActor()
    edges.SetMapper(mapper)
    edges.GetProperty().SetColor(*color)
    edges.GetProperty().LightingOff()
    return edges
