"""Surface scenes: layout of the picture, illumination, and refusal of unusable settings."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from selfiesim.astro.bodies import MARS
from selfiesim.core.errors import SceneError
from selfiesim.planet.ground.heightfield import Crater
from selfiesim.planet.ground.mesh import TerrainSpec, height_at
from selfiesim.planet.ground.mesh_cache import MAX_CACHED_TERRAINS, cache_path, cached_terrain
from selfiesim.scene.scene import Scene

GROUP, VIEW = Scene.load("zhurong-group"), Scene.load("zhurong-view")
REFERENCE_WIDTH = 1200.0  # the group photo's, px


@pytest.fixture(scope="module")
def group():
    return GROUP.view()


@pytest.fixture(scope="module")
def rendered():
    small = GROUP.with_changes(camera__size_px=[480, 270], ground__draft_cell_rad=0.02)
    return small.view().render("draft", 1)


def outline_px(view, pose):
    return view.camera.project(pose.outline()) * REFERENCE_WIDTH / view.camera.width


# The group photo (CNSA, 11 June 2021), 1200 px wide: rover 328 px tall at 45 percent of the width, wings 495 px wide;
# the platform from 770 px on, its ramp running out of the right edge.
def test_rover_and_platform_match_the_group_photo(group):
    rover, platform = (outline_px(group, pose) for pose in (group.craft, group.objects[0]))
    assert group.craft.position[2] < group.objects[0].position[2]
    assert np.ptp(rover[:, 1]) == pytest.approx(328, rel=0.03)
    assert np.ptp(rover[:, 0]) == pytest.approx(495, rel=0.05)
    assert rover[:, 0].mean() < platform[:, 0].min()
    assert (rover[:, 0].min() + rover[:, 0].max()) / 2 == pytest.approx(0.45 * 1200, abs=25)
    assert platform[:, 0].min() == pytest.approx(770, abs=25)
    assert platform[:, 0].max() > 1200


def test_the_whole_rover_is_in_the_picture(group):
    places = group.camera.project(group.craft.outline())
    assert ((places > 0) & (places < (group.camera.width, group.camera.height))).all()


# CNSA: the camera was set down about 10 m south of the platform.
def test_the_lens_is_ten_metres_south_of_the_platform(group):
    apart = group.ground.enu_to_camera.T @ group.objects[0].position
    assert apart[1] == pytest.approx(10.0, abs=0.5)
    assert 0.05 < group.ground.lens_height_m < 0.4


# Astropy's ephemeris: solar longitude 52.8 and subsolar latitude 19.8 degrees north on 1 June 2021.
def test_sun_elevation_follows_season_and_hour(group):
    facts = group.facts
    assert facts["solar_longitude_deg"] == pytest.approx(52.8, abs=0.3)
    hour_angle = np.radians(15.0 * (facts["local_true_solar_time_h"] - 12.0))
    north, sun = np.radians(25.066), np.radians(19.8)
    sine = np.sin(north) * np.sin(sun) + np.cos(north) * np.cos(sun) * np.cos(hour_angle)
    # The zenith is the ellipsoid's, 0.3 degrees from the direction away from the planet's centre.
    assert np.degrees(np.arcsin(group.ground.sky.to_sun[2])) == pytest.approx(np.degrees(np.arcsin(sine)), abs=0.4)
    assert 0.0 < group.ground.sun_azimuth_deg < 180.0  # morning, to the right of a lens that faces north


def test_ground_irradiance_is_direct_sunlight_plus_skylight(rendered):
    view = rendered.view
    sky, truth = view.ground.sky, rendered.truth
    level = (truth.normal @ view.ground.enu_to_camera[:, 2]) > 0.9995
    name = {value: key for key, value in truth.part_names.items()}
    open_ground = level & (truth.part == name["ground/ground_near"]) & (truth.sun_visibility > 0.99)
    assert open_ground.sum() > 100
    got = (rendered.rgb / np.maximum(truth.albedo, 1e-9))[open_ground].mean(axis=0) * np.pi
    assert_allclose(view.sun.irradiance, view.sun.extraterrestrial_irradiance * sky.beam_transmittance)
    assert_allclose(
        got, sky.ground_irradiance_fraction * sky.to_sun[2] * view.sun.extraterrestrial_irradiance, rtol=0.06
    )


def shadow_caster(view):
    """Function that returns whether any mesh lies between points (N, 3), camera axes, and the Sun, by ray casting."""
    pytest.importorskip("embreex")
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    for pose in view.crafts:
        for part in pose.parts:
            transform = pose.joint_matrix(part.joint)
            body = part.vertices @ transform[:3, :3].T + transform[:3, 3]
            placed = body @ pose.body_to_camera.T + pose.position
            TriangleMesh(scene, placed[part.faces].astype(np.float32))

    def is_shadowed(points):
        rays = np.broadcast_to(view.sun.direction, points.shape)
        return scene.run(np.ascontiguousarray(points, np.float32), np.ascontiguousarray(rays, np.float32)) >= 0

    return is_shadowed


def ground_between(radiance, near_m, far_m):
    """Mask (H, W) of the ground itself between two depths."""
    truth = radiance.truth
    numbers = [number for number, name in truth.part_names.items() if name.startswith("ground/ground")]
    return np.isin(truth.part, numbers) & (truth.depth >= near_m) & (truth.depth < far_m)


def test_shadows_of_rover_and_platform_agree_with_ray_casting():
    """A shaded point of the ground has the rover, the platform or a rock between it and the Sun."""
    from_above = GROUP.with_changes(camera__size_px=[480, 270], mounted__offset_m=[0.36, -8.0, 0.8])
    rendered = from_above.view().render("draft", 1)
    view, truth = rendered.view, rendered.truth
    ground = ground_between(rendered, 0.0, 9.0)
    blocked = shadow_caster(view)(truth.position[ground] + 0.03 * truth.normal[ground])
    shade = truth.sun_visibility[ground] < 0.5
    assert shade.sum() > 500
    assert (blocked == shade).mean() > 0.97
    assert (blocked & shade).sum() > 0.9 * shade.sum()


def test_distant_relief_and_rocks_cast_shadows():
    """With the Sun at ten degrees, the crater's wall, 10 to 20 m away, shadows a fifth of the visible ground there."""
    low_sun = VIEW.with_changes(
        at="2021-07-10T03:20:00Z", camera__size_px=[320, 180], camera__model="pinhole", camera__horizontal_fov_deg=60
    )
    many_rocks = low_sun.with_changes(ground__rock_share=0.25, ground__largest_rock_m=1.5, ground__draft_cell_rad=0.008)
    radiance = many_rocks.with_changes(camera__azimuth_deg=160, camera__elevation_deg=-4).view().render("draft", 1)
    truth, is_shadowed = radiance.truth, shadow_caster(radiance.view)
    for near_m, far_m, least in ((14.0, 20.0, 0.05), (25.0, 60.0, 0.01)):
        ground = ground_between(radiance, near_m, far_m)
        blocked = is_shadowed(truth.position[ground] + 0.05 * truth.normal[ground])
        shade = truth.sun_visibility[ground] < 0.5
        assert shade.mean() > least
        assert (blocked == shade).mean() > 0.95
        assert (blocked & shade).sum() > 0.6 * blocked.sum()


