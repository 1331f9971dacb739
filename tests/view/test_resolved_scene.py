"""Release and mounting of the camera: springs, recoil, spin, tip-off, booms, and the attitude of the lens."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from shipped_scene import SHIPPED, scene

from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import quaternion_to_matrix, rotation_about

MOUNT = np.array([0.12, 1.6586, -1.0467])
AXIS = np.array([-0.30, 0.88, -0.36]) / np.linalg.norm([-0.30, 0.88, -0.36])


def tumbling_scene(**changes):
    """The shipped scene with a tumbling camera."""
    camera = {key: value for key, value in SHIPPED["camera"].items() if key not in ("up", "place")}
    return scene(camera=camera | {"look": "tumbling"}, **changes)


def velocity_gain(resolved):
    """Velocity of the camera relative to the craft after the push, body axes, m/s."""
    release_state = resolved.release_state
    return release_state.icrf_to_body @ (release_state.camera.velocity - release_state.host.velocity)


def test_spring_energy_gives_the_release_speed():
    # m v^2 / 2 with the 680 g of the real camera against 1,600 kg: 13.6 mJ for 0.2 m/s, less 0.02 percent.
    shot = {"release__spring_energy_j": 0.0136, "camera__mass_kg": 0.68, "craft__mass_kg": 1600.0}
    shipped = scene()
    table = {k: v for k, v in shipped._table["release"].items() if k not in ("speed_m_s", "scatter")}
    resolved = scene(release=table, **shot).resolve()
    assert resolved.release_state.release.speed == pytest.approx(0.2 * (1.0 - 0.5 * 0.68 / 1600.0), rel=1e-7)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"release": {"at": "max-latitude", "spring_energy_j": 0.01}}, "spring_energy_j: needs camera.mass_kg"),
        ({"release": {"at": "max-latitude", "spring_energy_j": 0.0}}, "release.spring_energy_j: .*greater than 0"),
        ({"release__spring_energy_j": 0.01}, "release: give speed_m_s or spring_energy_j"),
        ({"release__scatter": {"spring_energy_j": {"normal": 0.1}}}, "release.scatter: spring_energy_j needs"),
        ({"release__recoil": True}, "release.recoil: needs camera.mass_kg"),
        ({"camera__inertia_kg_m2": [1.0, 1.0, 3.0]}, "camera.inertia_kg_m2: no body has the principal moments 1, 1, 3"),
        ({"camera__look": "tumbling"}, "camera.up: applies only with look = 'craft'"),
        ({"release__tip_off_deg_s": [1.0, 2.0]}, "release.tip_off_deg_s.2"),
    ],
)
def test_an_impossible_release_is_refused_by_key(changes, words):
    with pytest.raises(SceneError, match=words):
        scene(**changes).view()


def test_recoil_conserves_momentum():
    masses = {"camera__mass_kg": 0.68, "craft__mass_kg": 1600.0}
    resting, pushed = (
        scene(**masses).resolve().release_state,
        scene(release__recoil=True, **masses).resolve().release_state,
    )
    np.testing.assert_array_equal(resting.host_after.velocity, resting.host.velocity)
    back = pushed.host_after.velocity - pushed.host.velocity
    given_by_spring = pushed.icrf_to_body.T @ (0.2 * AXIS)
    np.testing.assert_allclose(1600.0 * back, -0.68 * given_by_spring, atol=1e-8)
    # Recoil adds 0.085 mm/s to the separation: 8.5 mm after 100 s.
    without, with_recoil = (
        scene(release__recoil=recoil, **masses).view(at=100.0).facts["distance_from_mount_m"]
        for recoil in (False, True)
    )
    assert with_recoil - without == pytest.approx(0.0085, abs=2e-4)


@given(st.tuples(st.floats(-20, 20), st.floats(-20, 20)))
def test_tilt_rotates_the_push_by_its_angle(tilt):
    resolved = scene(release__tilt_deg=list(tilt)).resolve()
    assert np.degrees(np.arccos(np.clip(resolved.axis @ AXIS, -1, 1))) == pytest.approx(np.hypot(*tilt), abs=1e-5)
    assert np.linalg.norm(velocity_gain(resolved)) == pytest.approx(0.2, abs=2e-3)


def test_a_spinning_craft_adds_the_velocity_of_its_mount():
    # IKAROS spun at 1.1 revolutions a minute (JAXA): 0.115 rad/s times the lever arm, perpendicular to both.
    rate = 1.1 * 2.0 * np.pi / 60.0
    resting, spinning = scene().resolve(), scene(attitude__spin_deg_s=np.degrees(rate)).resolve()
    arm = rate * np.cross([0.0, 0.0, -1.0], MOUNT)
    np.testing.assert_allclose(velocity_gain(spinning) - velocity_gain(resting), arm, atol=1e-6)


def test_spin_starts_from_the_pointing_attitude_at_the_release():
    resting, spinning = scene(), scene(attitude__spin_deg_s=6.0)
    np.testing.assert_allclose(
        spinning.view(at=0.0).track.icrf_to_body, resting.view(at=0.0).track.icrf_to_body, atol=1e-12
    )
    turned = spinning.view(at=15.0).track.icrf_to_body @ resting.view(at=15.0).track.icrf_to_body.T
    # In body axes the sky rotates backward: -90 degrees about -z.
    np.testing.assert_allclose(turned, rotation_about(np.array([0.0, 0.0, -1.0]), -np.pi / 2.0), atol=1e-9)


def test_a_fixed_attitude_is_the_given_quaternion():
    quaternion = Rotation.from_euler("zyx", [0.3, -0.4, 1.0]).as_quat()
    shot = scene(attitude={"quaternion_icrf_to_body": quaternion.tolist()})
    for seconds in (0.0, 200.0):
        matrix = shot.view(at=seconds).track.icrf_to_body
        np.testing.assert_allclose(matrix, Rotation.from_quat(quaternion).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(velocity_gain(shot.resolve()), 0.2 * AXIS, atol=1e-9)


# Attitude of the lens


def test_a_tumbling_camera_starts_at_its_mounted_attitude():
    view = tumbling_scene().view(at=0.0)
    forward = view.icrf_to_camera[2]
    np.testing.assert_allclose(view.track.icrf_to_body @ forward, -AXIS, atol=1e-9)
    outer = tumbling_scene(camera__lens="outer").view(at=0.0)
    np.testing.assert_allclose(outer.icrf_to_camera[2], -forward, atol=1e-12)
    # Two lenses on one body share its rotation: left for one is right for the other.
    np.testing.assert_allclose(np.abs(outer.icrf_to_camera @ view.icrf_to_camera.T), np.eye(3), atol=1e-9)


def test_tip_off_and_spin_set_the_initial_rotation_rate():
    rates = np.radians([3.0, -2.0, 1.0])
    shot = tumbling_scene(release__tip_off_deg_s=[3.0, -2.0, 1.0], release__spin_deg_s=4.0)
    resolved = shot.resolve()
    # The push is along -z of the inner lens, which looks back along it.
    expected = rates + resolved.body_to_camera() @ resolved.release_state.body_rate + np.radians([0.0, 0.0, -4.0])
    np.testing.assert_allclose(resolved.release_state.camera_rate, expected, atol=1e-12)
    before, after = (shot.view(at=t).icrf_to_camera for t in (0.0, 0.01))
    # The axes rotate with the camera, so fixed directions rotate backward in them.
    seen = Rotation.from_matrix(after @ before.T).as_rotvec() / 0.01
    np.testing.assert_allclose(seen, -expected, rtol=2e-3, atol=1e-5)


def test_a_tumbling_camera_conserves_angular_momentum():
    inertia = np.array([1.0, 1.4, 2.0])
    shot = tumbling_scene(release__tip_off_deg_s=[8.0, 5.0, 0.3], camera__inertia_kg_m2=inertia.tolist())
    momenta = []
    for seconds in (0.0, 37.0, 140.0, 290.0):
        here, later = (shot.view(at=t).icrf_to_camera for t in (seconds, seconds + 1e-3))
        rate = -Rotation.from_matrix(later @ here.T).as_rotvec() / 1e-3
        momenta.append(here.T @ (inertia * rate))
    for momentum in momenta[1:]:
        np.testing.assert_allclose(momentum, momenta[0], rtol=0, atol=2e-4 * np.linalg.norm(momenta[0]))


def test_a_mounted_lens_rotates_with_the_craft():
    view = tumbling_scene(camera__look="mount", attitude__spin_deg_s=2.0).view(at=30.0)
    np.testing.assert_allclose(view.craft.body_to_camera.T[:, 2], -AXIS, atol=1e-9)


@given(st.floats(0.0, 30.0))
def test_a_boom_holds_its_camera_off_the_craft(length):
    table = {k: v for k, v in scene()._table.items() if k != "release"}
    table |= {"at": "max-latitude", "mounted": {"out_m": length}}
    view = type(scene()).from_table(table).view()
    from_craft = view.track.icrf_to_body @ (view.track.camera.position - view.track.host.position)
    np.testing.assert_allclose(from_craft, MOUNT + length * AXIS, atol=1e-8)
    assert view.track.seconds_since_release is None
    assert "seconds_since_release" not in view.facts


def test_moments_after_release_are_refused_for_a_mounted_camera():
    table = {k: v for k, v in scene()._table.items() if k != "release"} | {"mounted": {}}
    with pytest.raises(SceneError, match="at: a mounted camera is never released"):
        type(scene()).from_table(table)
    shot = type(scene()).from_table(table | {"at": "max-latitude"})
    with pytest.raises(SceneError, match=r"at: 'release\+5s': a mounted camera is never released"):
        shot.view("release+5s")
    with pytest.raises(SceneError, match="a mounted camera is never released"):
        shot.view(at=5.0)


# Small rotations


@given(st.tuples(*[st.floats(-2.0, 2.0)] * 3))
def test_rotation_vectors_and_quaternions_agree_with_scipy(vector):
    from selfiesim.core.vectors import quaternion, rotation_vector

    rotation = Rotation.from_rotvec(vector)
    np.testing.assert_allclose(rotation_vector(rotation.as_matrix()), rotation.as_rotvec(), atol=1e-9)
    np.testing.assert_allclose(quaternion_to_matrix(rotation.as_quat()), rotation.as_matrix(), atol=1e-14)
    np.testing.assert_allclose(quaternion_to_matrix(quaternion(rotation.as_matrix())), rotation.as_matrix(), atol=1e-12)


def test_a_scene_value_replaces_an_assumption_of_the_known_camera():
    known = scene(camera={"preset": "tianwen1-deployable"}).view().facts["assumed"]
    assert "60 to 185" in known["tianwen1-deployable: horizontal_fov_deg"]
    assert "tianwen1-deployable: size_px" in known
    better = scene(camera={"preset": "tianwen1-deployable", "horizontal_fov_deg": 100}).view().facts["assumed"]
    assert "tianwen1-deployable: horizontal_fov_deg" not in better
    assert "tianwen1-deployable: size_px" in better


# A scene that names such a mesh itself, with no direction to push the camera in, has to have a mount.
def test_the_mount_suggested_for_a_bare_mesh_works(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    trimesh.creation.box((2.0, 1.5, 1.0)).export(tmp_path / "box.stl")
    shot = scene(tmp_path, craft={"model": "box.stl"})
    with pytest.raises(SceneError, match=r"write \[mounts.camera\] .* into box.toml next to it") as caught:
        shot.resolve()
    position, axis = re.findall(r"(?:position_m|axis) = \[[^]]*\]", str(caught.value))
    (tmp_path / "box.toml").write_text(f"[mounts.camera]\n{position}\n{axis}\n")
    resolved = shot.resolve()
    np.testing.assert_allclose(resolved.mount, [0.0, 0.75, 0.0], atol=1e-6)
    np.testing.assert_array_equal(resolved.axis, [0.0, 1.0, 0.0])


# A calibrated lens at another size


def calibrated(**changes):
    """A scene with OpenCV's matrix and coefficients of a camera whose pixels are not square."""
    lens = {
        "size_px": [640, 480],
        "model": "brown-conrady",
        "matrix": [[610.0, 0.0, 301.5], [0.0, 640.0, 251.0], [0.0, 0.0, 1.0]],
        "distortion": [-0.21, 0.05, 0.001, -0.002],
    }
    return scene(camera=lens).with_changes(**changes)


