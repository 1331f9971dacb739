"""The meter that knows craft from ground: the sunlit craft keeps its highlights, and the planet is not black."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from selfiesim.files.poster import render_poster
from selfiesim.photo.bracket import exposure_report
from selfiesim.photo.exposure import CRAFT_HIGHLIGHTS, protect_subject, stops_held
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def light():
    """Gold foil and a white dish in sunlight over ground two stops darker."""
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[256, 144], photo__stops=0.0).view().render("draft")


@pytest.mark.parametrize("look", ["clean", "press"])
def test_no_more_than_two_percent_of_the_sunlit_craft_burns_out(light, look):
    """The matrix meter burns out more."""
    matrix, subject = (exposure_report(light.expose(meter=meter, look=look)) for meter in ("matrix", "subject"))
    assert matrix["sunlit_craft_white"] > 0.04
    assert subject["sunlit_craft_white"] <= 0.02
    assert subject["parts"]["planet"]["median"] > 25
    assert subject["parts"]["planet"]["black"] < 0.2  # the ground in the night
    assert light.expose(meter="subject", look=look).exposure.meter == "subject"


def test_a_craft_that_nothing_burns_out_on_changes_nothing():
    light = Scene.load("cubesat-earth").with_changes(camera__size_px=[96, 54]).view().render("draft")
    assert light.expose(meter="subject").exposure.shutter_s == light.expose(meter="matrix").exposure.shutter_s


def test_compensation_comes_on_top(light):
    plain, brighter = (light.expose(meter="subject", stops=stops).exposure for stops in (0.0, 1.0))
    assert brighter.shutter_s == pytest.approx(2.0 * plain.shutter_s)


def test_a_fixed_exposure_stays(light):
    assert light.expose(meter="subject", shutter_s=0.01).exposure.shutter_s == 0.01


@pytest.mark.parametrize("tone", ["linear", "shoulder", "filmic", "agx"])
@pytest.mark.parametrize("has_sensor", [False, True])
def test_the_limit_is_where_the_tone_curve_nears_white(tone, has_sensor):
    """A tenth of the craft is ten times too bright, half a percent a thousand times: the first counts."""
    colours = np.full((1000, 3), 0.1, np.float32)
    colours[:100], colours[:5] = 10.0, 1000.0
    shorter = protect_subject(1.0, colours, 1.0, tone, has_sensor)
    assert 0.02 < shorter < 0.52  # AgX is the last to reach white, at 5.1 times saturation
    assert protect_subject(shorter, colours, shorter, tone, has_sensor) == pytest.approx(shorter)
    few = colours[: int(5 / CRAFT_HIGHLIGHTS) - 20] * np.float32(0.0) + np.float32(0.1)
    assert protect_subject(1.0, few, 1.0, tone, has_sensor) == 1.0
    assert protect_subject(1.0, colours[:0], 1.0, tone, has_sensor) == 1.0


def test_a_poster_is_metered_as_the_picture(light, tmp_path):
    view = light.view
    options = view.shot.photo.with_changes(meter="subject")
    with render_poster(view, options, tmp_path) as poster:
        assert poster.exposure.shutter_s == pytest.approx(light.expose(meter="subject").exposure.shutter_s, rel=0.01)


# IEC 61966-2-1: a code c up to 0.04045 is the light c / 12.92, and a brighter one ((c + 0.055) / 1.055)^2.4.
def test_a_look_holds_what_lies_between_black_and_kept_highlights():
    white, black = ((246 / 255 + 0.055) / 1.055) ** 2.4, 5.5 / 255 / 12.92
    assert stops_held("linear", has_sensor=False) == pytest.approx(np.log2(white / black), abs=0.06)
    # The soft shoulder holds a stop more, and a sensor, which clips, none of that.
    assert stops_held("shoulder", has_sensor=False) > stops_held("linear", has_sensor=False) + 1.0
    assert stops_held("shoulder", has_sensor=True) < stops_held("shoulder", has_sensor=False) - 1.0


def test_a_contrast_that_no_exposure_holds_is_said(light):
    dark = light.rgb.copy()
    dark[light.truth.part == 1] *= np.float32(2.0**-9)
    night = replace(light, rgb=dark)
    night.__dict__["_truth"] = light.truth
    report = exposure_report(night.expose(meter="subject"))
    usual = exposure_report(light.expose(meter="subject"))
    assert report["contrast_stops"] == pytest.approx(usual["contrast_stops"] + 9.0, abs=0.01)
    assert "No exposure of this look shows both: the craft's highlights are 13.1 stops brighter" in report["advice"]
    assert "No exposure" not in usual["advice"]