def test_a_distant_level_plain_does_not_shadow_itself():
    above = GROUP.with_changes(
        camera__size_px=[480, 270], ground__draft_cell_rad=0.02, mounted__offset_m=[0.36, -8.0, 0.8]
    )
    rendered = above.view().render("draft", 1)
    ground = ground_between(rendered, 30.0, 4000.0)
    assert ground.sum() > 300
    assert (rendered.truth.sun_visibility[ground] < 0.5).mean() < 0.02


def test_the_sky_is_reddish_and_brighter_toward_the_sun(rendered):
    assert np.isinf(rendered.truth.depth[5]).all()
    assert (np.diff(rendered.rgb[10, 240]) < 0.0).all()
    assert (rendered.rgb[10, 470] > rendered.rgb[10, 10]).all()


def test_the_ground_mesh_has_no_gaps_between_its_rings(rendered):
    below = rendered.truth.part[int(0.7 * 270) :]
    assert (below > 1).all()


def test_the_part_layer_names_the_ground(rendered):
    seen = {rendered.truth.part_names[number].split("/")[0] for number in np.unique(rendered.truth.part)}
    assert {"sky", "ground", "platform"} <= seen


def test_the_globe_is_not_visible_below_the_ground(rendered):
    assert not (rendered.truth.part == 1).any()


def test_a_crater_has_the_specified_depth_and_rim():
    flat = TerrainSpec(seed=2)
    crater_displacement = TerrainSpec(seed=2, craters=(Crater(10.0, 0.0, 3.0, 0.6),))
    x, y = np.array([10.0, 13.0, 60.0]), np.zeros(3)
    assert_allclose(height_at(crater_displacement, x, y) - height_at(flat, x, y), [-0.48, 0.12, 0.0], atol=1e-3)


