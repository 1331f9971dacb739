"""The shadow of Phobos on Mars: its position, depth and width."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import spiceypy
from figures import largest
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
    """A point (3,) on the ellipsoid, body-fixed, m."""
    lat, lon = np.radians([lat_deg, lon_deg])
    direction = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return direction / np.linalg.norm(direction / np.array(MARS.radii_m))


def eclipsed_fraction(point, epoch):
    """Fraction of the Sun's disc that Phobos covers at a point (3,), body-fixed, by rays through its ellipsoid."""
    eye = icrf_to_bodyfixed(MARS, epoch).T @ point
    to_sun = BUILTIN_EPHEMERIS.position("sun", "mars", epoch) - eye
    moon = BUILTIN_EPHEMERIS.position("phobos", "mars", epoch) - eye
    return 1.0 - visible_disc_fraction(moon, PHOBOS.radii_m, icrf_to_bodyfixed(PHOBOS, epoch), to_sun)


# NASA: Perseverance filmed Phobos in front of the Sun on 2 April 2022 (sol 397) from Jezero for a little over 40 s.
def test_phobos_eclipses_the_sun_where_perseverance_filmed_it():
    start, jezero = Epoch.from_utc("2022-04-02T10:50:00Z"), ground(*JEZERO)
    dark = [second for second in range(0, 600, 2) if eclipsed_fraction(jezero, start + float(second)) > 0.0]
    assert 30 <= dark[-1] - dark[0] <= 60
    assert find_shadow_casters(BUILTIN_EPHEMERIS, MARS, start + float(dark[0]))
    assert not find_shadow_casters(BUILTIN_EPHEMERIS, MARS, start + 3600.0)


@pytest.fixture(scope="module")
def shadow(tmp_path_factory):
    """A nadir view of the shadow with pixels of 4 km, and the ratio of the radiance with and without Phobos."""
    folder = tmp_path_factory.mktemp("shadow")
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    changes = {"orbit__epoch_utc": MOMENT, "release__at": MOMENT, "at": MOMENT, "orbit__raan_deg": 15.0}
    view = airless(stage(folder, model, distance_km=4500.0, **changes)).view()
    position = 1.3 * ground(*JEZERO)
    planet = replace(view.planet, position=-(view.planet.camera_to_bodyfixed.T @ position))
    view = replace(view, planet=planet, craft=replace(view.craft, position=np.array([0.0, 0.0, -1000.0])))
    view = looking(view, planet.position, 35.0, (160, 90))
    bright = replace(view, planet=replace(view.planet, casters=()))
    shaded, lit = (each.render().rgb[..., 1].astype(float) for each in (view, bright))
    return view, shaded / lit


def test_the_shadow_is_centred_on_its_axis_by_spice(figure, shadow):
    view, remaining = shadow
    rotation = icrf_to_bodyfixed(MARS, view.epoch)
    moon = rotation @ BUILTIN_EPHEMERIS.position("phobos", "mars", view.epoch)
    sun = rotation @ BUILTIN_EPHEMERIS.position("sun", "mars", view.epoch)
    point = spiceypy.surfpt(moon, moon - sun, *MARS.radii_m)
    planet = view.planet
    x, y = view.camera.project(planet.camera_to_bodyfixed.T @ point + planet.position)
    rows, columns = np.mgrid[: remaining.shape[0], : remaining.shape[1]]
    blocked = 1.0 - remaining
    centre = [(columns * blocked).sum() / blocked.sum(), (rows * blocked).sum() / blocked.sum()]
    figure("planet", "centre of Phobos' shadow on the ground", "SPICE `surfpt`", largest(centre, [x, y]), 0.5, "px")


def test_the_shadow_is_as_deep_as_the_cross_section_of_phobos_demands(shadow):
    view, remaining = shadow
    to_sun = icrf_to_bodyfixed(PHOBOS, view.epoch) @ BUILTIN_EPHEMERIS.position("sun", "phobos", view.epoch)
    sphere = np.random.default_rng(0).standard_normal((20_000, 3))
    points = sphere / np.linalg.norm(sphere, axis=1, keepdims=True) * np.array(PHOBOS.radii_m)
    flat = points @ np.linalg.svd(to_sun[None, :])[2][1:].T
    cross_section = ConvexHull(flat).volume  # in two dimensions, the area
    moon = icrf_to_bodyfixed(MARS, view.epoch) @ BUILTIN_EPHEMERIS.position("phobos", "mars", view.epoch)
    distance = np.linalg.norm(moon) - 3.39e6
    fraction = cross_section / (np.pi * distance**2) / (SUN_RADIUS_M / np.linalg.norm(to_sun)) ** 2
    # At slant incidence the distance to the ground is up to a tenth longer than straight down.
    assert 1.0 - remaining.min() == pytest.approx(fraction, rel=0.25)


def test_the_shadow_profile_agrees_with_rays_through_phobos(figure, shadow):
    """The shader has a circle in place of the ellipsoid's outline: within a few hundredths of the Sun."""
    view, remaining = shadow
    camera = view.camera
    row, column = np.unravel_index(remaining.argmin(), remaining.shape)
    depth = planet_depth(view)
    for y, x in [(row, column + k) for k in range(-14, 15, 2)] + [(row + k, column) for k in range(-14, 15, 2)]:
        ray = camera.unproject(np.array([x, y], float))
        point = view.planet.camera_to_bodyfixed @ (ray / ray[2] * depth[y, x] - view.planet.position)
        off = abs(1.0 - remaining[y, x] - eclipsed_fraction(point, view.epoch))
        figure("planet", "depth of Phobos' shadow, of the Sun", "rays through its ellipsoid", off, 0.03)
    assert remaining.max() == pytest.approx(1.0)
