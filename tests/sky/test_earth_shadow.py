"""The Moon in the Earth's shadow: as dim as measured, and red."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.astro.bodies import BODIES
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.sky.earth_shadow import UMBRA_EDGE, refracted_sunlight
from selfiesim.sky.eclipse_casters import find_shadow_casters

EARTH_M = BODIES["earth"].radii_m[0]


def light_on_the_moon(utc):
    """Refracted light (N, 3) on a grid over the near side, as a share of sunlight."""
    epoch = Epoch.from_utc(utc)
    earth, sun = (BUILTIN_EPHEMERIS.position(name, "moon", epoch) for name in ("earth", "sun"))
    toward = earth / np.linalg.norm(earth)
    right = np.cross(toward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    steps = np.linspace(-0.9, 0.9, 9)
    places = [
        1.7374e6 * (x * right + y * np.cross(right, toward) + np.sqrt(1.0 - x * x - y * y) * toward)
        for x in steps
        for y in steps
        if x * x + y * y < 0.9
    ]
    return np.array([refracted_sunlight(earth - place, EARTH_M, sun - place, 0.0) for place in places])


# Greatest eclipse after NASA's catalogue (Espenak and Meeus): 8 November 2022 10:59 UTC, 3 March 2007 23:21 UTC.
# Hernitschek, Schmidt and Vollmer 2008 (Applied Optics 47, H62): -3.32 mag at mid-eclipse on 9 February 1990, -1.7 mag
# on 3 March 2007, both called bright, against -12.7 mag of the full Moon. Vital 2015: 50,000 times dimmer in a rather
# dark one, on 28 September 2015, which is 11.7 mag.
@pytest.mark.parametrize("utc", ["2022-11-08T10:59:00Z", "2007-03-03T23:21:00Z"])
def test_totality_is_as_dim_as_measured(utc):
    dimming = -2.5 * np.log10(light_on_the_moon(utc)[:, 1].mean())
    assert 12.7 - 3.32 <= dimming <= 11.8


# Danjon (1921): red at L = 2 and 3, with a brighter, yellow or bluish rim.
def test_totality_is_red_and_its_rim_is_not():
    red, green, blue = light_on_the_moon("2022-11-08T10:59:00Z").mean(axis=0)
    assert red > 1.5 * green > 3.0 * blue
    assert UMBRA_EDGE[2] > UMBRA_EDGE[0]


def test_no_light_is_added_outside_the_shadow():
    sun = np.array([1.5e11, 0.0, 0.0])
    assert refracted_sunlight(np.array([3.8e8, 3e7, 0.0]), EARTH_M, sun, 1.0) == pytest.approx([0.0, 0.0, 0.0])


def test_only_the_earth_refracts():
    epoch = Epoch.from_utc("2022-11-08T10:59:00Z")
    assert [caster.has_air for caster in find_shadow_casters(BUILTIN_EPHEMERIS, BODIES["moon"], epoch)] == [True]
    over_mexico = Epoch.from_utc("2024-04-08T18:18:00Z")
    assert [caster.has_air for caster in find_shadow_casters(BUILTIN_EPHEMERIS, BODIES["earth"], over_mexico)] == [
        False
    ]
