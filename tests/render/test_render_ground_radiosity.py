"""Interreflection between a vehicle and the ground: relations that hold for any numbers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from ground_scenes import ALBEDO, GROUND, plate_over_ground, seen_parts

from selfiesim.render.light.radiosity import is_available

pytestmark = pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine")


@pytest.fixture(scope="module")
def underside(tmp_path_factory):
    """Function that returns the light (3,) of the underside of a plate at some height, and the render, made once."""

    @cache
    def rendered(height_m, half_m=0.8):
        folder = tmp_path_factory.mktemp("plate")
        radiance = plate_over_ground(folder, height_m, [0.3, -2.5, 0.12], half_m).view().render("final", 4)
        mask, _, _ = seen_parts(radiance)
        assert mask.sum() > 30
        return radiance.rgb[mask].mean(axis=0), radiance

    return rendered


def test_the_underside_of_a_low_plate_is_darker_than_that_of_a_high_one(underside):
    assert (underside(0.3)[0] < 0.7 * underside(1.2)[0]).all()


# A Lambert surface of albedo a over infinite Lambert ground of albedo g with irradiance E has the radiance a g E / pi.
def test_high_above_the_ground_the_underside_is_lit_as_by_open_ground(underside):
    light, radiance = underside(2.2, half_m=0.2)
    view = radiance.view
    irradiance = (
        view.sun.extraterrestrial_irradiance * view.ground.sky.ground_irradiance_fraction * view.ground.sky.sun_cosine
    )
    assert light == pytest.approx(ALBEDO * GROUND * irradiance / np.pi, rel=0.03)


# The reference is the radiosity of a final render, which path tracing confirms. Without occlusion a draft is 2.1 times
# as bright.
@pytest.mark.parametrize("height_m", [0.3, 1.2])
def test_a_draft_estimates_the_darkness_of_an_underside(underside, height_m):
    light, final = underside(height_m)
    draft = final.view.render("draft").rgb[seen_parts(final)[0]].mean(axis=0)
    assert draft == pytest.approx(light, rel=0.15)


def test_the_shadow_of_a_low_plate_is_darker_than_that_of_a_high_one(underside):
    """A low plate occludes the sky as well as the Sun."""
    renders = underside(0.3)[1], underside(1.2)[1]
    shadows = [np.median(each.rgb[seen_parts(each)[2]], axis=0) for each in renders]
    assert (shadows[0] < 0.9 * shadows[1]).all()


def test_a_final_render_does_not_change_later_drafts(underside):
    final = underside(0.3)[1]
    before = final.view.render("draft").rgb.copy()
    np.testing.assert_array_equal(final.view.render("final", 4).rgb, final.rgb)
    np.testing.assert_array_equal(final.view.render("draft").rgb, before)
