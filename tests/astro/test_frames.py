"""Rotation matrices and quaternions, against scipy, and the reference frames."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from selfiesim.astro import frames
from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.core import vectors

NOW = Epoch.from_utc("2021-12-31T16:30:00Z")

angles = st.floats(-10.0, 10.0)
components = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
directions = components.map(np.array)


def assert_rotation(matrix):
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-14)


@given(directions, angles)
def test_rotation_about_an_axis_agrees_with_scipy(axis, angle):
    ours = vectors.rotation_about(axis, angle)
    np.testing.assert_allclose(ours, Rotation.from_rotvec(vectors.unit(axis) * angle).as_matrix(), atol=1e-13)


@given(angles)
def test_rotated_axes_are_the_inverse_of_rotated_vectors(angle):
    np.testing.assert_allclose(vectors.rotation_x(angle), vectors.rotation_about([1.0, 0, 0], -angle), atol=1e-14)
    np.testing.assert_allclose(vectors.rotation_z(angle), vectors.rotation_about([0, 0, 1.0], -angle), atol=1e-14)


@given(directions, st.floats(-np.pi, np.pi))
@example(np.array([-1.0, 0.0, 0.0]), 3.0)
@example(np.array([0.1, -1.0, 0.2]), 3.0)
@example(np.array([0.1, 0.2, -1.0]), 2.5)
def test_quaternion_agrees_with_scipy(axis, angle):
    matrix = vectors.rotation_about(axis, angle)
    ours, theirs = vectors.quaternion(matrix), Rotation.from_matrix(matrix).as_quat(canonical=True)
    assert ours[3] >= 0.0
    # q and -q are the same rotation, and for a half turn both have w = 0.
    assert min(np.abs(ours - theirs).max(), np.abs(ours + theirs).max()) < 1e-12
    assert np.linalg.norm(ours) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("axis", [*np.eye(3), [1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.0, -1.0], [1.0, 1.0, 1.0]])
def test_quaternion_of_a_half_turn(axis):
    # The quaternion of a half turn about u is (u, 0), where the trace formula is singular.
    quaternion = vectors.quaternion(vectors.rotation_about(axis, np.pi))
    direction = vectors.unit(np.array(axis))
    assert abs(quaternion[:3] @ direction) == pytest.approx(1.0, abs=1e-12)
    assert quaternion[3] == pytest.approx(0.0, abs=1e-12)


@given(directions, directions)
def test_a_triad_is_right_handed(primary, secondary):
    if np.linalg.norm(np.cross(primary, secondary)) < 1e-3:
        return
    axes = vectors.triad_axes(primary, secondary)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-10)
    np.testing.assert_allclose(axes[0], vectors.unit(primary), atol=1e-15)
    assert axes[1] @ secondary > 0
    np.testing.assert_allclose(axes[2], np.cross(axes[0], axes[1]), atol=1e-15)


def test_parallel_directions_have_no_triad():
    with pytest.raises(ValueError, match="parallel"):
        vectors.triad_axes(np.array([1.0, 2.0, 3.0]), np.array([-2.0, -4.0, -6.0]))


def test_rtn_is_up_along_and_across():
    position, velocity = np.array([7e6, 0.0, 0.0]), np.array([100.0, 3000.0, 0.0])
    np.testing.assert_allclose(frames.icrf_to_rtn(position, velocity), np.eye(3), atol=1e-15)
    turn = vectors.rotation_about(np.array([1.0, -2.0, 0.5]), 0.9)
    np.testing.assert_allclose(frames.icrf_to_rtn(turn @ position, turn @ velocity), turn.T, atol=1e-14)


def test_mars_rotates_eastward_about_its_pole():
    here, later = (frames.icrf_to_bodyfixed(MARS, NOW + seconds) for seconds in (0.0, 60.0))
    assert_rotation(here)
    np.testing.assert_allclose(here[2], later[2], atol=1e-9)
    # The longitude below a star moves west: 360 degrees in 24.6229 h (NSSDC Mars Fact Sheet).
    star = np.array([1.0, 0.0, 0.0])
    (first, _), (second, _) = (frames.direction_to_lonlat(turn @ star) for turn in (here, later))
    assert np.degrees(second - first) == pytest.approx(-360.0 / (24.6229 * 60.0), rel=1e-5)


@pytest.mark.parametrize("frame", ["icrf", "mars-inertial"])
def test_inertial_frames_are_rotations(frame):
    assert_rotation(frames.icrf_to_inertial(frame))


def test_telemetry_about_mars_is_in_axes_of_date():
    # Two vectors Tianwen-1 sent a day apart, one from the Sun and one from Mars (D. Estevez): the path between them
    # ends within the ephemeris' error in axes of date. Mars' pole has moved by 0.02 degrees since J2000.
    path = Path(__file__).parents[2] / "design" / "cruise_path.py"
    spec = importlib.util.spec_from_file_location("cruise_path", path)
    cruise_path = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cruise_path)
    offset_km = cruise_path.offsets_at_mars_km()
    assert offset_km["equator-of-date"] < 25.0
    assert offset_km["mars-inertial"] > 140.0


def test_an_unknown_inertial_frame_is_rejected():
    with pytest.raises(ValueError, match="'b1950'"):
        frames.icrf_to_inertial("b1950")


# Korolev crater, 72.77 N 164.58 E (IAU gazetteer), and the corners of the sphere.
@pytest.mark.parametrize(
    ("longitude", "latitude"), [(164.58, 72.77), (0.0, 0.0), (90.0, 10.0), (270.0, -45.0), (359.9, 1.0)]
)
def test_longitude_increases_eastward_from_0_to_360(longitude, latitude):
    lon, lat = np.radians([longitude, latitude])
    direction = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    found = frames.direction_to_lonlat(3.4e6 * direction)
    np.testing.assert_allclose(np.degrees(found), (longitude, latitude), atol=1e-12)
    assert 0.0 <= found[0] < 2 * np.pi


def test_poles_have_latitude_90():
    for sign in (1.0, -1.0):
        assert frames.direction_to_lonlat(np.array([0.0, 0.0, sign]))[1] == pytest.approx(sign * np.pi / 2, abs=1e-15)
