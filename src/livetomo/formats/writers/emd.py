"""EMD 0.2 of NCEM, as tomviz reads it: a group with the array and one float32 vector for each axis."""

import json
from pathlib import Path

import numpy as np

from livetomo.formats.emd_ncem import OUR_FACTS
from livetomo.formats.writers.beside import written_beside
from livetomo.formats.writers.facts import array_of, facts_of, pixel_size_of
from livetomo.model import TiltSeries, Volume


def write(item: TiltSeries | Volume, path: Path) -> None:
    """Write ``/data/tomography`` with dimensions in degrees and nanometres (pixels when the size is not known)."""
    import h5py

    array = array_of(item)
    size_nm = pixel_size_of(item)
    facts = facts_of(item)
    with written_beside(path) as part, h5py.File(part, "w") as file:
        file.attrs["version_major"], file.attrs["version_minor"] = np.uint32(0), np.uint32(2)
        group = file.create_group("data/tomography")
        group.attrs["emd_group_type"] = np.uint32(1)
        facts_data = group.create_dataset(OUR_FACTS, data=json.dumps(facts))
        facts_data.attrs["what"] = "what livetomo knows beside the array, as JSON"
        data = group.create_dataset("data", data=array)
        data.attrs["name"] = np.bytes_(item.name or "tomography")
        for position, (name, size) in enumerate(zip("zyx", array.shape, strict=True)):
            values, units = np.arange(size) * (size_nm or 1.0), "[n_m]" if size_nm else "[px]"
            if position == 0 and isinstance(item, TiltSeries):
                name, values, units = "angles", item.tilt_angles, "[deg]"
            dim = group.create_dataset(f"dim{position + 1}", data=values.astype(np.float32))
            dim.attrs["name"], dim.attrs["units"] = np.bytes_(name), np.bytes_(units)
