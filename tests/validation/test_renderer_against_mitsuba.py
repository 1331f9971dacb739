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

PEER = "Mitsuba 3, 1024 paths"
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
def test_mean_radiance_of_each_region_within_two_percent(figure, name):
    errors = region_errors(name, "bounced")
    assert len(errors) >= 2
    worst = 100.0 * max(np.abs(error).max() for error in errors.values())
    figure("paths", f"mean radiance of regions, all light: {name}", PEER, worst, 2.0, "percent")


@pytest.mark.parametrize("name", SUNLIT)
def test_ssim(figure, name):
    figure("paths", f"similarity (SSIM): {name}", PEER, ssim(name, "bounced"), 0.97, least=True)


@pytest.mark.slow
def test_the_orbiter_in_its_own_shadow_has_each_region_within_two_percent(figure):
    expected, (rgb, truth) = reference(SHADED, "bounced"), rendered(SHADED)
    masks = regions(truth, MIN_PX)
    assert len(masks) >= 6
    means = {part: rgb[mask].mean() / expected[mask].mean() - 1.0 for part, mask in masks.items()}
    worst = 100.0 * max(abs(error) for error in means.values())
    figure("paths", f"mean radiance of regions, mean of the bands: {SHADED}", PEER, worst, 2.0, "percent")
    worst = 100.0 * max(np.abs(error).max() for error in region_errors(SHADED, "bounced").values())
    figure("paths", f"mean radiance of regions, each band: {SHADED}", PEER, worst, 100.0 * MAX_BAND_ERROR, "percent")
    figure("paths", f"similarity (SSIM): {SHADED}", PEER, ssim(SHADED, "bounced"), 0.97, least=True)


@pytest.mark.parametrize(("name", "part"), [("sphere-and-plate", "plate"), ("box-on-wing", "wing")])
def test_the_edges_of_shadows_are_within_a_pixel(figure, name, part):
    rgb, truth = rendered(name)
    expected = reference(name, "direct")
    (mask,) = [m for n, m in regions(truth, MIN_PX).items() if n == part]
    half = 0.5 * np.median(expected[mask][:, 1])
    ours, theirs = rgb[..., 1] > half, expected[..., 1] > half
    assert 0.02 < (mask & ~theirs).sum() / mask.sum() < 0.5
    figure("paths", f"edges of shadows: {name}", PEER, edge_distance(theirs, ours, mask), 1.0, "px")
