"""Dust in the air: limb, glow and energy, from the formulas that the shader shares."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.planet.atmosphere import HELD_OPACITY, SCALE_HEIGHT_M, haze

RADIUS_M = 3_389_500.0
RED, BLUE = 0, 2


@pytest.mark.parametrize("opacity", [0.05, 0.2, 1.0, 5.0])
@pytest.mark.parametrize("degrees", [20.0, 90.0, 150.0])
def test_limb_darkens_upward_and_ends(opacity: float, degrees: float) -> None:
    air = haze(opacity, RADIUS_M)
    height = np.linspace(0.0, 90e3, 200) / RADIUS_M
    mu0 = np.full(200, 0.4)
    light = air.above_limb(height, mu0, np.full(200, np.cos(np.radians(degrees))))
    # The haze's top is where a grazing path has optical depth 1; below, all is opaque and nearly even.
    scale = height / air.height
    paths = 2 * np.sqrt(np.pi / 2 / air.height) * np.exp(-scale + air.top * (1 - np.exp(scale)))
    above = paths * air.depth.max() < 1.0
    assert 40 < above.sum() < 200
    assert np.all(np.diff(light[above], axis=0) <= 1e-12)
    assert light[0] == pytest.approx(light[~above].max(axis=0), rel=0.2)
    # Dust reaches some 40 to 60 km up (Conrath 1975): at 80 km a thousandth is left at most.
    assert np.all(light[height * RADIUS_M > 80e3] < 1e-3 * light[0])


# Chapman's function of a grazing path: sqrt(pi R / 2 H).
def test_grazing_path_is_chapmans() -> None:
    air = haze(0.2, RADIUS_M)
    assert air.airmass(np.array(0.0)) == pytest.approx(np.sqrt(np.pi * RADIUS_M / 2 / SCALE_HEIGHT_M))
    assert air.airmass(np.array(1.0)) == pytest.approx(1.0)


# Blue round a low Sun, ochre elsewhere: Viking and Pathfinder sunsets; Ehlers et al. 2014, Applied Optics 53, 1808.
def test_glow_round_the_sun_is_bluer_than_the_sky_at_large() -> None:
    air = haze(0.5, RADIUS_M)
    light = air.above_limb(
        np.full(2, 20e3 / RADIUS_M),
        np.full(2, 0.02),
        np.cos(np.radians([178.0, 90.0])),  # phase angle
    )
    near, aside = light[:, BLUE] / light[:, RED]
    assert near > 1.3 * aside


def test_clear_air_does_nothing() -> None:
    air = haze(0.0, RADIUS_M)
    mu = np.linspace(0.05, 1.0, 20)
    ground = np.random.default_rng(1).uniform(0, 0.4, (20, 3))
    np.testing.assert_allclose(air.over_ground(ground, mu, mu, np.full(20, 0.3)), ground, atol=1e-12)
    assert not air.skylight(mu).any()


@pytest.mark.parametrize("opacity", [HELD_OPACITY, 1.0, 10.0])
def test_beam_and_sky_give_the_ground_no_more_than_the_sun_sends(opacity: float) -> None:
    air = haze(opacity, RADIUS_M)
    mu0 = np.linspace(0.0, 1.0, 50)
    received = air.sunbeam(mu0) * mu0[:, None] + air.skylight(mu0)
    assert np.all(received[5:] <= mu0[5:, None] + 0.01)
