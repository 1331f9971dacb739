"""Views: everything in camera axes with the camera at the origin, and the facts about it."""

from __future__ import annotations

import json
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.optimize import minimize

from selfiesim.astro import ephemeris
from selfiesim.astro.bodies import AU_M, BODIES, MARS
from selfiesim.astro.ellipsoid import ellipsoid_foot, ellipsoid_height
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import direction_to_lonlat
from selfiesim.astro.orbit import period, state_to_elements
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import rotation_about
from selfiesim.motion.pointing_laws import target_direction
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import scenes

GM = MARS.gm_m3_s2
RADII = np.array(MARS.radii_m)

arcsecond = np.radians(1 / 3600)


def _orbits_mars(scene):
    """Whether the camera is released on an orbit about Mars and looks at the craft."""
    return scene.release and scene.orbit and scene.orbit.body == "mars" and scene.camera.target == "craft"


RELEASED = [name for name in sorted(scenes()) if _orbits_mars(Scene.load(name))]


@pytest.fixture(scope="module", params=RELEASED)
def scene(request):
    return Scene.load(request.param)


@pytest.fixture(scope="module")
def view(scene):
    return scene.view()


def test_the_planet_is_at_the_cameras_distance_from_its_centre(scene, view):
    assert np.linalg.norm(view.planet.position) == pytest.approx(np.linalg.norm(view.track.camera.position), rel=1e-15)
    assert view.planet.body is BODIES[scene.orbit.body]


def test_the_craft_is_at_its_offset_from_the_camera(view):
    apart = view.track.camera.position - view.track.host.position
    assert np.linalg.norm(view.craft.position) == pytest.approx(np.linalg.norm(apart), abs=1e-8)
    # From the camera: planet, plus from the planet's centre to the craft.
    craft = view.planet.position + view.icrf_to_camera @ view.track.host.position
    np.testing.assert_allclose(view.craft.position, craft, atol=1e-8)


def test_rotations_are_proper_and_consistent(view):
    track = view.track
    for rotation in (
        view.icrf_to_camera,
        view.planet.camera_to_bodyfixed,
        view.craft.body_to_camera,
        track.icrf_to_body,
        track.icrf_to_bodyfixed,
    ):
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-14)
        assert np.linalg.det(rotation) == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_allclose(
        view.planet.camera_to_bodyfixed @ view.icrf_to_camera, track.icrf_to_bodyfixed, atol=1e-14
    )
    np.testing.assert_allclose(view.craft.body_to_camera @ track.icrf_to_body, view.icrf_to_camera, atol=1e-14)


def test_the_craft_is_imaged_at_camera_place(scene, view):
    width, height = scene.camera.size_px
    there = np.array(scene.camera.place) * (width, height) - 0.5
    np.testing.assert_allclose(view.camera.project(view.craft.position), there, atol=1e-9)
    assert (view.camera.width, view.camera.height) == (width, height)


def test_the_camera_has_the_scenes_field_of_view(scene, view):
    left, right = view.camera.unproject(np.array([[-0.5, view.camera.cy], [view.camera.width - 0.5, view.camera.cy]]))
    assert np.degrees(np.arccos(left @ right)) == pytest.approx(scene.camera.horizontal_fov_deg, abs=1e-9)


def test_the_sun_is_at_its_ephemeris_position(view):
    there = (
        view.icrf_to_camera @ ephemeris.position_from_body(view.planet.body, "sun", view.epoch) + view.planet.position
    )
    assert np.linalg.norm(view.sun.direction) == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_allclose(view.sun.direction, there / np.linalg.norm(there), atol=1e-12)
    assert view.sun.distance == pytest.approx(np.linalg.norm(there), rel=1e-15)


def test_sunlight_falls_with_the_square_of_distance_and_the_disc_with_distance(view):
    # ASTM G173-03 at 1 AU; the IAU 2015 nominal radius, 695,700 km, spans 959.23 arcsec there.
    au = view.sun.distance / AU_M
    np.testing.assert_allclose(view.sun.irradiance * au**2, (1.693, 1.856, 2.000), rtol=1e-12)
    assert view.sun.angular_radius * au == pytest.approx(959.23 * arcsecond, rel=1e-4)


