"""The shipped shots agree with their published captions, in geometry and in a few pixels.

Captions: CNSA, 1 January 2022 (the orbiter, close up, the cap), 1 October 2020 (on the way to Mars) and 31 January 2022
(the boom); MyNavi, 5 April 2019 (Hayabusa2); JAXA, 22 September 2018 (its rover); ESA, 19 August 2024 (JUICE).
"""

from __future__ import annotations

import numpy as np
import pytest
from shot_geometry import ends, fraction, inside, nodes, project_lonlat

from selfiesim.analysis.framing import craft_bounding_box, framing
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.core.vectors import rotation_x, unit
from selfiesim.planet import locate
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import scenes as shipped_scenes

SHOTS = sorted(shipped_scenes())
DUNES = [(81.0, float(lon)) for lon in range(140, 230, 10)]  # Olympia Undae, 120 to 240 E


@pytest.fixture(scope="module")
def scenes():
    return {name: Scene.load(name) for name in SHOTS}


@pytest.fixture(scope="module")
def views(scenes):
    return {name: scene.view() for name, scene in scenes.items()}


@pytest.mark.parametrize("name", SHOTS)
def test_the_sun_is_out_of_frame(views, name):
    assert not framing(views[name]).sun_in_frame


@pytest.mark.parametrize("name", ["tianwen1-mars", "tianwen1-cruise", "ikaros-dcam2", "hayabusa2-dcam3"])
def test_the_whole_craft_is_in_frame(views, name):
    assert framing(views[name]).craft_in_frame


class TestTheOrbiterOverTheNorthPole:
    def test_korolev_is_at_the_upper_left(self, views):
        crater = locate("Korolev")
        x, y = fraction(views["tianwen1-mars"], (crater.lat_deg, crater.lon_deg))
        assert 0.05 < x < 0.4
        assert 0.05 < y < 0.4

    def test_the_dunes_are_in_the_lower_part(self, views):
        places = [fraction(views["tianwen1-mars"], place) for place in DUNES]
        y = np.array([at[1] for at in places if at is not None])
        assert len(y) >= 6
        assert y.mean() > 0.55

    def test_the_cap_is_in_view(self, views):
        framed = framing(views["tianwen1-mars"])
        assert framed.cap_share > 0.08
        assert fraction(views["tianwen1-mars"], (90.0, 0.0)) is not None

    def test_the_visible_side_is_sunlit(self, views):
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

    def test_the_magnetometer_boom_points_to_the_upper_left(self, views):
        view = views["tianwen1-closeup"]
        foot, tip = nodes(view, "magnetometer."), nodes(view, "magnetometer_outer").mean(axis=0)
        away = tip - foot.mean(axis=0)
        assert away[0] < 0.0
        assert away[1] < 0.0
        assert inside(tip, view)

    def test_the_camera_is_a_few_metres_away(self, views):
        assert 3.0 < views["tianwen1-closeup"].facts["distance_from_mount_m"] < 8.0


class TestTheCap:
    def test_it_fills_the_picture_and_the_craft_is_out_of_frame(self, views):
        view = views["north-polar-cap"]
        left, top, right, bottom = craft_bounding_box(view)
        assert framing(view).cap_share > 0.6
        assert not (right > 0 and left < view.camera.width and bottom > 0 and top < view.camera.height)

    @pytest.mark.parametrize("name", ["Chasma Boreale", "Planum Boreum"])
    def test_features_around_the_pole_are_in_view(self, views, name):
        place = locate(name)
        assert fraction(views["north-polar-cap"], (place.lat_deg, place.lon_deg)) is not None


