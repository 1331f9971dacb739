"""What ``check`` refuses: everything that rendering and development would, and nothing that they accept."""

from __future__ import annotations

import numpy as np
import pytest
from shipped_scene import scene

from selfiesim.core.errors import GraphicsError, SceneError
from selfiesim.files.preflight import check_view


def test_an_unknown_sensor_is_found_before_rendering():
    with pytest.raises(SceneError, match=r"photo\.detector\.preset: unknown sensor 'nosuch'"):
        check_view(scene(photo__look="raw", photo__detector={"preset": "nosuch"}).view())


def test_a_lens_that_needs_pinholes_of_too_many_pixels_is_found_before_rendering():
    lens = {"model": "kannala-brandt", "distortion": [0.0, 0.0, 0.0, 0.0], "horizontal_fov_deg": 0.05}
    small = scene(camera__size_px=[640, 360], **{f"camera__{key}": value for key, value in lens.items()})
    check_view(small.view())
    folded = {"model": "brown-conrady", "distortion": [-300.0, 0.0, 0.0, 0.0], "horizontal_fov_deg": 3.8}
    wide = small.with_changes(camera__size_px=[15000, 1000], **{f"camera__{k}": v for k, v in folded.items()})
    with pytest.raises((GraphicsError, SceneError), match="lens"):
        check_view(wide.view())


def test_a_poster_of_a_rolling_shutter_is_refused():
    settings = {"photo__look": "onboard", "camera__size_px": [8192, 8192]}
    with pytest.raises(SceneError, match=r"photo\.effects\.rolling_shutter"):
        check_view(
            scene(**settings, photo__effects={"rolling_shutter": True}, photo__detector={"readout_s": 0.02}).view()
        )


@pytest.mark.parametrize("look", ["clean", "raw", "onboard", "press"])
def test_shipped_settings_pass(look):
    check_view(scene(photo__look=look).view())


@pytest.mark.parametrize("model", ["equirectangular", "cylindrical"])
def test_a_panorama_of_more_than_a_circle_is_refused(model):
    camera = {"model": model, "focal_length_mm": 0.0156, "pixel_pitch_um": 60.0, "size_px": [64, 36]}
    changes = {f"camera__{key}": value for key, value in camera.items()}
    with pytest.raises(SceneError, match=r"camera\.focal_length_mm: .* reaches 360"):
        scene(without=["camera"], **changes).view()
    whole = 64 / (2.0 * np.pi) * 60e-3
    scene(without=["camera"], **(changes | {"camera__focal_length_mm": whole})).view()
