"""The two calls that are timed: all tilts forward, and all tilts back, on packed arrays made before."""

from collections.abc import Callable

import numpy as np

from livetomo.kernels import packed


def projection_pair(
    volume_shape: tuple[int, int, int], detector_width: int, n_tilts: int
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Give (forward, back) over tilts from -71° to 71°, compiled already; the volume (z, y, x) is random."""
    grid = packed.PackedGrid(volume_shape, detector_width)
    rays = packed.Rays.of(grid, np.linspace(-71, 71, n_tilts), np.zeros(n_tilts), 0.0)
    volume, projections = grid.new_volume(), grid.new_projections(n_tilts)
    grid.pack_volume(np.random.default_rng(0).random(grid.volume_shape, np.float32), volume)
    update = np.ones(grid.n_zx, np.float32), np.float32(0), packed.NO_FLOOR
    numbers = np.arange(n_tilts)

    def forward() -> None:
        for block in range(grid.n_blocks):
            packed.run(packed.project_tasks(grid.block(block), rays, volume[block], projections[block], numbers))

    def back() -> None:
        for block in range(grid.n_blocks):
            packed.run(
                packed.backproject_tasks(grid.block(block), rays, volume[block], projections[block], numbers, update)
            )

    forward(), back()
    return forward, back
