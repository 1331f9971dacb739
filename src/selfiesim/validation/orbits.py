"""Orbits, release and tumbling, against laws and published numbers."""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import MARS
from selfiesim.astro.orbit import Elements, State, elements_to_state, period, propagate, state_to_elements
from selfiesim.motion.relative_motion import (
    clohessy_wiltshire,
    relative_state,
    relative_to_rtn,
    rtn_to_relative,
    yamanaka_ankersen,
)
from selfiesim.motion.tumble import inertia_tensor, tumble
from selfiesim.validation.registry import Measured, check

GM = MARS.gm_m3_s2
# Tianwen-1 after its burn of November 2021: D. Estevez, destevez.net, from telemetry, 2021-11-09T10:42:09 UTC.
TRACKED = State(
    np.array([1786.3925178639424e3, -3521.8603918686213e3, -12884.286672718548e3]),
    np.array([-211.00179119659598, 982.2409035982982, -730.3411191821157]),
)


@check("orbits", "two-body motion: one revolution, eccentricity 0 to 0.95", "Kepler's problem: the orbit closes")
def orbit_closes() -> Measured:
    """Largest distance from the start after one revolution, relative."""
    worst = 0.0
    for eccentricity in (0.0, 0.3, 0.5884, 0.8, 0.95):
        elements = Elements(8.89875e6, eccentricity, 1.506, 1.758, 0.997, 0.7)
        start = elements_to_state(elements, GM)
        end = propagate(start, period(elements, GM), GM)
        worst = max(worst, float(np.linalg.norm(end.position - start.position) / np.linalg.norm(start.position)))
    return Measured(worst, 0.0, 1e-11)


@check("orbits", "two-body motion: speed at any distance, e = 0.5884", "vis-viva")
def vis_viva() -> Measured:
    """Largest relative difference of the speed along the orbit."""
    elements = Elements(8.89875e6, 0.5884, 1.506, 1.758, 0.997, 0.7)
    start, worst = elements_to_state(elements, GM), 0.0
    for seconds in np.linspace(0.0, period(elements, GM), 25):
        state = propagate(start, float(seconds), GM)
        law = np.sqrt(GM * (2.0 / np.linalg.norm(state.position) - 1.0 / elements.semi_major_axis))
        worst = max(worst, abs(float(np.linalg.norm(state.velocity) / law) - 1.0))
    return Measured(worst, 0.0, 1e-11)


@check("orbits", "period of Phobos from its semi-major axis, 9378 km", "NSSDC Mars Fact Sheet: 0.31891 days")
def period_of_phobos() -> Measured:
    """Period, days; oblateness, left out here, shifts it by 4e-4 of itself."""
    days = period(Elements(9378e3, 0.0, 0.0, 0.0, 0.0, 0.0), GM) / 86400.0
    return Measured(days, 0.31891, 0.0003, "d")


@check(
    "orbits",
    "period of Tianwen-1 from its tracked position and velocity",
    "announced after the burn: 7.08 h (CNSA, 2021-11-09)",
)
def period_of_tianwen() -> Measured:
    """Period, hours."""
    return Measured(period(state_to_elements(TRACKED, GM), GM) / 3600.0, 7.08, 0.01, "h")


@check("release", "range after 100 s of a push of 0.2 m/s, at 5300 km from Mars' centre", "speed times time: 20 m")
def range_after_a_push() -> Measured:
    """Distance, m; gravity's gradient takes a thousandth."""
    host = elements_to_state(Elements(8.89875e6, 0.5884, 1.506, 1.758, 0.997, 0.574), GM)
    camera = State(host.position, host.velocity + 0.2 * np.array([0.36, -0.48, 0.8]))
    return Measured(float(np.linalg.norm(relative_state(host, camera, 100.0, GM).position)), 20.0, 0.03, "m")


