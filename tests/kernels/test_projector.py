import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livetomo.kernels.projector import Projector

sizes = st.integers(1, 21)
shapes = st.tuples(sizes, sizes, sizes)
angles = st.lists(
    st.one_of(st.floats(-400, 400), st.sampled_from([0, 45, 90, -90, 135, 180, -45])), min_size=1, max_size=9
)
laws = settings(deadline=None, max_examples=60, derandomize=True)


def joseph_matrix(angle_deg, n_z, n_x, width, dx=0.0, axis_shift=0.0):
    """(u, z, x) weights of one slice, ray by ray as Joseph wrote it."""
    cos, sin = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    matrix = np.zeros((width, n_z + 2, n_x + 2))
    for u in range(width):
        position = u - (width - 1) / 2 - axis_shift + dx
        if abs(cos) >= abs(sin):
            for z in range(n_z):
                x = (position - (z - (n_z - 1) / 2) * sin) / cos + (n_x - 1) / 2
                if -1 <= x < n_x:
                    left = int(np.floor(x))
                    matrix[u, z + 1, left + 1] += (1 - (x - left)) / abs(cos)
                    matrix[u, z + 1, left + 2] += (x - left) / abs(cos)
        else:
            for x in range(n_x):
                z = (position - (x - (n_x - 1) / 2) * cos) / sin + (n_z - 1) / 2
                if -1 <= z < n_z:
                    low = int(np.floor(z))
                    matrix[u, low + 1, x + 1] += (1 - (z - low)) / abs(sin)
                    matrix[u, low + 2, x + 1] += (z - low) / abs(sin)
    return matrix[:, 1:-1, 1:-1]


def inner(a, b):
    return float((a.astype(np.float64) * b.astype(np.float64)).sum())


@laws
@given(shapes, angles, st.integers(1, 40), st.floats(-3, 3), st.integers(0, 2**32 - 1))
def test_transpose_is_the_adjoint(shape, tilt_angles, width, axis_shift, seed):
    random = np.random.default_rng(seed)
    shifts = random.normal(scale=3, size=(len(tilt_angles), 2))
    A = Projector(tilt_angles, shape, detector_width=width, shifts_px=shifts, axis_shift_px=axis_shift)
    volume, projections = random.random(shape), random.random(A.projections_shape)
    forward, back = inner(A(volume), projections), inner(volume, A.T(projections))
    scale = np.linalg.norm(A(volume)) * np.linalg.norm(projections)
    assert abs(forward - back) <= 1e-5 * max(abs(forward), 1e-2 * scale)


@laws
@given(shapes, angles, st.integers(0, 2**32 - 1))
def test_projection_is_linear(shape, tilt_angles, seed):
    random = np.random.default_rng(seed)
    A = Projector(tilt_angles, shape)
    first, second = random.normal(size=(2, *shape))
    np.testing.assert_allclose(A(2 * first - 3 * second), 2 * A(first) - 3 * A(second), atol=2e-4)


