"""Fit the ellipse of scenes/tianwen1-cruise.toml: Tianwen-1 between launch and its manoeuvre of 9 October 2020.

No trajectory was published. The fitted arc leaves the Earth at launch and agrees with what is known: 24.1 million km
from the Earth on 1 October 2020 (CNSA), and the angle between Sun and Earth from the attitude in telemetry on
15 September and 1 October (D. Estevez). Facts that were not fitted are then compared. Run: python design/cruise_path.py
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares, root

from selfiesim.astro.bodies import AU_M
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import State, propagate, state_to_elements

LAUNCH = Epoch.from_utc("2020-07-23T04:41:00Z")
SEPTEMBER = Epoch.from_utc("2020-09-15T00:00:00Z")
PICTURES = Epoch.from_utc("2020-10-01T00:00:00Z")  # the day they were published
MANOEUVRE = Epoch.from_utc("2020-10-09T15:00:00Z")
ARRIVAL = Epoch.from_utc("2021-02-10T11:52:00Z")


def state_at(start: State, epoch: Epoch) -> State:
    """The state on the free arc at ``epoch``."""
    return propagate(start, epoch - LAUNCH, GM_SUN_M3_S2)


def earth_distance_and_elongation(start: State, epoch: Epoch) -> tuple[float, float]:
    """Distance of the Earth (million km) and its angle from the Sun (degrees), as seen from the craft."""
    here = state_at(start, epoch).position
    earth = BUILTIN_EPHEMERIS.position("earth", "sun", epoch) - here
    cosine = earth @ -here / np.linalg.norm(earth) / np.linalg.norm(here)
    return float(np.linalg.norm(earth)) / 1e9, float(np.degrees(np.arccos(cosine)))


def velocity_to_mars(start: State, departure: Epoch) -> np.ndarray:
    """The velocity that leads from the arc at ``departure`` to Mars at arrival (Lambert's problem), m/s."""
    here, mars = state_at(start, departure), BUILTIN_EPHEMERIS.position("mars", "sun", ARRIVAL)

    def miss(velocity: np.ndarray) -> np.ndarray:
        there = propagate(State(here.position, 1e3 * velocity), ARRIVAL - departure, GM_SUN_M3_S2)
        return (there.position - mars) / 1e9

    found = root(miss, 1.05 * here.velocity / 1e3, tol=1e-12)
    assert found.success, found.message
    return np.asarray(1e3 * found.x)


def fit_launch_state() -> State:
    """The heliocentric state (ICRF) at launch of the arc that fits best."""
    earth, earth_velocity = (
        BUILTIN_EPHEMERIS.position("earth", "sun", LAUNCH),
        BUILTIN_EPHEMERIS.velocity("earth", "sun", LAUNCH),
    )
    first = velocity_to_mars(State(earth, earth_velocity), LAUNCH)

    def residuals(change: np.ndarray) -> np.ndarray:
        start = State(earth, first + 100.0 * change)
        distance, elongation = earth_distance_and_elongation(start, PICTURES)
        elongation_in_september = earth_distance_and_elongation(start, SEPTEMBER)[1]
        delta_v = np.linalg.norm(velocity_to_mars(start, MANOEUVRE) - state_at(start, MANOEUVRE).velocity)
        # Each residual over its uncertainty. The manoeuvre is small: minutes of the engine's 3000 N.
        return np.array(
            [(distance - 24.1) / 0.1, (elongation - 6.5) / 0.5, (elongation_in_september - 18.0) / 1.0, delta_v / 300.0]
        )

    return State(earth, first + 100.0 * least_squares(residuals, np.zeros(3), x_scale=0.1).x)


def main() -> None:
    """Print the elements at the time of the pictures, and the numbers that can be compared with published ones."""
    start = fit_launch_state()
    then = state_at(start, PICTURES)
    to_ecliptic = icrf_to_inertial("ecliptic")
    e = state_to_elements(State(to_ecliptic @ then.position, to_ecliptic @ then.velocity), GM_SUN_M3_S2)
    degrees = np.degrees([e.inclination, e.raan, e.arg_periapsis, e.true_anomaly])
    print(f"a {e.semi_major_axis / 1e3:.0f} km, e {e.eccentricity:.5f}, i, node, periapsis, anomaly", degrees.round(4))
    for epoch, measured in ((SEPTEMBER, 18.0), (PICTURES, 6.5)):
        distance, elongation = earth_distance_and_elongation(start, epoch)
        seen = f"Earth at {distance:.1f} million km, {elongation:.1f} degrees from the Sun"
        print(f"{epoch}: {seen} (telemetry: {measured})")
    track = np.array([propagate(start, s, GM_SUN_M3_S2).position for s in np.linspace(0.0, PICTURES - LAUNCH, 2000)])
    print(f"flown {np.linalg.norm(np.diff(track, axis=0), axis=1).sum() / 1e9:.0f} million km (published: 188)")
    excess = start.velocity - BUILTIN_EPHEMERIS.velocity("earth", "sun", LAUNCH)
    print(f"excess speed at launch {np.linalg.norm(excess):.0f} m/s")
    delta_v = np.linalg.norm(velocity_to_mars(start, MANOEUVRE) - state_at(start, MANOEUVRE).velocity)
    print(f"manoeuvre on 9 October to reach Mars {delta_v:.0f} m/s")
    print(f"from the Sun {np.linalg.norm(then.position) / AU_M:.3f} au")


if __name__ == "__main__":
    main()
