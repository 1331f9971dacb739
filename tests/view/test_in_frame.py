"""What a view says is in the frame: ground points and named places."""

from __future__ import annotations

import numpy as np
import pytest
from shipped_scene import scene
from shot_geometry import project_lonlat

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").view()


def test_a_feature_is_where_its_place_is_seen(view):
    features = {each["name"]: each for each in view.facts["features"]}
    assert {"Korolev", "Olympia Undae", "Planum Boreum"} <= set(features)
    korolev = features["Korolev"]
    np.testing.assert_allclose(korolev["pixel"], project_lonlat(view, *np.radians([72.77, 164.58])), atol=1e-6)
    assert (korolev["latitude_deg"], korolev["longitude_deg"]) == pytest.approx((72.77, 164.58), abs=1e-6)
    # design/viewpoints.md: the Sun over Korolev is 3.7 degrees high.
    assert korolev["sun_elevation_deg"] == pytest.approx(3.7, abs=0.05)
    # A crater on the other side of Mars.
    assert "Gale" not in features


def test_the_ground_sample_is_the_ground_between_neighbouring_pixels(view):
    planet, camera = view.planet, view.camera
    centre = next(each for each in view.facts["ground"] if each["where"] == "centre")
    x, y = centre["pixel"]
    corners = np.array([[x - 0.5, y - 0.5], [x + 0.5, y - 0.5], [x + 0.5, y + 0.5], [x - 0.5, y + 0.5]])
    rays = camera.unproject(corners) @ planet.camera_to_bodyfixed.T
    a, b, c, d = intersect_ellipsoid(-planet.camera_to_bodyfixed @ planet.position, rays, planet.body)
    area = 0.5 * np.linalg.norm(np.cross(c - a, d - b))
    assert centre["ground_sample_m"] == pytest.approx(np.sqrt(area), rel=1e-3)


def test_sky_has_no_ground(view):
    corners = {each["where"]: each for each in view.facts["ground"]}
    assert set(corners) == {"centre", "upper left", "upper right", "lower left", "lower right"}
    assert "latitude_deg" not in corners["upper right"]
    assert corners["lower left"]["distance_km"] > view.facts["camera_altitude_km"]


def test_a_view_without_a_planet_or_with_terrain_lists_nothing():
    for name in ("tianwen1-cruise", "zhurong-view"):
        facts = Scene.load(name).view().facts
        assert facts["ground"] == facts["features"] == []


def test_show_gives_the_elements_that_over_led_to():
    orbit = {"over": "Korolev", "local_time_h": 10.0, "altitude_km": 400.0, "inclination_deg": 93.0}
    changed = scene(orbit=orbit, release__at="over-30s", at="over")
    facts = changed.view().facts
    assert (facts["camera_latitude_deg"], facts["camera_longitude_deg"]) == pytest.approx((72.77, 164.58), abs=0.05)
    assert facts["local_true_solar_time_h"] == pytest.approx(10.0, abs=1.0 / 60.0)
    assert facts["seconds_since_release"] == pytest.approx(30.0, abs=1e-5)
    # The same orbit again, from its elements.
    again = scene(orbit=dict(facts["orbit"]), release__at=facts["orbit"]["epoch_utc"], at="release+0s")
    there = again.view().track.host.position
    np.testing.assert_allclose(there, changed.view("over").track.host.position, atol=5.0)
