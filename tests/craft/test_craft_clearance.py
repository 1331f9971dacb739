"""Distance to the nearest surface: against analytic distances, sampled triangles, and the distances of vertices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from selfiesim.analysis.drift_table import CONTACT_DISTANCE_M, closest_return, drift
from selfiesim.craft.mesh.distance import point_triangle_distances
from selfiesim.scene.scene import Scene

coordinate = st.floats(-3.0, 3.0)
points = st.tuples(coordinate, coordinate, coordinate).map(np.array)


@given(points)
def test_distance_to_a_square_agrees_with_clamping(point):
    square = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 0], [0, 1, 0]]], float)
    nearest = np.array([*np.clip(point[:2], 0.0, 1.0), 0.0])
    assert point_triangle_distances(point, square).min() == pytest.approx(np.linalg.norm(point - nearest), abs=1e-12)


@given(points, points, points, points)
def test_distance_to_a_triangle_agrees_with_its_nearest_sample(point, a, b, c):
    assume(np.linalg.norm(np.cross(b - a, c - a)) > 1e-3)
    distance = point_triangle_distances(point, np.array([[a, b, c]]))[0]
    u, v = np.meshgrid(np.linspace(0, 1, 60), np.linspace(0, 1, 60))
    inside = u + v <= 1.0
    samples = a + u[inside][:, None] * (b - a) + v[inside][:, None] * (c - a)
    nearest = np.linalg.norm(samples - point, axis=1).min()
    size = max(np.linalg.norm(b - a), np.linalg.norm(c - a))
    assert nearest - size / 30.0 <= distance <= nearest + 1e-12


def test_clearance_of_the_orbiter_is_at_most_the_distance_to_its_nearest_vertex():
    view = Scene.load("tianwen1-mars").view()
    corners = []
    for part in view.craft.parts:
        matrix = view.craft.joint_matrix(part.joint)
        corners.append(part.vertices @ matrix[:3, :3].T + matrix[:3, 3])
    corners = np.concatenate(corners)
    rng = np.random.default_rng(4)
    for point in rng.normal(0.0, 6.0, (20, 3)):
        distance, node = view.craft.clearance(point)
        nearest = np.linalg.norm(corners - point, axis=1).min()
        assert distance <= nearest + 1e-6
        assert nearest - distance < 1.2  # half the spacing of the vertices of a solar panel
        assert any(part.node == node for part in view.craft.parts)


def test_receding_camera_does_not_return():
    assert closest_return(drift(Scene.load("tianwen1-mars"), [0.0, 20.0, 40.0, 60.0])) is None


def test_cross_track_push_brings_the_camera_back_after_half_an_orbit():
    # Clohessy and Wiltshire: the motion along the orbit normal is harmonic, and returns after half an orbit.
    scene = Scene.load("tianwen1-mars").with_changes(orbit__true_anomaly_deg=32.9, release__axis=[-0.30, 0.88, -0.36])
    period = 2.0 * np.pi * np.sqrt(4.0e6**3 / 4.282837362e13)
    scene = scene.with_changes(
        orbit__semi_major_axis_km=4000.0, orbit__eccentricity=0.0,
        attitude={"primary": {"axis": [-0.30, 0.88, -0.36], "toward": "orbit-normal"},
                  "secondary": {"axis": [1, 0, 0], "toward": "velocity"}},
        camera__up="zenith", camera__place=[0.5, 0.5],
    )  # fmt: skip
    samples = drift(scene, np.linspace(1.0, 0.75 * period, 240))
    back = closest_return(samples)
    assert back is not None
    assert back.t_s == pytest.approx(0.5 * period, rel=0.02)
    assert back.clearance_m < 6.0  # the swing goes past the craft
    assert max(each.clearance_m for each in samples) > 100.0
    assert CONTACT_DISTANCE_M < 1.0
