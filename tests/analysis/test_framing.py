"""What is in the picture, told from geometry alone."""

import numpy as np
import pytest

from selfiesim import Scene
from selfiesim.analysis.framing import craft_bounding_box, framing, project_lonlat

NAN = float("nan")


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").view()


def test_the_box_holds_every_vertex_and_no_more(view):
    # Against all vertices of all parts, where framing projects only corners of convex hulls.
    pixels = []
    for part in view.craft.parts:
        matrix = view.craft.joint_matrix(part.joint)
        body = part.vertices.astype(float) @ matrix[:3, :3].T + matrix[:3, 3]
        pixels.append(view.camera.project(body @ view.craft.body_to_camera.T + view.craft.position))
    pixels = np.concatenate(pixels)
    expected = [*pixels.min(axis=0), *pixels.max(axis=0)]
    assert craft_bounding_box(view) == pytest.approx(expected, abs=1e-6)


def test_the_shipped_shot_holds_what_its_caption_says(view):
    held = framing(view)
    assert held.craft_in_frame
    assert held.limb_in_frame
    assert held.cap_share > 0.25
    assert held.sunlit_share > 0.75
    assert not held.sun_in_frame


def test_shares_agree_with_the_drawn_depth(view):
    # Authority: the renderer's depth map of the same view, pixel by pixel; the craft hides some of the planet.
    small = view.scene.with_changes(camera__size_px=[480, 270]).view()
    depth = small.render().depth
    sky = float(np.isinf(depth).mean())
    craft = float((depth < 100.0).mean())
    assert sky - 0.01 <= framing(small).sky_share <= sky + craft + 0.01


def test_a_craft_partly_behind_the_camera_is_not_in_the_picture(view):
    close = framing(view.scene.view("release+5s"))
    assert not close.craft_in_frame
    assert np.isnan(close.craft_px)


def test_looking_past_the_sun(view):
    # From behind the craft as seen from the Sun, the picture holds the Sun when the lens is wide enough for it.
    away = view.scene.with_changes(
        release__axis=[0.0, 0.6, 0.8], camera__place=[0.5, 0.5], camera__horizontal_fov_deg=120
    ).view()
    assert framing(away).sun_in_frame
    assert not framing(view).sun_in_frame


def test_places_stand_where_the_map_is_drawn(view):
    # The pole's pixel, traced back to the ground, is 90 N; a place on the far side is not in the picture.
    pixel = project_lonlat(view, np.pi / 2.0, 0.0)
    ray = view.camera.unproject(pixel)
    to_fixed = view.planet.camera_to_bodyfixed
    polar = np.array([0.0, 0.0, view.planet.body.radii_m[2]])
    toward = to_fixed.T @ polar + view.planet.position
    assert np.linalg.norm(np.cross(ray, toward / np.linalg.norm(toward))) < 1e-12
    assert project_lonlat(view, -np.pi / 2.0, 0.0) is None


@pytest.mark.parametrize(
    ("name", "lat", "lon", "seen"),
    [
        # IAU gazetteer; Korolev is the bright oval upper left, Olympia Undae the dark belt beside the cap.
        ("Korolev", 72.77, 164.58, True),
        ("Olympia Undae", 81.0, 180.0, True),
        ("Olympus Mons", 18.65, 226.2, False),
    ],
)
def test_features_of_the_shipped_shot(view, name, lat, lon, seen):
    assert (project_lonlat(view, np.radians(lat), np.radians(lon)) is not None) == seen
