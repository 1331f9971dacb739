"""Relative motion after the release: a straight line at first, later a separate orbit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.astro.bodies import MARS
from selfiesim.astro.frames import icrf_to_rtn
from selfiesim.astro.orbit import Elements, State, elements_to_state, period, propagate
from selfiesim.core.vectors import unit
from selfiesim.motion.relative_motion import relative_state
from selfiesim.scene.scene import Scene

GM = MARS.gm_m3_s2

turns = st.floats(0.0, 2 * np.pi)
orbits = st.builds(
    Elements,
    semi_major_axis=st.floats(8e6, 2e7),
    eccentricity=st.floats(0.0, 0.5),
    inclination=st.floats(0.0, np.pi),
    raan=turns,
    arg_periapsis=turns,
    true_anomaly=turns,
)
pushes = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


def pushed(host, direction, speed):
    return State(host.position, host.velocity + speed * unit(np.array(direction, float)))


@given(orbits, pushes, st.floats(0.05, 1.0), st.floats(1.0, 100.0))
def test_for_a_hundred_seconds_distance_is_speed_times_time(elements, push, speed, seconds):
    host = elements_to_state(elements, GM)
    distance = np.linalg.norm(relative_state(host, pushed(host, push, speed), seconds, GM).position)
    # Mars' tide bends the path by (GM / r^3) t^2 / 3 at most: 0.3 percent after 100 s at 4,000 km.
    assert distance == pytest.approx(speed * seconds, rel=0.01)


@pytest.mark.parametrize("seconds", [10, 30, 60, 100])
def test_in_the_shipped_scene_distance_is_speed_times_time(seconds):
    scene = Scene.load("tianwen1-mars")
    facts = scene.view(at=f"release+{seconds}s").facts
    assert facts["distance_from_mount_m"] == pytest.approx(scene.release.speed_m_s * seconds, rel=0.01)


@given(orbits, pushes, st.floats(1.0, 20000.0))
def test_drift_is_the_difference_of_two_orbits(elements, push, seconds):
    host = elements_to_state(elements, GM)
    camera = pushed(host, push, 0.2)
    drift = relative_state(host, camera, seconds, GM)
    np.testing.assert_array_equal(
        drift.position, propagate(camera, seconds, GM).position - propagate(host, seconds, GM).position
    )
    hair = 0.01  # s
    change = relative_state(host, camera, seconds + hair, GM).position
    change = (change - relative_state(host, camera, seconds - hair, GM).position) / (2 * hair)
    np.testing.assert_allclose(change, drift.velocity, atol=5e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_forward_push_falls_behind_and_a_backward_push_runs_ahead(sign):
    # Any astrodynamics text: more energy is a longer period, so after a revolution the faster one is late.
    host = elements_to_state(Elements(8.9e6, 0.3, 1.5, 1.8, 1.0, 0.0), GM)
    camera = pushed(host, sign * host.velocity, 0.2)
    turn = period(Elements(8.9e6, 0.3, 1.5, 1.8, 1.0, 0.0), GM)
    later = relative_state(host, camera, turn, GM)
    _radial, along, _normal = icrf_to_rtn(host.position, host.velocity) @ later.position
    assert np.sign(along) == -sign
    # da = 2 a^2 v dv / GM and dT / T = 1.5 da / a; the camera is late by dT, at the periapsis speed.
    speed = np.linalg.norm(host.velocity)
    late_s = 1.5 * turn * 2 * 8.9e6 * speed * 0.2 / GM
    assert abs(along) == pytest.approx(late_s * speed, rel=1e-3)


def test_a_cross_track_push_returns_after_half_a_revolution():
    # Out of the plane the camera oscillates: v / n sin(n t) on a circular orbit.
    elements = Elements(8.9e6, 0.0, 1.5, 1.8, 0.0, 0.0)
    host, half = elements_to_state(elements, GM), period(elements, GM) / 2
    camera = pushed(host, np.cross(host.position, host.velocity), 0.2)
    widest = 0.2 * half / np.pi
    assert np.linalg.norm(relative_state(host, camera, half / 2, GM).position) == pytest.approx(widest, rel=1e-4)
    assert np.linalg.norm(relative_state(host, camera, half, GM).position) < 1e-3 * widest
