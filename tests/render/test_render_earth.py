"""The Earth's shader against numpy, and the brightness of the whole disc against what is measured of it."""

from __future__ import annotations

from functools import cache

import earth_disc_light
import numpy as np
import pytest
from figures import largest_percent
from small_scenes import box, looking, stage, write_craft

from selfiesim.planet.maps.surface import surface_maps
from selfiesim.render.light import planet_radiance as in_numpy
from selfiesim.render.light.planetshine import planetshine
from selfiesim.render.raster.renderer import PyVistaRenderer

SIZE = (96, 64)
RADIUS_M = 6_371_000.0
# The Sun stands over the Pacific; the craft's orbit passes below it.
OVER_NOON = {
    "orbit__body": "earth",
    "orbit__frame": "icrf",
    "orbit__epoch_utc": "2025-06-21T22:00:00Z",
    "release__at": "2025-06-21T22:00:00Z",
    "orbit__inclination_deg": 40.0,
    "orbit__raan_deg": 60.0,
    "orbit__true_anomaly_deg": 35.0,
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("earth")
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    return stage(folder, model, size=SIZE, distance_km=9000.0, **OVER_NOON)


@pytest.fixture
def compare(monkeypatch):
    """Return the radiance (H, W, 3) of a view by the shader and by numpy, which has no grain."""
    monkeypatch.setattr("selfiesim.render.layers.earth_layer.CLOUD_GRAIN", 0.0)
    monkeypatch.setattr("selfiesim.render.layers.earth_layer.LAND_GRAIN", 0.0)

    def both(view):
        shader = PyVistaRenderer().render(view, "draft", 1).rgb.astype(float)
        pixels = np.stack(np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1])), axis=-1).reshape(-1, 2).astype(float)
        rays, maps = view.camera.unproject(pixels), surface_maps(view.planet.surface)
        return shader, in_numpy.planet_radiance(view, maps, np.zeros(3), rays).reshape(shader.shape)

    return both


@pytest.mark.parametrize("cover", [0.0, 0.64])
def test_shader_and_numpy_agree_on_sea_land_and_clouds(scene, compare, cover):
    view = scene.with_changes(planet__cloud_cover=cover, planet__frost=False).view()
    shader, expected = compare(looking(view, view.planet.position, 70.0, SIZE))
    lit = expected[..., 1] > 0.2 * np.median(expected[..., 1])
    assert lit.mean() > 0.6
    assert shader[lit].mean(axis=0) == pytest.approx(expected[lit].mean(axis=0), rel=0.02)
    # The shader reads the maps at the size of a pixel and breaks the coast up.
    ratio = (shader / np.maximum(expected, 1e-9))[lit]
    assert np.abs(np.median(ratio, axis=0) - 1.0).max() < 0.01
    assert np.percentile(np.abs(ratio - 1.0), 85) < (0.02 if cover == 0.0 else 0.08)


def test_the_glint_is_brightest_where_the_sea_mirrors_the_sun(scene):
    bare = scene.with_changes(planet__cloud_cover=0.0)
    view = bare.with_changes(planet__wind_m_s=2.0).view()
    near = looking(view, view.planet.position, 100.0, SIZE)
    calm = PyVistaRenderer().render(near, "draft", 1).rgb[..., 0]
    row, column = np.unravel_index(np.argmax(calm), calm.shape)
    ray = near.camera.unproject(np.array([[column, row]], float))[0]
    points = in_numpy.intersect_ellipsoid(
        near.planet.camera_to_bodyfixed @ -near.planet.position,
        (near.planet.camera_to_bodyfixed @ ray)[None],
        near.planet.body,
    )
    up = points[0] / np.linalg.norm(points[0])
    to_eye = -(near.planet.camera_to_bodyfixed @ ray)
    half = to_eye + near.planet.camera_to_bodyfixed @ near.sun.direction
    assert np.degrees(np.arccos(up @ half / np.linalg.norm(half))) < 4.0
    rough = bare.with_changes(planet__wind_m_s=14.0).view()
    wide = PyVistaRenderer().render(looking(rough, rough.planet.position, 100.0, SIZE), "draft", 1).rgb[..., 0]
    assert calm[row, column] > 1.5 * wide[row, column]


def test_clouds_can_be_left_out_and_chosen(scene):
    def picture(**planet):
        view = scene.with_changes(**planet).view()
        return PyVistaRenderer().render(looking(view, view.planet.position, 70.0, SIZE), "draft", 1).rgb

    first, again = picture(planet__cloud_seed=1), picture(planet__cloud_seed=1)
    assert first.tobytes() == again.tobytes()
    other, none = picture(planet__cloud_seed=2), picture(planet__cloud_cover=0.0)
    assert np.abs(first - other).mean() > 0.05 * first.mean()
    assert none.mean() < 0.8 * first.mean()


