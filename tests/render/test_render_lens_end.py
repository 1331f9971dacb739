"""Where a lens ends within the picture, or a panorama reaches a pole: every pixel is finite."""

from __future__ import annotations

import numpy as np
import pytest
from small_scenes import box, stage, write_craft

from selfiesim.core.errors import SceneError


@pytest.mark.parametrize(
    "lens",
    [
        # The end of this lens lies within the corners of the picture.
        {"model": "brown-conrady", "horizontal_fov_deg": 86.3,
         "distortion": [-0.2674232781578761, 0.029628425102032507, -0.00296713847411517, -0.005683208581630363]},
        {"model": "equirectangular", "horizontal_fov_deg": 320.0},
        {"model": "equirectangular", "horizontal_fov_deg": 360.0},
    ],
    ids=["brown-conrady", "to the poles", "whole sphere"],
)  # fmt: skip
def test_pixels_at_the_end_of_a_lens_are_finite(tmp_path, lens):
    model = write_craft(tmp_path, "crumb", [box((0.1, 0.1, 0.1))], (0.3, 0.1, -3.0))
    changes = {f"camera__{key}": value for key, value in lens.items()}
    view = stage(tmp_path, model, size=(64, 36), **changes, sky__stars=True, sky__sun=True, sky__moons=True).view()
    assert np.isfinite(view.render("draft", 1).rgb).all()


def test_a_panorama_pointed_at_its_own_end_is_refused(tmp_path):
    model = write_craft(tmp_path, "crumb", [box((0.1, 0.1, 0.1))], (0.3, 0.1, -3.0))
    camera = {"size_px": [64, 36], "model": "equirectangular", "horizontal_fov_deg": 210.0}
    upward = stage(tmp_path, model).with_changes(camera=camera | {"look": "azimuth", "elevation_deg": 90.0})
    with pytest.raises(SceneError, match=r"camera\.elevation_deg: 90 "):
        upward.view()
