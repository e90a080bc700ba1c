"""The three slices as planes inside the 3-D view."""

import numpy as np
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkImageSliceMapper, vtkRenderer

from livetomo.app.views.voxels import as_image, replace_voxels


class PlaneViews:
    """Three opaque planes in one renderer, in the order z, y, x."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._image: vtkImageData | None = None
        self._table = vtkLookupTable()
        self._table.SetNumberOfTableValues(256)
        self._table.SetRange(0, 255)
        self._slices = []
        for orientation in (2, 1, 0):
            mapper = vtkImageSliceMapper()
            mapper.SetOrientation(orientation)
            plane = vtkImageSlice()
            plane.SetMapper(mapper)
            plane.GetProperty().SetLookupTable(self._table)
            plane.GetProperty().UseLookupTableScalarRangeOn()
            plane.GetProperty().SetInterpolationTypeToLinear()
            plane.VisibilityOff()
            renderer.AddViewProp(plane)
            self._slices.append(plane)

    def set_voxels(self, voxels: np.ndarray) -> None:
        """Cut these (z, y, x) uint8 voxels, in place."""
        if self._image is None or self._image.GetDimensions() != voxels.shape[::-1]:
            self._image = as_image(voxels)
            for plane in self._slices:
                plane.GetMapper().SetInputData(self._image)
        else:
            replace_voxels(self._image, voxels)

    def set_colors(self, colors: np.ndarray) -> None:
        """Use these (256, 3) colours, 0 to 1, for the stored values."""
        for level, (red, green, blue) in enumerate(colors.tolist()):
            self._table.SetTableValue(level, red, green, blue, 1.0)

    def set_indices(self, indices_zyx: tuple[int, int, int]) -> None:
        """Move the planes to these voxels."""
        for plane, index in zip(self._slices, indices_zyx, strict=True):
            plane.GetMapper().SetSliceNumber(index)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the planes."""
        for plane in self._slices:
            plane.SetVisibility(visible and self._image is not None)

    def release(self, renderer: vtkRenderer) -> None:
        """Let go of the voxels."""
        for plane in self._slices:
            renderer.RemoveViewProp(plane)
            plane.GetMapper().RemoveAllInputs()
        self._image = None
