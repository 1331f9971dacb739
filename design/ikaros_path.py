"""The arc of IKAROS from the Earth at launch to Venus on the day of its flyby.

Prints the elements of ``scenes/ikaros-dcam2.toml``, and distances from the Earth that were not fitted. The gravity of
Earth and Venus and the radiation pressure on the sail (1.12 mN on 310 kg: 0.5 million km by December) are neglected.
Run: python design/ikaros_path.py
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
FLYBY = Epoch.from_utc("2010-12-08T00:00:00Z")  # JAXA: past Venus that day, at 80,800 km
DEPLOYED = Epoch.from_utc("2010-06-10T00:00:00Z")  # sail deployed, 7.7 million km from the Earth (JAXA, 11 June 2010)
PICTURE = Epoch.from_utc("2010-06-14T04:00:00Z")

earth, earth_velocity = (
    getattr(BUILTIN_EPHEMERIS, quantity)("earth", "sun", LAUNCH) for quantity in ("position", "velocity")
)
venus = AU_M * np.array(erfa.plan94(2455538.5, 0.0, 2)["p"])


def arc(excess_km_s: np.ndarray, epoch: Epoch) -> State:
    """The state of a craft that left the Earth with this excess velocity (3,) km/s, ICRF axes."""
    return propagate(State(earth, earth_velocity + 1e3 * excess_km_s), epoch - LAUNCH, GM_SUN_M3_S2)


excess = fsolve(lambda excess: (arc(excess, FLYBY).position - venus) / 1e9, -0.1e-3 * earth_velocity)
icrf_to_ecliptic = icrf_to_inertial("ecliptic")
for name, epoch in (("sail deployed", DEPLOYED), ("picture", PICTURE)):
    distance = np.linalg.norm(arc(excess, epoch).position - BUILTIN_EPHEMERIS.position("earth", "sun", epoch))
    print(f"{name}: {distance / 1e9:.2f} million km from the Earth")
state = arc(excess, PICTURE)
elements = state_to_elements(State(icrf_to_ecliptic @ state.position, icrf_to_ecliptic @ state.velocity), GM_SUN_M3_S2)
print(f"semi_major_axis_km = {elements.semi_major_axis / 1e3:.0f}\neccentricity = {elements.eccentricity:.5f}")
for key in ("inclination", "raan", "arg_periapsis", "true_anomaly"):
    print(f"{key}_deg = {np.degrees(getattr(elements, key)):.3f}")
