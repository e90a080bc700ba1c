"""What things are: tilt series, volumes, geometry. Frozen, no input or output."""

from livetomo.model.geometry import Geometry
from livetomo.model.join import join
from livetomo.model.tilt_series import TiltSeries
from livetomo.model.volume import Volume

__all__ = ["Geometry", "TiltSeries", "Volume", "join"]
