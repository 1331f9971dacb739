"""Several craft in one picture: each in its place, before or behind the others, in their shadow."""

import numpy as np
import pytest
from small_scenes import at_pixel, box, stage, write_craft

from selfiesim.core.errors import SceneError


@pytest.fixture
def pair(tmp_path):
    """A plate under the Sun (body +z), and a smaller box of its own file that the test places."""
    plate = write_craft(tmp_path, "plate", [box((4.0, 4.0, 0.02))], (2.0, 1.0, 6.0))
    small = write_craft(tmp_path, "small", [box((0.6, 0.6, 0.6))], (2.0, 1.0, 6.0), base_color=(0.1, 0.6, 0.9))

    def shot(**keys):
        one = {"name": "block", "model": small, "axes": "body", "offset_m": [0.0, 0.0, 1.5]} | keys
        return stage(tmp_path, plate, size=(320, 180), objects=[one])

    return shot


def seen(view, point):
    """Pixel of a point (3,) in the first craft's body axes."""
    return view.camera.project(view.craft.body_to_camera @ np.array(point, float) + view.craft.position)


def test_one_craft_throws_its_shadow_on_another(pair):
    view = pair().view()
    rgb = view.render("draft").rgb[..., 1]
    lit = at_pixel(rgb, seen(view, (-1.5, -1.5, 0.01)))
    # The Sun stands on +z: the block's shadow lies right below it, half a block to each side.
    assert at_pixel(rgb, seen(view, (0.2, 0.2, 0.01))) < 0.01 * lit
    along = np.linspace(1.0, 0.1, 91)
    row = np.array([at_pixel(rgb, seen(view, (x, 0.2, 0.01))) for x in along])
    assert along[np.argmax(row < 0.5 * lit)] == pytest.approx(0.3, abs=0.04)


def test_a_shadow_follows_the_craft_that_throws_it_and_goes_with_it(pair):
    near, aside = pair().view(), pair(offset_m=[0.0, 3.0, 1.5]).view()
    near.render("draft")
    rgb = aside.render("draft").rgb[..., 1]
    lit = at_pixel(rgb, seen(aside, (-1.5, -1.5, 0.01)))
    assert at_pixel(rgb, seen(aside, (0.2, 0.2, 0.01))) == pytest.approx(lit, rel=0.02)


def test_nearer_craft_stand_before_farther_ones_whichever_comes_first(pair):
    for height, shown in ((1.5, "block/solid0"), (-1.5, "solid0")):
        view = pair(offset_m=[0.0, 0.0, height]).view()
        truth = view.render("draft").truth
        middle = view.camera.project(view.objects[0].position)
        assert truth.part_names[int(at_pixel(truth.part, middle))] == shown


def test_depth_and_albedo_of_another_craft_are_its_own(pair):
    view = pair().view()
    truth = view.render("draft").truth
    top = np.array([0.0, 0.0, 1.8])
    pixel = seen(view, top)
    expected = view.craft.body_to_camera @ top + view.craft.position
    assert at_pixel(truth.depth, pixel) == pytest.approx(expected[2], rel=2e-3)
    assert at_pixel(truth.albedo, pixel) == pytest.approx([0.1, 0.6, 0.9], abs=0.01)
    assert at_pixel(truth.normal, pixel) == pytest.approx(view.craft.body_to_camera[:, 2], abs=1e-3)


def test_a_craft_in_the_shadow_of_the_planet_is_dark_and_one_beside_it_is_not(tmp_path, pair):
    # Both on one circle, a quarter of a turn apart: the second behind the planet as the Sun sees it.
    small = "small.glb"
    low = {"semi_major_axis_km": 4000.0, "eccentricity": 0.0, "inclination_deg": 90.0, "raan_deg": 0.0,
           "arg_periapsis_deg": 0.0, "epoch_utc": "2021-12-31T16:30:00Z"}  # fmt: skip
    pair()
    shares = []
    for anomaly in range(0, 360, 15):
        other = {"name": "far", "model": small, "orbit": low | {"true_anomaly_deg": float(anomaly)}}
        shares.append(stage(tmp_path, small, objects=[other]).view().objects[0].sun_visible_fraction)
    # A disc's width of 3396 km at 4000 km hides the Sun for 2 asin(3396 / 4000) of the turn, 32 percent.
    assert np.mean(np.array(shares) == 0.0) == pytest.approx(0.32, abs=0.07)
    assert set(np.round(shares)) == {0.0, 1.0}


def test_joints_can_be_set(tmp_path):
    from selfiesim.scene.scene import Scene

    shot = Scene.load("tianwen1-mars")
    name = next(iter(shot.view().craft.craft.joints))
    axes = len(shot.view().craft.craft.joints[name].axes)
    turned = shot.with_changes(craft__joints_deg={name: [30.0] * axes}).view()
    assert turned.craft.joint_angles[name] == pytest.approx([np.radians(30.0)] * axes)
    with pytest.raises(SceneError, match=r"craft\.joints_deg: .* has no joint 'wnig'"):
        shot.with_changes(craft__joints_deg={"wnig": [1.0]}).view()
    with pytest.raises(SceneError, match=f"takes {axes} angle"):
        shot.with_changes(craft__joints_deg={name: [1.0, 2.0][: 3 - axes]}).view()


