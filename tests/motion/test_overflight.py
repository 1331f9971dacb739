"""Orbits over a place: the place and the local time that are asked for, on every body; refusals with the nearest."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.mars_time import solar_longitude, true_solar_time
from selfiesim.astro.solar_system import KNOWN_BODIES, Almanac
from selfiesim.core.errors import SceneError
from selfiesim.scene.host import OrbitSection
from selfiesim.view.host_setup import make_orbiting_host

BODIES = [name for name in KNOWN_BODIES if name != "sun"]
ALMANAC = Almanac()


def host(body, **keys):
    radius = max(KNOWN_BODIES[body].radii_m) / 1e3
    section = {"body": body, "altitude_km": max(0.1 * radius, 10.0), "inclination_deg": 93.0} | keys
    return make_orbiting_host(OrbitSection(**section), KNOWN_BODIES[body], ALMANAC)


def place_below(orbit):
    fixed = icrf_to_bodyfixed(orbit.body, orbit.reference_epoch)
    longitude, latitude = direction_to_lonlat(fixed @ orbit.start.position)
    return longitude, latitude


@pytest.mark.parametrize("heading", ["north", "south"])
@pytest.mark.parametrize("body", BODIES)
def test_the_place_and_the_local_time_are_those_asked_for(body, heading):
    orbit = host(body, over={"lat_deg": -14.0, "lon_deg": 301.0}, local_time_h=8.5, heading=heading)
    longitude, latitude = place_below(orbit)
    assert np.degrees([latitude, longitude]) == pytest.approx([-14.0, 301.0], abs=0.05)
    hours = true_solar_time(orbit.body, orbit.reference_epoch, longitude, ALMANAC)
    assert hours == pytest.approx(8.5, abs=1.0 / 60.0)
    pole = icrf_to_bodyfixed(orbit.body, orbit.reference_epoch)[2]
    assert (pole @ orbit.start.velocity > 0.0) == (heading == "north")
    # The inclination to the equator of the date.
    normal = np.cross(orbit.start.position, orbit.start.velocity)
    assert np.degrees(np.arccos(pole @ normal / np.linalg.norm(normal))) == pytest.approx(93.0, abs=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_the_rising_sun_stands_as_high_as_asked(body):
    orbit = host(body, over={"lat_deg": 10.0, "lon_deg": 40.0}, sun_elevation_deg=20.0)
    longitude, latitude = place_below(orbit)
    fixed = icrf_to_bodyfixed(orbit.body, orbit.reference_epoch)
    point = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    point /= np.linalg.norm(point / np.array(orbit.body.radii_m))
    normal = point / np.array(orbit.body.radii_m) ** 2

    def sine(epoch):
        to_sun = icrf_to_bodyfixed(orbit.body, epoch) @ ALMANAC.position("sun", body, epoch)
        return normal @ to_sun / np.linalg.norm(normal) / np.linalg.norm(to_sun)

    assert np.degrees(np.arcsin(sine(orbit.reference_epoch))) == pytest.approx(20.0, abs=0.01)
    assert sine(orbit.reference_epoch + 60.0) > sine(orbit.reference_epoch)
    assert fixed.shape == (3, 3)


def test_a_named_place_a_season_and_a_periapsis():
    orbit = host("mars", over="korolev", ls_deg=90.0, local_time_h=15.0, altitude_km=300.0, eccentricity=0.5)
    longitude, latitude = place_below(orbit)
    assert np.degrees([latitude, longitude]) == pytest.approx([72.77, 164.58], abs=0.05)
    assert np.degrees(solar_longitude(orbit.body, orbit.reference_epoch)) == pytest.approx(90.0, abs=0.3)
    # At the periapsis the velocity is level.
    assert orbit.start.position @ orbit.start.velocity == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"over": "Korolev", "inclination_deg": 10.0}, "never reaches 72.77 degrees north; the nearest .* is 72.77"),
        ({"over": "Korolev", "inclination_deg": 170.0}, "the nearest inclination that does is 107.23"),
        ({"over": "Korolev", "sun_elevation_deg": 85.0}, "the nearest elevation that it does is 29.3"),
        ({"over": "Korolov"}, "did you mean 'Korolev'"),
        ({"over": "Tycho", "body": "moon"}, "no named places on moon.*lat_deg"),
        ({"over": {"lat_deg": 0.0, "lon_deg": 0.0}, "body": "moon", "ls_deg": 90.0}, "ls_deg"),
        ({"over": {"lat_deg": 0.0, "lon_deg": 0.0}, "body": "mercury", "ls_deg": 90.0, "local_time_h": 9.0},
         "comes at Ls"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_nearest_that_can(keys, words):
    body = keys.pop("body", "mars")
    with pytest.raises(SceneError, match=words):
        host(body, **keys)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"over": "Korolev"}, "over: altitude_km and inclination_deg missing"),
        ({"over": "Korolev", "altitude_km": 400.0, "inclination_deg": 93.0, "raan_deg": 1.0}, "give elements or over"),
        ({"over": "Korolev", "altitude_km": 400.0, "inclination_deg": 93.0, "frame": "icrf"}, "frame: does not apply"),
        ({"altitude_km": 400.0}, "altitude_km: applies only with over"),
        ({"over": "Korolev", "altitude_km": 400.0, "inclination_deg": 93.0, "local_time_h": 9.0,
          "sun_elevation_deg": 3.0}, "give local_time_h or sun_elevation_deg"),
        ({"tle": "a.tle", "frame": "icrf"}, "frame: does not apply with tle"),
        ({"tle": "a.tle", "omm": "a.omm"}, "give tle or omm"),
    ],
)  # fmt: skip
def test_keys_that_do_not_go_together_are_refused(keys, words):
    with pytest.raises(ValueError, match=words):
        OrbitSection(**keys)
