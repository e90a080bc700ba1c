"""See a specimen in 3-D while the electron microscope is still tilting.

Everything a script needs, loaded when first used::

    import livetomo as lt

    series = lt.read("HAADF.mrc")                       # TiltSeries: projections (tilt, y, x)
    series = lt.align(series, method="com")             # the same projections, shifts_px (tilt, 2) filled in
    volume = lt.reconstruct(series, method="sirt")      # Volume: data (z, y, x)
    lt.write(volume, "needle.mrc")
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livetomo.algorithms.align import align, centre_along_axis
    from livetomo.algorithms.reconstruct import SIRT, WBP, StoppingRule, reconstruct
    from livetomo.errors import LivetomoError
    from livetomo.formats import read, write
    from livetomo.kernels.projector import Projector
    from livetomo.model import Geometry, TiltSeries, Volume, join
    from livetomo.pipeline import preparation, prepare_series

__version__ = "0.1.0"

_INDEX = {
    "align": "livetomo.algorithms.align",
    "centre_along_axis": "livetomo.algorithms.align",
    "reconstruct": "livetomo.algorithms.reconstruct",
    "SIRT": "livetomo.algorithms.reconstruct",
    "StoppingRule": "livetomo.algorithms.reconstruct",
    "WBP": "livetomo.algorithms.reconstruct",
    "LivetomoError": "livetomo.errors",
    "read": "livetomo.formats",
    "write": "livetomo.formats",
    "Projector": "livetomo.kernels.projector",
    "Geometry": "livetomo.model",
    "TiltSeries": "livetomo.model",
    "Volume": "livetomo.model",
    "join": "livetomo.model",
    "preparation": "livetomo.pipeline",
    "prepare_series": "livetomo.pipeline",
}

__all__ = [
    "SIRT",
    "WBP",
    "Geometry",
    "LivetomoError",
    "Projector",
    "StoppingRule",
    "TiltSeries",
    "Volume",
    "align",
    "centre_along_axis",
    "join",
    "preparation",
    "prepare_series",
    "read",
    "reconstruct",
    "write",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used, so that ``import livetomo`` stays fast."""
    if name not in _INDEX:
        raise AttributeError(f"module 'livetomo' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_INDEX[name]), name)
