"""Two-body drift against 40-digit arithmetic and against Clohessy and Wiltshire's formulas."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest

from selfiesim.astro.bodies import MARS
from selfiesim.astro.frames import icrf_to_rtn
from selfiesim.astro.orbit import Elements, State, elements_to_state, period, propagate
from selfiesim.motion.relative_motion import relative_state

GM = MARS.gm_m3_s2
millimetre = 1e-3


def exact_motion(state, seconds, steps=60, order=24):
    """Return the position (3,) in two-body motion by Taylor series in 40 decimal digits.

    The series of r'' = -GM r q^(-3/2), with q = r . r, follows from products of the series of r, q and q^(-3/2).
    """
    getcontext().prec = 40
    step = Decimal(seconds) / steps
    r = [Decimal(float(x)) for x in state.position]
    v = [Decimal(float(x)) for x in state.velocity]
    gm = Decimal(GM)
    for _ in range(steps):
        series = [[x, u] for x, u in zip(r, v, strict=True)]
        q, s = [], []
        for n in range(order - 1):
            q.append(sum(row[k] * row[n - k] for row in series for k in range(n + 1)))
            if n == 0:
                s.append(gm / (q[0] * q[0].sqrt()))
            else:
                total = sum((Decimal(-3) * k / 2 - (n - k)) * q[k] * s[n - k] for k in range(1, n + 1))
                s.append(total / (n * q[0]))
            for row in series:
                row.append(-sum(row[k] * s[n - k] for k in range(n + 1)) / ((n + 1) * (n + 2)))
        powers = [step**n for n in range(order + 1)]
        r = [sum(c * p for c, p in zip(row, powers, strict=True)) for row in series]
        v = [sum(n * row[n] * powers[n - 1] for n in range(1, order + 1)) for row in series]
    return r


def start(eccentricity=0.5884):
    """Return the orbiter of December 2021 near its northernmost point, and a camera released at 0.2 m/s."""
    host = elements_to_state(Elements(8.89875e6, eccentricity, 1.506, 1.758, 0.997, 0.574), GM)
    away = np.array([0.36, -0.48, 0.8])
    return host, State(host.position + 1.9 * away, host.velocity + 0.2 * away)


def test_the_reference_series_has_converged():
    host, _camera = start()
    coarse, fine = (exact_motion(host, 3600.0, steps=steps) for steps in (60, 90))
    assert max(abs(a - b) for a, b in zip(coarse, fine, strict=True)) < Decimal("1e-9")


@pytest.mark.parametrize("seconds", [100.0, 1000.0, 3600.0])
def test_drift_over_an_hour_is_exact_to_a_millimetre(figure, seconds):
    host, camera = start()
    pairs = zip(exact_motion(camera, seconds), exact_motion(host, seconds), strict=True)
    exact = np.array([float(a - b) for a, b in pairs])
    ours = relative_state(host, camera, seconds, GM).position
    worst = 1e9 * np.linalg.norm(ours - exact)
    figure("orbits", "drift over an hour", "two-body motion in 40 digits", worst, 1000.0, "nm")


def test_the_position_in_orbit_is_exact_to_a_millimetre():
    host, _camera = start()
    exact = np.array([float(x) for x in exact_motion(host, 3600.0)])
    assert np.linalg.norm(propagate(host, 3600.0, GM).position - exact) < millimetre / 1000


def clohessy_wiltshire(n, t, position, velocity):
    """Return the position (3,) in radial, transverse and normal axes of the orbit (Vallado, section 6.8)."""
    x, y, z = position
    dx, dy, dz = velocity
    s, c = np.sin(n * t), np.cos(n * t)
    return np.array(
        [
            dx / n * s - (3 * x + 2 * dy / n) * c + (4 * x + 2 * dy / n),
            (6 * x + 4 * dy / n) * s + 2 * dx / n * c - (6 * n * x + 3 * dy) * t + (y - 2 * dx / n),
            z * c + dz / n * s,
        ]
    )


@pytest.mark.parametrize(
    "push", [(0.2, 0.0, 0.0), (0.0, 0.2, 0.0), (0.0, 0.0, 0.2), (0.11, -0.13, 0.1)], ids=["up", "ahead", "side", "any"]
)
def test_drift_from_a_circular_orbit_agrees_with_clohessy_and_wiltshire(push):
    radius = 4.0e6
    host = elements_to_state(Elements(radius, 0.0, 1.5, 1.8, 0.0, 0.4), GM)
    n = np.sqrt(GM / radius**3)
    to_rtn = icrf_to_rtn(host.position, host.velocity)
    mount = np.array([0.5, 1.6, -1.0])
    inertial_push = np.array(push)
    camera = State(host.position + to_rtn.T @ mount, host.velocity + to_rtn.T @ inertial_push)
    # Velocity in axes that rotate with the orbit.
    rotating_push = inertial_push - np.cross([0.0, 0.0, n], mount)
    for seconds in (10.0, 100.0, 1000.0, 2 * np.pi / n):
        later = propagate(host, seconds, GM)
        ours = icrf_to_rtn(later.position, later.velocity) @ relative_state(host, camera, seconds, GM).position
        theirs = clohessy_wiltshire(n, seconds, mount, rotating_push)
        # Theirs omits the second order: d^2 / r, and its effect on the period, which grows as 1.5 n t.
        reach = max(np.linalg.norm(theirs), np.linalg.norm(push) * min(seconds, 1 / n))
        assert np.linalg.norm(ours - theirs) < (2 + 1.5 * n * seconds) * reach**2 / radius + 1e-8


def test_the_period_of_a_circular_orbit():
    elements = Elements(4.0e6, 0.0, 1.5, 1.8, 0.0, 0.4)
    assert period(elements, GM) == pytest.approx(2 * np.pi * np.sqrt(4.0e6**3 / GM), rel=1e-15)