def test_joints_turn_by_their_rates_from_where_they_stand_at_the_release():
    from selfiesim.scene.scene import Scene

    shot = Scene.load("tianwen1-mars")
    rates = {"wing_plus_y": [0.5], "hga": [0.0, -2.0]}
    turning = shot.with_changes(craft__joints_deg_s=rates, craft__joints_deg={"hga": [5.0, 7.0]})
    assert turning.view(0.0).craft.joint_angles["wing_plus_y"] == shot.view(0.0).craft.joint_angles["wing_plus_y"]
    later, followed = turning.view(20.0).craft.joint_angles, shot.view(20.0).craft.joint_angles
    assert later["wing_plus_y"][0] - followed["wing_plus_y"][0] == pytest.approx(np.radians(10.0))
    assert later["wing_minus_y"] == followed["wing_minus_y"]
    assert np.degrees(later["hga"]) == pytest.approx([5.0, -33.0])
    with pytest.raises(SceneError, match=r"craft\.joints_deg_s: .* has no joint 'wnig'"):
        shot.with_changes(craft__joints_deg_s={"wnig": [1.0]}).view()
    with pytest.raises(SceneError, match="takes 2 rates, not 1"):
        shot.with_changes(craft__joints_deg_s={"hga": [1.0]}).view()


def receding(tmp_path, **changes):
    """The released camera as a camera on the craft sees it."""
    small = write_craft(tmp_path, "small", [box((0.1, 0.1, 0.1))], (0.0, 3.0, 3.0))
    shot = stage(tmp_path, write_craft(tmp_path, "bus", [box((1.0, 1.0, 1.0))], (0.0, 2.0, 4.0)), size=(320, 180))
    table = shot.model_dump(mode="json", exclude_unset=True)
    del table["release"]
    table |= {
        "at": "release+30s",
        "mounted": {"axis": [0.0, 1.0, 0.4]},
        "objects": [
            {
                "name": "tdc",
                "model": small,
                "release": {"at": "2021-12-31T16:30:00Z", "axis": [0.0, 1.0, 0.3], "spin_deg_s": 12.0},
                "inertia_kg_m2": [1.0, 1.0, 1.0],
            }
        ],
    }
    table["camera"]["target"] = "tdc"
    return type(shot).from_table(table | changes, folder=tmp_path)


def test_the_craft_sees_its_released_camera_go_at_the_speed_of_the_push(tmp_path):
    shot = receding(tmp_path)
    place = [shot.view(t).objects[0].position for t in (10.0, 60.0)]
    assert place[0][:2] == pytest.approx([0.0, 0.0], abs=1e-6)  # the camera looks at it
    apart = [np.linalg.norm(v) for v in place]
    assert apart[1] - apart[0] == pytest.approx(0.2 * 50.0, rel=0.01)


def test_a_released_object_turns_as_fast_as_it_was_spun(tmp_path):
    shot = receding(tmp_path)
    one, later = (shot.view(t) for t in (10.0, 15.0))
    turns = [view.objects[0].body_to_camera.T @ view.icrf_to_camera for view in (one, later)]
    cosine = (np.trace(turns[1] @ turns[0].T) - 1.0) / 2.0
    assert np.degrees(np.arccos(cosine)) == pytest.approx(60.0, abs=0.5)


def test_a_released_object_leaves_with_its_far_side_along_the_push(tmp_path):
    with pytest.raises(SceneError, match=r"camera\.target: the camera stands where the tdc is"):
        receding(tmp_path).view(0.0)
    view = receding(tmp_path, mounted={"axis": [0.0, 1.0, 0.4], "out_m": 1.0}).view(0.0)
    axis = np.array([0.0, 1.0, 0.3]) / np.hypot(1.0, 0.3)
    in_body = view.craft.body_to_camera.T @ view.objects[0].body_to_camera
    assert in_body[:, 2] == pytest.approx(axis, abs=1e-9)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "a", "model": "small.glb"}, "give one of offset_m, orbit, release"),
        ({"name": "craft", "model": "small.glb", "offset_m": [0, 0, 1]}, "a name of its own"),
        ({"name": "A b", "model": "small.glb", "offset_m": [0, 0, 1]}, "name"),
        ({"name": "a", "model": "../small.glb", "offset_m": [0, 0, 1]}, "lies outside the scene's folder"),
        ({"name": "a", "model": "gone.glb", "offset_m": [0, 0, 1]}, "no such mesh file"),
        ({"name": "a", "model": "small.glb", "offset_m": [0, 0, 1], "size": 2}, "size"),
    ],
)
def test_what_cannot_be_is_refused_in_words(pair, entry, message):
    shot = pair()
    with pytest.raises(Exception, match=message) as caught:
        shot.with_changes(objects=[entry]).view()
    assert type(caught.value).__name__ in ("SceneError", "ModelError")


def test_the_camera_looks_at_what_it_is_told_to(pair):
    shot = pair(offset_m=[1.0, 0.5, 1.5])
    view = shot.with_changes(camera__target="block").view()
    assert view.camera.project(view.objects[0].position) == pytest.approx([159.5, 89.5], abs=1e-6)
    with pytest.raises(SceneError, match=r"camera\.target: there is no 'blok'.*block"):
        shot.with_changes(camera__target="blok")
