"""Derive the orbit of scenes/shenzhou7-bx1.toml: Shenzhou 7 on 27 September 2008 at 11:24 UTC.

It is not mission data. The plane is that of a launch to the south-east from Jiuquan at 13:10 UTC on 25 September into
42.4 degrees, turned by the Earth's flattening; the phase is that of a ship above the landing site in Siziwang a quarter
of an hour before the landing at 09:37 UTC on 28 September. How far the plane then passes from that site is a check.
Run: python design/shenzhou7_orbit.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import EARTH
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.core.vectors import unit

Vector = NDArray[np.float64]
LAUNCH, RELEASE = Epoch.from_utc("2008-09-25T13:10:00Z"), Epoch.from_utc("2008-09-27T11:24:00Z")
JIUQUAN, SIZIWANG = (40.96, 100.29), (42.3, 111.4)
INCLINATION, SEMI_AXIS_M, J2 = np.radians(42.4), 6378.137e3 + 333.5e3, 1.08263e-3
MEAN_MOTION = np.sqrt(EARTH.gm_m3_s2 / SEMI_AXIS_M**3)
FLATTENING = 1.5 * MEAN_MOTION * J2 * (6378.137e3 / SEMI_AXIS_M) ** 2
NODE_RATE = -FLATTENING * np.cos(INCLINATION)
LATITUDE_RATE = MEAN_MOTION + FLATTENING * (4.0 * np.cos(INCLINATION) ** 2 - 1.0)  # from node to node, circular


def site(place: tuple[float, float], epoch: Epoch) -> Vector:
    """Direction (3,) of a place from the Earth's centre, ICRF axes."""
    lat, lon = np.radians(place)
    fixed = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return np.asarray(icrf_to_bodyfixed(EARTH, epoch).T @ fixed)


def direction(node: float, along: float) -> Vector:
    """Direction (3,) of the ship at an angle from the node."""
    first = np.array([np.cos(node), np.sin(node), 0.0])
    pole = np.array([np.sin(INCLINATION) * np.sin(node), -np.sin(INCLINATION) * np.cos(node), np.cos(INCLINATION)])
    return np.asarray(np.cos(along) * first + np.sin(along) * np.cross(pole, first))


def main() -> None:
    """Print node and phase at the release for a few moments above the landing site."""
    pad = site(JIUQUAN, LAUNCH)
    node = np.arctan2(pad[1], pad[0]) - np.pi + np.arcsin(np.tan(np.arcsin(pad[2])) / np.tan(INCLINATION))
    at_release = node + NODE_RATE * (RELEASE - LAUNCH)
    sun = unit(BUILTIN_EPHEMERIS.position("sun", "earth", RELEASE))
    print(f"node at the release {np.degrees(at_release) % 360.0:.1f} degrees")
    for clock in ("09:19", "09:20", "09:21", "09:23"):
        above = Epoch.from_utc(f"2008-09-28T{clock}:00Z")
        angles = np.radians(np.arange(0.0, 360.0, 0.25))
        track = np.array([direction(node + NODE_RATE * (above - LAUNCH), angle) for angle in angles])
        away = np.degrees(np.arccos(track @ site(SIZIWANG, above)))
        along = angles[away.argmin()] - LATITUDE_RATE * (above - RELEASE)
        place, ahead = direction(at_release, along), direction(at_release, along + 0.5 * np.pi)
        lon, lat = np.degrees(direction_to_lonlat(icrf_to_bodyfixed(EARTH, RELEASE) @ place))
        high, off = np.degrees(np.arcsin(place @ sun)), np.degrees(np.arccos(ahead @ sun))
        print(
            f"above Siziwang at {clock}, {away.min():.1f} degrees off; at the release {np.degrees(along) % 360.0:.0f}"
        )
        print(
            f"  degrees from the node, at {lat:.0f} N {lon:.0f} E; Sun {high:.0f} high, {off:.0f} from straight ahead"
        )


if __name__ == "__main__":
    main()
