"""Mars' atmosphere above the limb: its vertical profile, its colour around a low Sun, the detached haze layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_scenes import box, looking, stage, write_craft

RADIUS_M = 3_376_200.0  # polar radius: all views are from above the pole
DISTANCE = 1.25  # from the camera to the centre, radii


@pytest.fixture(scope="module")
def dusty(tmp_path_factory):
    """A scene with dust of 0.3, no frost, and a craft out of sight."""
    folder = tmp_path_factory.mktemp("air")
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    return stage(folder, model, planet__dust_opacity=0.3, planet__frost=False)


def toward_limb(scene, sun_angle_deg, fov_deg, size, **changes):
    """A view of the limb below the Sun from above the pole; the Sun is ``sun_angle_deg`` from the planet's centre."""
    view = scene.with_changes(**changes).view()
    pole = view.planet.camera_to_bodyfixed.T @ (0.0, 0.0, 1.0)
    center, aside = -pole, view.sun.direction - (view.sun.direction @ pole) * pole
    aside /= np.linalg.norm(aside)
    sun = np.cos(np.radians(sun_angle_deg)) * center + np.sin(np.radians(sun_angle_deg)) * aside
    dip = np.arcsin(1.0 / DISTANCE)
    planet = replace(view.planet, position=center * DISTANCE * RADIUS_M)
    craft = replace(view.craft, position=1000.0 * pole)
    view = replace(view, planet=planet, craft=craft, sun=replace(view.sun, direction=sun))
    return looking(view, np.cos(dip) * center + np.sin(dip) * aside, fov_deg, size)


def profile(view):
    """Tangent height (km) of the rays of the middle column, and their radiance over solar irradiance (N, 3)."""
    camera = view.camera
    column = camera.width // 2
    rays = camera.unproject(np.stack([np.full(camera.height, column), np.arange(camera.height)], axis=-1).astype(float))
    to_scaled = view.planet.camera_to_bodyfixed / np.array(view.planet.body.radii_m)[:, None]
    rays, center = rays @ to_scaled.T, to_scaled @ view.planet.position
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    height = (np.linalg.norm(center - (rays @ center)[:, None] * rays, axis=-1) - 1.0) * RADIUS_M / 1000.0
    return height, view.render().rgb[:, column].astype(float) / view.sun.irradiance


# Without a detached layer the air thins out smoothly: brightness above the haze falls with height to zero.
@pytest.mark.parametrize("opacity", [0.1, 0.3, 2.0])
def test_limb_brightness_falls_with_height(dusty, opacity):
    height, light = profile(toward_limb(dusty, 100.0, 6.0, (16, 360), planet__dust_opacity=opacity))
    order = np.argsort(height)
    height, light = height[order], light[order]
    hazy = height > 35.0 + 11.0 * np.log(max(opacity / 0.3, 1.0))  # below, the dust is opaque and nearly even
    assert hazy.sum() > 80
    assert np.all(np.diff(light[hazy], axis=0) <= 1e-6 * light.max())
    assert light[height > 140.0].max() < 1e-4 * light.max()


# From orbit or from the ground the air is blue around a low Sun and ochre elsewhere (images of every lander at sunset;
# Curiosity's in Gale, PIA19400, recalled).
def test_the_limb_is_blue_below_a_low_sun_and_ochre_elsewhere(dusty):
    dip = np.degrees(np.arcsin(1.0 / DISTANCE))
    # Over the pole the season's dust ends below a pixel's height here.
    view = toward_limb(dusty, dip + 1.0, 60.0, (320, 60), planet__dust_top_km=40.0)
    light = view.render().rgb.astype(float) / view.sun.irradiance
    blueness = light[..., 2] / np.maximum(light[..., 0], 1e-9)
    x, y = np.round(view.camera.project(view.sun.direction)).astype(int)
    under_the_sun = light[y:, x, 1].argmax() + y
    assert blueness[under_the_sun, x] > 1.05
    aside = x + 130
    brightest = light[:, aside, 1].argmax()
    assert light[brightest, aside, 1] > 0.002
    assert blueness[brightest, aside] < 0.9


def test_a_detached_layer_appears_at_its_height_only(dusty):
    layer = {"planet__haze_layer_height_km": 70.0, "planet__haze_layer_thickness_km": 8.0}
    height, bare = profile(toward_limb(dusty, 100.0, 6.0, (16, 360)))
    height, light = profile(toward_limb(dusty, 100.0, 6.0, (16, 360), planet__haze_layer_opacity=0.002, **layer))
    band = (height > 55.0) & (height < 90.0)
    # The path is longest for rays that graze the densest part or pass just below.
    assert 66.0 < height[band][light[band, 1].argmax()] < 72.0
    above = height > 74.5
    np.testing.assert_array_equal(light[above], bare[above])
    grey = light[band].max(axis=0) - bare[band].min(axis=0)
    assert grey == pytest.approx(grey[1], rel=0.1)
