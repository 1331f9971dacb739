"""Light between a vehicle and the ground under it: what has to be so whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from ground_scenes import ALBEDO, GROUND, plate_over_ground, seen_parts

from selfiesim.render.light.radiosity import is_available

pytestmark = pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine")


def under_side(folder, height_m, half_m=0.8):
    radiance = plate_over_ground(folder, height_m, [0.3, -2.5, 0.12], half_m).view().render("final", 4)
    under, _, _ = seen_parts(radiance)
    assert under.sum() > 30
    return radiance.rgb[under].mean(axis=0), radiance


@pytest.fixture(scope="module")
def low(tmp_path_factory):
    return under_side(tmp_path_factory.mktemp("low"), 0.3)


def test_a_low_plate_is_darker_below_than_a_high_one(tmp_path, low):
    high, _ = under_side(tmp_path, 1.2)
    assert (low[0] < 0.7 * high).all()


# A Lambert surface of albedo a over endless Lambert ground of albedo g under irradiance E sends a g E / pi.
def test_high_up_the_under_side_is_lit_as_by_open_ground(tmp_path):
    light, radiance = under_side(tmp_path, 2.2, half_m=0.2)
    view = radiance.view
    irradiance = (
        view.sun.extraterrestrial_irradiance * view.ground.sky.ground_irradiance_fraction * view.ground.sky.sun_cosine
    )
    assert light == pytest.approx(ALBEDO * GROUND * irradiance / np.pi, rel=0.03)


# The yardstick is a final picture's radiosity, which path tracing bears out. Without shade a draft was at 2.1 times it.
@pytest.mark.parametrize("height_m", [0.3, 1.2])
def test_a_draft_guesses_how_dark_an_under_side_is(tmp_path, height_m):
    light, final = under_side(tmp_path, height_m)
    draft = final.view.render("draft").rgb[seen_parts(final)[0]].mean(axis=0)
    assert draft == pytest.approx(light, rel=0.15)


def test_ground_in_a_low_plates_shadow_is_darker_than_in_a_high_ones(tmp_path, low):
    """A low plate hides the sky as well as the Sun."""
    _, radiance = under_side(tmp_path, 1.2)
    shades = [np.median(each.rgb[seen_parts(each)[2]], axis=0) for each in (low[1], radiance)]
    assert (shades[0] < 0.9 * shades[1]).all()


def test_a_draft_after_a_final_is_the_draft_before_it(low):
    view = low[1].view
    before = view.render("draft").rgb.copy()
    again = view.render("final", 4).rgb
    np.testing.assert_array_equal(again, low[1].rgb)
    np.testing.assert_array_equal(view.render("draft").rgb, before)
