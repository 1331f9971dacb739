"""Light of the air: limb and haze against a spherical Monte Carlo, storms against photometry, energy."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from figures import Figures, largest, largest_percent

from selfiesim.astro.bodies import MARS
from selfiesim.planet.light.air_column import AirColumn
from selfiesim.planet.light.atmosphere import Atmosphere, air_column
from selfiesim.planet.light.disc_photometry import CLEAR_DAY, disc_brightness, solve_ground_reflectance
from selfiesim.planet.light.photometry import mars_law
from selfiesim.planet.light.weather import Weather

RADIUS_M = 3_389_500.0
RED, GREEN, BLUE = 0, 1, 2

# The output of design/limb_monte_carlo.py: I/F along lines of sight, and its standard error.
MONTE_CARLO = np.genfromtxt(Path(__file__).with_name("limb_monte_carlo.tsv"), names=True)
CASES = sorted({tuple(row)[:4] for row in MONTE_CARLO})


@cache
def uniform(opacity: float, top_km: float = 35.0, gas: float = 1.0) -> Atmosphere:
    return Atmosphere((AirColumn(opacity, 1000.0 * top_km, gas, RADIUS_M),))


def looked_up(row: np.void) -> np.ndarray:
    """The renderers' I/F (3,) along a line of sight of the Monte Carlo, over the Lambert ground that it has."""
    air, cosine = uniform(row["opacity"], row["top_km"]), np.array(np.cos(np.radians(row["phase_deg"])))
    mu0, mu = np.array(row["mu0"]), np.array(row["ground_mu"])
    if np.isfinite(row["limb_km"]):
        return air.radiance_above_limb(1000.0 * row["limb_km"] / RADIUS_M, mu0, cosine)
    ground = AirColumn.ground_albedo * (air.beam_transmittance(mu0) * mu0 + air.sky_irradiance(mu0))
    return air.radiance_over_ground(ground, mu0, mu, cosine)


def reference(row: np.void) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.array([row[band + end] for band in "RGB"]) for end in ("", "_error"))


@pytest.mark.parametrize("case", CASES)
def test_limb_and_haze_agree_with_the_monte_carlo(figure: Figures, case: tuple[float, ...]) -> None:
    """Within 10 percent, noise of 1 to 2 percent included, from overhead Sun to twilight."""
    rows = [row for row in MONTE_CARLO if tuple(row)[:4] == case]
    assert len(rows) == 8
    for row in rows:
        light, _error = reference(row)
        worst = 100.0 * (np.maximum(np.abs(looked_up(row) - light) - 1e-5, 0.0) / light).max()
        quantity = "light of the air of Mars at the limb and over the ground"
        figure("planet", quantity, "spherical Monte Carlo, noise 1 to 2 percent", worst, 10.0, "percent")


@pytest.mark.parametrize("case", CASES)
def test_step_across_the_horizon_is_that_of_the_monte_carlo(figure: Figures, case: tuple[float, ...]) -> None:
    """From ground seen at a grazing angle to the air half a kilometre above it."""
    rows = [row for row in MONTE_CARLO if tuple(row)[:4] == case]
    above = next(row for row in rows if row["limb_km"] == 0.5)
    below = next(row for row in rows if row["ground_mu"] == 0.02)
    step = looked_up(above) / looked_up(below)
    (high, high_error), (low, low_error) = reference(above), reference(below)
    noise = high / low * np.hypot(high_error / high, low_error / low)
    worst = (np.abs(step - high / low) - 2.0 * noise).max()
    figure("planet", "step of radiance across the horizon, beyond noise", "the same Monte Carlo", max(worst, 0.0), 0.05)


@pytest.mark.parametrize("opacity", [0.05, 0.2, 1.0, 5.0])
@pytest.mark.parametrize("degrees", [20.0, 90.0, 150.0])
def test_limb_darkens_upward_and_ends(opacity: float, degrees: float) -> None:
    height = np.linspace(0.0, 120e3, 241) / RADIUS_M
    light = uniform(opacity).radiance_above_limb(height, 0.4, np.cos(np.radians(degrees)))
    # Below, a grazing path is opaque and its light nearly even.
    depth = uniform(opacity).columns[0].limb_depth(height * RADIUS_M)
    thin, opaque = depth.max(axis=1) < 0.7, depth.min(axis=1) > 3.0
    assert thin.sum() > 100
    assert np.all(np.diff(light[thin], axis=0) <= 1e-9)
    if opaque.any():
        assert np.all(light[opaque].min(axis=0) > 0.6 * light[opaque].max(axis=0))
    assert np.all(light[height * RADIUS_M > 100e3] < 2e-3 * light[0])


