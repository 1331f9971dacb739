"""Surfaces in sunlight and in the planet's light, against what photometry says of a matt plate."""

from __future__ import annotations

import numpy as np
import pytest
from small_scenes import at_pixel, box, stage, to_pixels, write_craft

from selfiesim.astro.bodies import AU_M, SOLAR_IRRADIANCE_1AU
from selfiesim.planet.light.photometry import ice, mars_law
from selfiesim.planet.light.weather import FROST_REFLECTANCE, frost_fraction
from selfiesim.planet.maps.planet_maps import load_maps, reflectance, relief
from selfiesim.render.light.planetshine import planetshine
from selfiesim.render.light.radiosity import is_available

ALBEDO = (0.5, 0.4, 0.3)
PLATE = box((1.0, 1.0, 0.02))
ON_PLATE = [(0.0, 0.0, 0.01), (0.4, 0.4, 0.01), (-0.4, 0.3, 0.01), (0.1, -0.4, 0.01)]
LOW_KM = 3990.0  # 600 km up
OVER_NOON = {"orbit__raan_deg": 15.0, "orbit__true_anomaly_deg": 15.0}
OVER_THE_POLE = {"orbit__raan_deg": 100.72, "orbit__true_anomaly_deg": 90.0}


def cosines(view, point, normal=(0.0, 0.0, 1.0)):
    """Cosines of incidence and emission at a point of the craft, body axes."""
    sun = view.craft.body_to_camera.T @ view.sun.direction
    to_eye = -view.craft.body_to_camera.T @ view.craft.position - point
    return np.dot(normal, sun), np.dot(normal, to_eye) / np.linalg.norm(to_eye)


# Lambert: radiance = A E / pi. At roughness 1 the coat of glTF's metallic-roughness model is gone.
def test_matt_plate_facing_the_sun_has_radiance_albedo_times_sunlight_over_pi(tmp_path):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, 3.0), ALBEDO)).view()
    rgb = view.render().rgb
    sunlight = np.array(SOLAR_IRRADIANCE_1AU) * (AU_M / view.sun.distance) ** 2
    for point in ON_PLATE:
        mu0, _ = cosines(view, point)
        assert mu0 == pytest.approx(1.0, abs=1e-5)
        apparent = at_pixel(rgb, to_pixels(view, point)) * np.pi / sunlight
        assert apparent == pytest.approx(np.array(ALBEDO), rel=1e-3)


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
        assert apparent == pytest.approx(np.array(ALBEDO) * mu0, rel=1e-3)


def test_a_plate_that_faces_away_far_from_the_planet_is_black(tmp_path):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, -3.0), ALBEDO)).view()
    rgb = view.render().rgb
    for x, y, z in ON_PLATE:
        apparent = at_pixel(rgb, to_pixels(view, (x, y, -z))) * np.pi / view.sun.irradiance
        assert np.all(apparent < 2e-6)


def lit_disc(view, body_normal, count=60_000):
    """Irradiance (3,) from the planet on a surface: a sum over directions drawn evenly from the cone round its disc."""
    rng = np.random.default_rng(7)
    radius = float(np.mean(view.planet.body.radii_m))
    center = view.planet.position - view.craft.position
    distance = np.linalg.norm(center)
    edge = np.sqrt(1.0 - (radius / distance) ** 2)
    ahead = center / distance
    across = np.cross(ahead, np.eye(3)[np.argmin(np.abs(ahead))])
    across /= np.linalg.norm(across)
    cosine, turn = rng.uniform(edge, 1.0, count)[:, None], rng.uniform(0.0, 2.0 * np.pi, count)[:, None]
    ring = np.cos(turn) * across + np.sin(turn) * np.cross(ahead, across)
    rays = cosine * ahead + np.sqrt(1.0 - cosine**2) * ring
    along = rays @ center
    inside = np.maximum(radius**2 - distance**2 + along**2, 0.0)
    normal = ((along - np.sqrt(inside))[:, None] * rays - center) / radius
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


def evaluated(shine, normal):
    """What the shader makes of the harmonics."""
    x, y, z = normal
    basis = np.array([1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    return np.maximum(basis @ shine.harmonics, 0.0)


# Ramamoorthi and Hanrahan 2001: nine harmonics hold the irradiance of a wide source to a few percent. Of a point they
# make 1/4 + 1/2 cos a + 5/32 (3 cos^2 a - 1): 6.25 percent too much on a surface that faces it, and 9.4 percent of that
# on one at right angles.
@pytest.mark.parametrize(("distance_km", "tolerance"), [(3690.0, 0.03), (3990.0, 0.03), (8000.0, 0.05), (4e4, 0.10)])
@pytest.mark.parametrize("orbit", [OVER_NOON, OVER_THE_POLE], ids=["noon", "pole"])
def test_planetshine_is_the_lit_disc_summed_up(tmp_path, orbit, distance_km, tolerance):
    model = write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, 3.0), ALBEDO)
    view = stage(tmp_path, model, distance_km=distance_km, **orbit).view()
    shine = planetshine(view, load_maps("mars"))
    normals = [*np.eye(3), *-np.eye(3), shine.direction, -shine.direction]
    summed = np.array([lit_disc(view, n) for n in normals])
    ours = np.array([evaluated(shine, n) for n in normals])
    assert np.all(summed.max(axis=0) > 0.0)
    assert np.all(np.abs(ours - summed) < tolerance * summed.max(axis=0))


