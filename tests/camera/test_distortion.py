"""Lens distortion: projection against OpenCV, inversion, and the limit angle."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from selfiesim.camera.distortion import BrownConrady, KannalaBrandt
from selfiesim.camera.pinhole import Camera

pixel = 1.0
WIDE = 5000.0 * pixel  # from the middle; no image is larger
WIDEST = np.radians(85.0)  # the largest angle compared with OpenCV; its tangent is 11


def within(size):
    return st.floats(-size, size)


# Typical calibrations of wide lenses.
tangential = st.tuples(within(2e-3), within(2e-3))
radial = st.tuples(within(0.4), within(0.2), within(0.05), st.just(0.0), st.just(0.0), st.just(0.0))
rational = st.tuples(within(0.4), within(0.2), within(0.05), within(0.4), within(0.2), within(0.05))
round_lenses = st.builds(BrownConrady, radial | rational)
brown_conradys = st.builds(BrownConrady, radial | rational, tangential) | round_lenses
fisheyes = st.builds(KannalaBrandt, st.tuples(within(0.1), within(0.03), within(0.01), within(0.003)))
lenses = brown_conradys | fisheyes


def cameras(distortions):
    focal, aside = st.floats(200.0, 4000.0), st.floats(-50.0, 50.0)
    return st.builds(
        Camera,
        st.just(1920),
        st.just(1080),
        focal,
        focal,
        aside.map(lambda x: 959.5 + x),
        aside.map(lambda y: 539.5 + y),
        distortions,
    )


def rays_to(angle, count=400):
    """Rays (N, 3) in all directions about the axis, up to ``angle`` from it."""
    numbers = np.arange(count)
    return rays_at(angle * np.sqrt(numbers / (count - 1)), 2.4 * numbers)


def rays_at(angle, azimuth):
    angle, azimuth = np.broadcast_arrays(angle, azimuth)
    return np.stack([np.sin(angle) * np.cos(azimuth), np.sin(angle) * np.sin(azimuth), np.cos(angle)], axis=-1)


def opencv_project(lens, rays, matrix=None):
    """Points or pixels of OpenCV's own model, which has no limit."""
    matrix = np.eye(3) if matrix is None else matrix
    still, points = np.zeros(3), np.ascontiguousarray(rays).reshape(-1, 1, 3)
    if isinstance(lens, KannalaBrandt):
        return cv2.fisheye.projectPoints(points, still, still, matrix, np.array(lens.k))[0].reshape(-1, 2)
    return cv2.projectPoints(points, still, still, matrix, np.array(lens.opencv))[0].reshape(-1, 2)


def separation(a, b):
    return np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), np.sum(a * b, axis=-1))


@given(cameras(lenses), st.floats(1e-3, 1e6))
def test_projection_agrees_with_opencv(camera, distance):
    rays = rays_to(min(camera.distortion.limit, WIDEST))
    expected = opencv_project(camera.distortion, rays, camera.matrix)
    pixels = camera.project(rays * distance)
    seen = np.abs(expected - [camera.cx, camera.cy]).max(axis=-1) < WIDE
    assert np.count_nonzero(seen) > 100
    np.testing.assert_allclose(pixels[seen], expected[seen], rtol=0.0, atol=1e-6 * pixel)


@given(within(0.4), within(0.2), within(2e-3), within(2e-3), within(0.05))
def test_coefficients_are_in_opencv_order(k1, k2, p1, p2, k3):
    for numbers in ([k1, k2, p1, p2], [k1, k2, p1, p2, k3], [k1, k2, p1, p2, k3, 0.1, -0.05, 0.01]):
        lens = BrownConrady.from_opencv(np.array([numbers]))  # OpenCV gives them as one row
        assert lens.opencv[: len(numbers)] == pytest.approx(numbers)
        assert set(lens.opencv[len(numbers) :]) <= {0.0}
        ray = np.array([[0.2, -0.1, 1.0]])
        expected, _ = cv2.projectPoints(ray.reshape(1, 1, 3), np.zeros(3), np.zeros(3), np.eye(3), np.array(numbers))
        np.testing.assert_allclose(lens.distort(ray), expected[0], atol=1e-15)


@given(cameras(lenses))
def test_pixel_to_ray_to_pixel_is_the_identity_up_to_the_limit(camera):
    pixels = camera.project(rays_to(camera.distortion.limit))
    assert np.all(np.isfinite(pixels))
    near = np.abs(pixels).max(axis=-1) < WIDE
    again = camera.project(camera.unproject(pixels))
    np.testing.assert_allclose(again[near], pixels[near], rtol=0.0, atol=1e-9 * pixel)
    np.testing.assert_allclose(again, pixels, rtol=1e-10)


