"""Opacity in both renderers: Mitsuba's mask BSDF and its integrator for volumes are the authority."""

from __future__ import annotations

import numpy as np
import pytest
from see_through import plates, view_of
from test_mitsuba_engine import needs_mitsuba

pytestmark = [pytest.mark.slow, needs_mitsuba]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    "sheets",
    [
        [{"colour": 0.2, "alpha": 0.3, "mode": "BLEND"}],
        [{"colour": 0.2, "alpha": 0.3, "mode": "BLEND"}, {"colour": 0.6, "alpha": 0.6, "mode": "BLEND"}],
        [{"colour": 0.2, "mode": "BLEND", "texels": [0, 100, 200, 255]}],
        [{"colour": 0.2, "mode": "BLEND", "vertices": [0.0, 1.0, 1.0, 0.0]}],
        [{"colour": 0.2, "mode": "MASK", "texels": [0, 255, 0, 255]}],
        [{"colour": 0.2, "mode": "BLEND", "texels": [0, 255], "wrap": 33648, "uv_scale": np.float32(2.0)}],
    ],
)
@pytest.mark.parametrize("sun", [None, (0.6, 0.3, 1.0)])
def test_picture_and_shadow_of_see_through_sheets(tmp_path, sheets, sun):
    view = view_of(plates(tmp_path, *sheets), sun=sun, size=(64, 64))
    raster = view.render("final", 64).rgb[..., 1]
    traced = view.render("final", 512, engine="mitsuba").rgb[..., 1]
    # Blocks of 8 pixels, as the samples of both are noisy.
    blocks = [each.reshape(8, 8, 8, 8).mean(axis=(1, 3)) for each in (raster, traced)]
    scale = blocks[1].max()
    assert blocks[0].mean() == pytest.approx(blocks[1].mean(), rel=0.03)
    assert np.abs(blocks[0] - blocks[1]).max() < 0.06 * scale
