"""The shipped shots: what their captions say is in the picture, told from the geometry; and a few facts of pixels.

Captions: CNSA, 1 January 2022 (the orbiter, close up, the cap) and 1 October 2020 (on the way to Mars).
"""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.framing import craft_box, framing, place_in_frame
from selfiesim.planet import locate
from selfiesim.scene import Scene, shipped_scenes

SHOTS = sorted(shipped_scenes())
DUNES = [(81.0, float(lon)) for lon in range(140, 230, 10)]  # Olympia Undae, 120 to 240 E


@pytest.fixture(scope="module")
def views():
    return {name: Scene.load(name).view() for name in SHOTS}


def fraction(view, place):
    """Where a place (latitude, longitude) stands in the picture, fractions of it; None out of sight."""
    pixel = place_in_frame(view, *np.radians(place))
    return None if pixel is None else (pixel + 0.5) / (view.camera.width, view.camera.height)


def nodes(view, name):
    """Pixels (N, 2) of the corners of a craft's parts whose names begin so."""
    craft = view.crafts[0]
    found = []
    for part in craft.parts:
        if part.node.startswith(name):
            matrix = craft.joint_matrix(part.joint)
            points = part.vertices @ matrix[:3, :3].T + matrix[:3, 3]
            found.append(view.camera.project(points @ craft.body_to_camera.T + craft.position))
    return np.concatenate(found)


def ends(pixels):
    """The two ends of something long."""
    middle = pixels - pixels.mean(axis=0)
    along = middle @ np.linalg.svd(middle, full_matrices=False)[2][0]
    return pixels[along.argmin()], pixels[along.argmax()]


def inside(pixels, view):
    return bool(np.all((pixels >= 0) & (pixels <= (view.camera.width, view.camera.height))))


@pytest.mark.parametrize("name", SHOTS)
def test_the_sun_is_not_in_the_picture(views, name):
    assert not framing(views[name]).sun_in_frame


@pytest.mark.parametrize("name", ["tianwen1-mars", "tianwen1-cruise", "ikaros-dcam2"])
def test_all_of_the_craft_is_in_the_picture(views, name):
    assert framing(views[name]).craft_in_frame


class TestTheOrbiterOverTheNorthPole:
    def test_korolev_is_at_the_upper_left(self, views):
        crater = locate("Korolev")
        x, y = fraction(views["tianwen1-mars"], (crater.lat_deg, crater.lon_deg))
        assert 0.05 < x < 0.4
        assert 0.05 < y < 0.4

    def test_the_dunes_are_in_the_lower_part(self, views):
        seen = [fraction(views["tianwen1-mars"], place) for place in DUNES]
        y = np.array([at[1] for at in seen if at is not None])
        assert len(y) >= 6
        assert y.mean() > 0.55

    def test_the_cap_is_in_view(self, views):
        framed = framing(views["tianwen1-mars"])
        assert framed.cap_share > 0.08
        assert fraction(views["tianwen1-mars"], (90.0, 0.0)) is not None

    def test_the_sun_lights_the_side_that_is_seen(self, views):
        assert views["tianwen1-mars"].facts["phase_angle_deg"] < 70.0


class TestCloseUp:
    def test_one_wing_is_fully_in_view(self, views):
        assert inside(nodes(views["tianwen1-closeup"], "wing_plus_y"), views["tianwen1-closeup"])

    def test_one_radar_rod_runs_along_the_wing(self, views):
        view = views["tianwen1-closeup"]
        rod, wing = nodes(view, "radar_y"), nodes(view, "wing_plus_y_panel")
        rod = rod[rod[:, 0] > wing[:, 0].min()]  # of the pair, the one on this wing's side
        slopes = [np.degrees(np.arctan2(*(far - near)[::-1])) for near, far in (sorted_ends(rod), sorted_ends(wing))]
        assert abs(slopes[0] - slopes[1]) < 12.0

    def test_the_magnetometers_boom_goes_to_the_upper_left(self, views):
        view = views["tianwen1-closeup"]
        foot, tip = nodes(view, "magnetometer."), nodes(view, "magnetometer_outer").mean(axis=0)
        away = tip - foot.mean(axis=0)
        assert away[0] < 0.0
        assert away[1] < 0.0
        assert inside(tip, view)

    def test_the_camera_is_a_few_metres_off(self, views):
        assert 3.0 < views["tianwen1-closeup"].facts["distance_from_mount_m"] < 8.0


class TestTheCap:
    def test_it_fills_the_picture_and_the_craft_is_out_of_it(self, views):
        view = views["north-polar-cap"]
        left, top, right, bottom = craft_box(view)
        assert framing(view).cap_share > 0.6
        assert not (right > 0 and left < view.camera.width and bottom > 0 and top < view.camera.height)

    @pytest.mark.parametrize("name", ["Chasma Boreale", "Planum Boreum"])
    def test_places_round_the_pole_are_in_view(self, views, name):
        place = locate(name)
        assert fraction(views["north-polar-cap"], (place.lat_deg, place.lon_deg)) is not None


class TestOnTheWayToMars:
    # Authority: telemetry's attitude on 1 October 2020, Sun and Earth 6 to 7 degrees apart (D. Estevez).
    def test_the_dish_looks_to_the_earth_beside_the_sun_behind_the_camera(self, views):
        view = views["tianwen1-cruise"]
        craft = view.crafts[0]
        joint = craft.craft.joints["hga"]
        dish = craft.body_to_camera @ craft.joint_matrix("hga")[:3, :3] @ np.array(joint.zero_normal)
        assert 5.5 < np.degrees(np.arccos(dish @ view.sun.direction)) < 7.5
        assert view.sun.direction[2] < -0.5

    def test_there_is_no_planet_in_the_picture(self, views):
        assert views["tianwen1-cruise"].planet is None
        assert views["tianwen1-camera-receding"].planet is None


def sorted_ends(pixels):
    """The ends of something long, the left one first."""
    return sorted(ends(pixels), key=lambda pixel: pixel[0])


class TestPixels:
    def test_the_cap_is_brighter_than_the_dunes_and_the_sky_is_black(self, views):
        small = Scene.load("tianwen1-mars").with_changes(camera__size_px=[640, 360]).view()
        rgb = small.render().rgb
        x, y = np.transpose([place_in_frame(small, *np.radians([86.0, lon])) for lon in (180.0, 200.0, 220.0)]).astype(
            int
        )
        ice = rgb[y, x, 1].mean()
        x, y = np.transpose([place_in_frame(small, *np.radians(place)) for place in DUNES[3:6]]).astype(int)
        assert ice > 2.0 * rgb[y, x, 1].mean()
        assert rgb[:20, -60:].max() < 0.01 * ice

    @pytest.mark.parametrize("name", sorted(set(SHOTS) - {"tianwen1-mars"}))
    def test_each_draws_something(self, name):
        photo = Scene.load(name).with_changes(camera__size_px=[320, 180]).view().render().expose()
        light = photo.pixels.astype(float).mean(axis=-1)
        assert light.max() > 150
        assert light.std() > 10
