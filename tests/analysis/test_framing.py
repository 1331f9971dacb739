"""What is in the picture, from geometry alone."""

import numpy as np
import pytest
from shot_geometry import project_lonlat

from selfiesim import Scene
from selfiesim.analysis.framing import _ground_hits, craft_bounding_box, framing

NAN = float("nan")


@pytest.fixture(scope="module")
def scene():
    return Scene.load("tianwen1-mars")


@pytest.fixture(scope="module")
def view(scene):
    return scene.view()


def test_the_bounding_box_fits_all_vertices(view):
    # All vertices of all parts; framing projects only the corners of convex hulls.
    pixels = []
    for part in view.craft.parts:
        matrix = view.craft.joint_matrix(part.joint)
        body = part.vertices.astype(float) @ matrix[:3, :3].T + matrix[:3, 3]
        pixels.append(view.camera.project(body @ view.craft.body_to_camera.T + view.craft.position))
    pixels = np.concatenate(pixels)
    expected = [*pixels.min(axis=0), *pixels.max(axis=0)]
    assert craft_bounding_box(view) == pytest.approx(expected, abs=1e-6)


def test_the_shipped_shot_agrees_with_its_caption(view):
    framed = framing(view)
    assert framed.craft_in_frame
    assert framed.limb_in_frame
    assert framed.cap_share > 0.25
    assert framed.sunlit_share > 0.75
    assert not framed.sun_in_frame


def test_shares_agree_with_the_rendered_depth(scene):
    # Authority: the renderer's depth map of the same view, pixel by pixel; the craft hides some of the planet.
    small = scene.with_changes(camera__size_px=[480, 270]).view()
    depth = small.render().depth
    sky = float(np.isinf(depth).mean())
    craft = float((depth < 100.0).mean())
    assert sky - 0.01 <= framing(small).sky_share <= sky + craft + 0.01


def test_a_craft_partly_behind_the_camera_is_not_in_frame(scene):
    close = framing(scene.view("release+5s"))
    assert not close.craft_in_frame
    assert np.isnan(close.craft_px)


def test_the_sun_in_frame(scene, view):
    # On the far side of the craft from the Sun, a wide enough lens has the Sun in the picture.
    away = scene.with_changes(
        release__axis=[0.0, 0.6, 0.8], camera__place=[0.5, 0.5], camera__horizontal_fov_deg=120
    ).view()
    assert framing(away).sun_in_frame
    assert not framing(view).sun_in_frame


def test_places_project_to_their_pixels(view):
    # The ray of the pole's pixel meets 90 N; a place on the far side is not in the picture.
    pixel = project_lonlat(view, np.pi / 2.0, 0.0)
    ray = view.camera.unproject(pixel)
    to_fixed = view.planet.camera_to_bodyfixed
    polar = np.array([0.0, 0.0, view.planet.body.radii_m[2]])
    toward = to_fixed.T @ polar + view.planet.position
    assert np.linalg.norm(np.cross(ray, toward / np.linalg.norm(toward))) < 1e-12
    assert project_lonlat(view, -np.pi / 2.0, 0.0) is None


@pytest.mark.parametrize(
    ("name", "lat", "lon", "visible"),
    [
        # IAU gazetteer; Korolev is the bright oval upper left, Olympia Undae the dark belt beside the cap.
        ("Korolev", 72.77, 164.58, True),
        ("Olympia Undae", 81.0, 180.0, True),
        ("Olympus Mons", 18.65, 226.2, False),
    ],
)
def test_features_of_the_shipped_shot(view, name, lat, lon, visible):
    assert (project_lonlat(view, np.radians(lat), np.radians(lon)) is not None) == visible


def test_daylight_is_where_the_sun_is_above_the_tangent_plane_of_the_ellipsoid(scene):
    # The plane through neighbouring points of the ellipsoid, not the plane square to the radius: they differ by up to
    # 0.3 degrees on Mars.
    planet = scene.view().planet
    ground, mu0 = _ground_hits(scene.view(), planet)
    sun = planet.camera_to_bodyfixed @ scene.view().sun.direction
    radii = np.array(planet.body.radii_m)

    def surface(direction):
        return direction / np.linalg.norm(direction / radii, axis=-1, keepdims=True)

    hit = ground[np.isfinite(ground[:, 0])]
    east = np.cross([0.0, 0.0, 1.0], hit)
    east /= np.linalg.norm(east, axis=-1, keepdims=True)
    north = np.cross(hit, east)
    step = 1e-5
    along = [surface(hit + step * axis) - surface(hit - step * axis) for axis in (east, north)]
    up = np.cross(*along)
    up /= np.linalg.norm(up, axis=-1, keepdims=True)
    assert len(hit) > 100
    assert mu0[np.isfinite(ground[:, 0])] == pytest.approx(up @ sun, abs=1e-7)
