"""The scene, drawn for real off the screen."""

import time
from dataclasses import replace

import numpy as np
import pytest
from fake_engine import needle

pytest.importorskip("vtkmodules")
pytestmark = pytest.mark.usefixtures("can_draw")

SIZE = (320, 240)


@pytest.fixture
def scene():
    from livetomo.app.views.scene import Scene

    scene = Scene()
    yield scene
    scene.close()


@pytest.fixture(scope="module")
def voxels():
    return (255 * needle(64)).astype(np.uint8)


def view_of(voxels, **wishes):
    from livetomo.session import Facts, VolumeFacts, Wishes, resolve
    from livetomo.session.histogram import count_values

    facts = VolumeFacts(voxels.shape, 0.0, 1.0, 1.0, 1, count_values(voxels))
    return resolve(Wishes(**wishes), Facts(volume=facts)).scene


def draw(scene, voxels, **wishes):
    scene.set_voxels(voxels)
    scene.show(view_of(voxels, **wishes))
    return scene.draw(*SIZE, fine=True).pixels.astype(int)


def test_a_volume_is_drawn_bright_on_a_dark_ground(scene, voxels):
    picture = draw(scene, voxels, show_outline=False)
    assert picture.shape == (240, 320, 3)
    assert picture[:20].max() < 60
    assert picture[60:180, 100:220].max() > 150


def test_the_same_volume_gives_the_same_picture(scene, voxels):
    np.testing.assert_array_equal(draw(scene, voxels), scene.draw(*SIZE, fine=True).pixels)


def test_another_volume_changes_the_picture_without_another_view(scene, voxels):
    before = draw(scene, voxels)
    scene.set_voxels(np.ascontiguousarray(voxels[:, :, ::-1]) // 2)
    after = scene.draw(*SIZE, fine=True).pixels
    assert np.abs(before - after).mean() > 1


def test_a_contour_appears_at_the_level_that_is_asked_for(scene, voxels):
    nothing = draw(scene, voxels, show_volume=False, show_outline=False)
    surface = draw(scene, voxels, show_volume=False, show_outline=False, show_contour=True, iso_value=0.3)
    wide = scene.n_contour_triangles
    draw(scene, voxels, show_volume=False, show_outline=False, show_contour=True, iso_value=0.85)
    assert np.abs(surface - nothing).max() > 80
    assert 0 < scene.n_contour_triangles < wide / 2


def test_a_contour_of_a_large_volume_lies_where_the_volume_is(scene, voxels):
    """From 96 voxels on, the CPU takes the contour from a binned copy: it must not move."""
    doubled = voxels.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    only_contour = {"show_volume": False, "show_outline": False, "show_contour": True, "iso_value": 0.3}
    pictures = []
    for volume in (voxels, doubled):
        scene.camera.look("front")
        scene.set_voxels(volume)
        scene.show(view_of(voxels, **only_contour))
        scene.camera.look("front")
        pictures.append(scene.draw(*SIZE, fine=True).pixels.astype(int))
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.5


def test_planes_appear_and_move(scene, voxels):
    hidden = draw(scene, voxels, show_volume=False)
    middle = draw(scene, voxels, show_volume=False, show_planes=True)
    moved = draw(scene, voxels, show_volume=False, show_planes=True, slice_fractions_zyx=(0.2, 0.5, 0.8))
    assert np.abs(hidden - middle).max() > 80
    assert np.abs(moved - middle).max() > 80


def test_the_front_view_shows_the_volume_as_the_projections_do(scene):
    """From −z: x to the right, y down."""
    corner = np.zeros((32, 32, 32), np.uint8)
    corner[12:20, 2:10, 22:30] = 255  # top right in a projection
    draw(scene, corner, show_outline=False)
    from livetomo.app.views.framing import Frame

    scene.camera.look("-z", Frame())
    picture = scene.draw(*SIZE, fine=True).pixels.sum(axis=2)
    row, column = np.unravel_index(np.argmax(picture), picture.shape)
    assert row < 110
    assert column > 170


def test_the_camera_frames_a_small_object_and_stays_where_the_user_put_it(scene):
    small = np.zeros((64, 64, 64), np.uint8)
    small[28:36, 28:36, 28:36] = 255
    draw(scene, np.full((64, 64, 64), 200, np.uint8))
    whole = scene.camera.height_at_centre()
    draw(scene, small)
    assert scene.camera.height_at_centre() < 0.5 * whole
    scene.camera.zoom(0.5)
    chosen = scene.camera.height_at_centre()
    draw(scene, np.full((64, 64, 64), 200, np.uint8))
    assert scene.camera.height_at_centre() == chosen


def test_the_camera_turns_moves_and_comes_nearer(scene, voxels):
    from livetomo.app.views.framing import Frame

    front = draw(scene, voxels)
    for move in (lambda c: c.rotate(0.2, 0.1), lambda c: c.pan(0.2, 0.0), lambda c: c.zoom(1.5)):
        scene.camera.look("front", Frame())
        move(scene.camera)
        assert np.abs(front - scene.draw(*SIZE, fine=True).pixels).mean() > 1
    with pytest.raises(ValueError, match="direction: expected one of front"):
        scene.camera.look("up")


def test_an_unwanted_picture_is_given_up(scene):
    draw(scene, (255 * needle(128)).astype(np.uint8))
    if scene.has_gpu:
        pytest.skip("a GPU is done before one could change one's mind")
    time.sleep(0.25)  # VTK asks at most five times a second
    assert scene.draw(2000, 1600, fine=True, is_unwanted=lambda: True) is None
    assert scene.draw(400, 300, fine=True, is_unwanted=lambda: False) is not None


def test_what_did_not_change_is_not_drawn_again(scene, voxels):
    view = view_of(voxels)
    scene.set_voxels(voxels)
    assert scene.show(view)
    assert not scene.show(view_of(voxels))
    assert scene.show(replace(view, iso_value=0.77))


def test_slices_have_the_axes_they_say():
    from livetomo.app.views.slice_pictures import draw_slice

    volume = np.zeros((4, 5, 6), np.uint8)
    volume[1, 2, 3] = 255
    colors = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    for axis, index, (row, column), shape in (
        ("z", 1, (2, 3), (5, 6)),
        ("y", 2, (1, 3), (4, 6)),
        ("x", 3, (2, 1), (5, 4)),
    ):
        pixels = draw_slice(volume, axis, index, colors).pixels
        assert pixels.shape == (*shape, 3)
        assert pixels[row, column, 0] == 255
        assert pixels.sum() == 3 * 255