def pointing(view, part):
    """The body axis of a pointing rule and the direction of its target, both in camera axes."""
    axis = view.craft.body_to_camera @ np.array(part.axis) / np.linalg.norm(part.axis)
    return axis, view.icrf_to_camera @ target_direction(part.toward, view.planet.body, view.epoch, view.track.host)


def test_the_attitude_follows_the_scenes_pointing(scene, view):
    axis, target = pointing(view, scene.attitude.primary)
    np.testing.assert_allclose(axis, target, atol=1e-12)
    axis, target = pointing(view, scene.attitude.secondary)
    assert axis @ target > 0


def test_joint_angles_minimise_the_pointing_error_within_limits(view):
    tracking = {name: joint for name, joint in view.craft.craft.joints.items() if joint.tracks != "nothing"}
    assert set(view.craft.joint_angles) == set(tracking)
    for name, joint in tracking.items():
        angles = view.craft.joint_angles[name]
        limits = np.radians(joint.limits_deg or [(-360.0, 360.0)] * len(joint.axes))
        assert len(angles) == len(joint.axes)
        assert all(low <= angle <= high for angle, (low, high) in zip(angles, limits, strict=True))
        target = view.track.icrf_to_body @ target_direction(joint.tracks, view.planet.body, view.epoch, view.track.host)

        def miss(*tried, joint=joint, target=target):
            normal = np.array(joint.zero_normal)
            for axis, angle in reversed(list(zip(joint.axes, tried, strict=True))):
                normal = rotation_about(np.array(axis), angle) @ normal
            return np.linalg.norm(normal - target)

        ranges = [
            np.clip(angle + np.linspace(-0.3, 0.3, 21), *limit) for angle, limit in zip(angles, limits, strict=True)
        ]
        assert miss(*angles) <= min(miss(*tried) for tried in product(*ranges)) + 1e-9


def test_facts_have_units_in_their_keys_and_are_json_ready(view):
    facts = view.facts
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    units = ("_utc", "_release", "_deg", "_au", "_km", "_m", "_h", "_share")
    words = ("title", "assumed", "sky", "ground", "features", "camera_altitude_above", "planet_relief")
    assert [key for key in facts if key not in words and not key.endswith(units)] == []


def test_facts_agree_with_the_view(view):
    facts, track = view.facts, view.track
    assert facts["epoch_utc"] == view.epoch.utc(3)
    position = track.icrf_to_bodyfixed @ track.camera.position
    lon, lat = np.degrees(direction_to_lonlat(position))
    assert (facts["camera_longitude_deg"], facts["camera_latitude_deg"]) == pytest.approx((lon, lat))
    assert facts["camera_altitude_km"] * 1e3 == pytest.approx(brute_height(position), abs=1.0)
    assert facts["camera_altitude_above"] == "reference ellipsoid"
    assert "MOLA" in facts["planet_relief"]
    assert facts["range_to_craft_m"] == pytest.approx(np.linalg.norm(view.craft.position))
    assert facts["sun_distance_au"] == pytest.approx(np.linalg.norm(view.sun.distance) / AU_M)
    # Angle at the craft between the Sun and the camera.
    to_camera = -view.craft.position / np.linalg.norm(view.craft.position)
    assert np.cos(np.radians(facts["phase_angle_deg"])) == pytest.approx(to_camera @ view.sun.direction)
    assert np.cos(np.radians(facts["sun_off_axis_deg"])) == pytest.approx(view.sun.direction[2])


def test_the_sun_is_overhead_at_the_subsolar_point(view):
    facts, rotation = view.facts, view.track.icrf_to_bodyfixed
    lon, lat = np.radians([facts["subsolar_longitude_deg"], facts["subsolar_latitude_deg"]])
    direction = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    np.testing.assert_allclose(rotation.T @ direction, view.icrf_to_camera.T @ view.sun.direction, atol=1e-12)


