"""Motion blur: a plate that drifts past is smeared as geometry predicts, with the same flux."""

import numpy as np
import pytest
from small_scenes import box, stage, write_craft

RATE_DEG_S = 4.0


@pytest.fixture
def shot(tmp_path):
    """A small plate in front of a camera that rotates about its vertical axis as it recedes."""
    name = write_craft(tmp_path, "plate", [box((0.4, 0.4, 0.02))], (0.0, 0.6, 4.0))
    shot = stage(tmp_path, name, size=(320, 180), fov=50.0)
    table = shot.model_dump(mode="json", exclude_unset=True)
    table["camera"] = {"size_px": [320, 180], "horizontal_fov_deg": 50.0, "look": "tumbling"}
    table["release"]["tip_off_deg_s"] = [0.0, RATE_DEG_S, 0.0]
    table["at"] = "release+0.5s"
    return type(shot).from_table(table, folder=tmp_path)


def columns(rgb):
    """Sum of the radiance in each column."""
    return rgb[..., 1].sum(axis=0).astype(float)


def test_a_rotating_camera_smears_by_its_rate_times_the_shutter_time(figure, shot):
    view, shutter_open_s = shot.view(), 1.0
    smeared = columns(view.render("draft", 64, shutter_open_s=shutter_open_s).rgb)
    edges = [each.camera.project(each.craft.outline())[:, 0].min() for each in (view, shot.view("release+1.5s"))]
    assert 15.0 < edges[0] - edges[1] < 30.0
    # A column is dark before the edge passes: light rises linearly from where the edge ends to where it began.
    x = np.arange(len(smeared))
    for fraction in (0.25, 0.5, 0.75):
        reached = np.interp(fraction * smeared.max(), smeared[: smeared.argmax()], x[: smeared.argmax()])
        worst = abs(reached - (edges[1] + fraction * (edges[0] - edges[1])))
        figure("light", "smear of a rotating camera", "its rate times the shutter time", worst, 1.0, "px")
    # The camera recedes meanwhile: compare with the mean flux at instants in between.
    instants = [
        columns(shot.view(f"release+{0.5 + t}s").render("draft", 8).rgb).sum() for t in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]
    assert smeared.sum() == pytest.approx(np.mean(instants), rel=0.01)


def test_the_scene_enables_motion_blur_for_its_shutter_time(shot):
    still = shot.with_changes(photo__shutter_s=1.0).view().render("draft", 8).rgb
    blurred = shot.with_changes(photo__shutter_s=1.0, photo__motion_blur=True).view().render("draft", 8).rgb
    expected = shot.view().render("draft", 8, shutter_open_s=1.0).rgb
    np.testing.assert_array_equal(blurred, expected)
    assert not np.array_equal(blurred, still)


def test_an_automatic_shutter_is_metered(shot):
    metered = shot.view().render("draft", 1).expose().exposure.shutter_s
    blurred = shot.with_changes(photo__motion_blur=True).view().render("draft", 4).rgb
    np.testing.assert_array_equal(blurred, shot.view().render("draft", 4, shutter_open_s=metered).rgb)


@pytest.mark.parametrize("shutter_open_s", [-1.0, np.nan, 1e5])
def test_an_impossible_shutter_time_is_refused(shot, shutter_open_s):
    with pytest.raises(ValueError, match="seconds from 0 to 3600"):
        shot.view().render("draft", shutter_open_s=shutter_open_s)
