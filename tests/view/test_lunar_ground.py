"""The ground of the Moon: no air, the law of regolith, stones without dust; and the shot of Chang'e-6 on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from selfiesim.analysis.framing import framing
from selfiesim.astro.bodies import MOON
from selfiesim.astro.epoch import Epoch
from selfiesim.planet.ground.mesh import TerrainSpec, build_terrain, height_at
from selfiesim.planet.ground.mesh_cache import cached_terrain
from selfiesim.planet.light.photometry import LAWS
from selfiesim.scene.scene import Scene

SHOT = Scene.load("change6-group")


@pytest.fixture(scope="module")
def view():
    return SHOT.view()


@pytest.fixture(scope="module")
def rendered():
    return SHOT.with_changes(camera__size_px=[480, 270], ground__draft_cell_rad=0.02).view().render("draft", 1)


# New Moon was on 6 June 2024 at 12:38 UTC (USNO); the Sun is then over 180 degrees east but for the libration of up to
# 8 degrees, and moves west by 360 degrees in 29.53 days. The Moon's equator is tilted by 1.54 degrees.
def test_the_sun_stands_where_the_new_moon_three_days_later_puts_it(view):
    days = (Epoch.from_utc("2024-06-06T12:38:00Z") - view.epoch) / 86400.0
    assert view.facts["subsolar_longitude_deg"] == pytest.approx(180.0 + 360.0 * days / 29.53, abs=8.0)
    assert abs(view.facts["subsolar_latitude_deg"]) < 1.6


def test_the_sun_is_as_high_as_the_site_and_the_subsolar_point_say(view):
    site, facts = np.radians([-41.6, -153.99]), view.facts
    sun = np.radians([facts["subsolar_latitude_deg"], facts["subsolar_longitude_deg"]])
    sine = np.sin(site[0]) * np.sin(sun[0]) + np.cos(site[0]) * np.cos(sun[0]) * np.cos(site[1] - sun[1])
    assert np.degrees(np.arcsin(view.ground.sky.to_sun[2])) == pytest.approx(np.degrees(np.arcsin(sine)), abs=0.1)


# CGTN, 14 June 2024: the rover took the picture after the samples were collected; Xinhua: the ascender left at 23:38
# UTC on 3 June, the lander touched down at 22:23 on 1 June.
def test_the_picture_is_taken_between_landing_and_ascent(view):
    landing, ascent = (Epoch.from_utc(each) for each in ("2024-06-01T22:23:00Z", "2024-06-03T23:38:00Z"))
    assert landing - view.epoch < 0.0 < ascent - view.epoch


def test_the_whole_craft_is_in_the_picture(view):
    assert framing(view).craft_in_frame
    places = view.camera.project(view.craft.outline())
    assert 0.4 < np.ptp(places[:, 1]) / view.camera.height < 0.8


def test_there_is_no_air(rendered):
    sky = rendered.view.ground.sky
    assert_allclose(sky.beam_transmittance, 1.0)
    assert_allclose(sky.diffuse_share, 0.0, atol=1e-12)
    above = np.isinf(rendered.truth.depth)
    assert above.sum() > 20_000
    assert np.median(rendered.rgb[above]) == 0.0


def ground_mask(radiance):
    truth = radiance.truth
    numbers = [number for number, name in truth.part_names.items() if name.startswith("ground/ground")]
    return np.isin(truth.part, numbers)


def test_sunlit_ground_follows_the_law_of_regolith(rendered):
    truth, view = rendered.truth, rendered.view
    lit = ground_mask(rendered) & (truth.sun_visibility > 0.99) & (truth.depth < 40.0)
    assert lit.sum() > 5000
    normal, to_eye = truth.normal[lit], -truth.position[lit] / np.linalg.norm(truth.position[lit], axis=1)[:, None]
    sun = view.sun.direction
    shape = LAWS["lunar"](normal @ sun, np.einsum("ij,ij->i", normal, to_eye), to_eye @ sun)
    # The albedo layer has the Lambertian base colour, 3/2 of the geometric albedo that the law is relative to.
    expected = truth.albedo[lit] / 1.5 * shape[:, None] * view.sun.irradiance / np.pi
    assert_allclose(rendered.rgb[lit].mean(axis=0), expected.mean(axis=0), rtol=0.05)
    assert np.corrcoef(rendered.rgb[lit][:, 1], expected[:, 1])[0, 1] > 0.9


def test_shadows_are_dark_without_a_sky(rendered):
    truth, ground = rendered.truth, ground_mask(rendered) & (rendered.truth.depth < 40.0)
    green = rendered.rgb[..., 1]
    shade = ground & (truth.sun_visibility < 0.01)
    assert shade.sum() > 300
    assert green[shade].mean() < 0.06 * green[ground & (truth.sun_visibility > 0.99)].mean()


def test_the_horizon_is_that_of_the_moon():
    x, y = np.array([2000.0]), np.zeros(1)
    spec = TerrainSpec(soil="moon", radius_m=MOON.radii_m[0])
    assert height_at(spec, x, y, np.full(1, 200.0))[0] == pytest.approx(-(2000.0**2) / (2.0 * 1_737_400.0), abs=0.3)


def test_stones_of_the_moon_have_their_own_law_and_colours():
    spec = TerrainSpec(rock_share=0.2, clod_share=0.0, cell_rad=0.02, rocks_reach_m=8.0, extent_m=60.0)
    mars, moon = (
        next(part for part in build_terrain(replace(spec, soil=soil)).parts if part.node == "rocks_near")
        for soil in ("mars", "moon")
    )
    assert mars.material.law is None
    assert moon.material.law == "lunar"
    assert moon.material.specular == 0.0
    assert np.ptp(moon.tint[:, 0] / moon.tint[:, 2]) < 0.2 < np.ptp(mars.tint[:, 0] / mars.tint[:, 2])


def test_a_cached_ground_keeps_its_law(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path))
    spec = TerrainSpec(cell_rad=0.05, rocks_reach_m=5.0, extent_m=60.0, clod_share=0.0, soil="moon")
    cached_terrain(spec)
    cached_terrain.cache_clear()
    assert {part.material.law for part in cached_terrain(spec).parts} == {"lunar"}
    cached_terrain.cache_clear()


# Assumed: grains of regolith differ in brightness, while on Mars bright dust lies over darker, redder soil.
def test_grit_has_light_and_dark_but_no_hue(rendered):
    ground = rendered.rgb[220:]
    assert np.std(np.diff(np.log(ground.sum(axis=-1)), axis=1)) > 0.03
    assert np.std(np.diff(ground[..., 0] / ground.sum(axis=-1), axis=1)) < 0.003
