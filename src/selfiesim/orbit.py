"""Orbits: Keplerian elements, states, and the two-body motion between them.

Textbook forms (Vallado, Fundamentals of Astrodynamics and Applications, chapter 2; Battin, section 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.frames import Matrix, Vector, rotation_x, rotation_z


@dataclass(frozen=True)
class State:
    """Position (3,) in m and velocity (3,) in m/s about a body's centre, in non-turning axes."""

    position: Vector
    velocity: Vector


@dataclass(frozen=True)
class Elements:
    """An ellipse about a body, in the inertial frame it is written in. Metres and radians."""

    semi_major_axis: float
    eccentricity: float
    inclination: float
    raan: float
    arg_periapsis: float
    true_anomaly: float

    def perifocal_to_inertial(self) -> Matrix:
        """From axes with x to the periapsis and z along the angular momentum."""
        turn = rotation_z(self.arg_periapsis) @ rotation_x(self.inclination) @ rotation_z(self.raan)
        return np.asarray(turn.T)


def elements_to_state(elements: Elements, gm: float) -> State:
    """The state at the elements' true anomaly; ``gm`` in m3/s2."""
    e, nu = elements.eccentricity, elements.true_anomaly
    parameter = elements.semi_major_axis * (1.0 - e * e)
    radius = parameter / (1.0 + e * np.cos(nu))
    turn = elements.perifocal_to_inertial()
    position = radius * np.array([np.cos(nu), np.sin(nu), 0.0])
    velocity = np.sqrt(gm / parameter) * np.array([-np.sin(nu), e + np.cos(nu), 0.0])
    return State(turn @ position, turn @ velocity)


def state_to_elements(state: State, gm: float) -> Elements:
    """Osculating elements of a state on an ellipse.

    Raises
    ------
    ValueError
        When the state is not on an ellipse (energy not negative).
    """
    r, v = state.position, state.velocity
    radius, momentum = np.linalg.norm(r), np.cross(r, v)
    energy = v @ v / 2.0 - gm / radius
    if energy >= 0.0:
        raise ValueError("the state is not on a closed orbit")
    toward_periapsis = np.cross(v, momentum) / gm - r / radius
    eccentricity = float(np.linalg.norm(toward_periapsis))
    normal = momentum / np.linalg.norm(momentum)
    # A plane in the equator has no node and a circle no periapsis: count from x, or from the node, instead.
    node = np.array([-normal[1], normal[0], 0.0])
    node = node / np.linalg.norm(node) if np.linalg.norm(node) > 1e-12 else np.array([1.0, 0.0, 0.0])
    periapsis = toward_periapsis / eccentricity if eccentricity > 1e-12 else node

    def angle(start: Vector, end: Vector) -> float:
        return float(np.arctan2(np.dot(np.cross(start, end), normal), np.dot(start, end)) % (2.0 * np.pi))

    return Elements(
        semi_major_axis=float(-gm / (2.0 * energy)),
        eccentricity=eccentricity,
        inclination=float(np.arctan2(np.hypot(normal[0], normal[1]), normal[2])),
        raan=float(np.arctan2(node[1], node[0]) % (2.0 * np.pi)),
        arg_periapsis=angle(node, periapsis),
        true_anomaly=angle(periapsis, r),
    )


def period(elements: Elements, gm: float) -> float:
    """Seconds for one turn."""
    return float(2.0 * np.pi * np.sqrt(elements.semi_major_axis**3 / gm))


def true_to_mean(true_anomaly: float, eccentricity: float) -> float:
    """Mean anomaly (rad) of a true anomaly, on the same turn."""
    half = np.sqrt((1.0 - eccentricity) / (1.0 + eccentricity)) * np.tan(true_anomaly / 2.0)
    eccentric = 2.0 * np.arctan(half)
    return float(eccentric - eccentricity * np.sin(eccentric))


def propagate(state: State, seconds: float, gm: float) -> State:
    """Two-body motion by Lagrange's f and g functions of the change in eccentric anomaly.

    Written in differences from the start, so that for short times it loses nothing to the size of the orbit.

    Raises
    ------
    ValueError
        When the state is not on an ellipse.
    """
    r0, v0 = state.position, state.velocity
    radius0 = float(np.linalg.norm(r0))
    a = 1.0 / (2.0 / radius0 - float(v0 @ v0) / gm)
    if a <= 0.0:
        raise ValueError("the state is not on a closed orbit")
    mean_motion = np.sqrt(gm / a**3)
    e_sin, e_cos = float(r0 @ v0) / np.sqrt(gm * a), 1.0 - radius0 / a
    change = _eccentric_change(mean_motion * seconds, e_sin, e_cos)
    c, s = np.cos(change), np.sin(change)
    one_minus_c = 2.0 * np.sin(change / 2.0) ** 2
    radius = a * (1.0 - e_cos * c + e_sin * s)
    f = 1.0 - a / radius0 * one_minus_c
    g = (radius0 * s + a * e_sin * one_minus_c) / (a * mean_motion)
    f_dot = -a * a * mean_motion / (radius * radius0) * s
    g_dot = 1.0 - a / radius * one_minus_c
    return State(f * r0 + g * v0, f_dot * r0 + g_dot * v0)


def _eccentric_change(mean_change: float, e_sin: float, e_cos: float) -> float:
    """Solve Kepler's equation in the change of eccentric anomaly, by Newton's method with a bisection guard."""
    turns = np.round(mean_change / (2.0 * np.pi))
    target = mean_change - 2.0 * np.pi * turns
    low, high = target - 2.0 * (1.0 + abs(e_sin)), target + 2.0 * (1.0 + abs(e_sin))
    x = target
    for _ in range(60):
        s, one_minus_c = np.sin(x), 2.0 * np.sin(x / 2.0) ** 2
        error = x - e_cos * s + e_sin * one_minus_c - target
        low, high = (x, high) if error < 0.0 else (low, x)
        step = error / (1.0 - e_cos * np.cos(x) + e_sin * s)
        following = x - step if low <= x - step <= high else 0.5 * (low + high)
        if following == x or abs(following - x) < 1e-16:
            break
        x = following
    return float(x + 2.0 * np.pi * turns)


def max_latitude_anomaly(elements: Elements) -> float:
    """True anomaly (rad) of the orbit's point farthest north of its reference plane."""
    return float((np.pi / 2.0 - elements.arg_periapsis) % (2.0 * np.pi))
