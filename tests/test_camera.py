"""The pinhole: pixels to rays and back, and a camera turned so that the craft stands where it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from selfiesim.camera import Pinhole, icrf_to_camera
from selfiesim.frames import unit

pixel = 1.0

cameras = st.builds(Pinhole.from_fov, st.integers(16, 8192), st.integers(16, 8192), st.floats(0.001, np.radians(140.0)))
components = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
directions = components.map(lambda v: unit(np.array(v)))
fractions = st.floats(0.0, 1.0)
places = st.tuples(fractions, fractions)
rolls = st.floats(-np.pi, np.pi)


def place_px(camera, place):
    """Fractions of the picture from its upper left corner, where the first pixel's centre is (0, 0)."""
    return np.array([place[0] * camera.width - 0.5, place[1] * camera.height - 0.5])


@given(cameras, places, st.floats(0.1, 1e7))
def test_a_pixel_and_its_ray_are_inverse(camera, place, distance):
    there = place_px(camera, place)
    ray = camera.unproject(there)
    assert np.linalg.norm(ray) == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_allclose(camera.project(ray * distance), there, atol=1e-8 * pixel)


@given(cameras, st.floats(-5.0, 5.0), st.floats(-5.0, 5.0), st.floats(0.01, 1e6))
def test_projection_is_the_camera_matrix_and_a_division(camera, x, y, depth):
    # Hartley and Zisserman, Multiple View Geometry, chapter 6: (u w, v w, w) = K (x, y, z).
    u, v, w = camera.matrix @ (depth * np.array([x, y, 1.0]))
    np.testing.assert_allclose(camera.project(depth * np.array([x, y, 1.0])), [u / w, v / w], rtol=1e-12, atol=1e-9)


def test_projection_keeps_the_shape_of_its_input():
    camera = Pinhole.from_fov(640, 480, 1.0)
    points = np.random.default_rng(1).normal(size=(4, 5, 3)) + np.array([0.0, 0.0, 5.0])
    pixels = camera.project(points)
    assert pixels.shape == (4, 5, 2)
    np.testing.assert_allclose(pixels[2, 3], camera.project(points[2, 3]))
    np.testing.assert_allclose(camera.unproject(pixels), unit(points), atol=1e-14)


def test_nothing_behind_the_camera_is_in_the_picture():
    camera = Pinhole.from_fov(640, 480, 1.0)
    assert np.all(np.isnan(camera.project(np.array([[0.0, 0.0, -5.0], [1.0, 1.0, 0.0]]))))


@given(cameras, st.floats(0.001, np.radians(140.0)))
def test_field_of_view_is_measured_from_edge_to_edge(camera, angle):
    camera = Pinhole.from_fov(camera.width, camera.height, angle)
    left, right = camera.unproject(np.array([[-0.5, camera.cy], [camera.width - 0.5, camera.cy]]))
    assert np.arctan2(np.linalg.norm(np.cross(left, right)), left @ right) == pytest.approx(angle, rel=1e-10)


def test_the_middle_of_a_full_hd_picture():
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    assert (camera.cx, camera.cy) == (959.5, 539.5)
    np.testing.assert_array_equal(camera.unproject(np.array([959.5, 539.5])), [0.0, 0.0, 1.0])


def test_right_is_right_and_down_is_down():
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    x, y = camera.project(np.array([1.0, 2.0, 10.0]))
    assert x > camera.cx
    assert y > camera.cy


def test_a_pixel_spans_its_angle():
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    middle, beside = camera.unproject(np.array([[959.5, 539.5], [960.5, 539.5]]))
    assert np.arccos(middle @ beside) == pytest.approx(camera.pixel_angle, rel=1e-6)


@given(cameras, directions, directions, places, rolls)
def test_the_target_stands_where_it_should(camera, target, up, place, roll):
    assume(np.linalg.norm(np.cross(target, up)) > 0.01)
    turn = icrf_to_camera(camera, target, up, place, roll)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(turn @ target, camera.unproject(place_px(camera, place)), atol=1e-12)
    if camera.pixel_angle > 1e-5:
        np.testing.assert_allclose(camera.project(turn @ target), place_px(camera, place), atol=1e-6 * pixel)


def tilt(camera, turn, target, up):
    """Angle in the picture, rad, counter-clockwise positive, from upward to where ``up`` points at the target."""
    step = 1e-4
    ends = camera.project(np.array([turn @ target, turn @ unit(target + step * camera.pixel_angle * up)]))
    right, down = ends[1] - ends[0]
    return np.arctan2(-right, -down)


@given(directions, directions, st.sampled_from([(0.5, 0.5), (0.5, 0.1), (0.2, 0.5), (0.6, 0.62), (0.95, 0.05)]))
def test_up_is_upward_at_the_target(target, up, place):
    assume(np.linalg.norm(np.cross(target, up)) > 0.1)
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    turn = icrf_to_camera(camera, target, up, place, 0.0)
    assert tilt(camera, turn, target, up) == pytest.approx(0.0, abs=1e-5)


@given(directions, directions, st.floats(-3.1, 3.1))
def test_a_positive_roll_turns_the_picture_counter_clockwise(target, up, roll):
    assume(np.linalg.norm(np.cross(target, up)) > 0.1)
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    turn = icrf_to_camera(camera, target, up, (0.5, 0.5), roll)
    assert tilt(camera, turn, target, up) == pytest.approx(roll, abs=1e-5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_camera_cannot_look_along_its_own_up(sign):
    camera = Pinhole.from_fov(640, 480, 1.0)
    with pytest.raises(ValueError, match="own up direction"):
        icrf_to_camera(camera, np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, sign]), (0.5, 0.5), 0.0)
