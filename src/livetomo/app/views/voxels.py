"""NumPy volumes as VTK images, without a copy.

The scene's longest edge measures 1, whatever the number of voxels, so that a coarse preview and the full volume look
alike and the camera can stay.
"""

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData


def scene_size_xyz(shape_zyx: tuple[int, ...]) -> tuple[float, float, float]:
    """Give the edges of the volume in the scene."""
    longest = max(shape_zyx)
    z, y, x = (size / longest for size in shape_zyx)
    return x, y, z


def as_image(voxels: np.ndarray) -> vtkImageData:
    """Wrap (z, y, x) voxels, which must be contiguous, and keep them alive; the image is centred on the origin."""
    image = vtkImageData()
    sizes_xyz = voxels.shape[::-1]
    image.SetDimensions(*sizes_xyz)
    # Voxel centres are VTK's points: half a voxel lies around each.
    edges = scene_size_xyz(voxels.shape)
    spacing = [edge / size for edge, size in zip(edges, sizes_xyz, strict=True)]
    image.SetSpacing(*spacing)
    image.SetOrigin(*(-0.5 * edge + 0.5 * step for edge, step in zip(edges, spacing, strict=True)))
    replace_voxels(image, voxels)
    return image


def replace_voxels(image: vtkImageData, voxels: np.ndarray) -> None:
    """Put other voxels of the same shape into an image."""
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1), deep=0))
    image.Modified()


def bin_by_two(voxels: np.ndarray) -> np.ndarray:
    """Sum blocks of 2 × 2 × 2 voxels of a (z, y, x) uint8 volume into uint16; odd last planes are left out."""
    z, y, x = (size // 2 * 2 for size in voxels.shape)
    even = voxels[:z, :y, :x]
    along_x = even[:, :, 0::2].astype(np.uint16) + even[:, :, 1::2]
    along_y = along_x[:, 0::2] + along_x[:, 1::2]
    along_z: np.ndarray = along_y[0::2] + along_y[1::2]
    return along_z
