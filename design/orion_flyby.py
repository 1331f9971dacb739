"""Fit the trajectory of scenes/orion-selfie.toml: Orion toward the Moon on 21 November 2022, as scenes/orion-moon.oem.

It is not mission data. After its burn, Orion passed 130 km above the Moon at 12:57 UTC at 5102 mph and was above the
landing site of Apollo 11 at 13:37, later above that of Apollo 14 at 6000 miles (NASA, 21 November 2022). These give the
orbit after the burn. Before it, the speed at 328 miles, 5023 mph, gives the excess speed of a hyperbola, which joins
that orbit in the middle of the burn, 12:44:00 to 12:46:30. Orion's loss and return of signal, its height above the
Apollo sites and at the start of the burn are then compared. The Earth's gravity is neglected.
Run: python design/orion_flyby.py [scenes/orion-moon.oem]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hyperbola import Hyperbola, Vector
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from selfiesim.astro.bodies import MOON
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.core.vectors import unit

MILE_M = 1609.344
CLOSEST = Epoch.from_utc("2022-11-21T12:57:00Z")
BURN_START, BURN_MIDDLE = (Epoch.from_utc(f"2022-11-21T12:{clock}Z") for clock in ("44:00", "45:15"))
OVER_APOLLO_11 = Epoch.from_utc("2022-11-21T13:37:00Z")
RADIUS_M, GM = MOON.radii_m[0], MOON.gm_m3_s2
PERILUNE_M, SPEED_M_S = RADIUS_M + 130e3, 5102 * 0.44704
BURN_M, BURN_M_S = RADIUS_M + 328 * MILE_M, 5023 * 0.44704
SITES = {"Apollo 11": (0.67, 23.47), "Apollo 14": (-3.65, -17.47), "Apollo 12": (-3.01, -23.42)}  # LROC
FILE_S, ROW_S = 3600, 30


def site(name: str, epoch: Epoch) -> Vector:
    """Direction (3,) of a landing site from the centre of the Moon, ICRF axes."""
    lat, lon = np.radians(SITES[name])
    fixed = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return np.asarray(icrf_to_bodyfixed(MOON, epoch).T @ fixed)


def propagate(state: Vector, seconds: float) -> Vector:
    """The state (6,) about the Moon some seconds later."""

    def rate(_t: float, y: Vector) -> Vector:
        return np.concatenate([y[3:], -GM * y[:3] / np.linalg.norm(y[:3]) ** 3])

    return np.asarray(solve_ivp(rate, (0.0, seconds), state, "DOP853", rtol=1e-11, atol=1e-4).y[:, -1])


def rise_s(height_m: float) -> float:
    """Seconds after closest approach at which Orion is this high."""
    start = np.array([PERILUNE_M, 0.0, 0.0, 0.0, SPEED_M_S, 0.0])
    return float(brentq(lambda t: np.linalg.norm(propagate(start, t)[:3]) - RADIUS_M - height_m, 10.0, 30_000.0))


def after_burn() -> Vector:
    """State (6,) at closest approach."""
    first = site("Apollo 11", OVER_APOLLO_11)
    pole = unit(np.cross(first, site("Apollo 14", CLOSEST + rise_s(6000 * MILE_M))))
    flat = propagate(np.array([PERILUNE_M, 0.0, 0.0, 0.0, SPEED_M_S, 0.0]), OVER_APOLLO_11 - CLOSEST)
    turned = np.arctan2(flat[1], flat[0])
    apse = unit(first * np.cos(turned) - np.cross(pole, first) * np.sin(turned))
    return np.concatenate([PERILUNE_M * apse, SPEED_M_S * np.cross(pole, apse)])


def approach(state: Vector) -> tuple[Hyperbola, float]:
    """The hyperbola before the burn, and the seconds from its closest approach to the middle of the burn."""
    middle = propagate(state, BURN_MIDDLE - CLOSEST)
    place, ahead = middle[:3], unit(middle[3:])
    excess2 = BURN_M_S**2 - 2.0 * GM / BURN_M
    velocity = np.sqrt(excess2 + 2.0 * GM / np.linalg.norm(place)) * ahead
    momentum = np.cross(place, velocity)
    pole = np.cross(velocity, momentum) / GM - unit(place)
    e, a = float(np.linalg.norm(pole)), GM / excess2
    across, rise = unit(np.cross(momentum, pole)), np.sqrt(1.0 - 1.0 / e**2)
    after = np.sqrt(excess2) * (-pole / e**2 + rise * across)
    passage = Hyperbola(MOON, a * (e - 1.0), after, pole, 0.0)
    low, high = -1500.0, 0.0
    before = brentq(lambda t: np.linalg.norm(passage.state(t)[:3]) - np.linalg.norm(place), low, high)
    return passage, float(before)


def main() -> None:
    """Print the numbers that can be compared with published ones, and write the OEM to the path on the command line."""
    state = after_burn()
    passage, before = approach(state)
    periapsis = BURN_MIDDLE + -before
    gap = passage.state(before)[:3] - propagate(state, BURN_MIDDLE - CLOSEST)[:3]
    change = np.linalg.norm(passage.state(before)[3:]) - np.linalg.norm(propagate(state, BURN_MIDDLE - CLOSEST)[3:])
    print(f"joined within {np.linalg.norm(gap):.0f} m; braked by {change:.0f} m/s (26.7 kN for 150 s on 26 t: 154)")
    height = (np.linalg.norm(passage.state(BURN_START - periapsis)[:3]) - RADIUS_M) / MILE_M
    print(f"at the start of the burn {height:.0f} miles high (NASA: 328)")
    for name, miles in (("Apollo 11", 1400), ("Apollo 14", 6000), ("Apollo 12", 7700)):
        t = (OVER_APOLLO_11 - CLOSEST) if name == "Apollo 11" else rise_s(miles * MILE_M)
        place = propagate(state, t)[:3]
        off = np.degrees(np.arccos(unit(place) @ site(name, CLOSEST + t)))
        height = (np.linalg.norm(place) - RADIUS_M) / MILE_M
        print(f"{name}: {height:.0f} miles high (NASA: {miles}), {off:.1f} degrees from the site")
    hidden = []
    for t in np.arange(-3000.0, 600.0, 5.0):
        epoch = CLOSEST + float(t)
        place = passage.state(epoch - periapsis)[:3] if epoch - BURN_MIDDLE < 0.0 else propagate(state, float(t))[:3]
        sight = unit(BUILTIN_EPHEMERIS.position("earth", "moon", epoch) - place)
        if place @ sight < 0.0 and np.linalg.norm(place - (place @ sight) * sight) < RADIUS_M:
            hidden.append(epoch.utc(0)[11:19])
    print(f"Earth hidden from {hidden[0]} to {hidden[-1]} (NASA: signal lost at 12:26, back at 12:59)")
    print(
        f"excess speed {np.linalg.norm(passage.before):.0f} m/s; closest approach without the burn {periapsis.utc(0)}"
    )
    if len(sys.argv) > 1:
        text = passage.message("ORION", "2022-156A", periapsis, FILE_S, ROW_S, "design/orion_flyby.py")
        rows = text.splitlines()
        stop = BURN_START.utc(0).removesuffix("Z")
        kept = [row for row in rows if not row.startswith("2022") or row.split()[0] <= stop]
        last = kept[-1].split()[0]
        Path(sys.argv[1]).write_text(
            "\n".join(f"STOP_TIME = {last}" if row.startswith("STOP_TIME") else row for row in kept) + "\n"
        )


if __name__ == "__main__":
    main()
