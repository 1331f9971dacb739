"""Keplerian motion: elements, states, periods and conserved quantities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.astro.bodies import MARS
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import Elements, State, elements_to_state, period, propagate, state_to_elements, true_to_mean

GM = MARS.gm_m3_s2
km = 1e3

turns = st.floats(0.0, 2 * np.pi)
orbits = st.builds(
    Elements,
    semi_major_axis=st.floats(3.5e6, 1e9),
    eccentricity=st.floats(0.0, 0.95),
    inclination=st.floats(0.0, np.pi),
    raan=turns,
    arg_periapsis=turns,
    true_anomaly=turns,
)


def relative(ours, theirs):
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


def test_elements_of_the_tracked_state_after_the_november_burn(figure):
    # State vector of Tianwen-1 from its telemetry, 2021-11-09T10:42:09 UTC, GMAT's MarsInertial frame (D. Estevez,
    # destevez.net), and the elements it gives.
    state = State(
        np.array([1786.3925178639424, -3521.8603918686213, -12884.286672718548]) * km,
        np.array([-0.21100179119659598, 0.9822409035982982, -0.7303411191821157]) * km,
    )
    elements = state_to_elements(state, GM)
    worst = abs(elements.semi_major_axis / km - 8897.4)
    figure("orbits", "semi-major axis of a tracked state vector", "D. Estevez's, to 0.1 km", worst, 0.06, "km")
    assert elements.eccentricity == pytest.approx(0.5885, abs=0.6e-4)
    assert np.degrees(elements.inclination) == pytest.approx(86.325, abs=0.6e-3)
    assert np.degrees(elements.raan) == pytest.approx(104.80, abs=0.006)
    assert np.degrees(elements.arg_periapsis) == pytest.approx(88.36, abs=0.006)
    assert np.degrees(elements.true_anomaly) == pytest.approx(164.99, abs=0.006)
    # The announced orbit: about 7.08 hours (CNSA, 2021-11-09).
    assert period(elements, GM) / 3600 == pytest.approx(7.08, abs=0.01)


# NSSDC Mars Fact Sheet: semi-major axes and periods of Phobos and Deimos. Oblateness shifts them by 4e-4.
@pytest.mark.parametrize(("axis_km", "days"), [(9378, 0.31891), (23459, 1.26244)])
def test_the_moons_have_their_published_periods(axis_km, days):
    assert period(Elements(axis_km * km, 0.0, 0.0, 0.0, 0.0, 0.0), GM) == pytest.approx(days * 86400, rel=1e-3)


@given(orbits)
def test_state_and_elements_are_inverse(elements):
    state = elements_to_state(elements, GM)
    again = elements_to_state(state_to_elements(state, GM), GM)
    assert relative(again.position, state.position) < 1e-9
    assert relative(again.velocity, state.velocity) < 1e-9


@pytest.mark.parametrize("inclination", [0.0, np.pi])
@pytest.mark.parametrize("eccentricity", [0.0, 0.3])
def test_orbits_without_node_or_periapsis_convert_to_elements_and_back(eccentricity, inclination):
    state = elements_to_state(Elements(8e6, eccentricity, inclination, 0.7, 1.1, 2.3), GM)
    elements = state_to_elements(state, GM)
    assert all(np.isfinite(value) for value in vars(elements).values())
    again = elements_to_state(elements, GM)
    assert relative(again.position, state.position) < 1e-9
    assert relative(again.velocity, state.velocity) < 1e-9


@given(orbits, st.floats(-3.0, 3.0))
def test_two_body_motion_conserves_energy_and_angular_momentum(elements, orbits_later):
    start = elements_to_state(elements, GM)
    later = propagate(start, orbits_later * period(elements, GM), GM)

    def energy(state):
        return state.velocity @ state.velocity / 2 - GM / np.linalg.norm(state.position)

    # The energy is a difference of terms 2 / (1 - e) times as large.
    assert energy(later) == pytest.approx(energy(start), rel=1e-12 / (1 - elements.eccentricity))
    momentum = np.cross(start.position, start.velocity)
    assert relative(np.cross(later.position, later.velocity), momentum) < 1e-11


@given(orbits, st.integers(-2, 2))
def test_whole_revolutions_return_to_the_start(elements, count):
    start = elements_to_state(elements, GM)
    later = propagate(start, count * period(elements, GM), GM)
    # Rounding in the period times the speed at periapsis, which grows as 1 / (1 - e).
    assert relative(later.position, start.position) < 1e-12 / (1 - elements.eccentricity) ** 2


@given(orbits, st.floats(-1e5, 1e5))
def test_forward_and_backward_propagation_are_inverse(elements, seconds):
    start = elements_to_state(elements, GM)
    back = propagate(propagate(start, seconds, GM), -seconds, GM)
    assert relative(back.position, start.position) < 1e-10 / (1 - elements.eccentricity)


@given(orbits)
def test_zero_time_is_no_motion(elements):
    start = elements_to_state(elements, GM)
    later = propagate(start, 0.0, GM)
    np.testing.assert_array_equal(later.position, start.position)
    np.testing.assert_array_equal(later.velocity, start.velocity)


@given(st.floats(0.0, 0.95), st.floats(-3.1, 3.1))
def test_mean_anomaly_is_time_since_periapsis(eccentricity, anomaly):
    elements = Elements(9e6, eccentricity, 1.0, 0.5, 0.2, 0.0)
    wait = true_to_mean(anomaly, eccentricity) / (2 * np.pi) * period(elements, GM)
    there = state_to_elements(propagate(elements_to_state(elements, GM), wait, GM), GM)
    place = elements_to_state(Elements(9e6, eccentricity, 1.0, 0.5, 0.2, anomaly), GM)
    assert relative(elements_to_state(there, GM).position, place.position) < 1e-9


def test_an_escape_orbit_is_rejected():
    radius = 4e6
    away = State(np.array([radius, 0.0, 0.0]), np.array([0.0, 1.01 * np.sqrt(2 * GM / radius), 0.0]))
    with pytest.raises(ValueError, match="not on a closed orbit"):
        state_to_elements(away, GM)
    with pytest.raises(ValueError, match="not on a closed orbit"):
        propagate(away, 10.0, GM)


def test_mars_inertial_axes_are_those_of_gmat():
    # z to the IAU 2009 pole of J2000, x = (-sin a0, cos a0, 0) with a0 = 317.68143 degrees, d0 = 52.88650.
    ra, dec = np.radians([317.68143, 52.88650])
    x, _y, z = icrf_to_inertial("mars-inertial")
    np.testing.assert_allclose(x, [-np.sin(ra), np.cos(ra), 0.0], atol=1e-15)
    np.testing.assert_allclose(z, [np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], atol=1e-15)
