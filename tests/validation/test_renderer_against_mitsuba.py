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

from selfiesim.render.bounce import is_available

LEAST_PX = 300
SIMPLE = NAMES[:2]
# How far the orbiter still is from what is aimed at, 2 percent and 0.97. What is not drawn: other parts in the mirror
# of gloss (the gold body in the cells), the planet's own picture there and what stands before it. What is not traced:
# the clear coat and the grain of cells and radiators.
HELD = {
    "orbiter": (0.40, 0.935),
    "orbiter-in-its-own-shade": (0.50, 0.94),
}


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
    return {part: rgb[m].mean(axis=0) / told[m].mean(axis=0) - 1.0 for part, m in regions(truth, LEAST_PX).items()}


def likeness(name, light):
    """SSIM of the tone-mapped pictures."""
    rgb, _ = drawn(name)
    told = reference(name, light)
    white = np.percentile(told, 99.5)
    return similarity(toned(rgb, white), toned(told, white))


@pytest.mark.parametrize("name", SIMPLE)
def test_mean_radiance_of_each_region_within_two_percent(name):
    errors = region_errors(name, "bounced")
    assert len(errors) >= 2
    assert {part: error for part, error in errors.items() if np.abs(error).max() > 0.02} == {}


@pytest.mark.parametrize("name", SIMPLE)
def test_likeness(name):
    assert likeness(name, "bounced") >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("name", HELD)
def test_no_region_is_farther_off_than_it_was(name):
    most, alike = HELD[name]
    errors = region_errors(name, "bounced")
    assert len(errors) >= 2
    assert {part: error for part, error in errors.items() if np.abs(error).max() > most} == {}
    assert likeness(name, "bounced") >= alike


@pytest.mark.slow
def test_bare_metal_of_the_orbiter_in_the_sun_is_within_three_percent():
    errors = region_errors("orbiter", "bounced")
    sunlit = [part for part in errors if part.split(".")[-1] in ("nozzle_niobium", "tank_titanium")]
    assert sunlit
    for part in sunlit:
        assert np.abs(errors[part]).max() < 0.03, part


@pytest.mark.parametrize(("name", "part"), [("sphere-and-plate", "plate"), ("box-on-wing", "wing")])
def test_the_edges_of_shadows_lie_within_a_pixel(name, part):
    rgb, truth = drawn(name)
    told = reference(name, "direct")
    (mask,) = [m for n, m in regions(truth, LEAST_PX).items() if n == part]
    half = 0.5 * np.median(told[mask][:, 1])
    ours, theirs = rgb[..., 1] > half, told[..., 1] > half
    assert 0.02 < (mask & ~theirs).sum() / mask.sum() < 0.5
    assert edge_distance(theirs, ours, mask) <= 1.0