def test_there_is_no_dust_over_20_km_in_aphelion_season_at_the_limb() -> None:
    """Smith et al. 2013, JGR Planets 118, 321: dust under 20 km at aphelion, to 40 to 50 at perihelion. Gas is blue."""
    height = np.array([0.0, 22e3, 35e3]) / RADIUS_M
    for ls, share in ((80.0, (0.0, 0.03)), (250.0, (0.1, 1.0))):
        column = air_column(Weather(dust_opacity=0.2, gas=1.0, solar_longitude=np.radians(ls)), MARS, 0.0)
        light = Atmosphere((column,)).radiance_above_limb(height, 0.7, 0.0)[:, RED]
        assert share[0] < light[2] / light[0] < share[1]


def test_gas_makes_the_high_limb_blue_and_hardly_brightens_the_ground() -> None:
    height = 45e3 / RADIUS_M
    dry, moist = (uniform(0.2, 50.0, gas).radiance_above_limb(height, 0.5, 0.0) for gas in (0.01, 1.0))
    assert moist[BLUE] / moist[RED] > 1.2 * dry[BLUE] / dry[RED]
    mu, ground = np.array([0.3, 0.7, 1.0]), np.full((3, 3), 0.15)
    seen = [uniform(0.2, 50.0, gas).radiance_over_ground(ground, mu, mu, np.ones(3)) for gas in (0.01, 1.0)]
    np.testing.assert_allclose(seen[1], seen[0], rtol=0.05)


# Blue around a low Sun, ochre elsewhere: Viking and Pathfinder sunsets; Ehlers et al. 2014, Applied Optics 53, 1808
# (recalled, not checked).
def test_glow_around_the_sun_is_bluer_than_the_rest_of_the_sky() -> None:
    light = uniform(0.5).radiance_above_limb(np.full(2, 20e3 / RADIUS_M), 0.02, np.cos(np.radians([176.0, 90.0])))
    near, aside = light[:, BLUE] / light[:, RED]
    assert near > 1.3 * aside


# Mallama 2007, Icarus 192, 404: major storms brighten the disc in R, where the excess is largest, by 0.15 magnitudes on
# average; that of 2001 did so at phase angles of 11 to 46 degrees.
@pytest.mark.parametrize("degrees", [20, 30, 40])
def test_a_storm_brightens_the_disc(degrees: int) -> None:
    ground = solve_ground_reflectance(mars_law, (0.242, 0.172, 0.103))
    clear, storm = (
        disc_brightness(mars_law, ground, air, np.radians(degrees)) for air in (CLEAR_DAY, uniform(1.0, 55.0))
    )
    excess = 2.5 * np.log10(storm / clear)
    assert 0.08 < excess[RED] < 0.30
    assert 0.0 < excess[GREEN] < 0.30


# The output of design/limb_monte_carlo.py --sky: light of the sky at the ground, in green, relative to the Sun's.
SKY_MONTE_CARLO = np.genfromtxt(Path(__file__).with_name("sky_monte_carlo.tsv"), names=True)


@pytest.mark.parametrize("row", SKY_MONTE_CARLO, ids=lambda row: f"opacity {row['opacity']}, mu0 {row['mu0']}")
def test_slopes_are_lit_as_by_the_sky_of_the_monte_carlo(row: np.void) -> None:
    """To first order in its tilt, a slope is lit by the level and the horizontal part of the light."""
    air, tilt, mu0 = uniform(row["opacity"], 30.0), 0.05, row["mu0"]
    sine = np.sqrt(1.0 - mu0**2)
    sun, up = np.array([sine, 0.0, mu0]), np.array([[0.0, 0.0, 1.0]])
    level, sunward = row["direct"] * mu0 + row["level"], row["direct"] * sine + row["sunward"]
    sides = [] if mu0 < tilt else [-tilt]  # a slope that hides the Sun from itself is not linear
    for angle in (*sides, 0.0, tilt):
        slope = np.array([[np.sin(angle), 0.0, np.cos(angle)]])
        beam = air.beam_transmittance(mu0)[GREEN] * (slope @ sun)[0]
        lit = beam + air.sky_on_slope(slope, up, sun)[0, GREEN]
        expected = level * np.cos(angle) + sunward * np.sin(angle)
        assert lit == pytest.approx(expected, rel=0.06 if row["opacity"] / mu0 < 10.0 else 0.13)


