"""NumPy's ``.npy``, with ``.rawtlt`` and ``.mdoc`` beside for what it cannot hold."""

from pathlib import Path

import numpy as np

from livetomo.formats.writers.angles import write_mdoc, write_rawtlt
from livetomo.formats.writers.beside import written_beside
from livetomo.formats.writers.facts import array_of
from livetomo.model import TiltSeries, Volume


def write(item: TiltSeries | Volume, path: Path) -> None:
    """Write the array and the text files beside it."""
    with written_beside(path) as part, part.open("wb") as stream:
        np.save(stream, array_of(item), allow_pickle=False)
    if isinstance(item, TiltSeries):
        write_rawtlt(item, path)
    write_mdoc(item, path)
