"""The release: position and velocity of the camera just after the push."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import Elements, elements_to_state
from selfiesim.core.vectors import rotation_about, unit
from selfiesim.motion.ejection import Release, camera_state_after_push

NOW = Epoch.from_utc("2021-12-31T16:30:00Z")
HOST = elements_to_state(Elements(8.9e6, 0.59, 1.5, 1.8, 1.0, 0.6), MARS.gm_m3_s2)

vectors = st.tuples(*[st.floats(-10.0, 10.0)] * 3).map(np.array)
axes = vectors.filter(lambda v: np.linalg.norm(v) > 0.1)

# Rounding of a double of 4 km/s and of 4e6 m.
velocity_rounding = 2e-12
position_rounding = 2e-9


@given(vectors, axes, st.floats(0.001, 100.0), axes, st.floats(-3.0, 3.0))
def test_the_camera_gains_the_springs_speed_along_the_axis(mount, axis, speed, turn_axis, turn):
    attitude = rotation_about(turn_axis, turn)
    camera = camera_state_after_push(Release(NOW, mount, axis, speed), HOST, attitude)
    gained = attitude @ (camera.velocity - HOST.velocity)
    np.testing.assert_allclose(gained, speed * unit(axis), atol=velocity_rounding * 10)
    np.testing.assert_allclose(attitude @ (camera.position - HOST.position), mount, atol=position_rounding)


def test_the_length_of_the_axis_does_not_matter():
    mount, axis = np.array([0.1, 1.7, -1.0]), np.array([0.1, 0.6, -0.8])
    short, long = (camera_state_after_push(Release(NOW, mount, axis * n, 0.2), HOST, np.eye(3)) for n in (1.0, 50.0))
    np.testing.assert_allclose(short.velocity, long.velocity, atol=velocity_rounding)


def test_a_rotating_craft_adds_the_velocity_of_the_mount():
    # A rigid body's point moves at omega x r: 1 degree a second at 2 m is 35 mm/s, perpendicular to arm and axis.
    rate = np.array([0.0, 0.0, np.radians(1.0)])
    release = Release(NOW, np.array([2.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]), 0.2)
    camera = camera_state_after_push(release, HOST, np.eye(3), rate)
    np.testing.assert_allclose(camera.velocity - HOST.velocity, [0.2, np.radians(2.0), 0.0], atol=velocity_rounding)


@pytest.mark.parametrize(("way", "sign"), [(1.0, 1), (-1.0, -1)])
def test_a_push_along_the_motion_raises_the_orbit_and_against_it_lowers_it(way, sign):
    release = Release(NOW, np.zeros(3), way * HOST.velocity, 0.2)
    camera = camera_state_after_push(release, HOST, np.eye(3))
    gain = (camera.velocity @ camera.velocity - HOST.velocity @ HOST.velocity) / 2
    assert np.sign(gain) == sign
    # Energy gained: v dv + dv^2 / 2.
    speed = np.linalg.norm(HOST.velocity)
    assert gain == pytest.approx(way * speed * 0.2 + 0.02, rel=1e-9)