class TestCruise:
    # Authority: telemetry's attitude on 1 October 2020, Sun and Earth 6 to 7 degrees apart (D. Estevez).
    def test_the_dish_faces_the_earth_and_the_sun_is_behind_the_camera(self, views):
        view = views["tianwen1-cruise"]
        craft = view.crafts[0]
        joint = craft.craft.joints["hga"]
        dish = craft.body_to_camera @ craft.joint_matrix("hga")[:3, :3] @ np.array(joint.zero_normal)
        assert 5.5 < np.degrees(np.arccos(dish @ view.sun.direction)) < 7.5
        assert view.sun.direction[2] < -0.5

    # Authority: CNSA, as 1 October 2020 began in Beijing; the scene's state vector is of 9 October.
    def test_the_earth_is_at_the_published_distance(self, scenes):
        epoch = Epoch.from_utc("2020-09-30T16:00:00Z")
        for name in ("tianwen1-cruise", "tianwen1-camera-receding"):
            host = scenes[name].resolve().host
            away = BUILTIN_EPHEMERIS.position("earth", "sun", epoch) - host.state(epoch).position
            assert np.linalg.norm(away) / 1e9 == pytest.approx(24.1, abs=0.05)

    # Authority: the vector of 20 September in the same telemetry (D. Estevez, tcm2.script), 18 days before the scene's.
    def test_the_path_is_that_of_telemetry(self, scenes):
        host = scenes["tianwen1-cruise"].resolve().host
        position = host.state(Epoch.from_utc("2020-09-20T21:24:11.336Z")).position
        there = np.array([169000645.7112682, -3041127.403723257, 1627310.2280670837])
        assert np.linalg.norm(position / 1e3 - there) < 2000.0, "km; planets move it by 1000 km in 18 days"

    def test_no_planet_is_in_the_picture(self, views):
        assert views["tianwen1-cruise"].planet is None
        assert views["tianwen1-camera-receding"].planet is None

    # The camera is not steered ("tumbled away") and takes one picture per second (CNSA).
    def test_the_camera_rotates_at_its_rate(self, scenes):
        release = scenes["tianwen1-cruise"].release
        rate = np.array([*release.tip_off_deg_s[:2], release.tip_off_deg_s[2] + release.spin_deg_s])
        speed = np.radians(np.linalg.norm(rate))
        off_axis = np.sin(np.arctan2(np.hypot(*rate[:2]), rate[2]))
        before, after = (scenes["tianwen1-cruise"].view(f"release+{t}s").icrf_to_camera for t in (40, 41))
        assert np.arccos(0.5 * (np.trace(after @ before.T) - 1.0)) == pytest.approx(speed, rel=1e-4)
        boresight = np.arccos(after[2] @ before[2])
        assert boresight == pytest.approx(2.0 * np.arcsin(np.sin(0.5 * speed) * off_axis), rel=1e-3)

    def test_the_craft_circles_through_the_pictures(self, scenes):
        scene = scenes["tianwen1-cruise"]
        pixels = []
        for t in range(20, 75, 5):
            view = scene.view(f"release+{t}s")
            pixels.append(view.camera.project(view.craft.position))
        assert np.ptp(np.array(pixels), axis=0).min() > 300.0, "px, of 1920 x 1080"
        assert inside(np.array(pixels), scene.view())


class TestOnTheBoom:
    # Length and contents: L. David, leonarddavid.com, 31 January 2022.
    def test_the_lens_is_within_the_length_of_the_boom(self, views):
        craft = views["tianwen1-boom"].craft
        metres, _ = craft.clearance(-craft.body_to_camera.T @ craft.position)
        assert 1.0 < metres <= 1.6

    def test_wing_and_cap_are_in_the_picture(self, views):
        view = views["tianwen1-boom"]
        assert inside(nodes(view, "wing_minus_y_panel"), view)
        assert framing(view).cap_share > 0.5

    def test_the_wings_rotate_to_face_the_sun(self, scenes):
        scene = scenes["tianwen1-boom"]
        for early, off in ((0.0, 0.0), (30.0, 30.0), (90.0, 90.0)):
            view = scene.view(f"max-latitude-{20.0 + early:g}s")
            wing_to_camera = view.craft.body_to_camera @ view.craft.joint_matrix("wing_minus_y")[:3, :3]
            cells = wing_to_camera @ np.array(view.craft.craft.joints["wing_minus_y"].zero_normal)
            assert np.degrees(np.arccos(np.clip(cells @ view.sun.direction, -1, 1))) == pytest.approx(off, abs=0.01)


# JAXA, 22 September 2018: separation at 13:06 Japanese time, 55 m above the surface; then the first picture, blurred as
# the rover was rotating, with Hayabusa2 at the top and the surface of Ryugu at the bottom.
class TestTheRoverAboveRyugu:
    def test_it_is_taken_within_two_minutes_of_separation_from_55_m(self, views):
        view = views["minerva-1a"]
        assert 0.0 < view.epoch - Epoch.from_utc("2018-09-21T04:06:00Z") < 120.0
        (ryugu,) = view.objects
        metres, _ = ryugu.clearance(ryugu.body_to_camera.T @ (view.craft.position - ryugu.position))
        assert metres == pytest.approx(55.0, abs=2.0)

    def test_hayabusa2_is_at_the_top_and_the_surface_at_the_bottom(self, views):
        view = views["minerva-1a"]
        truth = view.render("draft", 1).truth
        names = np.vectorize(truth.part_names.__getitem__)(truth.part)
        rows = {start: np.nonzero(np.char.startswith(names, start))[0] / len(names) for start in ("bus", "ryugu")}
        assert rows["bus"].max() < 0.4
        assert rows["ryugu"].min() > 0.6

    def test_the_rotation_blurs_the_picture(self, scenes, views):
        scene, view = scenes["minerva-1a"], views["minerva-1a"]
        assert scene.photo.motion_blur
        later = scene.with_changes(at=f"release+{view.facts['seconds_since_release'] + scene.photo.shutter_s}s").view()
        start, end = (v.camera.project(v.craft.position) for v in (view, later))
        assert np.linalg.norm(end - start) > 3.0


