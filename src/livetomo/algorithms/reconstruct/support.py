"""Where the object may be, packed for the kernels."""

import numpy as np

from livetomo.arrays import namespace, require_on
from livetomo.kernels import packed


def packed_support(support: np.ndarray | None, grid: packed.PackedGrid) -> np.ndarray:
    """Give a support that broadcasts to (z, y, x) as a packed uint8 volume; without rows when it is everywhere.

    Raises
    ------
    ValueError
        When it does not broadcast.
    """
    volume = grid.new_volume()
    if support is None:
        return volume[:, :0].astype(np.uint8)
    require_on(grid.device, support, "support")
    xp = namespace(support)
    try:
        whole = xp.broadcast_to(xp.asarray(support, bool), grid.volume_shape)
    except ValueError:
        raise ValueError(
            f"support: expected a shape that broadcasts to {grid.volume_shape} (z, y, x), got {np.shape(support)}"
        ) from None
    grid.pack_volume(whole, volume)
    return volume.astype(np.uint8)