def test_facts_list_all_assumed_values(scene, view):
    assumed = view.facts["assumed"]
    assert scene.assumed.items() <= assumed.items()
    craft = view.craft.craft
    for key, why in craft.assumed.items():
        assert assumed[f"{craft.name}: {key}"] == why
    assert len(assumed) == len(scene.assumed) + len(craft.assumed)


def test_the_camera_leaves_from_its_mount_at_the_moment_of_release(scene, view):
    start = scene.view(at="release")
    mount = view.craft.craft.mounts[scene.release.mount]
    assert start.facts["distance_from_mount_m"] == pytest.approx(0.0, abs=1e-8)
    assert start.facts["range_to_craft_m"] == pytest.approx(np.linalg.norm(mount.position_m), abs=1e-8)
    assert start.facts["seconds_since_release"] == 0.0


def test_offsets_from_the_release_are_in_seconds(scene, view):
    one, other = (scene.view(at=f"release+{seconds}s") for seconds in (7.25, 100))
    assert other.epoch - one.epoch == pytest.approx(92.75, abs=1e-9)
    assert one.track.seconds_since_release == pytest.approx(7.25, abs=1e-9)


def test_a_utc_moment_equals_its_offset_from_the_release(scene, view):
    by_seconds = scene.view(at="release+50s")
    by_date = scene.view(at=by_seconds.epoch.utc(9))
    assert by_date.epoch - by_seconds.epoch == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(by_date.craft.position, by_seconds.craft.position, atol=1e-6)


def test_the_camera_recedes_in_the_first_minutes(scene, view):
    ranges = [scene.view(at=f"release+{s}s").facts["distance_from_mount_m"] for s in range(0, 300, 50)]
    assert all(near < far for near, far in pairwise(ranges))


def test_the_same_scene_resolves_to_the_same_numbers(scene, view):
    again = scene.view()
    assert again is not view
    assert again.facts == view.facts
    np.testing.assert_array_equal(again.icrf_to_camera, view.icrf_to_camera)


def test_repr_is_one_readable_line(scene, view):
    text = repr(view)
    assert scene.title in text
    assert view.epoch.utc() in text
    assert f"{view.facts['range_to_craft_m']:.1f} m" in text


# Moments, on an orbit defined here
ORBIT = {
    "epoch_utc": "2021-12-31T16:30:00Z",
    "semi_major_axis_km": 8898.75,
    "eccentricity": 0.5884,
    "inclination_deg": 86.3,
    "raan_deg": 100.72,
    "arg_periapsis_deg": 57.1,
    "true_anomaly_deg": 120.0,
}


def own_scene(**changes):
    table = {
        "title": "own",
        "at": "release",
        "craft": {"model": "tianwen1-orbiter"},
        "orbit": ORBIT,
        "release": {"at": "periapsis"},
    }
    return Scene.from_table(table).with_changes(**changes)


def test_periapsis_is_the_closest_point():
    host = own_scene().view().track.host
    assert np.linalg.norm(host.position) == pytest.approx(8898.75e3 * (1 - 0.5884), rel=1e-9)
    assert host.position @ host.velocity == pytest.approx(0.0, abs=1e-3 * np.linalg.norm(host.position))


@pytest.mark.parametrize("seconds", [-600, 0, 600])
def test_max_latitude_is_the_northernmost_point(seconds):
    moment = f"max-latitude{seconds:+d}s" if seconds else "max-latitude"
    view = own_scene(release__at=moment).view()
    pole = view.track.icrf_to_bodyfixed[2]
    north = pole @ (view.track.host.position / np.linalg.norm(view.track.host.position))
    latitude = np.degrees(np.arcsin(north))
    if seconds:
        assert latitude < 70.0
    else:
        # The inclination is to the pole of J2000; since then the pole has moved by 0.02 degrees.
        assert latitude == pytest.approx(86.3, abs=0.03)