@given(cameras(lenses), st.floats(1e-3, 1e6))
def test_ray_to_pixel_to_ray_is_the_identity(figure, camera, distance):
    # A hundredth before the fold the mapping is still well conditioned.
    rays = rays_to(0.99 * camera.distortion.limit)
    back = camera.unproject(camera.project(rays * distance))
    np.testing.assert_allclose(np.linalg.norm(back, axis=-1), 1.0, atol=1e-15)
    worst = separation(back, rays).max()
    figure("lenses", "ray to pixel to ray, up to 0.99 of the limit", "the same ray", worst, 1e-12, "rad")
    # At the fold itself the rounding of a pixel costs half the digits of the angle.
    last = rays_at(camera.distortion.limit, np.linspace(0.0, 6.0, 50))
    assert separation(camera.unproject(camera.project(last)), last).max() < 1e-6


@given(lenses)
def test_rays_beyond_the_limit_are_nan(lens):
    beyond = lens.limit + np.geomspace(1e-7, np.pi - lens.limit, 60) if lens.limit < np.pi else np.array([])
    assert np.all(np.isnan(lens.distort(rays_at(beyond[:, None], np.linspace(0.0, 6.0, 9)))))
    assert np.all(np.isnan(lens.distort(np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 0.0], [np.nan, 0.0, 1.0]]))))


@given(cameras(lenses))
def test_each_pixel_has_at_most_one_ray(camera):
    # OpenCV's polynomial folds beyond the limit: pixels there belong to other rays, or to none.
    pixels = opencv_project(camera.distortion, rays_to(WIDEST), camera.matrix)
    rays = camera.unproject(pixels)
    found = np.isfinite(rays).all(axis=-1)
    assert np.array_equal(found, np.isfinite(rays).any(axis=-1))
    assert separation(rays[found], np.array([0.0, 0.0, 1.0])).max() <= camera.distortion.limit + 1e-12
    near = np.abs(pixels[found]).max(axis=-1) < WIDE
    np.testing.assert_allclose(camera.project(rays[found])[near], pixels[found][near], rtol=0.0, atol=1e-9 * pixel)


@given(round_lenses | fisheyes)
def test_image_height_increases_with_angle_up_to_the_limit(lens):
    angles = np.linspace(0.0, lens.limit, 2000)
    heights = np.linalg.norm(lens.distort(rays_at(angles, 0.7)), axis=-1)
    assert np.all(np.diff(heights) > 0.0)
    if lens.limit < WIDEST:  # near 90 degrees the image height has no precision left
        assert np.all(np.isnan(lens.undistort(heights[-1] * (1.0 + 1e-7) * np.array([0.6, 0.8]))))


@given(round_lenses | fisheyes)
def test_the_limit_is_where_the_opencv_model_folds(lens):
    step = np.radians(0.01)
    angles = np.arange(0.0, WIDEST, step)
    heights = opencv_project(lens, rays_at(angles, 0.0))[:, 0]
    turns = np.diff(heights) <= 0.0
    assume(turns.any())
    last = np.argmax(turns)
    assert lens.limit < angles[last] + 2.0 * step
    # The limit may be smaller, where the image height is ten times a pinhole's or the rational part has a pole.
    rational = isinstance(lens, BrownConrady) and any(lens.k[3:])
    if not rational and np.all(heights[:last] <= 9.9 * np.tan(angles[:last])):
        assert lens.limit > angles[last] - 2.0 * step


def test_tangential_terms_reduce_the_limit_to_where_the_worst_direction_folds():
    # By hand: p1 = p alone maps (0, y) to (0, y + 3 p y^2), which folds at y = -1 / (6 p).
    lens = BrownConrady(p=(0.05, 0.0))
    assert np.tan(lens.limit) == pytest.approx(1.0 / (6.0 * 0.05), rel=1e-8)


def test_barrel_distortion_folds_where_its_derivative_vanishes():
    # By hand: r (1 + k r^2) and t (1 + k t^2) fold at sqrt(-1 / 3k).
    assert np.tan(BrownConrady((-0.3, 0, 0, 0, 0, 0)).limit) == pytest.approx(np.sqrt(1.0 / 0.9), rel=1e-8)
    assert KannalaBrandt((-0.1, 0, 0, 0)).limit == pytest.approx(np.sqrt(1.0 / 0.3), rel=1e-8)


@given(st.floats(200.0, 4000.0), st.floats(1e-3, 1e6))
def test_without_coefficients_the_model_is_a_pinhole(focal, distance):
    pinhole = Camera(1920, 1080, focal, focal, 959.5, 539.5)
    plain = Camera(1920, 1080, focal, focal, 959.5, 539.5, BrownConrady())
    rays = rays_to(WIDEST)
    pixels = pinhole.project(rays * distance)
    np.testing.assert_allclose(plain.project(rays * distance), pixels, rtol=1e-14, atol=1e-11 * pixel)
    np.testing.assert_allclose(plain.unproject(pixels), pinhole.unproject(pixels), atol=1e-15)


