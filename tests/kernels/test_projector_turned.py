import numpy as np
import pytest

from livetomo.kernels.projector import Projector


@pytest.mark.parametrize("shape", [(12, 14, 14), (9, 20, 13), (10, 7, 16)])
@pytest.mark.parametrize("rotations_deg", [[0, 90, 0, 90], [90, 90, 90, 90], [0, 31.5, -90, 450]])
def test_the_back_projection_is_the_adjoint(shape, rotations_deg):
    random = np.random.default_rng(0)
    project = Projector(
        [-60, 10, 45, 90], shape, 17, random.normal(0, 1, (4, 2)), axis_shift_px=0.7, rotations_deg=rotations_deg
    )
    volume, images = random.random(shape, np.float32), random.random(project.projections_shape, np.float32)
    there, back = project(volume).astype(np.float64), project.T(images).astype(np.float64)

    np.testing.assert_allclose((there * images).sum(), (volume * back).sum(), rtol=1e-5)


def test_a_quarter_turn_shows_the_permuted_volume():
    volume, angles = np.random.default_rng(0).random((10, 12, 12), np.float32), np.array([-30.0, 20, 70])
    turned = Projector(angles, volume.shape, rotations_deg=[90, 90, 90])(volume)
    permuted = np.ascontiguousarray(np.rot90(volume, -1, axes=(1, 2)))

    np.testing.assert_allclose(turned, Projector(angles, volume.shape)(permuted), rtol=1e-5)


def test_a_ball_looks_the_same_however_it_is_turned():
    z, y, x = np.mgrid[:32, :32, :32] - 15.5
    ball = np.clip(10 - np.sqrt(z**2 + y**2 + x**2), 0, 1).astype(np.float32)
    images = Projector([40.0] * 4, ball.shape, rotations_deg=[0, 90, 37, -120])(ball)
    for image in images[1:]:
        assert np.linalg.norm(image - images[0]) < 0.02 * np.linalg.norm(images[0])


def test_rotations_are_told_and_checked():
    assert "rotations_deg=[0.0, 90.0]" in repr(Projector([0, 10], (8, 8, 8), rotations_deg=[0, 90]))
    assert "rotations_deg" not in repr(Projector([0, 10], (8, 8, 8)))
    for wrong in ([90], [0, np.nan], [[0, 1]]):
        with pytest.raises(ValueError, match="rotations_deg: expected 2 finite angles"):
            Projector([0, 10], (8, 8, 8), rotations_deg=wrong)
