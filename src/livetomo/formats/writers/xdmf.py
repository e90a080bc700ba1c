"""XDMF for ParaView: the array in an HDF5 file beside, and XML that tells where it lies and how large a voxel is."""

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from livetomo.formats.writers import hdf5
from livetomo.formats.writers.beside import written_beside
from livetomo.formats.writers.facts import array_of, pixel_size_of
from livetomo.model import TiltSeries, Volume

_TYPES = {"f": "Float", "i": "Int", "u": "UInt"}


def write(item: TiltSeries | Volume, path: Path) -> None:
    """Write ``FILE.xdmf.h5`` and then ``FILE.xdmf``; a voxel is 1 along an axis whose size is not known."""
    array = array_of(item)
    if array.dtype == np.float16:
        raise ValueError("item: XDMF has no float16; convert the values to float32, or write .h5 or .npy")
    data_file = path.with_name(f"{path.name}.h5")  # a name that no other file is likely to have
    hdf5.write(item, data_file)
    size = pixel_size_of(item) or 1.0
    depth = 1.0 if isinstance(item, TiltSeries) else size
    shape = " ".join(map(str, array.shape))
    number = f'NumberType="{_TYPES[array.dtype.kind]}" Precision="{array.dtype.itemsize}"'
    grid = quoteattr(item.name or path.stem)
    text = f"""<?xml version="1.0"?>
<Xdmf Version="3.0">
  <Domain>
    <Grid Name={grid} GridType="Uniform">
      <Topology TopologyType="3DCoRectMesh" Dimensions="{shape}"/>
      <Geometry GeometryType="ORIGIN_DXDYDZ">
        <DataItem Dimensions="3" NumberType="Float" Precision="8" Format="XML">0 0 0</DataItem>
        <DataItem Dimensions="3" NumberType="Float" Precision="8" Format="XML">{depth!r} {size!r} {size!r}</DataItem>
      </Geometry>
      <Attribute Name={grid} AttributeType="Scalar" Center="Node">
        <DataItem Dimensions="{shape}" {number} Format="HDF">{escape(data_file.name)}:/exchange/data</DataItem>
      </Attribute>
    </Grid>
  </Domain>
</Xdmf>
"""
    with written_beside(path) as part:
        part.write_text(text, encoding="utf-8")