@pytest.mark.parametrize("event", ["periapsis", "max-latitude"])
@pytest.mark.parametrize("anomaly", [-170.0, -20.0, 20.0, 170.0])
def test_the_event_nearest_to_the_epoch_is_used(event, anomaly):
    view = own_scene(release__at=event, orbit__true_anomaly_deg=anomaly).view()
    revolution = period(state_to_elements(view.track.host, GM), GM)
    assert abs(view.epoch - Epoch.from_utc(ORBIT["epoch_utc"])) <= revolution / 2 * (1 + 1e-9)


def test_release_axis_overrides_the_mounts_axis():
    for axis in ([1, 0, 0], [0, 1, -2]):
        scene = own_scene(release__axis=axis, at="release+10s")
        track = scene.view().track
        moved = track.icrf_to_body @ (track.camera.position - track.mount_position)
        direction = np.array(axis) / np.linalg.norm(axis)
        # After 10 s, tide and rotation of the craft are below a millimetre in two metres.
        np.testing.assert_allclose(moved, scene.release.speed_m_s * 10 * direction, atol=2e-3)


# Heights


def brute_height(position):
    """Height by minimising the distance over two angles of the ellipsoid, from several starts."""

    def distance(angles):
        u, v = angles
        return np.linalg.norm(position - RADII * [np.cos(u) * np.cos(v), np.cos(u) * np.sin(v), np.sin(u)])

    lon, lat = direction_to_lonlat(position)
    best = min(minimize(distance, (lat + step, lon), method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-9}).fun
               for step in (0.0, 0.01, -0.01))  # fmt: skip
    inside = np.sum((position / RADII) ** 2) < 1
    return -best if inside else best


def on_normal(latitude, longitude, height):
    """The point ``height`` above the ellipsoid where its normal has the (planetographic) latitude.

    The textbook formula: N = a / sqrt(1 - e^2 sin^2), x = (N + h) cos ..., z = (N (1 - e^2) + h) sin.
    """
    a, _, c = RADII
    e2 = 1 - (c / a) ** 2
    n = a / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
    ring = (n + height) * np.cos(latitude)
    return np.array([ring * np.cos(longitude), ring * np.sin(longitude), (n * (1 - e2) + height) * np.sin(latitude)])


@given(st.floats(-np.pi / 2, np.pi / 2), st.floats(-np.pi, np.pi), st.floats(-1e5, 1e12))
@example(0.0, 0.0, 500e3)
@example(np.pi / 2, 0.0, 500e3)
@example(-np.pi / 2, 0.0, 1.0)
@example(0.7, 1.0, 1e12)
def test_height_is_measured_along_the_normal(latitude, longitude, height):
    assume(abs(height) > 1e-3)
    # The closed geodetic formula, inverted; a double of 1e12 m is good to 1e-4 m.
    found = ellipsoid_height(on_normal(latitude, longitude, height), MARS)
    assert found == pytest.approx(height, abs=1e-6, rel=1e-12)


@pytest.mark.parametrize("height", [-1e4, 1.0, 500e3, 1e7, 1e10])
@pytest.mark.parametrize("latitude", [-1.2, 0.0, 0.8, np.pi / 2])
def test_the_foot_point_is_straight_below(latitude, height):
    foot = ellipsoid_foot(on_normal(latitude, 0.4, height), MARS)
    np.testing.assert_allclose(foot, on_normal(latitude, 0.4, 0.0), atol=1e-5)


def test_sun_elevation_refers_to_the_ground_below_the_camera(view):
    lon, lat = direction_to_lonlat(ellipsoid_foot(view.track.icrf_to_bodyfixed @ view.track.camera.position, MARS))
    upright = np.arctan(np.tan(lat) * (RADII[0] / RADII[2]) ** 2)  # planetographic latitude: along the normal
    sun_lon, sun_lat = np.radians([view.facts["subsolar_longitude_deg"], view.facts["subsolar_latitude_deg"]])
    sine = np.sin(upright) * np.sin(sun_lat) + np.cos(upright) * np.cos(sun_lat) * np.cos(lon - sun_lon)
    assert view.facts["sun_elevation_below_camera_deg"] == pytest.approx(np.degrees(np.arcsin(sine)), abs=1e-6)


