"""Cameras: projection and its inverse, fields of view, and pointing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from selfiesim.camera.distortion import BrownConrady, KannalaBrandt
from selfiesim.camera.pinhole import Camera, Pinhole, icrf_to_camera
from selfiesim.core.vectors import unit

pixel = 1.0

cameras = st.builds(Pinhole.from_fov, st.integers(16, 8192), st.integers(16, 8192), st.floats(0.001, np.radians(140.0)))
components = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
directions = components.map(lambda v: unit(np.array(v)))
fractions = st.floats(0.0, 1.0)
places = st.tuples(fractions, fractions)
rolls = st.floats(-np.pi, np.pi)


def place_px(camera, place):
    """Pixel of a position given as fractions of the image from its upper left corner."""
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


def test_points_behind_the_camera_are_nan():
    camera = Pinhole.from_fov(640, 480, 1.0)
    assert np.all(np.isnan(camera.project(np.array([[0.0, 0.0, -5.0], [1.0, 1.0, 0.0]]))))


@given(cameras, st.floats(0.001, np.radians(140.0)))
def test_field_of_view_is_measured_from_edge_to_edge(camera, angle):
    camera = Pinhole.from_fov(camera.width, camera.height, angle)
    left, right = camera.unproject(np.array([[-0.5, camera.cy], [camera.width - 0.5, camera.cy]]))
    assert np.arctan2(np.linalg.norm(np.cross(left, right)), left @ right) == pytest.approx(angle, rel=1e-10)


def test_the_middle_of_a_full_hd_image():
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    assert (camera.cx, camera.cy) == (959.5, 539.5)
    np.testing.assert_array_equal(camera.unproject(np.array([959.5, 539.5])), [0.0, 0.0, 1.0])


def test_x_is_right_and_y_is_down():
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    x, y = camera.project(np.array([1.0, 2.0, 10.0]))
    assert x > camera.cx
    assert y > camera.cy


def test_pixel_angle_is_the_angle_between_neighbouring_pixels():
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    middle, beside = camera.unproject(np.array([[959.5, 539.5], [960.5, 539.5]]))
    assert np.arccos(middle @ beside) == pytest.approx(camera.pixel_angle, rel=1e-6)


@given(cameras, directions, directions, places, rolls)
def test_the_target_is_at_its_place_in_the_image(camera, target, up, place, roll):
    assume(np.linalg.norm(np.cross(target, up)) > 0.01)
    turn = icrf_to_camera(camera, target, up, place, roll)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(turn @ target, camera.unproject(place_px(camera, place)), atol=1e-12)
    if camera.pixel_angle > 1e-5:
        np.testing.assert_allclose(camera.project(turn @ target), place_px(camera, place), atol=1e-6 * pixel)


def tilt(camera, turn, target, up):
    """Angle in the image, rad, counter-clockwise from upward to the direction of ``up`` at the target."""
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
def test_a_positive_roll_rotates_the_image_counter_clockwise(target, up, roll):
    assume(np.linalg.norm(np.cross(target, up)) > 0.1)
    camera = Pinhole.from_fov(1920, 1080, np.radians(70.0))
    turn = icrf_to_camera(camera, target, up, (0.5, 0.5), roll)
    assert tilt(camera, turn, target, up) == pytest.approx(roll, abs=1e-5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_camera_cannot_point_along_its_up_direction(sign):
    camera = Pinhole.from_fov(640, 480, 1.0)
    with pytest.raises(ValueError, match="own up direction"):
        icrf_to_camera(camera, np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, sign]), (0.5, 0.5), 0.0)


BARREL = BrownConrady((-0.25, 0.02, 0.0, 0.0, 0.0, 0.0))
TANGENTIAL = BrownConrady((-0.2, 0.05, 0.0, 0.1, 0.0, 0.0), (1.5e-3, -8e-4))
FISHEYE = KannalaBrandt((-0.02, 0.004, -0.001, 0.0))
DISTORTED = [BARREL, TANGENTIAL, FISHEYE]
LENSES = [None, *DISTORTED]


def angle_between(a, b):
    return np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)


@given(
    st.integers(16, 8192), st.integers(16, 8192), st.floats(1e-3, 0.5), st.floats(1e-6, 1e-4), st.sampled_from(LENSES)
)
def test_focal_length_field_of_view_and_matrix_make_the_same_camera(width, height, focal_m, pitch_m, lens):
    assume(width * pitch_m < 1.4 * focal_m)  # the whole image is within the lens limit
    by_length = Camera.from_focal_length(width, height, focal_m, pitch_m, lens)
    by_field = Camera.from_fov(width, height, by_length.horizontal_fov, lens)
    assert by_field.fx == pytest.approx(by_length.fx, rel=1e-9)
    assert (by_field.cx, by_field.cy) == (by_length.cx, by_length.cy)
    assert Camera.from_matrix(width, height, by_length.matrix, lens) == by_length


@given(st.integers(16, 8192), st.integers(16, 8192), st.floats(1e-3, 1.0), st.floats(1e-3, 1.0), st.floats(0.3, 0.7))
def test_fields_of_view_and_focal_length_agree_with_opencv(width, height, focal_m, sensor_m, middle):
    # cv2.calibrationMatrixValues; its pixel (0, 0) begins at 0.0, ours has its centre there.
    pitch = sensor_m / width
    square = Camera.from_focal_length(width, height, focal_m, pitch)
    camera = Camera(width, height, square.fx, 1.1 * square.fy, middle * width - 0.5, (1.0 - middle) * height - 0.5)
    shifted = camera.matrix + np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
    across, down, focal_mm, _, aspect = cv2.calibrationMatrixValues(
        shifted, (width, height), sensor_m * 1e3, pitch * height * 1e3
    )
    assert np.degrees(camera.horizontal_fov) == pytest.approx(across, rel=1e-9)
    assert np.degrees(camera.vertical_fov) == pytest.approx(down, rel=1e-9)
    assert focal_m * 1e3 == pytest.approx(focal_mm, rel=1e-12)
    assert camera.fy / camera.fx == pytest.approx(aspect, rel=1e-12)


@given(st.sampled_from(LENSES), st.floats(1e-3, 1.6))
def test_field_of_view_goes_from_edge_to_edge_through_the_lens(lens, field):
    assume(lens is None or field < 1.95 * lens.limit)
    camera = Camera.from_fov(1920, 1080, field, lens)
    left, right = camera.unproject(np.array([[-0.5, camera.cy], [camera.width - 0.5, camera.cy]]))
    assert angle_between(left, right) == pytest.approx(field, rel=1e-9)
    assert camera.horizontal_fov == pytest.approx(field, rel=1e-9)


@given(st.floats(np.radians(180.5), np.radians(359.0)))
def test_a_fisheye_sees_more_than_half_the_sky(field):
    # An equidistant lens: focal length in pixels is half the width over half the field (Kannala and Brandt 2006).
    camera = Camera.from_fov(1000, 1000, field, KannalaBrandt())
    assert camera.fx == pytest.approx(1000.0 / field, rel=1e-12)
    assert camera.horizontal_fov == pytest.approx(field, rel=1e-12)
    assert camera.vertical_fov == pytest.approx(field, rel=1e-12)
    edge = camera.unproject(np.array([-0.5, camera.cy]))
    assert edge[2] < 0.0
    np.testing.assert_allclose(camera.project(edge), [-0.5, camera.cy], atol=1e-9 * pixel)
    assert camera.pixel_angle == pytest.approx(field / 1000.0, rel=1e-12)


def test_a_lens_limit_inside_the_image_limits_the_field_of_view():
    camera = Camera(2000, 2000, 200.0, 200.0, 999.5, 999.5, FISHEYE)
    assert np.all(np.isnan(camera.unproject(np.array([0.0, 0.0]))))
    for field in (camera.horizontal_fov, camera.vertical_fov, camera.diagonal_fov):
        assert field == pytest.approx(2.0 * FISHEYE.limit, abs=1e-6)


def test_the_diagonal_is_wider_than_the_sides():
    camera = Camera.from_fov(1920, 1080, np.radians(70.0), BARREL)
    corners = camera.unproject(np.array([[-0.5, -0.5], [1919.5, 1079.5]]))
    assert camera.diagonal_fov == pytest.approx(angle_between(*corners), rel=1e-12)
    assert camera.diagonal_fov > camera.horizontal_fov > camera.vertical_fov


@pytest.mark.parametrize("lens", DISTORTED)
@given(directions, directions, st.floats(0.2, 0.8), st.floats(0.2, 0.8), rolls)
def test_the_target_is_at_its_place_with_distortion(lens, target, up, x, y, roll):
    assume(np.linalg.norm(np.cross(target, up)) > 0.1)
    camera = Camera.from_fov(1920, 1080, np.radians(90.0), lens)
    turn = icrf_to_camera(camera, target, up, (x, y), roll)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(camera.project(turn @ target), place_px(camera, (x, y)), atol=1e-8 * pixel)
    upright = icrf_to_camera(camera, target, up, (x, y), 0.0)
    assert tilt(camera, upright, target, up) == pytest.approx(0.0, abs=1e-5)


def test_a_place_beyond_the_lens_limit_is_rejected():
    camera = Camera(2000, 2000, 200.0, 200.0, 999.5, 999.5, FISHEYE)
    with pytest.raises(ValueError, match="does not reach that position"):
        icrf_to_camera(camera, np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), (0.0, 0.0), 0.0)


def with_matrix(*rows):
    return lambda: Camera.from_matrix(640, 480, rows)


REFUSED = {
    "no pixels": (lambda: Camera(0, 480, 500.0, 500.0, 0.0, 0.0), "not 0 x 480"),
    "a width that is not a number": (lambda: Camera(np.nan, 480, 500.0, 500.0, 0.0, 0.0), "not nan x 480"),
    "no focal length": (lambda: Camera(640, 480, 0.0, 500.0, 319.5, 239.5), "positive, not 0 and 500 pixels"),
    "a negative one": (lambda: Camera(640, 480, 500.0, -500.0, 319.5, 239.5), "positive, not 500 and -500 pixels"),
    "one that is not a number": (lambda: Camera(640, 480, np.nan, 500.0, 319.5, 239.5), "must be finite"),
    "an infinite principal point": (lambda: Camera(640, 480, 500.0, 500.0, np.inf, 239.5), "must be finite"),
    "a lens outside the image": (
        lambda: Camera(640, 480, 500.0, 500.0, 5000.0, 239.5, BARREL),
        "does not reach the middle",
    ),
    "a focal length of 0 m": (lambda: Camera.from_focal_length(640, 480, 0.0, 5e-6), "positive, not 0 m and 5e-06 m"),
    "a pitch that is not a number": (lambda: Camera.from_focal_length(640, 480, 0.01, np.nan), "0.01 m and nan m"),
    "no field": (lambda: Camera.from_fov(640, 480, 0.0), "more than 0 degrees, not 0"),
    "a field that is not a number": (lambda: Camera.from_fov(640, 480, np.nan), "more than 0 degrees, not nan"),
    "half the sky by a pinhole": (lambda: Camera.from_fov(640, 480, np.pi), "180 degrees is beyond .* reaches 180"),
    "more than the lens limit": (
        lambda: Camera.from_fov(640, 480, np.radians(150.0), BARREL),
        "150 degrees is beyond this lens, which reaches 105",
    ),
    "more than a tangential lens has": (
        lambda: Camera.from_fov(640, 480, 2.0 * TANGENTIAL.limit - 1e-3, BrownConrady(TANGENTIAL.k, (0.05, 0.0))),
        "is beyond this lens",
    ),
    "a skewed matrix": (with_matrix([500, 0.1, 319.5], [0, 500, 239.5], [0, 0, 1]), r"skew \(0.1\) is not supported"),
    "a matrix upside down": (with_matrix([500, 0, 319.5], [1, 500, 239.5], [0, 0, 1]), "rows of a camera matrix"),
    "a projective matrix": (with_matrix([500, 0, 319.5], [0, 500, 239.5], [0, 0, 2]), "rows of a camera matrix"),
    "two rows": (with_matrix([500, 0, 319.5], [0, 500, 239.5]), "three rows of three finite numbers"),
    "a matrix with a gap": (with_matrix([500, 0, np.nan], [0, 500, 239.5], [0, 0, 1]), "three finite numbers"),
    "a matrix without focal length": (with_matrix([0, 0, 319.5], [0, 500, 239.5], [0, 0, 1]), "must be positive"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_camera_is_rejected_with_a_reason(case):
    make, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        make()


def test_a_reduced_camera_sees_the_same():
    camera = Camera(400, 300, 500.0, 510.0, 199.5, 140.0)
    smaller, scale = camera.reduced(30_000)
    assert (smaller.width, smaller.height, scale) == (200, 150, 2.0)
    np.testing.assert_allclose(smaller.unproject(np.array([20.25, 70.75])), camera.unproject(np.array([41.0, 142.0])))
    assert camera.reduced(120_000) == (camera, 1.0)