@pytest.mark.parametrize("row", SKY_MONTE_CARLO, ids=lambda row: f"opacity {row['opacity']}, mu0 {row['mu0']}")
def test_ground_behind_a_ridge_is_as_bright_as_in_the_monte_carlo(row: np.void) -> None:
    left = uniform(row["opacity"], 30.0).sky_irradiance(row["mu0"])[GREEN]
    assert left == pytest.approx(row["behind_ridge"], rel=0.14)


# R. W. Schmude, Communications in Mars Observations 248: the dark side of Mars, 250 to 310 W, in the storm of July 2001
# (phase angle 27 degrees): V brighter by 0.32, R by 0.35 magnitudes.
def test_a_storm_over_dark_ground_brightens_it_as_in_2001(figure: Figures) -> None:
    dark = (0.195, 0.129, 0.074)  # Singer et al. 1979
    clear, storm = (disc_brightness(mars_law, dark, air, np.radians(27.0)) for air in (CLEAR_DAY, uniform(1.2, 55.0)))
    excess = 2.5 * np.log10(storm / clear)
    worst = largest(excess[[RED, GREEN]], [0.35, 0.32])
    figure("planet", "brightening of dark ground by a storm of opacity 1.2", "Schmude on July 2001", worst, 0.08, "mag")


@pytest.mark.parametrize("opacity", [0.2, 1.0, 10.0])
def test_beam_and_sky_do_not_exceed_sunlight(opacity: float) -> None:
    mu0 = np.linspace(0.0, 1.0, 50)
    air = uniform(opacity)
    received = air.beam_transmittance(mu0) * mu0[:, None] + air.sky_irradiance(mu0)
    assert np.all(received[10:] < mu0[10:, None])
    assert np.all(np.diff(received, axis=0) > 0.0)


# Appelbaum and Flood 1990, Solar Energy 45, 353, table III (Pollack's multiple scattering): the net flux at the ground
# over that on a level surface above the air, for zenith angles of 0, 20, 40, 60 and 80 degrees; ground albedo 0.1.
@pytest.mark.parametrize(
    ("opacity", "published"),
    [(0.3, (0.847, 0.841, 0.826, 0.774, 0.562)), (1.0, (0.732, 0.717, 0.670, 0.560, 0.317))],
)
def test_daylight_on_the_ground_agrees_with_the_published_table(
    figure: Figures, opacity: float, published: tuple[float, ...]
) -> None:
    """The table covers the whole spectrum, in a plane layer; here it is the mean of three bands on a sphere."""
    mu0 = np.cos(np.radians([0, 20, 40, 60, 80]))
    received = uniform(opacity).beam_transmittance(mu0) + uniform(opacity).sky_irradiance(mu0) / mu0[:, None]
    net = 0.9 * received.mean(axis=1)
    worst = largest_percent(net[:4], published[:4])
    quantity = "daylight on the ground under dust, Sun 30 degrees high or more"
    figure("planet", quantity, "Appelbaum and Flood 1990", worst, 3.0, "percent")
    np.testing.assert_allclose(net[4], published[4], rtol=0.10)


def test_weather_gives_dust_by_latitude() -> None:
    air = Atmosphere.from_weather(Weather(dust_opacity=None, gas=1.0, solar_longitude=np.radians(250.0)), MARS)
    opacities = [column.dust_opacity for column in air.columns]
    assert opacities[-1] < 0.3 * opacities[len(opacities) // 2]
    assert air.columns[0].radius_m == pytest.approx(np.mean(MARS.radii_m))
