"""The volume, drawn with colours and opacities by value."""

from typing import Any

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkRenderer, vtkVolume, vtkVolumeProperty
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper
from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkOpenGLGPUVolumeRayCastMapper

from livetomo.app.views.voxels import as_image, replace_voxels

_UNIT_DISTANCE = 1 / 40  # opacities are meant for a path of this share of the longest edge
_LARGEST_EDGE_ON_CPU = 320


class VolumeView:
    """One volume in one renderer."""

    def __init__(self, renderer: vtkRenderer, *, has_gpu: bool) -> None:
        self._has_gpu = has_gpu
        self._image: vtkImageData | None = None
        self._mapper: Any = vtkOpenGLGPUVolumeRayCastMapper() if has_gpu else vtkFixedPointVolumeRayCastMapper()
        self._mapper.SetAutoAdjustSampleDistances(0)
        self._property = vtkVolumeProperty()
        self._property.SetInterpolationTypeToLinear()
        self._property.SetScalarOpacityUnitDistance(_UNIT_DISTANCE)
        self._volume = vtkVolume()
        self._volume.SetMapper(self._mapper)
        self._volume.SetProperty(self._property)
        self._volume.VisibilityOff()
        renderer.AddVolume(self._volume)

    def set_voxels(self, voxels: np.ndarray) -> None:
        """Show these (z, y, x) uint8 voxels; they are used in place, or thinned out when too many for the CPU."""
        step = 1 if self._has_gpu else -(-max(voxels.shape) // _LARGEST_EDGE_ON_CPU)
        shown = voxels if step == 1 else np.ascontiguousarray(voxels[::step, ::step, ::step])
        if self._image is None or self._image.GetDimensions() != shown.shape[::-1]:
            self._image = as_image(shown)
            self._mapper.SetInputData(self._image)
        else:
            replace_voxels(self._image, shown)

    def set_tables(self, colors: np.ndarray, opacities: np.ndarray) -> None:
        """Use these (256, 3) colours and (256,) opacities, 0 to 1, for the stored values."""
        color_function = vtkColorTransferFunction()
        color_function.BuildFunctionFromTable(0, 255, 256, colors.ravel().tolist())
        opacity_function = vtkPiecewiseFunction()
        opacity_function.BuildFunctionFromTable(0, 255, 256, opacities.tolist())
        self._property.SetColor(color_function)
        self._property.SetScalarOpacity(opacity_function)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the volume."""
        self._volume.SetVisibility(visible and self._image is not None)

    def set_fine(self, fine: bool) -> None:
        """Step through the volume finely for a still picture, coarsely while it moves."""
        if self._image is None:
            return
        spacing = min(self._image.GetSpacing())
        self._mapper.SetSampleDistance(spacing * (0.9 if fine else 1.6))

    def release(self, renderer: vtkRenderer) -> None:
        """Let go of the voxels."""
        renderer.RemoveVolume(self._volume)
        self._mapper.RemoveAllInputs()
        self._image = None