@check("release", "drift over a revolution on a circular orbit, pushed at 0.01 m/s", "Clohessy and Wiltshire 1960")
def drift_on_a_circle() -> Measured:
    """Largest difference from the closed form, as a share of the distance: of the order of distance over radius."""
    host = elements_to_state(Elements(7e6, 0.0, 0.4, 0.2, 0.0, 0.1), GM)
    start = np.array([1.0, 2.0, -0.5, 0.006, 0.0, 0.008])
    relative = rtn_to_relative(host, start)
    camera = State(host.position + relative.position, host.velocity + relative.velocity)
    motion, worst = np.sqrt(GM / 7e6**3), 0.0
    for seconds in np.linspace(0.0, 2.0 * np.pi / motion, 13):
        later = propagate(host, float(seconds), GM)
        ours = relative_to_rtn(later, relative_state(host, camera, float(seconds), GM))[:3]
        law = clohessy_wiltshire(start, float(seconds), motion)[..., :3]
        worst = max(worst, float(np.linalg.norm(ours - law) / np.linalg.norm(law)))
    return Measured(worst, 0.0, 1e-4)


@check(
    "release",
    "drift over a revolution on an ellipse, e = 0.5884",
    "equations of Yamanaka and Ankersen 2002, integrated by DOP853",
)
def drift_on_an_ellipse() -> Measured:
    """Largest difference of the closed form from the integration, as a share of the drift."""
    from scipy.integrate import solve_ivp

    eccentricity, anomaly = 0.5884, 0.574
    elements = Elements(8.89875e6, eccentricity, 1.506, 1.758, 0.997, anomaly)
    host, start = elements_to_state(elements, GM), np.array([1.0, 2.0, -0.5, 0.006, 0.0, 0.008])
    momentum = float(np.linalg.norm(np.cross(host.position, host.velocity)))
    clock = np.sqrt((momentum**2 / GM) ** 3 / GM)  # s per unit of time in which the equations have no constants

    def motion(_time: float, y: np.ndarray) -> list[float]:
        x, t, n, vx, vt, vn, true = y
        rho = 1.0 + eccentricity * np.cos(true)
        w, w_dot, pull = rho**2, -2.0 * eccentricity * np.sin(true) * rho**3, rho**3
        radial = 2.0 * w * vt + w_dot * t + w * w * x + 2.0 * pull * x
        return [vx, vt, vn, radial, -2.0 * w * vx - w_dot * x + w * w * t - pull * t, -pull * n, w]

    seconds = period(elements, GM)
    first = np.concatenate([start[:3], start[3:] * clock, [anomaly]])
    solved = solve_ivp(motion, (0.0, seconds / clock), first, method="DOP853", rtol=2.3e-14, atol=1e-15)
    theirs, ours = solved.y[:3, -1], yamanaka_ankersen(start, host, np.array([seconds]), GM)[0, :3]
    return Measured(float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)), 0.0, 1e-11)


@check("tumbling", "energy and angular momentum of a free body over an hour", "both are constant (Euler)")
def tumbling_keeps_energy() -> Measured:
    """Largest relative change of either."""
    inertia, rate = np.array([1.1e-3, 1.7e-3, 2.3e-3]), np.radians([3.0, -5.0, 8.0])
    found = tumble(inertia, np.array([0.0, 0.0, 0.0, 1.0]), rate, np.linspace(0.0, 3600.0, 100))
    tensor = inertia_tensor(inertia)
    energy = np.sum(found.rate @ tensor * found.rate, axis=-1) / (rate @ tensor @ rate)
    momentum = np.linalg.norm(found.rate @ tensor, axis=-1) / np.linalg.norm(tensor @ rate)
    return Measured(float(max(np.abs(energy - 1.0).max(), np.abs(momentum - 1.0).max())), 0.0, 1e-10)


@check("tumbling", "precession of a symmetric body", "Euler's equations: (I3 / I1 - 1) times its spin")
def precession_of_a_disc() -> Measured:
    """Rate of the transverse spin's turn in body axes, degrees per second."""
    inertia, rate = np.array([1.1e-3, 1.1e-3, 2.0e-3]), np.radians([2.0, 0.0, 9.0])
    found = tumble(inertia, np.array([0.0, 0.0, 0.0, 1.0]), rate, np.array([0.0, 1.0]))
    turned = np.degrees(np.arctan2(found.rate[1, 1], found.rate[1, 0]) - np.arctan2(found.rate[0, 1], found.rate[0, 0]))
    return Measured(float(turned), (2.0 / 1.1 - 1.0) * 9.0, 1e-6, "deg/s")
