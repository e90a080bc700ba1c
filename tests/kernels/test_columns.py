"""Column sums found directly are those of the back projection."""

import numpy as np
import pytest

from livetomo.kernels import packed


@pytest.mark.parametrize(("n_x", "width"), [(40, 40), (41, 23), (30, 61)])
def test_column_sums_are_the_back_projection_of_even_images(n_x, width):
    angles, weights = np.array([-90.0, -47, 0, 12.3, 45, 90, 170]), np.linspace(0.1, 1, 7)
    grid = packed.PackedGrid((37, 2, n_x), width)
    rays = packed.Rays.of(grid, angles, np.linspace(-3, 2, 7), 0.7)
    images, volume = grid.new_projections(7), grid.new_volume()
    grid.pack_projections(np.broadcast_to(weights[:, None, None].astype(np.float32), (7, 2, width)), images)
    update = grid.even_gain(1), np.float32(0), packed.NO_FLOOR
    packed.run(packed.backproject_tasks(grid.block(0), rays, volume[0], images[0], np.arange(7), update))
    expected = grid.unpack_volume(volume)[:, 0]
    np.testing.assert_allclose(packed.column_sums(grid, rays, weights), expected, atol=2e-5)
