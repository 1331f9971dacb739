"""The dust sky in the renderer: ambient light on surfaces, and the backdrop of an image."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from selfiesim.camera.pinhole import Pinhole
from selfiesim.core.vectors import rotation_about
from selfiesim.planet.light.air_column import AirColumn
from selfiesim.planet.light.dust_sky import DustSky
from selfiesim.render.layers.ground_layer import add_dust_sky
from selfiesim.render.light.sky_light import dust_sky_light

SUN = np.array([0.72, 0.10, 0.66]) / np.linalg.norm([0.72, 0.10, 0.66])
IRRADIANCE = np.array([0.62, 0.69, 0.75])
SKY = DustSky(AirColumn(0.4, 35_000.0, 0.0, 3_389_500.0), SUN, np.array([0.28, 0.19, 0.10]))
SITE_TO_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # a level camera that looks north


def irradiance_from_harmonics(shine, normal):
    """Evaluate the harmonics as the craft's shader does (Ramamoorthi and Hanrahan 2001, order 2)."""
    x, y, z = normal
    basis = np.array([1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    return basis @ shine.harmonics


@pytest.mark.parametrize("normal", [(0, 0, 1), (0, 0, -1), (1, 0, 0), (-0.6, 0, 0.8), (0, -1, 0)])
def test_ambient_irradiance_is_the_sum_over_sky_and_ground(normal):
    rotation = rotation_about(np.array([0.3, -0.5, 0.81]) / np.linalg.norm([0.3, -0.5, 0.81]), 1.1)
    shine = dust_sky_light(SKY, IRRADIANCE, rotation)
    rays, light = SKY.light()
    cosine = np.maximum(rays @ np.array(normal, float), 0.0)
    expected = (light * cosine[:, None]).sum(axis=0) * IRRADIANCE
    assert_allclose(irradiance_from_harmonics(shine, rotation @ np.array(normal, float)), expected, rtol=0.06)


def test_reflected_ground_is_as_bright_as_lambertian_ground_under_direct_and_ambient_light():
    shine = dust_sky_light(SKY, IRRADIANCE, np.eye(3))
    assert_allclose(shine.direction, [0.0, 0.0, -1.0])
    assert shine.edge_cosine == pytest.approx(0.0, abs=1e-9)
    lit = SKY.ground * SKY.ground_irradiance_fraction * SUN[2] * IRRADIANCE / np.pi
    assert_allclose(shine.subsolar_radiance * SUN[2], lit)


def test_backdrop_has_the_radiance_of_the_sky_where_nothing_covers_it():
    camera = Pinhole.from_fov(161, 90, np.radians(60.0))
    rgb, cover = np.zeros((90, 161, 3), np.float32), np.zeros((90, 161), np.float32)
    cover[:, :40] = 1.0
    add_dust_sky(rgb, cover, camera, SITE_TO_CAMERA.T, SKY, IRRADIANCE)
    assert not rgb[:, :40].any()
    for x, y in [(50, 3), (101, 30), (160, 0), (159, 44)]:
        ray = camera.unproject(np.array([x, y], float)) @ SITE_TO_CAMERA
        assert_allclose(rgb[y, x], SKY.radiance(ray) * IRRADIANCE / np.pi, rtol=0.01)


# The group photo of 1 June 2021 (CNSA): butterscotch, and brighter toward the Sun on the right.
def test_backdrop_is_brighter_toward_the_sun():
    camera = Pinhole.from_fov(120, 66, np.radians(60.0))
    rgb = np.zeros((66, 120, 3), np.float32)
    add_dust_sky(rgb, np.zeros((66, 120), np.float32), camera, SITE_TO_CAMERA.T, SKY, IRRADIANCE)
    assert np.all(rgb[10, 110] > 1.2 * rgb[10, 10])
    assert np.all(np.diff(rgb[5, 60]) < 0.0), "red, then green, then blue"
