"""Relative motion in closed form, integrated under perturbations, and for many releases at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from selfiesim.astro.bodies import MARS
from selfiesim.astro.forces import MARS_ZONALS, radiation_pressure_acceleration, zonal_acceleration
from selfiesim.astro.orbit import (
    Elements,
    State,
    elements_to_state,
    period,
    propagate,
    propagate_many,
    propagate_perturbed,
    state_to_elements,
)
from selfiesim.motion.relative_motion import (
    clohessy_wiltshire,
    propagate_cloud,
    relative_state,
    relative_state_perturbed,
    relative_to_rtn,
    rtn_to_relative,
    yamanaka_ankersen,
)

GM = MARS.gm_m3_s2
POLE = np.array([0.0, 0.0, 1.0])
# Position (m) and velocity (m/s) of a spring release, in no special direction.
PUSH = np.array([0.5, 1.6, -1.0, 0.11, -0.13, 0.1])
ELLIPSES = [0.1, 0.5884, 0.8]

turns = st.floats(0.0, 2 * np.pi)
orbits = st.builds(
    Elements,
    semi_major_axis=st.floats(8e6, 4e7),
    eccentricity=st.floats(0.0, 0.8),
    inclination=st.floats(0.0, np.pi),
    raan=turns,
    arg_periapsis=turns,
    true_anomaly=turns,
)


def craft(eccentricity, anomaly=0.574, size=8.89875e6):
    return elements_to_state(Elements(size, eccentricity, 1.506, 1.758, 0.997, anomaly), GM)


def turn_s(host):
    return period(state_to_elements(host, GM), GM)


def camera_of(host, relative_rtn):
    relative = rtn_to_relative(host, relative_rtn)
    return State(host.position + relative.position, host.velocity + relative.velocity)


def exact_rtn(host, relative_rtn, seconds):
    relative = relative_state(host, camera_of(host, relative_rtn), seconds, GM)
    return relative_to_rtn(propagate(host, seconds, GM), relative)


def rows(state):
    return np.concatenate([state.position, state.velocity], axis=-1)


def no_force(_seconds, position):
    return np.zeros_like(position)


def flattening(_seconds, position):
    return zonal_acceleration(position, MARS_ZONALS, POLE)


def test_rtn_conversion_round_trips():
    host = craft(0.5884)
    np.testing.assert_allclose(relative_to_rtn(host, rtn_to_relative(host, PUSH)), PUSH, atol=1e-15)


def test_a_point_at_rest_moves_in_rotating_axes():
    # A metre up and at rest in inertial axes: in rotating axes it moves along -T at their rotation rate.
    host = craft(0.5884)
    up = State(host.position / np.linalg.norm(host.position), np.zeros(3))
    rate = np.linalg.norm(np.cross(host.position, host.velocity)) / (host.position @ host.position)
    np.testing.assert_allclose(relative_to_rtn(host, up), [1.0, 0.0, 0.0, 0.0, -rate, 0.0], atol=1e-15)


@pytest.mark.parametrize("angle", [1e-6, 0.3, 2.0, -1.0, 7.0])
def test_clohessy_wiltshire_solves_hills_equations(angle):
    # Hill's equations (Vallado, section 6.8), x' = A x, by scipy's matrix exponential.
    n = 3e-4
    hill = np.zeros((6, 6))
    hill[:3, 3:] = np.eye(3)
    hill[3, [0, 4]] = 3 * n * n, 2 * n
    hill[4, 3] = -2 * n
    hill[5, 2] = -n * n
    expected = expm(hill * angle / n) @ PUSH
    ours = clohessy_wiltshire(PUSH, angle / n, n)
    for part in (slice(3), slice(3, 6)):
        np.testing.assert_allclose(ours[part], expected[part], rtol=0, atol=1e-12 * np.abs(expected[part]).max())


def assert_second_order(closed, host, seconds):
    """Half the push has a quarter of the error, which is about the squared distance over the radius."""
    errors = [np.linalg.norm((closed(x) - exact_rtn(host, x, seconds))[:3]) for x in (PUSH, PUSH / 2)]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    elements = state_to_elements(host, GM)
    distance = np.linalg.norm(PUSH[3:]) * seconds + np.linalg.norm(exact_rtn(host, PUSH, seconds)[:3])
    assert errors[0] < 2 * distance**2 / (elements.semi_major_axis * (1 - elements.eccentricity))


@pytest.mark.parametrize("fraction", [0.05, 0.3, 1.0])
def test_clohessy_wiltshire_has_a_second_order_error(fraction):
    host = craft(0.0)
    n = 2 * np.pi / turn_s(host)
    seconds = fraction * turn_s(host)
    assert_second_order(lambda x: clohessy_wiltshire(x, seconds, n), host, seconds)


@pytest.mark.parametrize("fraction", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("anomaly", [0.574, 2.9, 5.0])
@pytest.mark.parametrize("eccentricity", ELLIPSES)
def test_yamanaka_ankersen_has_a_second_order_error(eccentricity, anomaly, fraction):
    host = craft(eccentricity, anomaly, size=2e7)
    seconds = fraction * turn_s(host)
    assert_second_order(lambda x: yamanaka_ankersen(x, host, seconds, GM), host, seconds)


@pytest.mark.parametrize("anomaly", [0.574, 2.9])
@pytest.mark.parametrize("eccentricity", [0.0, *ELLIPSES])
def test_yamanaka_ankersen_solves_the_linear_equations(eccentricity, anomaly):
    # Yamanaka and Ankersen 2002, equations 1 and 15, in RTN and in time, by DOP853; the true anomaly beside them.
    host = craft(eccentricity, anomaly, size=2e7)
    momentum = np.linalg.norm(np.cross(host.position, host.velocity))
    parameter = momentum**2 / GM
    clock = 1 / np.sqrt(GM / parameter**3)

    def motion(_time, y):
        true = y[6]
        rho = 1 + eccentricity * np.cos(true)
        w, w_dot, pull = rho**2, -2 * eccentricity * np.sin(true) * rho**3, rho**3
        x, t, n, vx, vt, vn = y[:6]
        return [
            vx, vt, vn,
            2 * w * vt + w_dot * t + w * w * x + 2 * pull * x,
            -2 * w * vx - w_dot * x + w * w * t - pull * t,
            -pull * n,
            w,
        ]  # fmt: skip

    times = turn_s(host) * np.array([0.02, 0.3, 1.0])
    start = np.concatenate([PUSH[:3], PUSH[3:] * clock, [anomaly]])
    size = np.abs(start[:6]).max()
    # Steps that end on the times: DOP853 interpolates more coarsely than it steps.
    for k, seconds in enumerate(times):
        solved = solve_ivp(motion, (0, seconds / clock), start, method="DOP853", rtol=2.3e-14, atol=1e-16 * size)
        expected = solved.y[:6, -1] * ([1] * 3 + [1 / clock] * 3)
        ours = yamanaka_ankersen(PUSH, host, times, GM)[k]
        for part in (slice(3), slice(3, 6)):
            assert np.abs(ours[part] - expected[part]).max() < 1e-12 * np.abs(expected[part]).max()


@pytest.mark.parametrize("fraction", [0.001, 0.3, 0.5, 1.7])
def test_yamanaka_ankersen_equals_clohessy_wiltshire_on_a_circle(fraction):
    circle = craft(0.0)
    seconds, n = fraction * turn_s(circle), 2 * np.pi / turn_s(circle)
    expected = clohessy_wiltshire(PUSH, seconds, n)
    scale = np.abs(expected) @ np.kron(np.eye(2), np.ones((3, 3)))
    np.testing.assert_array_less(np.abs(yamanaka_ankersen(PUSH, circle, seconds, GM) - expected), 1e-11 * scale)
    for small in (1e-4, 1e-6):
        off = np.abs(yamanaka_ankersen(PUSH, craft(small), seconds, GM) - expected)
        np.testing.assert_array_less(off, 40 * small * scale)


@pytest.mark.parametrize(
    "closed",
    [lambda x, t: clohessy_wiltshire(x, t, 3e-4), lambda x, t: yamanaka_ankersen(x, craft(0.5884), t, GM)],
    ids=["clohessy-wiltshire", "yamanaka-ankersen"],
)
def test_closed_forms_broadcast_over_states_and_times(closed):
    many = PUSH * np.linspace(-1.0, 1.0, 12).reshape(4, 3, 1)
    times = np.array([0.0, 60.0, -600.0, 3600.0, 1e5])
    assert closed(PUSH, 60.0).shape == (6,)
    assert closed(PUSH, times).shape == (5, 6)
    assert closed(many, 60.0).shape == (4, 3, 6)
    together = closed(many, times)
    assert together.shape == (4, 3, 5, 6)
    np.testing.assert_allclose(together[1, 2, 3], closed(many[1, 2], 3600.0), rtol=1e-13)
    np.testing.assert_allclose(together[:, :, 0], many, atol=1e-15)


def test_an_escape_orbit_is_rejected():
    away = State(np.array([4e6, 0.0, 0.0]), np.array([0.0, 1e4, 0.0]))
    with pytest.raises(ValueError, match="not on a closed orbit"):
        yamanaka_ankersen(PUSH, away, 10.0, GM)
    with pytest.raises(ValueError, match="not on a closed orbit"):
        propagate_cloud(craft(0.5), np.stack([rows(craft(0.5)), rows(away)]), np.array([10.0]), GM)


@pytest.mark.parametrize("seconds", [-1800.0, 100.0, 3600.0, 25000.0])
def test_without_perturbations_the_integrated_drift_is_the_two_body_drift(seconds):
    host = craft(0.5884)
    camera = camera_of(host, PUSH)
    ours, exact = (
        relative_state_perturbed(host, camera, seconds, GM, no_force),
        relative_state(host, camera, seconds, GM),
    )
    assert np.linalg.norm(ours.position - exact.position) < 2e-7
    assert np.linalg.norm(ours.velocity - exact.velocity) < 1e-9


def test_the_integrated_drift_is_the_difference_of_two_integrated_orbits():
    host = craft(0.5884)
    camera, times = camera_of(host, 1000 * PUSH), np.array([3600.0, -600.0, 20000.0])
    ours = relative_state_perturbed(host, camera, times, GM, flattening)
    one, other = (propagate_perturbed(body, times, GM, flattening, rtol=2.3e-14) for body in (camera, host))
    # Two integrations of 1e7 m are good to 10 micrometres.
    np.testing.assert_allclose(ours.position, one.position - other.position, rtol=0, atol=2e-4)
    np.testing.assert_allclose(ours.velocity, one.velocity - other.velocity, rtol=0, atol=2e-7)
    alone = relative_state_perturbed(host, camera, 3600.0, GM, flattening)
    assert alone.position.shape == (3,)
    np.testing.assert_allclose(alone.position, ours.position[0], rtol=0, atol=1e-8)


def test_radiation_pressure_separates_coincident_bodies():
    # a t^2 / 2, while the tide (GM / r^3, 1 / 1000 s squared) is negligible.
    host, to_sun = craft(0.5884), np.array([0.0, 2.3e11, 0.0])
    relative = relative_state_perturbed(
        host,
        host,
        20.0,
        GM,
        lambda _s, r: radiation_pressure_acceleration(r, to_sun, 0.02),
        camera_acceleration=lambda _s, r: radiation_pressure_acceleration(r, to_sun, 0.03),
    )
    expected = radiation_pressure_acceleration(host.position, to_sun, 0.01) * 200.0
    np.testing.assert_allclose(relative.position, expected, rtol=0, atol=1e-3 * np.linalg.norm(expected))


@given(elements=orbits, fraction=st.floats(-1.5, 1.5))
def test_vectorized_propagation_equals_single_propagations(elements, fraction):
    host = elements_to_state(elements, GM)
    seconds = fraction * period(elements, GM)
    many = rows(host) + np.array([np.zeros(6), PUSH, -PUSH])
    for near in (None, rows(host)):
        ours = propagate_many(many, seconds, GM, near)
        assert ours.shape == (3, 6)
        for k in range(3):
            alone = rows(propagate(State(many[k, :3], many[k, 3:]), seconds, GM))
            for part in (slice(3), slice(3, 6)):
                limit = 1e-13 / (1 - elements.eccentricity) ** 2 * np.linalg.norm(alone[part])
                assert np.linalg.norm(ours[k, part] - alone[part]) < limit


def test_a_poor_initial_guess_does_not_change_the_result():
    one, other = craft(0.8, 0.1), craft(0.1, 3.0, size=3e7)
    ours = propagate_many(rows(one), 40000.0, GM, near=rows(other))
    np.testing.assert_allclose(ours, propagate_many(rows(one), 40000.0, GM), rtol=1e-11)


@pytest.mark.parametrize("eccentricity", [0.0, 0.5884])
def test_a_cloud_equals_single_drifts(eccentricity):
    host, rng = craft(eccentricity), np.random.default_rng(3)
    # More than one chunk.
    states = rows(host) + rng.standard_normal((3000, 6)) * [1.0, 1.0, 1.0, 0.1, 0.1, 0.1]
    times = np.linspace(-600.0, 30000.0, 50)
    found = propagate_cloud(host, states, times, GM)
    assert found.shape == (3000, 50, 3)
    for n, t in ((0, 0), (17, 49), (1310, 20), (1311, 21), (2999, 7)):
        camera = State(states[n, :3], states[n, 3:])
        # Two doubles of 1e7 m.
        assert np.linalg.norm(found[n, t] - relative_state(host, camera, times[t], GM).position) < 3e-8


def test_a_cloud_without_cameras_or_times_is_empty():
    host = craft(0.5)
    assert propagate_cloud(host, np.zeros((0, 6)), np.array([1.0]), GM).shape == (0, 1, 3)
    assert propagate_cloud(host, rows(host)[None], np.zeros(0), GM).shape == (1, 0, 3)
