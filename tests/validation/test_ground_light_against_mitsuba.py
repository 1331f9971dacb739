"""Light between vehicles and the ground they stand on, beside Mitsuba 3's path tracing of the same view."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from selfiesim.core.errors import GraphicsError
from selfiesim.render.light.radiosity import is_available
from selfiesim.render.mitsuba import renderer as engine
from selfiesim.scene.scene import Scene

sys.path.append(str(Path(__file__).parents[1] / "render"))
from ground_scenes import plate_over_ground, seen_parts


def traced_here():
    try:
        return engine.require() == engine.VECTOR_VARIANT
    except GraphicsError:
        return False


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not traced_here(), reason="Mitsuba's vectorised variant is not installed"),
    pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine"),
]


@pytest.mark.parametrize("dust", [0.01, 0.4], ids=["Sun alone", "dust sky"])
@pytest.mark.parametrize("height_m", [0.3, 1.0])
def test_a_plate_and_the_ground_under_it(tmp_path, height_m, dust):
    view = plate_over_ground(tmp_path, height_m, [0.3, -2.5, 0.12], dust=dust).view()
    drawn, traced = view.render("final"), view.render("draft", 256, engine="mitsuba")
    # Under side, ground below, ground in shade: there light has been passed on twice before it arrives.
    for mask, within in zip(seen_parts(drawn), (0.05, 0.08, 0.08), strict=True):
        assert mask.sum() > 150
        assert drawn.rgb[mask].mean(axis=0) == pytest.approx(traced.rgb[mask].mean(axis=0), rel=within)


def test_the_group_photo_by_regions():
    scene = Scene.load("zhurong-group").with_changes(camera__size_px=[480, 270], ground__cell_rad=0.008)
    view = scene.view()
    drawn, traced = view.render("final"), view.render("draft", 64, engine="mitsuba")
    truth = drawn.truth
    upward = truth.normal @ view.ground.enu_to_camera[:, 2]
    names = truth.part_names
    ground = np.isin(truth.part, [n for n, name in names.items() if name.startswith("ground/ground")])
    others = ("ground", "sky", "mars")
    vehicle = np.isin(truth.part, [n for n, name in names.items() if not name.startswith(others)])
    sunlit, shaded = truth.sun_visibility > 0.5, truth.sun_visibility < 0.01
    regions = {
        "sunlit ground": (ground & (truth.sun_visibility > 0.99), 0.02),
        "ground in shade": (ground & shaded, 0.08),
        "sunlit walls": (vehicle & (np.abs(upward) < 0.5) & sunlit, 0.03),
        # What small parts hide from each other is not resolved, and gloss mirrors no parts.
        "shaded walls": (vehicle & (np.abs(upward) < 0.5) & shaded, 0.15),
        "under sides": (vehicle & (upward < -0.7), 0.20),
    }
    for name, (mask, within) in regions.items():
        assert mask.sum() > 200, name
        off = drawn.rgb[mask].mean(axis=0) / traced.rgb[mask].mean(axis=0) - 1.0
        assert np.abs(off).max() < within, f"{name}: off by {off}"
