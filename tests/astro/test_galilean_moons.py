"""The large moons of Jupiter against the whole of theory E5 in PyMeeus."""

from __future__ import annotations

import numpy as np
import pytest
from pymeeus.Epoch import Epoch as MeeusEpoch
from pymeeus.JupiterMoons import JupiterMoons

from selfiesim.astro.bodies import BODIES
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS, SPEED_OF_LIGHT_M_S
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.galilean_moons import GALILEAN_MOONS, galilean_moon_state
from selfiesim.sky.eclipse_casters import find_shadow_casters

JUPITER = BODIES["jupiter"]


def seen_from_the_sun(name, epoch):
    """Offset (3,) east, north and toward the Sun from Jupiter's centre, in its radii, by the light that left then."""
    sun = BUILTIN_EPHEMERIS.position("sun", "jupiter", epoch)
    left = epoch + -float(np.linalg.norm(sun)) / SPEED_OF_LIGHT_M_S
    toward = sun / np.linalg.norm(sun)
    pole = icrf_to_bodyfixed(JUPITER, left)[2]
    north = pole - (pole @ toward) * toward
    north /= np.linalg.norm(north)
    axes = np.array([np.cross(north, toward), north, toward])
    return axes @ BUILTIN_EPHEMERIS.position(name, "jupiter", left) / JUPITER.radii_m[0]


@pytest.mark.parametrize("date", [(1992, 12, 16), (2010, 6, 3), (2022, 1, 10), (2035, 3, 1)])
def test_positions_are_those_of_the_whole_theory(figure, date):
    epoch = Epoch.from_utc("{:04d}-{:02d}-{:02d}T00:00:00Z".format(*date))
    expected = JupiterMoons.rectangular_positions_jovian_equatorial(MeeusEpoch(*date, utc=True), solar=True)
    for name, (east, north, away) in zip(GALILEAN_MOONS, expected, strict=True):
        there = np.array([east, north, -away])
        worst = 100.0 * np.linalg.norm(seen_from_the_sun(name, epoch) - there) / np.linalg.norm(there)
        quantity = "Io, Europa, Ganymede, Callisto, of their distance"
        figure("planet", quantity, "the whole of E5 by PyMeeus", worst, 0.3, "percent")


@pytest.mark.parametrize("name", GALILEAN_MOONS)
def test_velocity_is_the_rate_of_the_position(name):
    epoch = Epoch.from_utc("2022-01-10T11:10:00Z")
    position, velocity = galilean_moon_state(name, epoch)
    later, _ = galilean_moon_state(name, epoch + 10.0)
    assert (later - position) / 10.0 == pytest.approx(velocity, rel=1e-3, abs=1.0)


# The shadow of Io crossed Jupiter on 10 January 2022 from 10:05 to 12:15 UTC; half a day earlier Io was beside it.
def test_the_shadow_of_io_falls_on_jupiter():
    (io,) = find_shadow_casters(BUILTIN_EPHEMERIS, JUPITER, Epoch.from_utc("2022-01-10T11:10:00Z"))
    assert io.radius == pytest.approx(1.82e6, rel=0.01)
    assert np.linalg.norm(io.position) == pytest.approx(4.217e8, rel=0.01)
    assert not find_shadow_casters(BUILTIN_EPHEMERIS, JUPITER, Epoch.from_utc("2022-01-10T00:00:00Z"))
