"""The light meter at its limits: in the dark, in a dust storm, and where a lens ends."""

from __future__ import annotations

import numpy as np
import pytest
from ground_scenes import plate_over_ground
from shipped_scene import scene

from selfiesim.core.errors import SceneError
from selfiesim.photo.exposure import metered_shutter, set_exposure
from selfiesim.scene.photo import MAX_SHUTTER_S, MIN_SHUTTER_S, PhotoSection

WHITE = 3e4


@pytest.mark.parametrize("stops", [-20.0, 0.0, 20.0])
@pytest.mark.parametrize("metered", [1e-12, 1e-3, 1e9])
def test_a_metered_exposure_stays_within_the_bounds_of_the_key(metered, stops):
    exposure = set_exposure(PhotoSection(stops=stops), 100.0, metered)
    assert MIN_SHUTTER_S <= exposure.shutter_s <= MAX_SHUTTER_S
    PhotoSection(shutter_s=exposure.shutter_s)


def test_compensation_beyond_the_bounds_is_refused_by_key():
    with pytest.raises(SceneError, match=r"photo\.stops: 2 takes shutter_s = 3600 beyond"):
        scene(photo__shutter_s=3600.0, photo__stops=2.0)


def test_a_faint_subject_is_metered_and_single_stars_are_not():
    grey = np.full((64, 64, 3), 1e-5 * WHITE / 7.3e4, np.float32)
    dark, stars = np.zeros_like(grey), np.zeros_like(grey)
    stars[9, 9] = grey[0, 0]
    unlit = metered_shutter(dark, WHITE, 8.0, 100.0)
    assert metered_shutter(stars, WHITE, 8.0, 100.0) == unlit
    assert metered_shutter(grey, WHITE, 8.0, 100.0) > 1e3 * unlit


# Where no direct sunlight comes through, the sky is the light to meter and to balance by.
def test_a_dust_storm_at_sunset_is_exposed_for_its_sky(tmp_path):
    storm = plate_over_ground(tmp_path, 1.0, [3.0, 0.0, 1.5], size=(64, 36), dust=6.0)
    view = storm.with_changes(at="2021-06-01T14:20:00Z").view()
    assert view.sun.irradiance.max() < 1e-2 * view.sun.illuminant.max()
    photo = view.render("draft", 1).expose()
    assert MIN_SHUTTER_S <= photo.exposure.shutter_s <= MAX_SHUTTER_S
    assert 40 < photo.pixels[:12].mean() < 230


def test_by_day_the_illuminant_is_the_sunlight(tmp_path):
    sun = plate_over_ground(tmp_path, 1.0, [3.0, 0.0, 1.5], size=(64, 36)).view().sun
    assert np.array_equal(sun.illuminant, sun.irradiance)
