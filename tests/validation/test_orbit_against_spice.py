"""Two-body motion against SPICE (conics, oscelt, prop2b) and against scipy's integrator."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from selfiesim.astro.bodies import MARS
from selfiesim.astro.orbit import Elements, State, elements_to_state, period, propagate, state_to_elements, true_to_mean

GM = MARS.gm_m3_s2
GM_KM = GM / 1e9

turns = st.floats(0.0, 2 * np.pi)
orbits = st.builds(
    Elements,
    semi_major_axis=st.floats(3.5e6, 1e8),
    eccentricity=st.floats(0.0, 0.95),
    inclination=st.floats(0.0, np.pi),
    raan=turns,
    arg_periapsis=turns,
    true_anomaly=st.floats(-3.1, 3.1),
)


def spice_elements(elements):
    """Return the elements for conics: periapsis, e, i, node, argument, mean anomaly, epoch, GM; km and s."""
    e = elements.eccentricity
    periapsis = elements.semi_major_axis * (1 - e) / 1e3
    mean = true_to_mean(elements.true_anomaly, e)
    return [periapsis, e, elements.inclination, elements.raan, elements.arg_periapsis, mean, 0.0, GM_KM]


def in_km(state):
    return np.concatenate([state.position, state.velocity]) / 1e3


def relative_error(ours, theirs):
    return max(np.linalg.norm((ours - theirs)[part]) / np.linalg.norm(theirs[part]) for part in (slice(3), slice(3, 6)))


@given(elements=orbits)
def test_elements_to_state_agrees_with_spice(spice, elements):
    assert relative_error(in_km(elements_to_state(elements, GM)), spice.conics(spice_elements(elements), 0.0)) < 1e-12


# SPICE rejects times that are subnormal numbers.
@given(elements=orbits, seconds=st.floats(-2e5, 2e5, allow_subnormal=False))
def test_propagation_agrees_with_conics(spice, elements, seconds):
    later = propagate(elements_to_state(elements, GM), seconds, GM)
    # Rounding of the start, amplified by 2e5 s of motion near periapsis: 1 / (1 - e)^2 times as much as on a circle.
    limit = 1e-11 / (1 - elements.eccentricity) ** 2
    assert relative_error(in_km(later), spice.conics(spice_elements(elements), seconds)) < min(limit, 1e-9)


@given(elements=orbits, fraction=st.floats(-1.0, 1.0))
def test_propagation_agrees_with_prop2b(spice, elements, fraction):
    start, seconds = elements_to_state(elements, GM), fraction * period(elements, GM)
    theirs = spice.prop2b(GM_KM, in_km(start), seconds)
    assert relative_error(in_km(propagate(start, seconds, GM)), theirs) < 1e-10


@given(elements=orbits)
def test_state_to_elements_agrees_with_spice(spice, elements):
    state = elements_to_state(elements, GM)
    theirs = spice.oscelt(in_km(state), 0.0, GM_KM)
    ours = spice_elements(state_to_elements(state, GM))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-9)
    np.testing.assert_allclose(ours[1:3], theirs[1:3], rtol=0, atol=1e-9)
    if 1e-3 < elements.inclination < np.pi - 1e-3 and elements.eccentricity > 1e-3:
        # Angles from the node and the periapsis are only as well defined as these two are.
        for our, their in zip(ours[3:6], theirs[3:6], strict=True):
            assert abs((our - their + np.pi) % (2 * np.pi) - np.pi) < 1e-9


@given(elements=orbits.filter(lambda orbit: orbit.eccentricity < 0.7))
def test_propagation_agrees_with_numerical_integration(elements):
    start = elements_to_state(elements, GM)
    seconds = 0.4 * period(elements, GM)

    def motion(_time, y):
        return np.concatenate([y[3:], -GM * y[:3] / np.linalg.norm(y[:3]) ** 3])

    tolerance_m = np.linalg.norm(start.position) * 1e-17
    solved = solve_ivp(motion, (0, seconds), 1e3 * in_km(start), method="DOP853", rtol=2.3e-14, atol=tolerance_m)
    y = solved.y[:, -1]
    assert relative_error(in_km(propagate(start, seconds, GM)), in_km(State(y[:3], y[3:]))) < 1e-11