class TestHayabusa2AtRyugu:
    # The impactor was released at 10:56 Japanese time, and the ground knew at 11:13 (MyNavi; JAXA's press conference).
    def test_the_earth_is_seventeen_light_minutes_away(self, views):
        view = views["hayabusa2-dcam3"]
        earth = view.almanac.position("earth", "sun", view.epoch) - view.track.camera.position
        assert np.linalg.norm(earth) / 299_792_458.0 / 60.0 == pytest.approx(17.5, abs=0.6)

    def test_the_whole_asteroid_is_in_frame_behind_the_craft(self, views):
        view = views["hayabusa2-dcam3"]
        (ryugu,) = view.objects
        pixels = view.camera.project(ryugu.outline())
        assert inside(pixels, view)
        left, _top, right, bottom = craft_bounding_box(view)
        assert left < pixels[:, 0].max()
        assert right > pixels[:, 0].min()
        assert bottom > pixels[:, 1].min()
        assert np.linalg.norm(view.craft.position) < 0.02 * np.linalg.norm(ryugu.position)

    # About 1 km away, less than 1 m per pixel there, 74 degrees: JpGU 2015, PCG30-14; Wikipedia (Japanese), DCAM3.
    def test_the_surface_is_a_kilometre_away_and_a_pixel_under_a_metre(self, views):
        view = views["hayabusa2-dcam3"]
        (ryugu,) = view.objects
        metres, _ = ryugu.clearance(-ryugu.body_to_camera.T @ ryugu.position)
        assert 800.0 < metres < 1100.0
        assert 1000.0 * view.camera.pixel_angle < 1.0

    # Right ascension 96.40, declination -66.40: Watanabe et al. 2019.
    def test_the_pole_of_the_asteroid(self, views):
        view = views["hayabusa2-dcam3"]
        x, y, z = view.icrf_to_camera.T @ view.objects[0].body_to_camera[:, 2]
        assert np.degrees([np.arctan2(y, x), np.arcsin(z)]) == pytest.approx([96.40, -66.40], abs=0.02)


class TestJuiceAtTheMoon:
    # Frames kernel of JUICE, ESA SPICE Service: JMC-1 by (50, -30, 0) degrees about axes (1, 2, 3).
    def test_the_camera_attitude_is_that_of_the_frames_kernel(self, views):
        body_to_camera = views["juice-jmc-moon"].craft.body_to_camera
        c, s = np.cos(np.radians(-30.0)), np.sin(np.radians(-30.0))
        to_body = rotation_x(np.radians(50.0)) @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
        assert np.degrees(np.arccos(0.5 * (np.trace(body_to_camera @ to_body) - 1.0))) < 0.1

    # ESA: closest approach at 23:15 CEST, 750 km; the Earth is occulted for 31 minutes.
    def test_closest_approach_and_earth_occultation(self, scenes):
        scene = scenes["juice-jmc-moon"]
        before, nearest, after = (
            scene.view(f"2024-08-19T21:{minute}:00Z").facts["camera_altitude_km"] for minute in (14, 15, 16)
        )
        assert nearest == pytest.approx(750.0, abs=1.0)
        assert nearest < min(before, after)
        resolved = scene.resolve()
        minutes = [Epoch.from_utc("2024-08-19T21:15:00Z") + 60.0 * k for k in range(-59, 60)]
        occulted = [self.is_occulted(resolved, epoch) for epoch in minutes]
        assert sum(occulted) == pytest.approx(31, abs=5)
        assert not occulted[69], "when the picture is taken"

    @staticmethod
    def is_occulted(resolved, epoch):
        here = resolved.host.state(epoch).position
        toward_earth = unit(resolved.almanac.position("earth", "moon", epoch) - here)
        return here @ toward_earth < 0.0 and np.linalg.norm(np.cross(here, toward_earth)) < resolved.body.radii_m[0]

    # "The Moon at the top of the image, parts of the spacecraft on the left side": ESA, 20 August 2024.
    def test_the_moon_is_at_the_top_and_the_craft_on_the_left(self, scenes):
        view = scenes["juice-jmc-moon"].with_changes(camera__size_px=[96, 96]).view()
        truth = view.render("draft", 1).truth
        rows, _ = np.nonzero(truth.part == 1)
        assert rows.max() < 32
        _, columns = np.nonzero(truth.part > 1)
        assert (columns < 24).mean() > 0.8

    # Frames kernel: both cameras benefit from the +X side, which is out of the Sun.
    def test_the_camera_wall_is_in_shade(self, views):
        view = views["juice-jmc-moon"]
        assert (view.craft.body_to_camera.T @ view.sun.direction)[0] < -0.3


