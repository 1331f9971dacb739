"""The arc of IKAROS: from the Earth at its launch to Venus on the day it flew by, and what is not fitted beside it.

Prints the elements that ``scenes/ikaros-dcam2.toml`` has. The pull of Earth and Venus and the push on the sail (1.12 mN
on 310 kg: 0.5 million km by December) are left out. Run: python design/ikaros_path.py
"""

from __future__ import annotations

import erfa
import numpy as np
from scipy.optimize import fsolve

from selfiesim.astro.bodies import AU_M
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import State, propagate, state_to_elements

LAUNCH = Epoch.from_utc("2010-05-20T21:58:22Z")  # JAXA
FLYBY = Epoch.from_utc("2010-12-08T00:00:00Z")  # JAXA: past Venus that day, 80,800 km off
SPREAD = Epoch.from_utc("2010-06-10T00:00:00Z")  # the sail whole, 7.7 million km from the Earth (JAXA, 11 June 2010)
PICTURE = Epoch.from_utc("2010-06-14T04:00:00Z")

earth, moving = (getattr(BUILTIN_EPHEMERIS, what)("earth", "sun", LAUNCH) for what in ("position", "velocity"))
venus = AU_M * np.array(erfa.plan94(2455538.5, 0.0, 2)["p"])


def arc(excess_km_s: np.ndarray, epoch: Epoch) -> State:
    """Where a craft is that left the Earth so much faster than it, km/s, ICRF axes."""
    return propagate(State(earth, moving + 1e3 * excess_km_s), epoch - LAUNCH, GM_SUN_M3_S2)


excess = fsolve(lambda excess: (arc(excess, FLYBY).position - venus) / 1e9, -0.1e-3 * moving)
turn = icrf_to_inertial("ecliptic")
for name, epoch in (("sail spread", SPREAD), ("picture", PICTURE)):
    away = np.linalg.norm(arc(excess, epoch).position - BUILTIN_EPHEMERIS.position("earth", "sun", epoch))
    print(f"{name}: {away / 1e9:.2f} million km from the Earth")
state = arc(excess, PICTURE)
found = state_to_elements(State(turn @ state.position, turn @ state.velocity), GM_SUN_M3_S2)
print(f"semi_major_axis_km = {found.semi_major_axis / 1e3:.0f}\neccentricity = {found.eccentricity:.5f}")
for key in ("inclination", "raan", "arg_periapsis", "true_anomaly"):
    print(f"{key}_deg = {np.degrees(getattr(found, key)):.3f}")
