"""The planet's shader against the same formulas in numpy, which light the path tracer and the reflections."""

from __future__ import annotations

import numpy as np
import pytest
from small_scenes import box, looking, stage, write_craft

from selfiesim.planet.maps.surface import surface_maps
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.raster.renderer import PyVistaRenderer

SIZE = (96, 64)
LOW_KM = 3990.0  # 600 km up: the disc is 117 degrees across
OVER_NOON = {"orbit__raan_deg": 15.0, "orbit__true_anomaly_deg": 15.0}
# What planet_radiance() documents as left out: clouds, and the ragged edge of frost, which it averages.
LEFT_OUT = {"planet__cloud_opacity": 0.0, "planet__hood_opacity": 0.0, "planet__frost": False}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Mars in the seasonal dust, near the subsolar point; the craft is out of sight."""
    folder = tmp_path_factory.mktemp("planet")
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    return stage(folder, model, size=SIZE, distance_km=LOW_KM, **OVER_NOON, **LEFT_OUT)


@pytest.fixture
def compare(monkeypatch):
    """Return the radiance (H, W, 3) of a view by the shader and by numpy."""
    # The craters and the mottling below the maps' pixels exist in the shader alone.
    monkeypatch.setattr("selfiesim.render.layers.planet_layer._MAX_DETAIL_FOOTPRINT", 0.0)

    def both(view):
        shader = PyVistaRenderer().render(view, "draft", 1).rgb.astype(float)
        pixels = np.stack(np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1])), axis=-1).reshape(-1, 2).astype(float)
        rays = view.camera.unproject(pixels)
        return shader, planet_radiance(view, surface_maps(view.planet.surface), np.zeros(3), rays).reshape(shader.shape)

    return both


@pytest.mark.parametrize("gas", [0.0, 1.0, 5.0])
def test_shader_and_numpy_agree_over_the_lit_disc(scene, compare, gas):
    view = scene.with_changes(planet__gas=gas).view()
    shader, in_numpy = compare(looking(view, view.planet.position, 100.0, SIZE))
    # The shader reads the maps at the size of a pixel, numpy at full resolution: single pixels agree less well.
    assert shader.mean(axis=(0, 1)) == pytest.approx(in_numpy.mean(axis=(0, 1)), rel=0.01)
    ratio = shader / in_numpy
    assert np.abs(np.median(ratio, axis=(0, 1)) - 1.0).max() < 0.005
    assert np.percentile(np.abs(ratio - 1.0), 90) < 0.02


def test_shader_and_numpy_agree_on_shadows_of_the_relief(scene, compare):
    """Highlands by a Sun at 4 degrees, close enough to resolve the shadows."""
    changes = {
        "planet__dust_opacity": 0.05,
        "orbit__raan_deg": 266.0,
        "orbit__true_anomaly_deg": 220.0,
        "orbit__semi_major_axis_km": 3700.0,
    }
    with_shadows, without = (scene.with_changes(planet__shadows=on, **changes).view() for on in (True, False))
    view = looking(with_shadows, with_shadows.planet.position, 60.0, SIZE)
    shader, in_numpy = compare(view)
    flat, flat_numpy = compare(looking(without, without.planet.position, 60.0, SIZE))
    assert np.isfinite(shader).all()
    shaded = in_numpy[..., 1] < 0.9 * flat_numpy[..., 1]
    assert shaded.mean() > 0.01
    ratio = shader / in_numpy
    # By so low a Sun each slope shows, and the shader's are averaged over a pixel.
    assert np.median(np.abs(ratio - 1.0)) < 0.03
    assert np.percentile(np.abs(ratio - 1.0), 90) < 0.08
    assert (shader / flat)[shaded].mean() == pytest.approx((in_numpy / flat_numpy)[shaded].mean(), abs=0.1)


def sunward_limb(view):
    """Direction, camera axes, to the limb on the side where the Sun is."""
    distance = np.linalg.norm(view.planet.position)
    center = view.planet.position / distance
    aside = view.sun.direction - (view.sun.direction @ center) * center
    sine = view.planet.body.radii_m[0] / distance
    return np.sqrt(1.0 - sine**2) * center + sine * aside / np.linalg.norm(aside)


def misses_the_planet(view):
    """Mask (H, W) of the pixels whose whole area is above the limb, so that all of their light is the air's."""
    center, distance = view.planet.position, np.linalg.norm(view.planet.position)
    largest = np.arcsin(max(view.planet.body.radii_m) / distance) + view.camera.pixel_angle
    rays = view.camera.unproject(np.stack(np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1])), axis=-1).astype(float))
    return rays @ center < np.cos(largest) * distance


def test_gas_turns_the_limb_blue_in_the_shader_and_in_numpy(scene, compare):
    blue_over_red = []
    for gas in (0.0, 5.0):
        view = scene.with_changes(planet__gas=gas, planet__dust_opacity=0.05).view()
        view = looking(view, sunward_limb(view), 8.0, SIZE)
        pictures, air = compare(view), misses_the_planet(view)
        blue_over_red.append([light[air, 2].sum() / light[air, 0].sum() for light in pictures])
        assert pictures[0][air].sum(axis=0) == pytest.approx(pictures[1][air].sum(axis=0), rel=0.03)
    (shader_dry, numpy_dry), (shader_gas, numpy_gas) = blue_over_red
    assert shader_gas > 1.1 * shader_dry
    assert numpy_gas == pytest.approx(shader_gas, rel=0.03)
    assert numpy_dry == pytest.approx(shader_dry, rel=0.03)
