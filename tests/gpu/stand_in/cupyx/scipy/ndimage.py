import cupy
import scipy.ndimage

gaussian_filter = cupy.on_device(scipy.ndimage.gaussian_filter)
spline_filter1d = cupy.on_device(scipy.ndimage.spline_filter1d)
distance_transform_edt = cupy.on_device(scipy.ndimage.distance_transform_edt)