@laws
@given(st.tuples(sizes, sizes), st.floats(-180, 180), st.integers(1, 30), st.floats(-4, 4), st.floats(-2, 2))
def test_projection_is_the_dense_matrix(n_zx, angle, width, dx, axis_shift):
    volume = np.random.default_rng(3).random((n_zx[0], 2, n_zx[1])).astype(np.float32)
    dense = joseph_matrix(angle, *n_zx, width, dx, axis_shift)
    for tilts in ([angle], [angle] * 6):
        A = Projector(tilts, volume.shape, width, shifts_px=[dx] * len(tilts), axis_shift_px=axis_shift)
        for projection in A(volume):
            np.testing.assert_allclose(projection, np.einsum("uzx,zyx->yu", dense, volume), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("n_zx", [(63, 33), (15, 17)])
def test_few_slices_that_land_on_whole_pixels_are_read_where_they_lie(n_zx):
    shape = n_zx[0], 2, n_zx[1]
    A = Projector(range(-70, 71, 7), shape)
    volume, rays = (np.random.default_rng(0).random(each).astype(np.float32) for each in (shape, A.projections_shape))
    dense = np.stack([joseph_matrix(angle, *n_zx, n_zx[1]) for angle in A.tilt_angles])
    np.testing.assert_allclose(A(volume), np.einsum("tuzx,zyx->tyu", dense, volume), rtol=1e-4)
    np.testing.assert_allclose(A.T(rays), np.einsum("tuzx,tyu->zyx", dense, rays), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n_slices", [1, 2, 3, 8])
@pytest.mark.parametrize("n_zx", [(37, 545), (545, 37)])
def test_few_slices_are_projected_as_many(n_slices, n_zx):
    tilt_angles, shifts, n_many = [-90, -61, -45.1, 0, 12, 44.9, 130, 270], np.linspace(-9, 7, 8), 16
    few, many = (
        Projector(tilt_angles, (n_zx[0], n_y, n_zx[1]), detector_width=411, shifts_px=shifts, axis_shift_px=3.4)
        for n_y in (n_slices, n_many)
    )
    volume = np.random.default_rng(0).normal(size=(n_zx[0], n_many, n_zx[1])).astype(np.float32)
    projections = many(volume)
    np.testing.assert_allclose(few(volume[:, :n_slices]), projections[:, :n_slices], atol=2e-4)
    np.testing.assert_allclose(
        few.T(projections[:, :n_slices]), many.T(projections)[:, :n_slices], rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize("n_slices", [1, 5, 8, 17, 24, 32, 40, 56, 61, 64, 80, 128, 130, 145, 200])
@pytest.mark.parametrize("n_tilts", [4, 24])
def test_every_number_of_slices_is_projected_alike(n_slices, n_tilts):
    plane = np.random.default_rng(0).random((19, 1, 23)).astype(np.float32)
    scale = np.arange(1, n_slices + 1, dtype=np.float32)[:, None]
    A = Projector(np.linspace(-61, 90, n_tilts), (19, n_slices, 23))
    single = Projector(A.tilt_angles, (19, 1, 23))
    np.testing.assert_allclose(A(plane * scale), single(plane) * scale, rtol=1e-5)
    rays = np.random.default_rng(1).random((n_tilts, 1, 23)).astype(np.float32)
    np.testing.assert_allclose(A.T(rays * scale), single.T(rays) * scale, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("angle", [-90, -60, -45, 0, 17.3, 45, 74, 90, 135, 180, 270])
def test_mass_is_kept_and_the_centre_stays(angle):
    z, x = np.mgrid[:65, :65] - 32.0
    blob = np.exp(-(z**2 + x**2) / 50)[:, None].astype(np.float32)
    image = Projector([angle], (65, 1, 65), detector_width=81)(blob)[0, 0]
    assert image.sum() == pytest.approx(blob.sum(), rel=1e-3)
    assert (image * (np.arange(81) - 40)).sum() / image.sum() == pytest.approx(0, abs=1e-3)


def test_point_lands_where_the_design_says():
    volume = np.zeros((41, 1, 41), np.float32)
    volume[20 + 7, 0, 20 - 11] = 1
    tilt_angles = np.arange(-90, 181, 7.5)
    images = Projector(tilt_angles, volume.shape, detector_width=61, axis_shift_px=1.5)(volume)[:, 0]
    landed = (images * (np.arange(61) - 30)).sum(1) / images.sum(1)
    angles_rad = np.deg2rad(tilt_angles)
    np.testing.assert_allclose(landed, -11 * np.cos(angles_rad) + 7 * np.sin(angles_rad) + 1.5, atol=0.3)


def test_uniform_object_projects_to_its_path_length():
    slab = np.zeros((64, 1, 200), np.float32)
    slab[20:40] = 1
    images = Projector([0, 30, 45], slab.shape)(slab)
    np.testing.assert_allclose(images[:, 0, 100], 20 / np.cos(np.deg2rad([0, 30, 45])), rtol=0.03)


def test_shift_displaces_the_projection_by_its_opposite():
    volume = np.random.default_rng(5).random((20, 12, 20)).astype(np.float32)
    still = Projector([25], volume.shape, detector_width=50)(volume)[0]
    moved = Projector([25], volume.shape, detector_width=50, shifts_px=[(2, -3)])(volume)[0]
    np.testing.assert_allclose(moved[:-2, 10:], still[2:, 7:-3], atol=1e-5)
    half = Projector([25], volume.shape, detector_width=50, shifts_px=[(0.5, 0)])(volume)[0]
    np.testing.assert_allclose(half[:-1], (still[1:] + still[:-1]) / 2, atol=1e-5)


def test_agrees_with_radon_of_scikit_image():
    from skimage.data import shepp_logan_phantom
    from skimage.transform import radon, rescale

    phantom = rescale(shepp_logan_phantom(), 0.2).astype(np.float32)  # (80, 80)
    tilt_angles = np.arange(0, 180, 12.0)
    # radon of an odd image turns about the pixel n // 2, the other way round
    theirs = radon(np.pad(phantom, ((0, 1), (0, 1))), -tilt_angles, circle=True).T[:, :80]
    ours = Projector(tilt_angles, (81, 1, 81))(np.pad(phantom, ((0, 1), (0, 1)))[:, None])[:, 0, :80]
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.995


def test_repr_makes_the_same_projector():
    A = Projector([-10, 20.5], (5, 4, 7), detector_width=9, shifts_px=[(0, 1), (2, -0.5)], axis_shift_px=0.25)
    again = eval(repr(A))
    volume = np.random.default_rng(0).random(A.volume_shape)
    np.testing.assert_array_equal(again(volume), A(volume))
    assert A.shape == ((2, 4, 9), (5, 4, 7))
    assert A.T.shape == ((5, 4, 7), (2, 4, 9))
    assert A.T.T is A


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tilt_angles": [], "volume_shape": (4, 4, 4)}, "tilt_angles"),
        ({"tilt_angles": [np.nan], "volume_shape": (4, 4, 4)}, "tilt_angles"),
        ({"tilt_angles": [0], "volume_shape": (4, 4)}, "volume_shape"),
        ({"tilt_angles": [0], "volume_shape": (4, 0, 4)}, "volume_shape"),
        ({"tilt_angles": [0], "volume_shape": (4, 4, 4), "detector_width": 0}, "detector_width"),
        ({"tilt_angles": [0], "volume_shape": (4, 4, 4), "shifts_px": [1, 2]}, "shifts_px"),
        ({"tilt_angles": [0], "volume_shape": (4, 4, 4), "axis_shift_px": np.inf}, "axis_shift_px"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        Projector(**arguments)


def test_wrong_arrays_are_named():
    A = Projector([0, 10], (4, 5, 6))
    with pytest.raises(ValueError, match=r"volume: expected shape \(4, 5, 6\)"):
        A(np.zeros((4, 5, 7)))
    with pytest.raises(ValueError, match=r"projections: expected shape \(2, 5, 6\)"):
        A.T(np.zeros((1, 5, 6)))
    with pytest.raises(TypeError, match="real numbers"):
        A(np.zeros((4, 5, 6), complex))
