"""XDMF: a small XML file that says where in an HDF5 or binary file the array lies."""

import math
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from livetomo.errors import FileError
from livetomo.formats import hdf5, raw
from livetomo.formats.axes import ordered
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import reading

_ERRORS = (ElementTree.ParseError, ValueError, KeyError)
_TYPES = {"float": "f", "int": "i", "uint": "u", "char": "i", "uchar": "u"}


def read(path: Path, options: ReadOptions) -> Contents:
    """Read the first array with two or three axes (or the attribute called ``dataset``).

    Raises
    ------
    FileError
        When the XML or the file it names cannot be read.
    """
    with reading(path, "XDMF", *_ERRORS):
        root = ElementTree.fromstring(path.read_bytes())
        attribute = _choose(path, root, options.dataset)
        item = attribute.find("DataItem")
        if item is None:
            raise FileError(f"{path}: attribute {attribute.get('Name')!r} names no data")
        shape = tuple(int(size) for size in (item.get("Dimensions") or "").split())
        dtype = np.dtype(_TYPES[(item.get("NumberType") or "Float").lower()] + (item.get("Precision") or "4"))
        place = (item.text or "").strip()
    contents = _read_item(path, item, place, replace(options, shape=shape, dtype=dtype.str))
    return replace(contents, name=path.stem)


def _choose(path: Path, root: ElementTree.Element, wanted: str | None) -> ElementTree.Element:
    attributes = list(root.iter("Attribute"))
    fitting = [attribute for attribute in attributes if wanted is None or attribute.get("Name") == wanted]
    if not fitting:
        names = ", ".join(str(attribute.get("Name")) for attribute in attributes) or "no arrays"
        raise FileError(
            f"{path}: {'holds no array' if wanted is None else f'dataset {wanted!r} is not in it'}; {names}"
        )
    return fitting[0]


def _read_item(path: Path, item: ElementTree.Element, place: str, options: ReadOptions) -> Contents:
    form = (item.get("Format") or "XML").upper()
    if form == "HDF":
        name, _, inside = place.partition(":")
        return hdf5.read(path.parent / name, replace(options, dataset=inside, shape=None, dtype=None))
    if form == "BINARY":
        order = ">" if (item.get("Endian") or "Native").lower() == "big" else "<"
        dtype = order + str(np.dtype(options.dtype).str)[1:]
        offset = int(item.get("Seek") or 0)
        return raw.read(path.parent / place, replace(options, dtype=dtype, offset_bytes=offset))
    with reading(path, "XDMF", ValueError):
        shape = options.shape or ()
        values = np.array(place.split(), dtype=options.dtype)
        if values.size != math.prod(shape):
            raise FileError(f"{path}: its array has {values.size} values where {shape} needs {math.prod(shape)}")
    data, kind = ordered(path, values.reshape(shape), options.axes, "?yx")
    return Contents(data=data, kind=kind)