def test_a_plate_in_the_shade_shows_the_planets_light(tmp_path):
    # Over noon the plate's back, turned away from the Sun, faces a full Mars.
    albedo = (0.8, 0.8, 0.8)
    model = write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, -3.0), albedo)
    view = stage(tmp_path, model, distance_km=LOW_KM, **OVER_NOON).view()
    back = np.array([0.0, 0.0, -1.0])
    received = lit_disc(view, back)
    assert np.all(received > 0.02 * view.sun.irradiance)
    rgb = view.render().rgb
    for x, y, z in ON_PLATE:
        assert cosines(view, (x, y, -z), back)[0] < -0.99
        shown = at_pixel(rgb, to_pixels(view, (x, y, -z))) * np.pi / received
        assert np.all((shown > 0.8 * 0.97) & (shown < 0.8 * 1.03))


def blocked_light(view, point, low, high):
    """Irradiance (3,) on the plate's back at ``point`` from the part of the planet that a box hides from it."""
    shine = planetshine(view, load_maps("mars"))
    with np.errstate(divide="ignore"):
        ends = np.stack([(np.array(side) - point) / shine.rays for side in (low, high)])
    entry, leave = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
    hidden = (entry <= leave) & (leave > 0.0)
    assert 0.05 < hidden.mean() < 0.95
    facing = np.maximum(shine.rays @ (0.0, 0.0, -1.0), 0.0)
    return (shine.light * (facing * hidden)[:, None]).sum(axis=0)


@pytest.mark.parametrize("by_rays", [False, True])
def test_parts_keep_the_planets_light_off_each_other(tmp_path, monkeypatch, by_rays):
    if by_rays and not is_available():
        pytest.skip("Embree has no wheel for this machine")
    if not by_rays:
        monkeypatch.setattr("selfiesim.render.layers.craft_layer.is_available", lambda: False)
    # What the screen itself sends on is another matter: next to nothing.
    share = 0.04 if by_rays else 0.8
    # Under the plate, between it and a full Mars, hangs a smaller one: rays against its box tell what it hides.
    albedo, low, high = (share,) * 3, np.array([-0.3, -0.3, -0.42]), np.array([0.3, 0.3, -0.4])
    screen = box(high - low, 0.5 * (low + high))
    eye = (1.6, 0.4, -0.9)
    solids = {"open": [PLATE], "screened": [PLATE, screen]}
    models = [write_craft(tmp_path, name, those, eye, albedo) for name, those in solids.items()]
    shots = [stage(tmp_path, model, size=(160, 90), distance_km=LOW_KM, **OVER_NOON) for model in models]
    opened, screened = (shot.view() for shot in shots)
    bright, dim = (view.render("final", samples=64).rgb for view in (opened, screened))
    for x, y in ((0.42, 0.0), (0.3, 0.35), (0.42, -0.3), (0.0, 0.42)):
        point = np.array([x, y, -0.01])
        pixel = to_pixels(screened, point)
        kept_off = share / np.pi * blocked_light(screened, point, low, high)
        found = at_pixel(bright, pixel) - at_pixel(dim, pixel)
        assert found == pytest.approx(kept_off, rel=0.15)
    # A draft does without.
    assert at_pixel(screened.render().rgb, pixel) == pytest.approx(at_pixel(opened.render().rgb, pixel), rel=1e-3)


@pytest.mark.parametrize("count", [2, 7, 16, 64, 1024])
def test_the_planets_light_is_shared_out_whole(tmp_path, count):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], (0.8, 0.3, 3.0)), distance_km=LOW_KM).view()
    shine = planetshine(view, load_maps("mars"))
    beams = shine.beams(count)
    assert len(beams) == count
    np.testing.assert_allclose(np.mean([beam.irradiance for beam in beams], axis=0), shine.light.sum(axis=0), rtol=1e-9)
    # On surfaces that face the planet the few directions do for the many.
    for normal in (shine.direction, np.array([0.0, 0.0, -1.0])):
        few = np.mean([beam.irradiance * max(beam.direction @ normal, 0.0) for beam in beams], axis=0)
        many = (shine.light * np.maximum(shine.rays @ normal, 0.0)[:, None]).sum(axis=0)
        assert few == pytest.approx(
            many, abs=0.03 * shine.light.sum(axis=0).max() if count > 10 else 0.2 * many.max() + 1e-3
        )