def test_terrain_is_cached_and_the_cache_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path))
    recipes = [
        TerrainSpec(seed=k, cell_rad=0.05, rocks_reach_m=5.0, extent_m=60.0, clod_share=0.0)
        for k in range(MAX_CACHED_TERRAINS + 2)
    ]
    made = [cached_terrain(recipe) for recipe in recipes]
    assert len(list((tmp_path / "terrain").glob("*.npz"))) == MAX_CACHED_TERRAINS
    cached_terrain.cache_clear()
    again = cached_terrain(recipes[-1])
    for one, other in zip(made[-1].parts, again.parts, strict=True):
        assert one.node == other.node
        assert_allclose(one.vertices, other.vertices)
    cached_terrain.cache_clear()
    cache_path(recipes[-1]).write_bytes(b"cut short")
    assert cached_terrain(recipes[-1]).triangle_count == again.triangle_count
    cached_terrain.cache_clear()


def test_a_lens_points_at_its_azimuth_and_elevation():
    view = VIEW.with_changes(camera__model="pinhole", camera__horizontal_fov_deg=80).view()
    ahead = view.ground.enu_to_camera[2]
    assert np.degrees(np.arctan2(ahead[0], ahead[1])) % 360.0 == pytest.approx(VIEW.camera.azimuth_deg, abs=1e-6)
    assert np.degrees(np.arcsin(ahead[2])) == pytest.approx(VIEW.camera.elevation_deg, abs=1e-6)
    assert view.ground.lens_height_m == pytest.approx(1.62, abs=0.1)


# A horizon on a sphere dips by sqrt(2 h / R) below the horizontal: the planet's curve is in the mesh.
def test_the_ground_follows_the_planets_curvature():
    x, y = np.array([3000.0]), np.zeros(1)
    plain = height_at(TerrainSpec(), x, y, np.full(1, 200.0))[0]
    assert plain == pytest.approx(-(3000.0**2) / (2.0 * MARS.radii_m[0]), abs=0.3)


def soles(pose):
    """Place (3,) on each of the wheels and feet of a vehicle that is lowest, body axes."""
    feet = {}
    for part in pose.craft.parts:
        name = part.node.split(".")[0]
        if name.startswith(("wheel_", "leg_")):
            feet.setdefault(name, []).append(part.vertices)
    lowest = [
        points[points[:, 2] < points[:, 2].min() + 0.004].mean(axis=0) for points in map(np.concatenate, feet.values())
    ]
    return np.array(lowest)


@pytest.mark.parametrize(("scene", "count"), [(GROUP, 10), (Scene.load("change6-group"), 4)])
def test_wheels_and_feet_have_pressed_the_ground_that_they_stand_on(scene, count):
    view = scene.view()
    spec = view.ground.recipe
    places = []
    for pose in view.crafts[:-1]:
        points = soles(pose) @ pose.body_to_camera.T + pose.position - view.ground.position
        places.append(points @ view.ground.enu_to_camera)
    places = np.concatenate(places)
    assert len(places) == len(spec.prints) == count
    assert_allclose(height_at(spec, *places[:, :2].T), places[:, 2], atol=0.006)
    angle = np.linspace(0.0, 2.0 * np.pi, 36)
    for each in spec.prints:
        ring = 1.16 * each.radius_m * np.stack([np.cos(angle), np.sin(angle)]) + [[each.x_m], [each.y_m]]
        assert 0.01 < height_at(spec, *ring).mean() < 0.15


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"at": "2021-06-01T20:40:00Z"}, "below the horizon; with .ground. choose a time in daylight"),
        ({"mounted__offset_m": [0.0, -5.0, -1.0]}, "below the ground; move it up"),
        ({"site__body": "mercury"}, "ground: needs a .site. on mars or moon"),
        ({"ground__prints": [{"at_m": [0, 0], "radius_m": 9.0}]}, "ground.prints.*radius_m"),
        ({"ground__prints": [{"radius_m": 0.1}]}, "ground.prints.*at_m"),
        ({"ground__pads": [{"sink_m": -0.1}]}, "ground.pads.*sink_m"),
        ({"mounted__out_m": 1.0}, "offset_m replaces the mount: remove out_m"),
        ({"ground__cell_rad": 0.0001}, "ground.cell_rad"),
    ],
)
def test_unusable_ground_settings_are_refused_by_key(changes, message):
    with pytest.raises(SceneError, match=message):
        GROUP.with_changes(**changes).view()


@pytest.mark.slow
def test_the_path_tracer_renders_the_same_ground_and_sky():
    pytest.importorskip("mitsuba")
    small = GROUP.with_changes(camera__size_px=[120, 68], ground__draft_cell_rad=0.02).view()
    rendered, traced = small.render("draft"), small.render("draft", 16, engine="mitsuba")
    truth = rendered.truth
    sky = np.isinf(truth.depth)
    lit = (truth.sun_visibility > 0.99) & np.isin(
        truth.part, [number for number, name in truth.part_names.items() if name.startswith("ground/ground")]
    )
    for mask in (sky, lit):
        assert mask.sum() > 1000
        assert_allclose(traced.rgb[mask].mean(axis=0), rendered.rgb[mask].mean(axis=0), rtol=0.03)
