"""Several craft in one image: positions, occlusion and shadows between them."""

import numpy as np
import pytest
from small_scenes import at_pixel, box, stage, write_craft

from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.core.errors import SceneError


@pytest.fixture
def pair(tmp_path):
    """A plate with the Sun on body +z, and a smaller box from another file, positioned by the test."""
    plate = write_craft(tmp_path, "plate", [box((4.0, 4.0, 0.02))], (2.0, 1.0, 6.0))
    small = write_craft(tmp_path, "small", [box((0.6, 0.6, 0.6))], (2.0, 1.0, 6.0), base_color=(0.1, 0.6, 0.9))

    def shot(**keys):
        one = {"name": "block", "model": small, "axes": "body", "offset_m": [0.0, 0.0, 1.5]} | keys
        return stage(tmp_path, plate, size=(320, 180), objects=[one])

    return shot


def pixel_of(view, point):
    """Pixel of a point (3,) in the first craft's body axes."""
    return view.camera.project(view.craft.body_to_camera @ np.array(point, float) + view.craft.position)


def test_one_craft_casts_its_shadow_on_another(pair):
    view = pair().view()
    rgb = view.render("draft").rgb[..., 1]
    lit = at_pixel(rgb, pixel_of(view, (-1.5, -1.5, 0.01)))
    # The Sun is on +z: the shadow lies right below the block, half a block to each side.
    assert at_pixel(rgb, pixel_of(view, (0.2, 0.2, 0.01))) < 0.01 * lit
    along = np.linspace(1.0, 0.1, 91)
    row = np.array([at_pixel(rgb, pixel_of(view, (x, 0.2, 0.01))) for x in along])
    assert along[np.argmax(row < 0.5 * lit)] == pytest.approx(0.3, abs=0.04)


def test_a_shadow_moves_with_its_caster(pair):
    near, aside = pair().view(), pair(offset_m=[0.0, 3.0, 1.5]).view()
    near.render("draft")
    rgb = aside.render("draft").rgb[..., 1]
    lit = at_pixel(rgb, pixel_of(aside, (-1.5, -1.5, 0.01)))
    assert at_pixel(rgb, pixel_of(aside, (0.2, 0.2, 0.01))) == pytest.approx(lit, rel=0.02)


def test_nearer_craft_occlude_farther_ones_in_any_order(pair):
    for height, shown in ((1.5, "block/solid0"), (-1.5, "solid0")):
        view = pair(offset_m=[0.0, 0.0, height]).view()
        truth = view.render("draft").truth
        middle = view.camera.project(view.objects[0].position)
        assert truth.part_names[int(at_pixel(truth.part, middle))] == shown


def test_truth_layers_include_other_craft(pair):
    view = pair().view()
    truth = view.render("draft").truth
    top = np.array([0.0, 0.0, 1.8])
    pixel = pixel_of(view, top)
    expected = view.craft.body_to_camera @ top + view.craft.position
    assert at_pixel(truth.depth, pixel) == pytest.approx(expected[2], rel=2e-3)
    assert at_pixel(truth.albedo, pixel) == pytest.approx(bands_from_linear_srgb(np.array([0.1, 0.6, 0.9])), abs=0.01)
    assert at_pixel(truth.normal, pixel) == pytest.approx(view.craft.body_to_camera[:, 2], abs=1e-3)


def test_an_object_is_eclipsed_by_the_planet_independently_of_the_craft(tmp_path, pair):
    # The object on a low circular orbit, at 24 positions around it.
    small = "small.glb"
    low = {"semi_major_axis_km": 4000.0, "eccentricity": 0.0, "inclination_deg": 90.0, "raan_deg": 0.0,
           "arg_periapsis_deg": 0.0, "epoch_utc": "2021-12-31T16:30:00Z"}  # fmt: skip
    pair()
    fractions = []
    for anomaly in range(0, 360, 15):
        other = {"name": "far", "model": small, "orbit": low | {"true_anomaly_deg": float(anomaly)}}
        fractions.append(stage(tmp_path, small, objects=[other]).view().objects[0].sun_visible_fraction)
    # A disc of radius 3396 km eclipses an orbit of 4000 km for 2 asin(3396 / 4000) of the revolution, 32 percent.
    assert np.mean(np.array(fractions) == 0.0) == pytest.approx(0.32, abs=0.07)
    assert set(np.round(fractions)) == {0.0, 1.0}


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


def test_joints_rotate_at_their_rates_from_their_angles_at_the_release():
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
    """The released camera as seen by a camera on the craft."""
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


def test_the_released_camera_recedes_at_its_release_speed(tmp_path):
    shot = receding(tmp_path)
    position = [shot.view(t).objects[0].position for t in (10.0, 60.0)]
    assert position[0][:2] == pytest.approx([0.0, 0.0], abs=1e-6)  # the camera looks at it
    distance = [np.linalg.norm(v) for v in position]
    assert distance[1] - distance[0] == pytest.approx(0.2 * 50.0, rel=0.01)


def test_a_released_object_rotates_at_its_spin_rate(tmp_path):
    shot = receding(tmp_path)
    one, later = (shot.view(t) for t in (10.0, 15.0))
    attitudes = [view.objects[0].body_to_camera.T @ view.icrf_to_camera for view in (one, later)]
    cosine = (np.trace(attitudes[1] @ attitudes[0].T) - 1.0) / 2.0
    assert np.degrees(np.arccos(cosine)) == pytest.approx(60.0, abs=0.5)


def test_a_released_object_has_its_z_axis_along_the_release_direction(tmp_path):
    with pytest.raises(SceneError, match=r"camera\.target: the camera is at the position of its target, the tdc"):
        receding(tmp_path).view(0.0)
    view = receding(tmp_path, mounted={"axis": [0.0, 1.0, 0.4], "out_m": 1.0}).view(0.0)
    axis = np.array([0.0, 1.0, 0.3]) / np.hypot(1.0, 0.3)
    in_body = view.craft.body_to_camera.T @ view.objects[0].body_to_camera
    assert in_body[:, 2] == pytest.approx(axis, abs=1e-9)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "a", "model": "small.glb"}, "give one of offset_m, orbit, release"),
        ({"name": "craft", "model": "small.glb", "offset_m": [0, 0, 1]}, "names must be unique"),
        ({"name": "A b", "model": "small.glb", "offset_m": [0, 0, 1]}, "name"),
        ({"name": "a", "model": "../small.glb", "offset_m": [0, 0, 1]}, "lies outside the scene's folder"),
        ({"name": "a", "model": "gone.glb", "offset_m": [0, 0, 1]}, "no such mesh file"),
        ({"name": "a", "model": "small.glb", "offset_m": [0, 0, 1], "size": 2}, "size"),
    ],
)
def test_invalid_objects_are_refused_with_a_message(pair, entry, message):
    shot = pair()
    with pytest.raises(Exception, match=message) as caught:
        shot.with_changes(objects=[entry]).view()
    assert type(caught.value).__name__ in ("SceneError", "ModelError")


def test_the_camera_points_at_its_target(pair):
    shot = pair(offset_m=[1.0, 0.5, 1.5])
    view = shot.with_changes(camera__target="block").view()
    assert view.camera.project(view.objects[0].position) == pytest.approx([159.5, 89.5], abs=1e-6)
    with pytest.raises(SceneError, match=r"camera\.target: unknown target 'blok'.*block"):
        shot.with_changes(camera__target="blok")