@given(fisheyes, st.floats(0.0, 6.2))
def test_a_fisheye_sees_behind_its_own_plane(lens, azimuth):
    # Kannala and Brandt 2006 (IEEE PAMI 28, 1335), equation 6: r = k1 t + k2 t^3 + ... + k5 t^9, here with k1 = 1.
    angles = np.linspace(0.0, lens.limit, 200, endpoint=False)
    k1, k2, k3, k4 = lens.k
    heights = angles + k1 * angles**3 + k2 * angles**5 + k3 * angles**7 + k4 * angles**9
    points = lens.distort(rays_at(angles, azimuth))
    expected = heights[:, None] * [np.cos(azimuth), np.sin(azimuth)]
    np.testing.assert_allclose(points, expected, rtol=0.0, atol=1e-12 * (1.0 + heights.max()))


def test_the_equidistant_fisheye_sees_all_but_straight_behind():
    lens = KannalaBrandt()
    assert lens.limit == pytest.approx(np.pi, abs=1e-15)
    angles = np.radians([0.0, 60.0, 90.0, 120.0, 179.9])
    np.testing.assert_allclose(lens.distort(rays_at(angles, 0.0))[:, 0], angles, rtol=1e-14)
    np.testing.assert_allclose(lens.undistort(np.stack([angles, 0.0 * angles], -1)), rays_at(angles, 0.0), atol=1e-15)


@pytest.mark.parametrize("lens", [BrownConrady((-0.2, 0, 0, 0, 0, 0), (1e-3, 0.0)), KannalaBrandt()])
def test_shapes_are_preserved_and_nan_stays_nan(lens):
    rays = rays_to(0.5, 24).reshape(2, 3, 4, 3)
    points = lens.distort(rays)
    assert points.shape == (2, 3, 4, 2)
    np.testing.assert_allclose(lens.undistort(points), rays, atol=1e-14)
    assert lens.distort(rays[0, 0, 0]).shape == (2,)
    assert lens.undistort(points[0, 0, 0]).shape == (3,)
    assert lens.undistort(np.zeros((0, 2))).shape == (0, 3)
    bad = np.array([[np.nan, 0.0], [np.inf, 0.0], [1e300, -1e300]])
    assert np.all(np.isnan(lens.undistort(bad)))


@given(st.lists(st.floats(-1e8, 1e8), min_size=8, max_size=8))
def test_wild_coefficients_give_an_invertible_lens_or_an_error(numbers):
    try:
        lens = BrownConrady.from_opencv(numbers)
    except ValueError as error:
        assert "fit no lens" in str(error)  # noqa: PT017
        return
    points = lens.distort(rays_to(lens.limit, 50))
    np.testing.assert_allclose(lens.distort(lens.undistort(points)), points, rtol=1e-9, atol=1e-13)


REFUSED = {
    "three numbers": (lambda: BrownConrady.from_opencv([0.1, 0.2, 0.3]), "4, 5 or 8 numbers .* not 3"),
    "a thin prism": (lambda: BrownConrady.from_opencv([0.0] * 12), "4, 5 or 8 numbers .* not 12"),
    "three k": (lambda: BrownConrady((0.1, 0.2, 0.3)), "Brown-Conrady's k takes 6 numbers, not 3"),
    "one p": (lambda: BrownConrady(p=(0.1,)), "Brown-Conrady's p takes 2 numbers, not 1"),
    "five for a fisheye": (lambda: KannalaBrandt((0.0,) * 5), "Kannala-Brandt's k takes 4 numbers, not 5"),
    "not a number": (lambda: KannalaBrandt((np.nan, 0.0, 0.0, 0.0)), "finite numbers"),
    "infinite": (lambda: BrownConrady.from_opencv([np.inf, 0.0, 0.0, 0.0]), "finite numbers"),
    "far from any lens": (lambda: KannalaBrandt((1e9, 0.0, 0.0, 0.0)), r"at most 1e\+08"),
    "tangential terms without end": (lambda: BrownConrady(p=(-1e9, 0.0)), r"at most 1e\+08"),
    "folded at the axis": (lambda: BrownConrady((-9e7, 0, 0, 0, 0, 0)), "folds 0.0035 degrees from the axis"),
    "a fisheye folded at the axis": (lambda: KannalaBrandt((-9e7, 0, 0, 0)), "folds 0.0035 degrees from the axis"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_lens_is_rejected_with_a_reason(case):
    make, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        make()
