"""HDF5 in the layout of Data Exchange, with a group of our own for what it has no place for."""

import json
from pathlib import Path

import numpy as np

from livetomo.formats.data_exchange import OUR_GROUP
from livetomo.formats.writers.beside import written_beside
from livetomo.formats.writers.facts import array_of, facts_of
from livetomo.model import TiltSeries, Volume


def write(item: TiltSeries | Volume, path: Path) -> None:
    """Write ``/exchange/data``, ``/exchange/theta`` and ``/livetomo``."""
    import h5py

    facts = facts_of(item)
    with written_beside(path) as part, h5py.File(part, "w") as file:
        file["implements"] = "exchange"
        data = file.create_dataset("exchange/data", data=array_of(item))
        data.attrs["axes"] = "theta:y:x" if isinstance(item, TiltSeries) else "z:y:x"
        ours = file.create_group(OUR_GROUP)
        if isinstance(item, TiltSeries):
            theta = file.create_dataset("exchange/theta", data=item.tilt_angles)
            theta.attrs["units"] = "degrees"
            ours["shifts_px"] = np.asarray(item.shifts_px)
        for name in ("pixel_size_nm", "tilt_axis_deg", "name"):
            if facts.get(name) is not None:
                ours.attrs[name] = facts[name]
        ours["metadata"] = json.dumps(facts["metadata"])
