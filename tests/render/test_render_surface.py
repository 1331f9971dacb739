"""Surfaces in sunlight and in the planet's light, against the photometry of a matt plate."""

from __future__ import annotations

import numpy as np
import pytest
from figures import largest_percent
from small_scenes import airless, at_pixel, box, stage, to_pixels, write_craft

from selfiesim.astro.bodies import AU_M, SOLAR_IRRADIANCE_1AU
from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.planet.light.photometry import ice, mars_law
from selfiesim.planet.light.weather import FROST_REFLECTANCE, frost_fraction
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.planet_maps import reflectance, relief
from selfiesim.render.light.planetshine import planetshine
from selfiesim.render.light.radiosity import is_available

ALBEDO = (0.5, 0.4, 0.3)
PLATE = box((1.0, 1.0, 0.02))
ON_PLATE = [(0.0, 0.0, 0.01), (0.4, 0.4, 0.01), (-0.4, 0.3, 0.01), (0.1, -0.4, 0.01)]
LOW_KM = 3990.0  # 600 km up
OVER_NOON = {"orbit__raan_deg": 15.0, "orbit__true_anomaly_deg": 15.0}
OVER_THE_POLE = {"orbit__raan_deg": 100.72, "orbit__true_anomaly_deg": 90.0}


def cosines(view, point, normal=(0.0, 0.0, 1.0)):
    """Return the cosines of incidence and emission at a point of the craft, body axes."""
    sun = view.craft.body_to_camera.T @ view.sun.direction
    to_eye = -view.craft.body_to_camera.T @ view.craft.position - point
    return np.dot(normal, sun), np.dot(normal, to_eye) / np.linalg.norm(to_eye)


# Lambert: radiance = A E / pi. At roughness 1 glTF's metallic-roughness model has no specular reflection here.
def test_the_radiance_of_a_matt_plate_facing_the_sun_is_albedo_times_irradiance_over_pi(tmp_path):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, 3.0), ALBEDO)).view()
    rgb = view.render().rgb
    sunlight = np.array(SOLAR_IRRADIANCE_1AU) * (AU_M / view.sun.distance) ** 2
    for point in ON_PLATE:
        mu0, _ = cosines(view, point)
        assert mu0 == pytest.approx(1.0, abs=1e-5)
        apparent = at_pixel(rgb, to_pixels(view, point)) * np.pi / sunlight
        assert apparent == pytest.approx(bands_from_linear_srgb(np.array(ALBEDO)), rel=1e-3)


# Lambert's cosine law.
@pytest.mark.parametrize("tilt_deg", [30.0, 60.0, 80.0])
def test_a_tilted_plate_is_darker_by_the_cosine_of_incidence(tmp_path, tilt_deg):
    tilt = np.radians(tilt_deg)
    model = write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, 3.0), ALBEDO)
    view = stage(tmp_path, model, attitude__primary__axis=[float(np.sin(tilt)), 0.0, float(np.cos(tilt))]).view()
    rgb = view.render().rgb
    for point in ON_PLATE:
        mu0, _ = cosines(view, point)
        assert mu0 == pytest.approx(np.cos(tilt), abs=1e-5)
        apparent = at_pixel(rgb, to_pixels(view, point)) * np.pi / view.sun.irradiance
        assert apparent == pytest.approx(bands_from_linear_srgb(np.array(ALBEDO)) * mu0, rel=1e-3)


def test_a_plate_that_faces_away_far_from_the_planet_is_black(tmp_path):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, -3.0), ALBEDO)).view()
    rgb = view.render().rgb
    for x, y, z in ON_PLATE:
        apparent = at_pixel(rgb, to_pixels(view, (x, y, -z))) * np.pi / view.sun.irradiance
        assert np.all(apparent < 2e-6)


