"""Panoramas: projection against SciPy rotations and the definitions of the projections."""

from __future__ import annotations

import numpy as np
import pytest
from figures import largest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from selfiesim.camera.distortion import Cylindrical, Equirectangular
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import SceneError
from selfiesim.scene.scene import Scene

LENSES = pytest.mark.parametrize("lens", [Equirectangular(), Cylindrical()], ids=["equirectangular", "cylindrical"])
VIEW = Scene.load("zhurong-view")


@LENSES
def test_pixel_to_ray_to_pixel_is_the_identity(lens):
    camera = Camera.from_fov(720, 240, 2.0 * np.pi, lens)
    pixels = np.stack(np.meshgrid(np.arange(0, 720, 7), np.arange(0, 240, 7)), axis=-1).astype(float)
    rays = camera.unproject(pixels)
    assert_allclose(np.linalg.norm(rays, axis=-1), 1.0)
    assert_allclose(camera.project(3.7 * rays), pixels, atol=1e-9)


# Snyder 1987, USGS Professional Paper 1395, p. 90: the plate carree's x and y are longitude and latitude.
def test_equal_steps_across_and_down_are_equal_angles(figure):
    camera = Camera.from_fov(3600, 1800, 2.0 * np.pi, Equirectangular())
    for right, up in [(0.0, 0.0), (30.0, 20.0), (-120.0, -60.0), (179.0, 85.0)]:
        level = Rotation.from_euler("y", right, degrees=True)
        ray = level.apply(Rotation.from_euler("x", up, degrees=True).apply([0.0, 0.0, 1.0]))
        worst = largest(camera.project(ray), [1799.5 + 10.0 * right, 899.5 - 10.0 * up])
        figure("lenses", "ray to pixel in a panorama", "plate carree (Snyder 1987), SciPy", worst, 1e-9, "px")


# A cylinder about the vertical: height over the radius is the tangent of the elevation.
def test_a_cylinder_keeps_vertical_lines_straight_and_to_scale():
    camera = Camera.from_fov(3600, 900, 2.0 * np.pi, Cylindrical())
    post = np.array([[3.0, y, -4.0] for y in (-2.0, 0.0, 1.0, 2.0)])
    places = camera.project(post)
    assert_allclose(places[:, 0], places[0, 0])
    assert_allclose((places[:, 1] - 449.5) / camera.fy, post[:, 1] / 5.0)


@LENSES
@pytest.mark.parametrize("degrees", [90.0, 210.0, 360.0])
def test_the_field_of_view_is_as_requested(lens, degrees):
    camera = Camera.from_fov(720, 180, np.radians(degrees), lens)
    assert np.degrees(camera.horizontal_fov) == pytest.approx(degrees)


@LENSES
def test_nothing_appears_twice(lens):
    with pytest.raises(ValueError, match=r"412\.53 degrees is beyond this lens, which reaches 360"):
        Camera(720, 240, 100.0, 100.0, 359.5, 119.5, lens)
    # 344 degrees wide, with the axis at a third of the width: the right end is past the azimuth straight behind.
    camera = Camera(600, 240, 100.0, 100.0, 199.5, 119.5, lens)
    assert np.isnan(camera.unproject(np.array([597.0, 120.0]))).all()
    assert np.isfinite(camera.unproject(np.array([[2.0, 120.0], [510.0, 120.0]]))).all()


def test_pixels_beyond_the_poles_have_no_ray():
    camera = Camera(360, 360, 100.0, 100.0, 179.5, 179.5, Equirectangular())
    assert np.isnan(camera.unproject(np.array([180.0, 10.0]))).all()


@pytest.mark.parametrize(("model", "elevation"), [("equirectangular", -13.0), ("cylindrical", 8.0)])
def test_the_horizon_is_level_at_any_camera_elevation(model, elevation):
    changes = {"camera__model": model, "camera__elevation_deg": elevation, "camera__size_px": [420, 140]}
    view = VIEW.with_changes(**changes).view()
    middle = view.camera.unproject(np.array([209.5, 69.5])) @ view.ground.enu_to_camera
    assert np.degrees(np.arcsin(middle[2])) == pytest.approx(elevation, abs=1e-6)
    assert np.degrees(np.arctan2(middle[0], middle[1])) % 360.0 == pytest.approx(VIEW.camera.azimuth_deg)
    turn = np.radians(np.linspace(-100.0, 100.0, 9) + VIEW.camera.azimuth_deg)
    level = np.stack([np.sin(turn), np.cos(turn), np.zeros(9)], axis=-1)
    assert np.ptp(view.camera.project(level @ view.ground.enu_to_camera.T)[:, 1]) < 1e-6


def test_wide_fields_of_view_need_a_panorama():
    with pytest.raises(SceneError, match="use equirectangular or cylindrical"):
        VIEW.with_changes(camera={"model": "kannala-brandt", "distortion": [0] * 4, "horizontal_fov_deg": 300})
    with pytest.raises(SceneError, match="distortion: equirectangular takes 0 numbers"):
        VIEW.with_changes(camera__distortion=[0.1, 0.0, 0.0, 0.0])
