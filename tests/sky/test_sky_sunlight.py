"""The Sun's disc and its eclipses by moons."""

import numpy as np
import pytest

from selfiesim.astro.bodies import AU_M, DEIMOS, PHOBOS, SUN_RADIUS_M
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.scene.scene import Scene
from selfiesim.sky.solar_disc import disc_radiance, visible_disc_fraction

DISTANCE = 1.5 * AU_M
TO_SUN = np.array([0.0, 0.0, DISTANCE])
UTC = "2022-03-01T12:00:00Z"


# Allen's Astrophysical Quantities (Cox 2000), 550 nm: I(mu)/I(1) = 0.30 + 0.93 mu - 0.23 mu^2.
@pytest.mark.parametrize("mu", [1.0, 0.8, 0.6, 0.4, 0.2])
def test_limb_darkening_agrees_with_the_table(mu):
    ours = disc_radiance(np.ones(3), 0.003, np.array([mu, 1.0]))
    assert (ours[0] / ours[1])[1] == pytest.approx(0.30 + 0.93 * mu - 0.23 * mu**2, abs=0.012)
    assert np.all(np.diff(ours[0] / ours[1]) <= 0.0)  # less of blue than of red


# Neckel and Labs 1994: mean over centre of the disc 0.7651 at 457 nm, 0.8002 at 542, 0.8061 at 560, 0.8221 at 611.
def test_mean_to_centre_ratio_agrees_with_measurements():
    flat = np.full(3, np.pi * np.sin(0.003) ** 2)
    (centre,) = disc_radiance(flat, 0.003, np.ones(1))
    assert 1.0 / centre == pytest.approx([0.824, 0.803, 0.7665], abs=0.002)


def test_the_disc_integrates_to_the_irradiance():
    # Rings of equal width from the centre to the limb.
    off = (np.arange(20_000) + 0.5) / 20_000
    angle, sunlight = 0.0031, np.array([0.7, 0.8, 0.9])
    rings = 2.0 * np.pi * off / len(off) * np.sin(angle) ** 2
    light = disc_radiance(sunlight, angle, np.sqrt(1.0 - off**2))
    assert rings @ light == pytest.approx(sunlight, rel=1e-4)


def overlap(r, s, d):
    """Return the overlap of two circles of radii r and s at a distance d."""
    if d >= r + s:
        return 0.0
    if d <= abs(r - s):
        return np.pi * min(r, s) ** 2
    x, y = (d * d + r * r - s * s) / (2 * d * r), (d * d + s * s - r * r) / (2 * d * s)
    kite = 0.5 * np.sqrt((-d + r + s) * (d + r - s) * (d - r + s) * (d + r + s))
    return r * r * np.arccos(x) + s * s * np.arccos(y) - kite


@pytest.mark.parametrize("size", [0.2, 0.7, 1.0, 1.6])
@pytest.mark.parametrize("apart", [0.0, 0.3, 0.8, 1.1, 1.7, 3.0])
def test_a_sphere_hides_the_overlap_of_two_circles(figure, size, apart):
    sun = SUN_RADIUS_M / DISTANCE
    ball, distance = 11e3, 11e3 / (size * sun)
    position = distance * np.array([np.sin(apart * sun), 0.0, np.cos(apart * sun)])
    exact = 1.0 - overlap(1.0, size, apart) / np.pi
    off = abs(visible_disc_fraction(position, (ball,) * 3, np.eye(3), TO_SUN) - exact)
    figure("planet", "share of the Sun that a moon covers", "overlap of two circles", off, 0.003)


def test_an_ellipsoid_hides_its_elliptical_silhouette():
    radii, distance = (13e3, 11.4e3, 9.1e3), 8e6
    sun = SUN_RADIUS_M / DISTANCE * distance
    for rotation, (a, b) in ((np.eye(3), (radii[0], radii[1])), (np.roll(np.eye(3), 1, axis=0), (radii[1], radii[2]))):
        left = visible_disc_fraction(np.array([0.0, 0.0, distance]), radii, rotation, TO_SUN)
        assert left == pytest.approx(1.0 - a * b / sun**2, abs=0.002)


def test_a_moon_behind_hides_nothing():
    assert visible_disc_fraction(np.array([0.0, 0.0, -1e6]), (11e3,) * 3, np.eye(3), TO_SUN) == 1.0


def sun_fraction_above_horizon(position):
    speed = np.cross(position, [0.3, 0.2, 1.0])
    speed *= np.sqrt(4.2828e13 / np.linalg.norm(position)) / np.linalg.norm(speed)
    orbit = {
        "frame": "icrf",
        "epoch_utc": UTC,
        "position_km": (position / 1e3).tolist(),
        "velocity_km_s": (speed / 1e3).tolist(),
    }
    table = {"title": "eclipse", "at": UTC, "craft": {"model": "tianwen1-orbiter"}, "orbit": orbit, "mounted": {}}
    return Scene.from_table(table).view().craft.sun_visible_fraction


@pytest.mark.parametrize("moon", [PHOBOS, DEIMOS], ids=["phobos", "deimos"])
def test_a_craft_in_a_moons_shadow_gets_less_sunlight(moon):
    epoch = Epoch.from_utc(UTC)
    there, sun = (BUILTIN_EPHEMERIS.position(name, "mars", epoch) for name in (moon.name, "sun"))
    shadow = (there - sun) / np.linalg.norm(there - sun)
    assert sun_fraction_above_horizon(there + 500e3 * shadow) == 0.0
    across = np.cross(shadow, [0.0, 0.0, 1.0])
    assert sun_fraction_above_horizon(there + 500e3 * shadow + 100e3 * across / np.linalg.norm(across)) == 1.0
    # Far down the shadow the moon appears smaller than the Sun, and hides the area of its silhouette.
    position = there + 8e6 * shadow
    left = sun_fraction_above_horizon(position)
    rays = _disc(sun - position)
    inverse = icrf_to_bodyfixed(moon, epoch) / np.array(moon.radii_m)[:, None]
    eye, directions = inverse @ (position - there), rays @ inverse.T
    a, b, c = (directions * directions).sum(axis=1), directions @ eye, eye @ eye - 1.0
    assert left == pytest.approx(np.mean(b * b < a * c), abs=0.005)
    assert 0.3 < left < 0.95


def _disc(to_sun):
    """Return rays to a square grid of points on the Sun's disc."""
    x, y = np.meshgrid(np.linspace(-1, 1, 201), np.linspace(-1, 1, 201))
    on = x * x + y * y < 1.0
    across = np.cross(to_sun, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    other = np.cross(to_sun / np.linalg.norm(to_sun), across)
    return to_sun + SUN_RADIUS_M * (x[on][:, None] * across + y[on][:, None] * other)