def lit_disc(view, body_normal, count=60_000):
    """Return the irradiance (3,) from the planet on a surface: a Monte Carlo sum over the cone around its disc."""
    rng = np.random.default_rng(7)
    radius = float(np.mean(view.planet.body.radii_m))
    center = view.planet.position - view.craft.position
    distance = np.linalg.norm(center)
    edge = np.sqrt(1.0 - (radius / distance) ** 2)
    nadir = center / distance
    across = np.cross(nadir, np.eye(3)[np.argmin(np.abs(nadir))])
    across /= np.linalg.norm(across)
    cosine, azimuth = rng.uniform(edge, 1.0, count)[:, None], rng.uniform(0.0, 2.0 * np.pi, count)[:, None]
    ring = np.cos(azimuth) * across + np.sin(azimuth) * np.cross(nadir, across)
    rays = cosine * nadir + np.sqrt(1.0 - cosine**2) * ring
    along = rays @ center
    discriminant = np.maximum(radius**2 - distance**2 + along**2, 0.0)
    normal = ((along - np.sqrt(discriminant))[:, None] * rays - center) / radius
    fixed = normal @ view.planet.camera_to_bodyfixed.T
    latitude = np.arcsin(np.clip(fixed[:, 2], -1, 1))
    place = latitude, np.arctan2(fixed[:, 1], fixed[:, 0])
    albedo, white = reflectance(load_maps("mars"), *place), relief(load_maps("mars"), *place)[1]
    frost = frost_fraction(view.planet.weather, latitude)
    albedo, white = albedo + (FROST_REFLECTANCE - albedo) * frost[:, None], white + (1.0 - white) * frost
    angles = normal @ view.sun.direction, -(rays * normal).sum(axis=1), -(rays @ view.sun.direction)
    shape = mars_law(*angles) * (1.0 - white) + ice(*angles) * white
    radiance = albedo * shape[:, None] * view.sun.irradiance / np.pi
    facing = np.maximum(rays @ view.craft.body_to_camera @ np.asarray(body_normal, float), 0.0)
    return (radiance * facing[:, None]).mean(axis=0) * 2.0 * np.pi * (1.0 - edge)


def harmonic_irradiance(shine, normal):
    """Return the irradiance that the shader evaluates."""
    x, y, z = normal
    basis = np.array([1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    return np.maximum(basis @ shine.harmonics, 0.0)


# Ramamoorthi and Hanrahan 2001: nine harmonics give the irradiance of a wide source to a few percent. That of a point
# source becomes 1/4 + 1/2 cos a + 5/32 (3 cos^2 a - 1): 6.25 percent too much at normal incidence, and 9.4 percent of
# that at grazing incidence.
@pytest.mark.parametrize(("distance_km", "tolerance"), [(3690.0, 0.03), (3990.0, 0.03), (8000.0, 0.05), (4e4, 0.10)])
@pytest.mark.parametrize("orbit", [OVER_NOON, OVER_THE_POLE], ids=["noon", "pole"])
def test_planetshine_is_the_integral_over_the_lit_disc(figure, tmp_path, orbit, distance_km, tolerance):
    model = write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, 3.0), ALBEDO)
    view = stage(tmp_path, model, distance_km=distance_km, **orbit).view()
    shine = planetshine(view, load_maps("mars"))
    normals = [*np.eye(3), *-np.eye(3), shine.direction, -shine.direction]
    expected = np.array([lit_disc(view, n) for n in normals])
    ours = np.array([harmonic_irradiance(shine, n) for n in normals])
    assert np.all(expected.max(axis=0) > 0.0)
    worst = 100.0 * (np.abs(ours - expected) / expected.max(axis=0)).max()
    quantity = f"planetshine on a surface, {distance_km:,.0f} km from the centre of Mars"
    figure("light", quantity, "direct sum over the disc", worst, 100.0 * tolerance, "percent")


def test_a_shaded_plate_reflects_the_planets_light(tmp_path):
    # Near the subsolar point the plate's back, away from the Sun, faces a full Mars.
    albedo = (0.8, 0.8, 0.8)
    model = write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, -3.0), albedo)
    view = stage(tmp_path, model, distance_km=LOW_KM, **OVER_NOON).view()
    back = np.array([0.0, 0.0, -1.0])
    received = lit_disc(view, back)
    assert np.all(received > 0.02 * view.sun.irradiance)
    rgb = view.render().rgb
    for x, y, z in ON_PLATE:
        assert cosines(view, (x, y, -z), back)[0] < -0.99
        albedo_found = at_pixel(rgb, to_pixels(view, (x, y, -z))) * np.pi / received
        assert np.all((albedo_found > 0.8 * 0.97) & (albedo_found < 0.8 * 1.03))