def test_a_rescaled_calibrated_camera_agrees_with_opencvs_resized_image():
    cv2 = pytest.importorskip("cv2")
    large, small = calibrated().resolve().camera, calibrated(camera__size_px=[160, 120]).resolve().camera
    points = np.array([[0.25, -0.15, 1.0], [-0.3, 0.2, 1.0], [0.0, 0.0, 1.0]])
    spots, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), large.matrix, np.array([-0.21, 0.05, 0.001, -0.002]))
    rows, columns = np.mgrid[:480, :640]
    for (x, y), seen in zip(spots[:, 0], small.project(points), strict=True):
        picture = cv2.resize(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 200.0), (160, 120), cv2.INTER_AREA)
        down, across = np.mgrid[:120, :160]
        centre = [np.sum(across * picture) / picture.sum(), np.sum(down * picture) / picture.sum()]
        np.testing.assert_allclose(seen, centre, atol=1e-3)


@pytest.mark.parametrize("size", [[320, 480], [320, 120], [1280, 960]])
def test_a_calibrated_camera_keeps_field_of_view_and_pixel_aspect_at_any_size(size):
    large, other = calibrated().resolve().camera, calibrated(camera__size_px=size).resolve().camera
    assert other.horizontal_fov == pytest.approx(large.horizontal_fov, rel=1e-3)  # tangential terms: by the row
    assert other.fy / other.fx == pytest.approx(large.fy / large.fx, rel=1e-12)
    scale = size[0] / 640
    assert other.cy - (size[1] - 1) / 2 == pytest.approx(scale * (251.0 - 239.5))


def test_a_focal_length_in_mm_scales_with_the_image_size():
    lens = {"size_px": [2048, 1088], "focal_length_mm": 70.5, "pixel_pitch_um": 5.5}
    large = scene(camera=lens)
    small = large.with_changes(camera__size_px=[512, 272])
    assert small.resolve().camera.horizontal_fov == pytest.approx(large.resolve().camera.horizontal_fov, rel=1e-12)
    assert small.camera.pixel_pitch_um == 5.5
    caught = large.with_changes(camera__size_px=[512, 272], camera__focal_length_mm=70.5)
    assert caught.resolve().camera.fx == pytest.approx(large.resolve().camera.fx)


def test_a_camera_matrix_without_an_image_size_is_refused():
    with pytest.raises(SceneError, match=r"camera\.size_px: missing; a camera matrix is valid for one image size"):
        scene(camera={"matrix": [[900.0, 0.0, 999.5], [0.0, 900.0, 999.5], [0.0, 0.0, 1.0]]})
