"""The lines and names over the picture, against the geometry of the view; the simplified craft."""

import numpy as np
import pytest

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.craft.load import load_craft, models
from selfiesim.scene.scene import Scene
from selfiesim.studio.overlay import drift_strip, overlay
from selfiesim.studio.shape import hulls, shape, words


@pytest.fixture(scope="module")
def view():
    """A small copy of the shot over the north pole of Mars."""
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[640, 360]).view()


@pytest.fixture(scope="module")
def drawn(view):
    """Its overlay."""
    return overlay(view)


def rays(view, points):
    """Return unit vectors, body-fixed axes of the planet, through points that are fractions of the picture."""
    pixels = np.array(points) * (view.camera.width, view.camera.height) - 0.5
    return view.camera.unproject(pixels) @ view.planet.camera_to_bodyfixed.T


def hits(view, directions):
    """Return where rays hit the planet, body-fixed axes, m; NaN where they miss."""
    return intersect_ellipsoid(-view.planet.camera_to_bodyfixed @ view.planet.position, directions, view.planet.body)


def test_the_limb_is_where_lines_of_sight_begin_to_miss_the_planet(view, drawn):
    points = np.concatenate(drawn["limb"])
    points = points[((points > 0.02) & (points < 0.98)).all(axis=1)]
    assert len(points) > 20
    along = rays(view, points)
    centre = view.planet.camera_to_bodyfixed @ view.planet.position
    centre /= np.linalg.norm(centre)
    for tilt, is_hit in ((1e-4, True), (-1e-4, False)):
        beside = along + tilt * (centre - (along @ centre)[:, None] * along)
        assert (np.isfinite(hits(view, beside)[:, 0]) == is_hit).all()


def test_on_the_terminator_the_sun_is_on_the_horizon(view, drawn):
    points = np.concatenate(drawn["terminator"])
    points = points[((points > 0.02) & (points < 0.98)).all(axis=1)]
    assert len(points) > 10
    ground = hits(view, rays(view, points))
    # The normal of an ellipsoid is the gradient of its equation.
    normal = ground / np.array(view.planet.body.radii_m) ** 2
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    sun = view.planet.camera_to_bodyfixed @ view.sun.direction
    assert np.degrees(np.abs(np.arcsin(normal @ sun))).max() < 0.02


def test_the_level_horizon_of_a_camera_on_the_ground_has_no_elevation():
    view = Scene.load("zhurong-view").with_changes(camera__size_px=[640, 360]).view()
    points = np.concatenate(overlay(view)["horizon"])
    elevation = np.degrees(np.arcsin(rays(view, points) @ zenith(view)))
    assert len(points) > 100
    assert np.abs(elevation).max() < 0.01


def zenith(view):
    """Return the zenith at the site, body-fixed axes, from its geodetic latitude."""
    x, y, z = view.track.icrf_to_bodyfixed @ view.track.camera.position
    equatorial, _, polar = view.planet.body.radii_m
    longitude, latitude = np.arctan2(y, x), np.arctan2(z * (equatorial / polar) ** 2, np.hypot(x, y))
    return np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])


def test_parts_are_named_where_they_are(view, drawn):
    names = {each["name"]: each["at"] for each in drawn["parts"]}
    assert "bus" in names
    (left, top), (right, bottom) = drawn["craft"]
    for across, down in names.values():
        assert left < across < right
        assert top < down < bottom


def test_the_camera_in_body_axes_is_at_its_range_and_looks_at_the_craft(view, drawn):
    body = drawn["body"]
    assert np.linalg.norm(body["camera"]) == pytest.approx(view.facts["range_to_craft_m"])
    toward_craft = -np.array(body["camera"]) / np.linalg.norm(body["camera"])
    assert (np.array(body["corners"]) @ toward_craft > 0.0).all()
    phase = np.degrees(np.arccos(-toward_craft @ np.array(body["sun"])))
    assert phase == pytest.approx(view.facts["phase_angle_deg"])


def test_the_path_leaves_the_mount_along_the_push():
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36])
    path = np.array(drift_strip(scene, lambda: None)["path"])
    mount = load_craft("tianwen1-orbiter").mounts["camera"].position_m
    assert np.linalg.norm(path[0] - mount) < 0.3
    push = np.array([0.425, 0.697, -0.577])
    step = path[3] - path[0]
    assert step @ push / np.linalg.norm(step) / np.linalg.norm(push) > 0.999


def test_the_strip_says_when_the_sun_is_in_the_picture():
    # The camera looks at the Sun. On a low orbit in the plane of the Sun it goes into the shadow of Mars on the way.
    scene = Scene.load("tianwen1-mars").with_changes(camera__target="sun", camera__size_px=[64, 36], sky__stars=False)
    lit = drift_strip(scene, lambda: None)
    assert all(lit["sun"])
    assert len(lit["sun"]) == len(lit["cap"]) == len(lit["limb"]) == len(lit["times"])
    low = {"orbit__semi_major_axis_km": 3700.0, "orbit__eccentricity": 0.0, "orbit__raan_deg": 10.7}
    setting = drift_strip(scene.with_changes(**low, release__at="max-latitude+600s"), lambda: None)["sun"]
    count = sum(setting)
    assert 0 < count < len(setting)
    assert setting == [True] * count + [False] * (len(setting) - count)


def test_the_strip_has_no_cap_where_there_is_no_mars():
    strip = drift_strip(Scene.load("hayabusa2-dcam3").with_changes(camera__size_px=[64, 36]), lambda: None)
    assert strip["cap"] == []
    assert len(strip["sun"]) == len(strip["times"]) > 0


@pytest.mark.parametrize("name", models())
def test_a_simplified_craft_has_the_extent_of_the_whole_one(name):
    craft = load_craft(name)
    pieces = hulls(craft)
    points = np.concatenate([hull.points for hull in pieces])
    bounds = np.stack([points.min(axis=0), points.max(axis=0)])
    longest = np.ptp(craft.bounds_m, axis=0).max()
    assert np.abs(bounds - craft.bounds_m).max() < 0.05 * longest
    assert sum(len(hull.faces) for hull in pieces) <= 6000
    assert all(hull.faces.max() < len(hull.points) for hull in pieces)


def test_the_shape_names_mounts_joints_and_materials(view):
    described = shape(view.craft)
    assert described["mounts"]["camera"]["position"] == list(view.craft.craft.mounts["camera"].position_m)
    assert described["joints"]["hga"] == {"axes": 2, "limits": ((-30.0, 30.0), (-40.0, 40.0)), "tracks": "earth"}
    assert "gold_foil" in described["materials"]


def test_names_of_assemblies_read_as_words():
    assert words("wing_plus_y_panel_1") == "wing +Y panel 1"
    assert words("hga_dish") == "HGA dish"
