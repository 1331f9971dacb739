"""Fit the trajectory and attitude of scenes/bepicolombo-mcam*.toml: past Mercury on 4 September 2024.

It is not mission data. After this flyby, BepiColombo circled the Sun in 88 days like Mercury, passed it at 37,628 km on
1 December and met it again half an orbit later, on 8 January 2025 (ESA). So the arc after 1 December lies in a plane
that is turned about the line to the Sun, and before that flyby, whose deflection follows from its distance, the
velocity at infinity was turned by as much. Closest approach: 165 km high at 21:48 UTC. Chosen: the excess speed and the
second, by the heights that captions give for four later minutes; the side toward which Mercury moves, which slows the
spacecraft most. Thrust after the flyby is neglected.

The attitude follows from one caption: at 21:51 M-CAM 3 looked straight down, with north to the upper left.
Run: python design/bepicolombo_flyby.py [scenes/bepicolombo-mercury.oem]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hyperbola import Hyperbola, Vector
from scipy.spatial.transform import Rotation

from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.solar_system import find_body
from selfiesim.core.vectors import unit

MERCURY = find_body("mercury")
CLOSEST = Epoch.from_utc("2024-09-04T21:48:42Z")
NEXT = Epoch.from_utc("2024-12-01T14:23:00Z")
DOWN = Epoch.from_utc("2024-09-04T21:51:00Z")  # M-CAM 3 looks straight down
EXCESS_M_S = 2700.0
RADIUS_M = MERCURY.radii_m[0]
HEIGHTS_KM = {"21:50": 191, "21:51": 221, "21:54": 555, "21:57": 885}  # captions, ESA, September 2024
# Rows: image right, image down, boresight of M-CAM 3 in axes of the transfer module (bc_mtm_v12.tf, ESA SPICE Service).
MCAM3 = np.array(
    [
        [0.69300337, 0.72093433, -0.00012424],
        [0.55198883, -0.53049241, 0.64333983],
        [0.46373986, -0.44590525, -0.76558073],
    ]
)


def mercury(epoch: Epoch) -> tuple[Vector, Vector]:
    """Position and velocity of Mercury about the Sun, m and m/s."""
    return BUILTIN_EPHEMERIS.position("mercury", "sun", epoch), BUILTIN_EPHEMERIS.velocity("mercury", "sun", epoch)


def turned(axis: Vector, angle: float, vector: Vector) -> Vector:
    """A vector rotated about an axis, rad."""
    return np.asarray(Rotation.from_rotvec(angle * axis).apply(vector))


def departure() -> Vector:
    """Velocity at infinity (3,) after the flyby, m/s."""
    place, velocity = mercury(NEXT)
    across = np.linalg.norm(np.cross(unit(place), velocity))
    later = turned(unit(place), -2.0 * np.arcsin(0.5 * EXCESS_M_S / across), velocity) - velocity
    e = 1.0 + (RADIUS_M + 37_628e3) * EXCESS_M_S**2 / MERCURY.gm_m3_s2
    return turned(unit(velocity), 2.0 * np.arcsin(1.0 / e), later)


def body_axes(passage: Hyperbola) -> Vector:
    """Matrix (3, 3) from ICRF axes to the transfer module's, from what M-CAM 3 saw at 21:51."""
    up = unit(passage.state(DOWN - CLOSEST)[:3])
    pole = icrf_to_bodyfixed(MERCURY, DOWN)[2]
    north = unit(pole - (pole @ up) * up)
    east = np.cross(north, up)
    camera = np.stack([unit(east - north), -unit(east + north), -up])  # north is up and left in the picture
    return np.asarray(MCAM3.T @ camera)


def main() -> None:
    """Print the numbers that can be compared with published ones, and write the OEM to the path on the command line."""
    sun_place, velocity = mercury(CLOSEST)
    passage = Hyperbola(MERCURY, RADIUS_M + 165e3, departure(), velocity, 0.0)
    slower = np.linalg.norm(velocity + passage.before) - np.linalg.norm(velocity + departure())
    print(f"heliocentric speed reduced by {slower:.0f} m/s")
    for clock in ("21:48", *HEIGHTS_KM):
        t = Epoch.from_utc(f"2024-09-04T{clock}:30Z") - CLOSEST if clock != "21:48" else 0.0
        place = passage.state(t)[:3]
        to_fixed = icrf_to_bodyfixed(MERCURY, CLOSEST + t)
        ground = np.degrees(direction_to_lonlat(to_fixed @ place)).round(1)
        height = np.degrees(np.arcsin(unit(place) @ unit(-sun_place)))
        low, high = ((np.linalg.norm(passage.state(t + s)[:3]) - RADIUS_M) / 1e3 for s in (-30.0, 29.0))
        print(
            f"{clock}: {low:.0f} to {high:.0f} km (published {HEIGHTS_KM.get(clock, 165)}), over longitude, latitude "
            f"{ground}, Sun {height:.0f} degrees high"
        )
    axes = body_axes(passage)
    print("direction of the Sun in body axes:", (axes @ unit(-sun_place)).round(3))
    print("quaternion_icrf_to_body =", Rotation.from_matrix(axes).as_quat().round(6).tolist())
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(
            passage.message("BEPICOLOMBO", "2018-080A", CLOSEST, 1800, 30, "design/bepicolombo_flyby.py")
        )


if __name__ == "__main__":
    main()
