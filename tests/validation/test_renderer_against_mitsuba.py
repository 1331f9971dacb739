"""The renderer's final pictures against path-traced ones of the same four scenes: Mitsuba 3, 1024 paths a pixel.

``make references`` traces them anew. Region means are of parts of at least 300 pixels; the light of a surface is
compared with Mitsuba's direct light of Sun and planet, and with all that surfaces pass on to each other.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from proof_scenes import NAMES, edge_distance, reference, regions, similarity, toned, view_of

from selfiesim.render.light.radiosity import is_available

MIN_PX = 300
MET = NAMES[:3]
SHADED = NAMES[3]
BAND = 0.035
"""How far single bands may be off where the orbiter is in its own shade: gold's blue, and single rays' noise."""

pytestmark = pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine")


@cache
def drawn(name):
    """The final picture (H, W, 3) and the truths of a scene."""
    with TemporaryDirectory() as folder:
        radiance = view_of(name, Path(folder)).render("final")
        return radiance.rgb.astype(float), radiance.truth


def region_errors(name, light):
    """Relative error (3,) of the mean radiance of each region."""
    rgb, truth = drawn(name)
    told = reference(name, light)
    return {part: rgb[m].mean(axis=0) / told[m].mean(axis=0) - 1.0 for part, m in regions(truth, MIN_PX).items()}


def likeness(name, light):
    """SSIM of the tone-mapped pictures."""
    rgb, _ = drawn(name)
    told = reference(name, light)
    white = np.percentile(told, 99.5)
    return similarity(toned(rgb, white), toned(told, white))


@pytest.mark.parametrize("name", MET)
def test_mean_radiance_of_each_region_within_two_percent(name):
    errors = region_errors(name, "bounced")
    assert len(errors) >= 2
    assert {part: error for part, error in errors.items() if np.abs(error).max() > 0.02} == {}


@pytest.mark.parametrize("name", MET)
def test_likeness(name):
    assert likeness(name, "bounced") >= 0.97


@pytest.mark.slow
def test_in_its_own_shade_the_orbiter_is_alike_and_each_region_within_two_percent():
    told, (rgb, truth) = reference(SHADED, "bounced"), drawn(SHADED)
    found = regions(truth, MIN_PX)
    assert len(found) >= 6
    means = {part: rgb[mask].mean() / told[mask].mean() - 1.0 for part, mask in found.items()}
    assert {part: error for part, error in means.items() if abs(error) > 0.02} == {}
    assert max(np.abs(error).max() for error in region_errors(SHADED, "bounced").values()) < BAND
    assert likeness(SHADED, "bounced") >= 0.97


@pytest.mark.parametrize(("name", "part"), [("sphere-and-plate", "plate"), ("box-on-wing", "wing")])
def test_the_edges_of_shadows_lie_within_a_pixel(name, part):
    rgb, truth = drawn(name)
    told = reference(name, "direct")
    (mask,) = [m for n, m in regions(truth, MIN_PX).items() if n == part]
    half = 0.5 * np.median(told[mask][:, 1])
    ours, theirs = rgb[..., 1] > half, told[..., 1] > half
    assert 0.02 < (mask & ~theirs).sum() / mask.sum() < 0.5
    assert edge_distance(theirs, ours, mask) <= 1.0