def test_the_night_is_dark(scene):
    """No light of cities is invented: away from twilight nothing is brighter than a millionth of the day."""
    view = scene.with_changes(orbit__true_anomaly_deg=215.0).view()
    night = PyVistaRenderer().render(looking(view, view.planet.position, 30.0, SIZE), "draft", 1).rgb
    assert night.max() < 1e-6 * view.sun.irradiance.mean()


def test_the_airglow_is_a_green_line_97_km_above_the_night_limb(scene, compare):
    """Seen edge on, a shell 10 km thick is some 50 times as bright as overhead, where it has 250 rayleighs."""
    view = scene.with_changes(orbit__true_anomaly_deg=215.0).view()
    distance = np.linalg.norm(view.planet.position)
    center = view.planet.position / distance
    aside = np.cross(center, view.sun.direction)
    sine = (RADIUS_M + 95e3) / distance
    limb = np.sqrt(1.0 - sine**2) * center + sine * aside / np.linalg.norm(aside)
    near = looking(view, limb, 4.0, SIZE)
    shader, expected = compare(near)
    assert shader.sum(axis=(0, 1)) == pytest.approx(expected.sum(axis=(0, 1)), rel=0.03, abs=1e-12)
    assert shader[..., 1].max() == pytest.approx(2.0 * 8.1e-10 * np.sqrt(RADIUS_M / 10e3), rel=0.3)
    rows, columns = np.nonzero(shader[..., 1] > 0.98 * shader[..., 1].max())
    rays = near.camera.unproject(np.stack([columns, rows], axis=-1).astype(float))
    lowest = distance * np.sqrt(1.0 - (rays @ near.planet.position / distance) ** 2) - RADIUS_M
    assert 85e3 < np.median(lowest) < 105e3


def test_planetshine_is_the_light_of_the_rendered_disc(scene, compare):
    view = scene.view()
    shine = planetshine(view, surface_maps(view.planet.surface))
    wide = looking(view, view.planet.position, 2 * np.degrees(np.arcsin(1 / shine.distance)) + 3, (SIZE[0], SIZE[0]))
    camera = wide.camera
    across = (np.arange(camera.width) - camera.cx) / camera.fx
    weight = (1 + across[None] ** 2 + across[:, None] ** 2) ** -2 / (camera.fx * camera.fy)
    light = PyVistaRenderer().render(wide, "draft", 1).rgb.astype(float)
    direct = (light * weight[..., None]).sum(axis=(0, 1))
    assert shine.irradiance(shine.direction[None])[0] == pytest.approx(direct, rel=0.08)


@cache
def disc(phase_deg: float) -> np.ndarray:
    return earth_disc_light.disc(phase_deg, seeds=(0, 1), grid=64, sides=4)


# Robinson 2025 (arXiv:2507.22258), from all phase curves at hand: geometric albedo 0.242 (+0.005, -0.004) and spherical
# albedo 0.294 in visible light. The 0.434 of older tables (Mallama et al. 2017) would need a phase integral of 0.68.
def test_the_disc_has_its_measured_albedos(figure):
    worst = largest_percent(disc(0.0)[1], 0.242)
    figure("planet", "geometric albedo of the Earth with clouds", "0.242 (Robinson 2025)", worst, 5.0, "percent")
    phases = np.array([0.0, 20.0, 45.0, 70.0, 95.0, 120.0, 150.0, 180.0])
    light = np.array([*(disc(phase)[1] for phase in phases[:-1]), 0.0])
    fine = np.radians(np.linspace(0.0, 180.0, 400))
    bond = 2.0 * np.trapezoid(np.interp(np.degrees(fine), phases, light) * np.sin(fine), fine)
    worst = largest_percent(bond, 0.294)
    figure("planet", "spherical albedo of the Earth with clouds", "0.294 (Robinson 2025)", worst, 5.0, "percent")


# Mallama, Krobusek and Pavlov 2017, table 7, in the bands (design/planet_albedos.py): 0.403, 0.433, 0.494. Levels are
# disputed, ratios are not.
def test_the_disc_has_its_published_colour(figure):
    red, green, blue = disc(0.0)
    worst = largest_percent([red / green, blue / green], [0.403 / 0.433, 0.494 / 0.433])
    figure("planet", "colour of the Earth's disc, ratios of bands", "Mallama et al. 2017", worst, 5.0, "percent")