@pytest.mark.parametrize("position", [(3.0e6, 2.0e6, 2.5e6), (1e5, -2e5, 3.9e6), (3.3e6, 1e5, 5e5), (-4e6, 0.0, 1e6)])
def test_height_is_the_distance_to_the_nearest_point(position):
    assert ellipsoid_height(np.array(position), MARS) == pytest.approx(brute_height(np.array(position)), abs=0.01)


@given(st.floats(0.0, 100.0))
def test_height_along_the_principal_axes_is_exact(height_km):
    for axis in range(3):
        position = np.zeros(3)
        position[axis] = RADII[axis] + height_km * 1e3
        assert ellipsoid_height(position, MARS) == pytest.approx(height_km * 1e3, abs=1e-6)


def test_a_rotating_craft_gives_its_camera_the_mounts_velocity():
    # A nadir-pointing craft rotates once per orbit: its mount moves at w x r, and so does the camera it releases.
    scene = Scene.load("tianwen1-mars").with_changes(
        release__axis=[-0.30, 0.88, -0.36],
        attitude__primary={"axis": [0, 0, 1], "toward": "nadir"},
        attitude__secondary={"axis": [1, 0, 0], "toward": "velocity"},
    )
    first, second = scene.view(at=0.0), scene.view(at=0.5)
    rate = np.linalg.norm(np.cross(first.track.host.position, first.track.host.velocity)) / (
        first.track.host.position @ first.track.host.position
    )
    apart = [v.track.icrf_to_body @ (v.track.camera.position - v.track.mount_position) for v in (first, second)]
    # In the rotating axes of the craft, the camera leaves at the spring's velocity alone, whatever the rotation (0.1
    # percent of it reappears as Coriolis acceleration in half a second).
    axis = np.array(first.craft.craft.mounts["camera"].axis)
    assert rate > 5e-4
    np.testing.assert_allclose(apart[1] / 0.5, 0.2 * axis, atol=2e-4)


def test_seconds_after_the_release_may_be_a_number():
    scene = Scene.load("tianwen1-mars")
    assert scene.view(at=30).epoch == scene.view(at="release+30s").epoch
    assert scene.view(at=np.float64(30.0)).epoch == scene.view(at=30).epoch


def test_no_sunlight_in_the_planets_shadow():
    # On a circular orbit, 4000 km from the centre, the planet's disc of 116 degrees hides the Sun wherever it is more
    # than 32 degrees below the horizon.
    scene = Scene.load("tianwen1-mars").with_changes(
        orbit__semi_major_axis_km=4000.0, orbit__eccentricity=0.0, orbit__inclination_deg=20.0, orbit__raan_deg=0.0
    )
    shares = []
    for minutes in range(0, 130, 5):
        view = scene.with_changes(release__at=f"max-latitude+{60 * minutes}s").view(at=10)
        shares.append((view.facts["sun_elevation_below_camera_deg"], view.facts["sun_visible_share"]))
    assert any(elevation < -45.0 and share == 0.0 for elevation, share in shares)
    assert all(share == 1.0 for elevation, share in shares if elevation > -25.0)


def test_a_push_into_the_craft_is_refused(tmp_path):
    # The mount is on the +Y-Z wall: a push toward +Z goes through the body; the mount's own axis is clear.
    from selfiesim.core.errors import SceneError

    scene = Scene.load("tianwen1-mars")
    with pytest.raises(SceneError, match=r"release\.axis: the camera would hit \S+ \d\.\d\d m from its mount"):
        scene.with_changes(release__axis=[0, -0.3, 1]).view()
    scene.view()


def test_a_lens_below_the_surface_is_refused():
    scene = Scene.load("tianwen1-boom")
    view = scene.view()
    down = view.craft.body_to_camera.T @ view.planet.position
    offset = 700e3 * down / np.linalg.norm(down)  # the craft is at 501 km
    with pytest.raises(SceneError, match=r"mounted: the lens is (19|20)\d km below the surface of mars"):
        scene.with_changes(mounted__offset_m=offset.tolist()).view()