def blocked_light(view, point, low, high):
    """Return the irradiance (3,) on the plate's back at ``point`` from the part of the planet that a box occludes."""
    shine = planetshine(view, load_maps("mars"))
    with np.errstate(divide="ignore"):
        ends = np.stack([(np.array(side) - point) / shine.rays for side in (low, high)])
    entry, exit_ = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
    hidden = (entry <= exit_) & (exit_ > 0.0)
    assert 0.05 < hidden.mean() < 0.95
    facing = np.maximum(shine.rays @ (0.0, 0.0, -1.0), 0.0)
    return (shine.light * (facing * hidden)[:, None]).sum(axis=0)


@pytest.mark.parametrize("by_rays", [False, True])
def test_parts_occlude_the_planets_light(figure, tmp_path, monkeypatch, by_rays):
    if by_rays and not is_available():
        pytest.skip("Embree has no wheel for this machine")
    if not by_rays:
        monkeypatch.setattr("selfiesim.render.layers.craft_layer.is_available", lambda: False)
    # Rays also trace the screen's own reflection: a dark screen makes it negligible.
    reflectance = 0.04 if by_rays else 0.8
    # A smaller plate, the screen, lies between the plate and a full Mars.
    albedo, low, high = (reflectance,) * 3, np.array([-0.3, -0.3, -0.42]), np.array([0.3, 0.3, -0.4])
    screen = box(high - low, 0.5 * (low + high))
    eye = (1.6, 0.4, -0.9)
    solids = {"open": [PLATE], "screened": [PLATE, screen]}
    models = [write_craft(tmp_path, name, those, eye, albedo) for name, those in solids.items()]
    scenes = [airless(stage(tmp_path, model, size=(160, 90), distance_km=LOW_KM, **OVER_NOON)) for model in models]
    unscreened, screened = (scene.view() for scene in scenes)
    bright, dim = (view.render("final", samples=64).rgb for view in (unscreened, screened))
    for x, y in ((0.42, 0.0), (0.3, 0.35), (0.42, -0.3), (0.0, 0.42)):
        point = np.array([x, y, -0.01])
        pixel = to_pixels(screened, point)
        expected = reflectance / np.pi * blocked_light(screened, point, low, high)
        worst = largest_percent(at_pixel(bright, pixel) - at_pixel(dim, pixel), expected)
        quantity = "planetshine that one part blocks from another, 64 passes"
        figure("light", quantity, "rays against the part's box", worst, 20.0, "percent")
    # A draft has no such occlusion.
    assert at_pixel(screened.render().rgb, pixel) == pytest.approx(at_pixel(unscreened.render().rgb, pixel), rel=1e-3)


@pytest.mark.parametrize("count", [2, 7, 16, 64, 1024])
def test_beams_carry_all_of_the_planets_light(tmp_path, count):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, 3.0)), distance_km=LOW_KM).view()
    shine = planetshine(view, load_maps("mars"))
    beams = shine.beams(count)
    assert len(beams) == count
    np.testing.assert_allclose(np.mean([beam.irradiance for beam in beams], axis=0), shine.light.sum(axis=0), rtol=1e-9)
    # On surfaces that face the planet the few beams agree with the many rays.
    for normal in (shine.direction, np.array([0.0, 0.0, -1.0])):
        few = np.mean([beam.irradiance * max(beam.direction @ normal, 0.0) for beam in beams], axis=0)
        many = (shine.light * np.maximum(shine.rays @ normal, 0.0)[:, None]).sum(axis=0)
        assert few == pytest.approx(
            many, abs=0.03 * shine.light.sum(axis=0).max() if count > 10 else 0.2 * many.max() + 1e-3
        )
