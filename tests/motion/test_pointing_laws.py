"""Pointing laws: two axes toward two targets, and joint angles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from selfiesim.astro import ephemeris
from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import Elements, elements_to_state
from selfiesim.core.vectors import rotation_about, unit
from selfiesim.motion.pointing_laws import TARGETS, hinge_angle, icrf_to_body, joint_angles, target_direction

NOW = Epoch.from_utc("2021-12-31T16:30:00Z")
HOST = elements_to_state(Elements(8.9e6, 0.59, 1.5, 1.8, 1.0, 0.6), MARS.gm_m3_s2)

components = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
directions = components.map(lambda v: unit(np.array(v)))
angles = st.floats(-np.pi, np.pi)


def separation(one, other):
    return np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)


def assert_rotation(matrix):
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-12)


@given(components, components, components, components)
def test_the_primary_axis_is_exact_and_the_secondary_closest(axis, second_axis, toward, second_toward):
    axis, second_axis, toward, second_toward = map(np.array, (axis, second_axis, toward, second_toward))
    assume(0.01 < separation(axis, second_axis) < np.pi - 0.01)
    assume(0.01 < separation(toward, second_toward) < np.pi - 0.01)
    attitude = icrf_to_body(axis, toward, second_axis, second_toward)
    assert_rotation(attitude)
    assert separation(attitude @ toward, axis) < 1e-12
    # The smallest angle of the second axis, given the first, is the difference of the two separations.
    nearest = abs(separation(axis, second_axis) - separation(toward, second_toward))
    assert separation(attitude @ second_toward, second_axis) == pytest.approx(nearest, abs=1e-7)


@pytest.mark.parametrize("parallel", ["axes", "targets"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_parallel_axes_are_rejected(parallel, sign):
    x, y = np.eye(3)[:2]
    axes, targets = ((x, sign * x), (x, y)) if parallel == "axes" else ((x, y), (x, sign * x))
    with pytest.raises(ValueError, match="parallel"):
        icrf_to_body(axes[0], targets[0], axes[1], targets[1])


def test_each_target_has_the_direction_of_its_name():
    toward = {name: target_direction(name, MARS, NOW, HOST) for name in TARGETS}
    for direction in toward.values():
        assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-15)
    up = HOST.position / np.linalg.norm(HOST.position)
    np.testing.assert_allclose(toward["zenith"], up, atol=1e-15)
    np.testing.assert_allclose(toward["nadir"], -up, atol=1e-15)
    assert toward["velocity"] @ HOST.velocity == pytest.approx(np.linalg.norm(HOST.velocity))
    assert toward["orbit-normal"] @ toward["velocity"] == pytest.approx(0.0, abs=1e-12)
    assert toward["orbit-normal"] @ np.cross(HOST.position, HOST.velocity) > 0
    for name in ("sun", "earth"):
        there = ephemeris.position_from_body(MARS, name, NOW) - HOST.position
        np.testing.assert_allclose(toward[name], there / np.linalg.norm(there), atol=1e-15)


@given(directions, directions, angles)
def test_a_hinge_recovers_its_rotation_angle(axis, zero, angle):
    assume(0.01 < separation(axis, zero) < np.pi - 0.01)
    target = rotation_about(axis, angle) @ zero
    found = hinge_angle(axis, zero, target)
    assert np.cos(found - angle) == pytest.approx(1.0, abs=1e-12)


@given(directions, directions, directions)
def test_no_angle_points_a_hinge_closer(axis, zero, target):
    (angle,) = joint_angles([axis], zero, target)
    reached = separation(rotation_about(axis, angle) @ zero, target)
    every = [separation(rotation_about(axis, other) @ zero, target) for other in np.linspace(-np.pi, np.pi, 181)]
    assert reached <= min(every) + 1e-9


def pointed(outer, inner, zero, found):
    return rotation_about(outer, found[0]) @ rotation_about(inner, found[1]) @ zero


@given(directions, directions, directions, angles, angles)
def test_two_axes_reach_any_target_they_can(outer, inner, zero, first, second):
    assume(0.02 < separation(outer, inner) < np.pi - 0.02)
    assume(0.02 < separation(inner, zero) < np.pi - 0.02)
    target = pointed(outer, inner, zero, (first, second))
    found = joint_angles([outer, inner], zero, target)
    # At the limit of the reach, a rounding of 1e-16 in a cosine is 1e-8 in the angle.
    assert separation(pointed(outer, inner, zero, found), target) < 1e-6
    assert abs(found[1]) <= abs(second) + 1e-6  # the smaller of the two solutions


@given(directions, directions, directions, directions)
@example(np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, -1.0]))
def test_no_angles_point_two_axes_closer(outer, inner, zero, target):
    assume(0.02 < separation(outer, inner) < np.pi - 0.02)
    found = joint_angles([outer, inner], zero, target)
    reached = separation(pointed(outer, inner, zero, found), target)
    turns = np.linspace(-np.pi, np.pi, 25)
    every = [separation(pointed(outer, inner, zero, (a, b)), target) for a in turns for b in turns]
    assert reached <= min(every) + 1e-6


def test_a_dish_on_azimuth_and_elevation_points_at_a_star():
    # Azimuth about z, then elevation about -y, from a dish along x: the spherical coordinates of the star.
    azimuth, elevation = 0.7, 0.3
    star = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    x, y, z = np.eye(3)
    found = joint_angles([z, -y], x, star)
    np.testing.assert_allclose(found, (azimuth, elevation), atol=1e-12)


@given(directions, directions, directions, directions, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_angles_are_clipped_to_the_limits(outer, inner, zero, target, first, second):
    limits = [(-first, first), (-second, second / 2)]
    free = joint_angles([outer, inner], zero, target)
    bound = joint_angles([outer, inner], zero, target, limits)
    for angle, wanted, (low, high) in zip(bound, free, limits, strict=True):
        assert low <= angle <= high
        assert angle == pytest.approx(min(max(wanted, low), high), abs=1e-15)


def test_a_target_along_the_hinge_gives_angle_zero():
    x, _y, z = np.eye(3)
    assert joint_angles([z], x, z) == (0.0,)
    assert joint_angles([z], z, x) == (0.0,)
