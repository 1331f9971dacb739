"""Fit the trajectory of scenes/rosetta-civa-mars.toml: past Mars on 25 February 2007, as scenes/rosetta-mars.oem.

It is not mission data. Mars' hyperbola is joined to two arcs about the Sun: out to the Earth's place at the flyby of 13
November 2007, and in from its place at that of 4 March 2005. Published and used: closest approach at 01:57:59 UTC, 250
km high (ESA, May 2007), and the moments of the flybys of the Earth. Of the planes through the outgoing asymptote, that
one is chosen for which the manoeuvre of 29 September 2006 is smallest. Published speeds, eclipse and occultation are
then compared. Run: python design/rosetta_flyby.py [scenes/rosetta-mars.oem]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hyperbola import Hyperbola, Vector
from scipy.optimize import fsolve, minimize_scalar

from selfiesim.astro.bodies import MARS
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.orbit import State, propagate
from selfiesim.core.vectors import unit

EARTH_LEFT = Epoch.from_utc("2005-03-04T22:09:00Z")  # recalled, not checked; ESA: 4 March, about 22 h UTC
MANOEUVRE = Epoch.from_utc("2006-09-29T00:00:00Z")  # the last large one before Mars; the day recalled, not checked
MARS_PASSED = Epoch.from_utc("2007-02-25T01:57:59Z")
EARTH_MET = Epoch.from_utc("2007-11-13T20:57:23Z")  # ESA, status report of March 2008
PERIAPSIS_M = MARS.radii_m[0] + 250e3
LIGHT_S = 17 * 60 + 33  # ESA's timeline is in the Earth's time, 17 min 33 s later
FILE_S, ROW_S = 1800, 60  # span of the file before and after, and the time between rows

MARS_PLACE = BUILTIN_EPHEMERIS.position("mars", "sun", MARS_PASSED)
MARS_VELOCITY = BUILTIN_EPHEMERIS.velocity("mars", "sun", MARS_PASSED)


def departure() -> Vector:
    """Velocity at infinity (3,) after Mars, m/s, of the arc that meets the Earth."""
    there = BUILTIN_EPHEMERIS.position("earth", "sun", EARTH_MET)

    def miss(excess_km_s: Vector) -> Vector:
        start = State(MARS_PLACE, MARS_VELOCITY + 1e3 * excess_km_s)
        return (propagate(start, EARTH_MET - MARS_PASSED, GM_SUN_M3_S2).position - there) / 1e9

    return np.asarray(1e3 * fsolve(miss, -0.1e-3 * MARS_VELOCITY))


def passage_in_plane(after: Vector, plane_rad: float) -> Hyperbola:
    """The passage in the plane at an angle from the side that is west in the ICRF."""
    return Hyperbola(MARS, PERIAPSIS_M, after, -np.cross([0.0, 0.0, 1.0], after), plane_rad)


def manoeuvre_m_s(passage: Hyperbola) -> float:
    """The change of velocity in September 2006 that joins this passage to the Earth in March 2005, m/s."""
    there = BUILTIN_EPHEMERIS.position("earth", "sun", EARTH_LEFT)
    arrival = State(MARS_PLACE, MARS_VELOCITY + passage.before)
    joint = propagate(arrival, MANOEUVRE - MARS_PASSED, GM_SUN_M3_S2)

    def miss(change: Vector) -> Vector:
        start = State(joint.position, joint.velocity + change)
        return (propagate(start, EARTH_LEFT - MANOEUVRE, GM_SUN_M3_S2).position - there) / 1e9

    return float(np.linalg.norm(fsolve(miss, np.zeros(3))))


def hidden_s(passage: Hyperbola, toward: Vector) -> tuple[float, float]:
    """When Mars begins and ceases to hide a far place (3,), seconds after closest approach."""
    hidden = []
    for t in np.arange(-1000.0, 3000.0, 5.0):
        place = passage.state(float(t))[:3]
        sight = unit(toward - place)
        nearest = place - (place @ sight) * sight
        if place @ sight < 0.0 and np.linalg.norm(nearest) < MARS.radii_m[0]:
            hidden.append(float(t))
    return hidden[0], hidden[-1]


def ground(passage: Hyperbola, t: float) -> Vector:
    """East longitude and latitude (2,) below, degrees, at seconds after closest approach."""
    return np.degrees(direction_to_lonlat(icrf_to_bodyfixed(MARS, MARS_PASSED + t) @ passage.state(t)[:3]))


def clock(t: float) -> str:
    """The time in ESA's timeline, CET as seen from the Earth."""
    return (MARS_PASSED + (t + LIGHT_S + 3600.0)).utc(0)[11:16]


def main() -> None:
    """Print the numbers that can be compared with published ones, and write the OEM to the path on the command line."""
    after = departure()
    found = minimize_scalar(
        lambda plane: manoeuvre_m_s(passage_in_plane(after, plane)),
        bounds=np.radians((180.0, 195.0)),
        method="bounded",
        options={"xatol": 1e-7},
    )
    passage = passage_in_plane(after, float(found.x))
    speeds = [np.linalg.norm(MARS_VELOCITY + velocity) * 3.6 for velocity in (passage.before, after)]
    fastest = np.linalg.norm(passage.state(0.0)[3:]) * 3.6
    print(f"plane {np.degrees(found.x):.2f} degrees; manoeuvre {found.fun:.0f} m/s")
    print(f"heliocentric speed before {speeds[0]:.0f} km/h (ESA: 86,666), after {speeds[1]:.0f} (ESA: 78,779)")
    print(f"at closest approach {fastest:.0f} km/h (ESA: 36,191)")
    for name, toward, published in (
        ("eclipse", -MARS_PLACE, "03:15 to 03:40"),
        ("occultation", BUILTIN_EPHEMERIS.position("earth", "mars", MARS_PASSED), "03:13 to 03:28"),
    ):
        print(f"{name} from {' to '.join(clock(t) for t in hidden_s(passage, toward))} (ESA: {published})")
    for t in (-240.0, 0.0):
        height = np.linalg.norm(passage.state(t)[:3]) - MARS.radii_m[0]
        print(f"{t:.0f} s: {height / 1e3:.0f} km above longitude, latitude {ground(passage, t).round(1)}")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(
            passage.message("ROSETTA", "2004-006A", MARS_PASSED, FILE_S, ROW_S, "design/rosetta_flyby.py")
        )


if __name__ == "__main__":
    main()
