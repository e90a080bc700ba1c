"""A reconstructed volume."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from livetomo.arrays import namespace


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume with the size of its voxels.

    Raises
    ------
    ValueError
        When the data are not three-dimensional or the voxel size is not a positive length.
    """

    data: np.ndarray
    """(z, y, x) values, NumPy or CuPy; z along the beam at zero tilt, y along the tilt axis."""

    voxel_size_nm: float | None = None
    """Edge of a voxel in nanometres, None when unknown. Unequal edges: ``metadata["voxel_sizes_zyx_nm"]``."""

    name: str = ""
    """What to call it: usually the file's stem."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that is known: what the file said, or how it was reconstructed."""

    def __post_init__(self) -> None:
        data = namespace(self.data).asanyarray(self.data)
        if data.ndim != 3 or data.size == 0:
            raise ValueError(f"data: expected a filled array (z, y, x), got shape {data.shape}")
        if self.voxel_size_nm is not None and not (np.isfinite(self.voxel_size_nm) and self.voxel_size_nm > 0):
            raise ValueError(f"voxel_size_nm: expected a positive length in nm, got {self.voxel_size_nm}")
        object.__setattr__(self, "data", data)

    def __repr__(self) -> str:
        size = "unknown voxel size" if self.voxel_size_nm is None else f"{self.voxel_size_nm:g} nm voxels"
        return f"Volume({self.name or 'unnamed'}: {' × '.join(map(str, self.data.shape))} (z, y, x), {size})"

    def replace(self, **changes: Any) -> "Volume":
        """Give a copy with some fields changed."""
        return replace(self, **changes)
