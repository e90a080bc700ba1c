"""What a dialect of HDF5 found: an array in an open file and what the file says of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from livetomo.formats.axes import Kind
from livetomo.formats.units import nanometres

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True, eq=False)
class Hdf5Array:
    """One array with its calibration; the fields mean what they mean in ``Contents``."""

    dataset: "h5py.Dataset"
    axes: str = "?yx"
    """Order of its axes in the file."""
    rows: np.ndarray | None = None
    """Indices along the first axis to keep, all when None."""
    kind: Kind = "unknown"
    tilt_angles: np.ndarray | None = None
    angles_from: str = ""
    pixel_size_nm: float | None = None
    tilt_axis_deg: float | None = None
    name: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    def take(self) -> np.ndarray:
        """Read the values, without axes of length 1 beyond the third."""
        array = np.asarray(self.dataset[()])
        if self.rows is not None:
            array = array[self.rows]
        return array.reshape(without_ones(array.shape))


def without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Give the sizes without those of 1, until three are left."""
    sizes = list(shape)
    while len(sizes) > 3 and 1 in sizes:
        sizes.remove(1)
    return tuple(sizes)


def unit_of(dim: "h5py.Dataset") -> str:
    """Give what the values along an axis are in, "" when nothing is said."""
    return text(dim.attrs.get("units", ""))


def step_nm(dim: "h5py.Dataset | None") -> float | None:
    """Give the distance of the first two values along an axis in nanometres, None when it is no length."""
    if dim is None or dim.size < 2:
        return None
    values = np.asarray(dim[:2], dtype=float)
    return nanometres(values[1] - values[0], unit_of(dim))


def text(value: Any) -> str:
    """Give an attribute or scalar of any text type as a string."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def number(value: Any) -> float | None:
    """Give a scalar as a finite number, None when it is none."""
    try:
        result = float(np.asarray(value).reshape(-1)[0])
    except (TypeError, ValueError, IndexError):
        return None
    return result if np.isfinite(result) else None
