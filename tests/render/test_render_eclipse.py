"""The shadow of Phobos on the ground: where it falls, how deep and how wide it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import spiceypy
from scipy.spatial import ConvexHull
from small_scenes import airless, box, looking, stage, write_craft

from selfiesim.astro.bodies import BODIES, SUN_RADIUS_M
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.render.common.planet_depth import planet_depth
from selfiesim.sky.eclipse_casters import find_shadow_casters
from selfiesim.sky.solar_disc import visible_disc_fraction

MARS, PHOBOS = BODIES["mars"], BODIES["phobos"]
MOMENT = "2022-04-02T10:54:50Z"
JEZERO = (18.44, 77.45)  # planetocentric, east: the landing site of Perseverance


def ground(lat_deg, lon_deg):
    """A place on the ellipsoid (3,), m, body-fixed."""
    lat, lon = np.radians([lat_deg, lon_deg])
    way = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return way / np.linalg.norm(way / np.array(MARS.radii_m))


def hidden(place, epoch):
    """Share of the Sun that Phobos hides at a place (3,), body-fixed, by rays through its ellipsoid."""
    turn = icrf_to_bodyfixed(MARS, epoch)
    eye = turn.T @ place
    to_sun = BUILTIN_EPHEMERIS.position("sun", "mars", epoch) - eye
    moon = BUILTIN_EPHEMERIS.position("phobos", "mars", epoch) - eye
    return 1.0 - visible_disc_fraction(moon, PHOBOS.radii_m, icrf_to_bodyfixed(PHOBOS, epoch), to_sun)


# NASA: Perseverance filmed Phobos before the Sun on 2 April 2022 (sol 397) from Jezero, for a little over 40 seconds.
def test_phobos_stood_before_the_sun_where_a_rover_filmed_it():
    start, place = Epoch.from_utc("2022-04-02T10:50:00Z"), ground(*JEZERO)
    dark = [second for second in range(0, 600, 2) if hidden(place, start + float(second)) > 0.0]
    assert 30 <= dark[-1] - dark[0] <= 60
    assert find_shadow_casters(BUILTIN_EPHEMERIS, MARS, start + float(dark[0]))
    assert not find_shadow_casters(BUILTIN_EPHEMERIS, MARS, start + 3600.0)


@pytest.fixture(scope="module")
def spot(tmp_path_factory):
    """A view straight down on the shadow: pixels of 4 km, the ground shaded and not, and what is left of the light."""
    folder = tmp_path_factory.mktemp("spot")
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    changes = {"orbit__epoch_utc": MOMENT, "release__at": MOMENT, "at": MOMENT, "orbit__raan_deg": 15.0}
    view = airless(stage(folder, model, distance_km=4500.0, **changes)).view()
    over = 1.3 * ground(*JEZERO)
    planet = replace(view.planet, position=-(view.planet.camera_to_bodyfixed.T @ over))
    view = replace(view, planet=planet, craft=replace(view.craft, position=np.array([0.0, 0.0, -1000.0])))
    view = looking(view, planet.position, 35.0, (160, 90))
    bright = replace(view, planet=replace(view.planet, casters=()))
    shaded, lit = (each.render().rgb[..., 1].astype(float) for each in (view, bright))
    return view, shaded / lit


def test_the_spot_is_centred_where_spice_has_the_shadows_axis(spot):
    view, left = spot
    turn = icrf_to_bodyfixed(MARS, view.epoch)
    moon = turn @ BUILTIN_EPHEMERIS.position("phobos", "mars", view.epoch)
    sun = turn @ BUILTIN_EPHEMERIS.position("sun", "mars", view.epoch)
    point = spiceypy.surfpt(moon, moon - sun, *MARS.radii_m)
    planet = view.planet
    x, y = view.camera.project(planet.camera_to_bodyfixed.T @ point + planet.position)
    rows, columns = np.mgrid[: left.shape[0], : left.shape[1]]
    gone = 1.0 - left
    assert (columns * gone).sum() / gone.sum() == pytest.approx(x, abs=0.5)
    assert (rows * gone).sum() / gone.sum() == pytest.approx(y, abs=0.5)


def test_the_spot_is_as_deep_as_the_moons_outline_is_large(spot):
    view, left = spot
    turn = icrf_to_bodyfixed(PHOBOS, view.epoch)
    to_sun = turn @ BUILTIN_EPHEMERIS.position("sun", "phobos", view.epoch)
    sphere = np.random.default_rng(0).standard_normal((20_000, 3))
    points = sphere / np.linalg.norm(sphere, axis=1, keepdims=True) * np.array(PHOBOS.radii_m)
    flat = points @ np.linalg.svd(to_sun[None, :])[2][1:].T
    outline = ConvexHull(flat).volume  # of a plane figure that is its area
    moon = icrf_to_bodyfixed(MARS, view.epoch) @ BUILTIN_EPHEMERIS.position("phobos", "mars", view.epoch)
    way = np.linalg.norm(moon) - 3.39e6
    size = outline / (np.pi * way**2) / (SUN_RADIUS_M / np.linalg.norm(to_sun)) ** 2
    # Slanting light: the way to the ground is up to a tenth longer than straight down.
    assert 1.0 - left.min() == pytest.approx(size, rel=0.25)


def test_the_whole_spot_agrees_with_rays_through_the_moon(spot):
    """A circle in place of the ellipsoid's outline: within a few hundredths of the Sun."""
    view, left = spot
    camera = view.camera
    row, column = np.unravel_index(left.argmin(), left.shape)
    depth = planet_depth(view)
    for y, x in [(row, column + k) for k in range(-14, 15, 2)] + [(row + k, column) for k in range(-14, 15, 2)]:
        ray = camera.unproject(np.array([x, y], float))
        point = view.planet.camera_to_bodyfixed @ (ray / ray[2] * depth[y, x] - view.planet.position)
        assert 1.0 - left[y, x] == pytest.approx(hidden(point, view.epoch), abs=0.03)
    assert left.max() == pytest.approx(1.0)
