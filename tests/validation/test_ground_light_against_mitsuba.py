"""Interreflection between vehicles and the ground against path tracing of the same view with Mitsuba 3."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from figures import largest_percent

from selfiesim.core.errors import GraphicsError
from selfiesim.render.light.radiosity import is_available
from selfiesim.render.mitsuba import renderer as engine
from selfiesim.scene.scene import Scene

sys.path.append(str(Path(__file__).parents[1] / "render"))
from ground_scenes import plate_over_ground, seen_parts


def has_vector_variant():
    try:
        return engine.require() == engine.VECTOR_VARIANT
    except GraphicsError:
        return False


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_vector_variant(), reason="Mitsuba's vectorised variant is not installed"),
    pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine"),
]


@pytest.mark.parametrize("dust", [0.01, 0.4], ids=["Sun alone", "dust sky"])
@pytest.mark.parametrize("height_m", [0.3, 1.0])
def test_a_plate_and_the_ground_below_it(figure, tmp_path, height_m, dust):
    view = plate_over_ground(tmp_path, height_m, [0.3, -2.5, 0.12], dust=dust).view()
    rendered, traced = view.render("final"), view.render("draft", 256, engine="mitsuba")
    # Underside, ground below it, ground in shadow, where light arrives after two reflections.
    parts = {"underside": 5.0, "the ground below": 8.0, "the ground in shadow": 8.0}
    for mask, (part, tolerance) in zip(seen_parts(rendered), parts.items(), strict=True):
        assert mask.sum() > 150
        worst = largest_percent(rendered.rgb[mask].mean(axis=0), traced.rgb[mask].mean(axis=0))
        quantity = f"plate 0.3 and 1 m above level ground, clear and dusty: {part}"
        figure("paths", quantity, "Mitsuba 3, 256 paths", worst, tolerance, "percent")


def test_regions_of_the_group_photo(figure):
    scene = Scene.load("zhurong-group").with_changes(camera__size_px=[480, 270], ground__cell_rad=0.008)
    view = scene.view()
    rendered, traced = view.render("final"), view.render("draft", 64, engine="mitsuba")
    truth = rendered.truth
    upward = truth.normal @ view.ground.enu_to_camera[:, 2]
    names = truth.part_names
    ground = np.isin(truth.part, [n for n, name in names.items() if name.startswith("ground/ground")])
    others = ("ground", "sky", "mars")
    vehicle = np.isin(truth.part, [n for n, name in names.items() if not name.startswith(others)])
    sunlit, shaded = truth.sun_visibility > 0.5, truth.sun_visibility < 0.01
    regions = {
        "sunlit ground": (ground & (truth.sun_visibility > 0.99), 0.02),
        "ground in shadow": (ground & shaded, 0.08),
        "sunlit walls": (vehicle & (np.abs(upward) < 0.5) & sunlit, 0.03),
        # Occlusion between small parts is not resolved, and gloss reflects no parts.
        "shaded walls": (vehicle & (np.abs(upward) < 0.5) & shaded, 0.15),
        "undersides": (vehicle & (upward < -0.7), 0.20),
    }
    regions = {name: each for name, each in regions.items() if each[0].sum() > 200}
    # Near noon the vehicles hide most of their own shadow; that of a plate is compared above.
    assert set(regions) >= {"sunlit ground", "sunlit walls", "shaded walls", "undersides"}
    for name, (mask, tolerance) in regions.items():
        worst = largest_percent(rendered.rgb[mask].mean(axis=0), traced.rgb[mask].mean(axis=0))
        figure("paths", f"`zhurong-group`: {name}", "Mitsuba 3, 64 paths", worst, 100.0 * tolerance, "percent")
