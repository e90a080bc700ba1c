"""TIFF stack with its resolution in the tags and everything else as JSON in the description."""

from pathlib import Path

import numpy as np

from livetomo.formats.tiff_tags import OUR_KEY
from livetomo.formats.writers.beside import written_beside
from livetomo.formats.writers.facts import array_of, facts_of, pixel_size_of
from livetomo.model import TiltSeries, Volume

_NM_PER_CM = 1e7


def write(item: TiltSeries | Volume, path: Path) -> None:
    """Write one multi-page file, BigTIFF where it must be."""
    import tifffile

    data = np.ascontiguousarray(array_of(item))
    size_nm = pixel_size_of(item)
    per_cm = _NM_PER_CM / size_nm if size_nm else None
    with written_beside(path) as part:
        tifffile.imwrite(
            part,
            data,
            bigtiff=data.nbytes > 2**32 - 2**25,
            photometric="minisblack",
            resolution=(per_cm, per_cm) if per_cm and 1e-6 < per_cm < 2**32 else None,
            resolutionunit="CENTIMETER" if per_cm else None,
            metadata={"axes": "QYX" if isinstance(item, TiltSeries) else "ZYX", OUR_KEY: facts_of(item)},
        )
