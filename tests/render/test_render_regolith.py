"""Regolith on a mesh: the light of Ryugu's disc by phase angle, against the published law of asteroids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from figures import largest_percent
from small_scenes import box, stage, write_craft

from selfiesim.craft.load import load_craft
from selfiesim.planet.light.photometry import LAWS, disc_integrated, lambert_share
from selfiesim.sky.magnitudes import bowell_phase

# Sugita et al. 2019, Science 364, eaaw0422: geometric albedo at 0.55 um. Its phase curve on the ground's telescopes is
# the H, G system with G = 0.147 (Ishiguro et al. 2014, Astrophysical Journal 792, 74).
ALBEDO, SLOPE = 0.045, 0.147
FAR_M = 1e6


@pytest.fixture(scope="module")
def far_ryugu(tmp_path_factory):
    """A view of Ryugu, 100 pixels across, from the equator."""
    folder = tmp_path_factory.mktemp("ryugu")
    model = write_craft(folder, "crumb", [box((1, 1, 1))], (0.0, 0.0, -30.0))
    view = stage(folder, model, size=(160, 160), fov=0.08).view()
    axes = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])
    craft = replace(view.craft, craft=load_craft("ryugu"), position=np.array([0.0, 0.0, FAR_M]), body_to_camera=axes)
    return replace(view, planet=None, craft=craft)


def disc_light(view, phase_rad, **options):
    """Light (3,) of the disc relative to a white Lambert disc of its size that faces the Sun, and its picture."""
    sun = np.array([np.sin(phase_rad), 0.0, -np.cos(phase_rad)])
    radiance = replace(view, sun=replace(view.sun, direction=sun)).render(**options)
    disc = np.isfinite(radiance.truth.depth)
    return radiance.rgb[disc].mean(axis=0) * np.pi / view.sun.irradiance, radiance.rgb


@pytest.mark.parametrize("phase_deg", [0, 5, 24, 40, 60, 90])
def test_ryugu_dims_by_the_published_law(figure, far_ryugu, phase_deg):
    phase = np.radians(phase_deg)
    expected = ALBEDO * bowell_phase(phase, SLOPE)
    worst = largest_percent(disc_light(far_ryugu, phase)[0][1], expected)
    figure(
        "planet", "disc of Ryugu by phase", "H, G with 0.147; albedo 0.045 (Sugita et al. 2019)", worst, 10.0, "percent"
    )


def test_path_tracer_sees_the_same_rubble(far_ryugu):
    phase = np.radians(24.0)
    ours, _ = disc_light(far_ryugu, phase)
    pytest.importorskip("mitsuba")
    theirs, _ = disc_light(far_ryugu, phase, engine="mitsuba", samples=16)
    np.testing.assert_allclose(ours, theirs, rtol=0.06)


@pytest.mark.parametrize("phase_deg", [0, 10, 24, 60, 90, 120])
def test_smooth_sphere_of_dark_rubble(phase_deg):
    phase = np.radians(phase_deg)
    assert disc_integrated(LAWS["c-type"], phase) == pytest.approx(bowell_phase(phase, SLOPE), rel=0.08)


def test_phase_integrals():
    # Bowell et al. 1989, Asteroids II, 524: q = 0.290 + 0.684 G. A Lambert sphere has 3/2.
    assert 1.5 * lambert_share("c-type") == pytest.approx(0.290 + 0.684 * SLOPE, rel=0.05)
    assert lambert_share("lambert") == pytest.approx(1.0, rel=1e-3)
