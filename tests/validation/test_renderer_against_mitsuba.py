"""Final renders of four scenes against path tracing with Mitsuba 3, 1024 paths per pixel.

``make references`` traces the references again. Mean radiances are compared for parts of at least 300 pixels, with full
interreflection; the edges of shadows are compared with direct light alone.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from proof_scenes import NAMES, edge_distance, reference, regions, similarity, tone_map, view_of

from selfiesim.render.light.radiosity import is_available

MIN_PX = 300
SUNLIT = NAMES[:3]
SHADED = NAMES[3]
MAX_BAND_ERROR = 0.035
"""Relative error of single bands in the orbiter's own shadow: the blue of gold, and the noise of single rays."""

pytestmark = pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine")


@cache
def rendered(name):
    """Return the final radiance (H, W, 3) and the truth layers of a scene."""
    with TemporaryDirectory() as folder:
        radiance = view_of(name, Path(folder)).render("final")
        return radiance.rgb.astype(float), radiance.truth


def region_errors(name, light):
    """Return the relative error (3,) of the mean radiance of each region."""
    rgb, truth = rendered(name)
    expected = reference(name, light)
    return {part: rgb[m].mean(axis=0) / expected[m].mean(axis=0) - 1.0 for part, m in regions(truth, MIN_PX).items()}


def ssim(name, light):
    """Return the SSIM of the tone-mapped pictures."""
    rgb, _ = rendered(name)
    expected = reference(name, light)
    white = np.percentile(expected, 99.5)
    return similarity(tone_map(rgb, white), tone_map(expected, white))


@pytest.mark.parametrize("name", SUNLIT)
def test_mean_radiance_of_each_region_within_two_percent(name):
    errors = region_errors(name, "bounced")
    assert len(errors) >= 2
    assert {part: error for part, error in errors.items() if np.abs(error).max() > 0.02} == {}


@pytest.mark.parametrize("name", SUNLIT)
def test_ssim(name):
    assert ssim(name, "bounced") >= 0.97


@pytest.mark.slow
def test_the_orbiter_in_its_own_shadow_has_each_region_within_two_percent():
    expected, (rgb, truth) = reference(SHADED, "bounced"), rendered(SHADED)
    masks = regions(truth, MIN_PX)
    assert len(masks) >= 6
    means = {part: rgb[mask].mean() / expected[mask].mean() - 1.0 for part, mask in masks.items()}
    assert {part: error for part, error in means.items() if abs(error) > 0.02} == {}
    assert max(np.abs(error).max() for error in region_errors(SHADED, "bounced").values()) < MAX_BAND_ERROR
    assert ssim(SHADED, "bounced") >= 0.97


@pytest.mark.parametrize(("name", "part"), [("sphere-and-plate", "plate"), ("box-on-wing", "wing")])
def test_the_edges_of_shadows_are_within_a_pixel(name, part):
    rgb, truth = rendered(name)
    expected = reference(name, "direct")
    (mask,) = [m for n, m in regions(truth, MIN_PX).items() if n == part]
    half = 0.5 * np.median(expected[mask][:, 1])
    ours, theirs = rgb[..., 1] > half, expected[..., 1] > half
    assert 0.02 < (mask & ~theirs).sum() / mask.sum() < 0.5
    assert edge_distance(theirs, ours, mask) <= 1.0