def sorted_ends(pixels):
    """The two ends of an elongated set of pixels, the left one first."""
    return sorted(ends(pixels), key=lambda pixel: pixel[0])


class TestPixels:
    def test_the_cap_is_brighter_than_the_dunes_and_the_sky_is_black(self, views):
        small = Scene.load("tianwen1-mars").with_changes(camera__size_px=[640, 360]).view()
        rgb = small.render().rgb
        x, y = np.transpose([project_lonlat(small, *np.radians([86.0, lon])) for lon in (160.0, 180.0, 200.0)]).astype(
            int
        )
        ice = rgb[y, x, 1].mean()
        x, y = np.transpose([project_lonlat(small, *np.radians(place)) for place in DUNES[3:6]]).astype(int)
        assert ice > 2.0 * rgb[y, x, 1].mean()
        assert rgb[:20, -60:].max() < 0.01 * ice

    # "Bright crater": CNSA. Its ice is white and the plain around it ochre, at any solar elevation.
    def test_korolev_is_brighter_and_whiter_than_the_plain_around_it(self):
        small = Scene.load("tianwen1-mars").with_changes(camera__size_px=[960, 540]).view()
        rgb = small.render("draft").rgb
        around = [(74.6, 164.6), (71.0, 164.6), (72.77, 158.0)]
        # Its ice is a mound, one side of which is turned from the Sun: the mean over it, 24 km around the middle.
        bearing = np.radians(np.arange(0, 360, 45))
        mound = [
            (72.77 + arc * np.cos(b), 164.58 + arc * np.sin(b) / np.cos(np.radians(72.77)))
            for arc in np.array([8, 16, 24]) / 59.2
            for b in bearing
        ]
        x, y = np.transpose([project_lonlat(small, *np.radians(place)) for place in [*mound, *around]]).astype(int)
        ice, plain = rgb[y, x][: len(mound)].mean(axis=0), rgb[y, x][len(mound) :]
        for ground in plain:
            assert ice[1] > 1.5 * ground[1]
            assert ice[2] / ice[0] > 1.3 * ground[2] / ground[0]

    # Geometric albedo 0.045: Sugita et al. 2019; less at a phase angle of 40 degrees.
    def test_ryugu_is_as_dark_as_coal(self):
        view = Scene.load("hayabusa2-dcam3").with_changes(camera__size_px=[200, 200]).view()
        radiance = view.render("draft", 1)
        truth = radiance.truth
        numbers = [number for number, name in truth.part_names.items() if name.startswith("ryugu/")]
        factor = np.pi * radiance.rgb[np.isin(truth.part, numbers), 1] / view.sun.irradiance[1]
        # The model is Lambertian, which a real regolith outshines only at zero phase.
        assert 0.2 * 0.045 < factor.mean() < 1.1 * 0.045

    @pytest.mark.parametrize("name", sorted(set(SHOTS) - {"tianwen1-mars"}))
    def test_each_shot_has_light_and_contrast(self, name):
        photo = Scene.load(name).with_changes(camera__size_px=[320, 180]).view().render().expose()
        grey = photo.pixels.astype(float).mean(axis=-1)
        assert grey.max() > 150
        assert grey.std() > 10


class TestTheCubesatOverTheMediterranean:
    def test_rome_etna_and_tunis_are_where_an_atlas_has_them(self, views):
        """Ahead from left to right: latitude and longitude of the cities and of the volcano."""
        rome, etna, tunis = (
            fraction(views["cubesat-earth"], place) for place in ((41.89, 12.49), (37.75, 14.99), (36.81, 10.18))
        )
        assert rome[0] < etna[0] < tunis[0]
        for x, y in (rome, etna, tunis):
            assert 0.0 < x < 1.0
            assert 0.0 < y < 1.0
        assert etna[1] < tunis[1] < 1.0, "the volcano is farther away"

    def test_it_is_420_km_up_by_day_and_the_camera_a_metre_and_a_half_away(self, views):
        facts = views["cubesat-earth"].facts
        assert facts["camera_altitude_km"] == pytest.approx(420.0, abs=5.0)
        assert facts["sun_elevation_below_camera_deg"] > 40.0
        assert facts["distance_from_mount_m"] == pytest.approx(28 * 0.05, abs=0.01)
        assert framing(views["cubesat-earth"]).craft_in_frame

    def test_the_limb_is_in_the_upper_part(self, views):
        view = views["cubesat-earth"]
        above = view.camera.unproject(np.array([[view.camera.cx, 0.0], [view.camera.cx, view.camera.height - 1.0]]))
        distance = np.linalg.norm(view.planet.position)
        limb = np.sqrt(1.0 - (6371e3 / distance) ** 2)
        cosine = above @ view.planet.position / distance
        assert cosine[0] < limb < cosine[1]
