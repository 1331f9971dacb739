"""The atmosphere: limb, glow and energy, from the formulas that the shader shares."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.astro.bodies import BODIES, MARS
from selfiesim.planet.light.atmosphere import (
    GAS_DENSITY_M3,
    LAW_OPACITY,
    SCALE_HEIGHT_M,
    Atmosphere,
    build_atmosphere,
    gas_scattering,
)
from selfiesim.planet.light.haze_layer import HazeLayer
from selfiesim.planet.light.weather import Weather

RADIUS_M = 3_389_500.0
RED, BLUE = 0, 2


@pytest.mark.parametrize("opacity", [0.05, 0.2, 1.0, 5.0])
@pytest.mark.parametrize("degrees", [20.0, 90.0, 150.0])
@pytest.mark.parametrize("gas", [0.0, 1.0])
def test_limb_darkens_upward_and_ends(opacity: float, degrees: float, gas: float) -> None:
    air = build_atmosphere(opacity, RADIUS_M, gas)
    height = np.linspace(0.0, 90e3, 200) / RADIUS_M
    mu0 = np.full(200, 0.4)
    light = air.radiance_above_limb(height, mu0, np.full(200, np.cos(np.radians(degrees))))
    # The haze ends where a grazing path has optical depth 1; below, it is opaque and nearly uniform.
    scale = height / air.height
    paths = 2 * np.sqrt(np.pi / 2 / air.height) * np.exp(-scale + air.top * (1 - np.exp(scale)))
    above = paths * air.optical_depth.max() < 1.0
    assert 40 < above.sum() < 200
    assert np.all(np.diff(light[above], axis=0) <= 1e-12)
    assert light[0] == pytest.approx(light[~above].max(axis=0), rel=0.2)
    # Dust reaches heights of 40 to 60 km: at 80 km at most a thousandth is left, and as much of the gas.
    assert np.all(light[height * RADIUS_M > 80e3] < 1e-3 * (1.0 + gas) * light[0])


# Chapman's function of a grazing path: sqrt(pi R / 2 H).
def test_grazing_air_mass_is_chapmans_function() -> None:
    air = build_atmosphere(0.2, RADIUS_M)
    assert air.airmass(np.array(0.0)) == pytest.approx(np.sqrt(np.pi * RADIUS_M / 2 / SCALE_HEIGHT_M))
    assert air.airmass(np.array(1.0)) == pytest.approx(1.0)


def test_weather_gives_dust_gas_and_scale_height() -> None:
    air = Atmosphere.from_weather(Weather(dust_opacity=0.3, gas=0.5), MARS)
    by_numbers = build_atmosphere(0.3, float(np.mean(MARS.radii_m)), 0.5)
    np.testing.assert_array_equal(air.optical_depth, by_numbers.optical_depth)
    assert air.height == by_numbers.height
    assert np.all(air.dust < 1.0)


# Schneegans et al., Eurographics 2024 (CosmoScout VR): scattering of the gas at the ground, per km.
def test_gas_has_the_published_scattering() -> None:
    assert gas_scattering([440.0, 550.0, 680.0]) * 1000 == pytest.approx([5.78e-4, 2.36e-4, 1.01e-4], rel=0.02)


# NSSDC Mars Fact Sheet: 6.36 mb at the mean radius, gravity 3.71 m/s2, mean molecular weight 43.34.
def test_column_of_gas_agrees_with_surface_pressure() -> None:
    by_pressure = 636.0 / (43.34 * 1.66054e-27 * 3.71)
    assert pytest.approx(by_pressure, rel=0.08) == GAS_DENSITY_M3 * SCALE_HEIGHT_M
    gravity = BODIES["mars"].gm_m3_s2 / RADIUS_M**2
    assert gravity == pytest.approx(3.71, rel=0.01)


def test_gas_makes_the_high_limb_blue_and_hardly_brightens_the_ground() -> None:
    height, mu0 = np.full(1, 45e3) / RADIUS_M, np.full(1, 0.5)
    ratios = []
    for gas in (0.0, 1.0):
        light = build_atmosphere(0.2, RADIUS_M, gas).radiance_above_limb(height, mu0, np.zeros(1))[0]
        ratios.append(light[BLUE] / light[RED])
    assert ratios[1] > 1.2 * ratios[0]
    mu, ground = np.array([0.3, 0.7, 1.0]), np.full((3, 3), 0.15)
    seen = [
        build_atmosphere(0.2, RADIUS_M, gas).radiance_over_ground(ground, mu, mu, np.zeros(3)) for gas in (0.0, 1.0)
    ]
    np.testing.assert_allclose(seen[1], seen[0], rtol=0.03)


@pytest.mark.parametrize("lowest_km", [0.0, 30.0, 46.1, 50.0, 53.9, 54.1])
def test_depth_of_the_detached_layer_is_the_integral_along_the_ray(lowest_km: float) -> None:
    """The reference is a sum along the ray on the sphere, which the parabola approximates."""
    layer = HazeLayer(50e3 / RADIUS_M, 4e3 / RADIUS_M, 0.01)
    distance = np.linspace(-0.25, 0.25, 400_001)
    height = np.hypot(1.0 + lowest_km * 1e3 / RADIUS_M, distance) - 1.0
    density = (
        0.75
        * layer.opacity
        / layer.half_thickness
        * np.maximum(1.0 - ((height - layer.height) / layer.half_thickness) ** 2, 0.0)
    )
    expected = np.trapezoid(density, distance)
    assert layer.limb_optical_depth(np.array(lowest_km * 1e3 / RADIUS_M)) == pytest.approx(expected, rel=0.02, abs=1e-9)
    if lowest_km == 0.0:
        assert 2 * layer.ground_optical_depth(np.array(0.0)) == pytest.approx(expected, rel=0.02)


# Blue around a low Sun, ochre elsewhere: Viking and Pathfinder sunsets; Ehlers et al. 2014, Applied Optics 53, 1808
# (recalled, not checked).
def test_glow_around_the_sun_is_bluer_than_the_rest_of_the_sky() -> None:
    air = build_atmosphere(0.5, RADIUS_M)
    light = air.radiance_above_limb(
        np.full(2, 20e3 / RADIUS_M),
        np.full(2, 0.02),
        np.cos(np.radians([178.0, 90.0])),  # phase angle
    )
    near, aside = light[:, BLUE] / light[:, RED]
    assert near > 1.3 * aside


def test_clear_air_has_no_effect() -> None:
    air = build_atmosphere(0.0, RADIUS_M)
    mu = np.linspace(0.05, 1.0, 20)
    ground = np.random.default_rng(1).uniform(0, 0.4, (20, 3))
    np.testing.assert_allclose(air.radiance_over_ground(ground, mu, mu, np.full(20, 0.3)), ground, atol=1e-12)
    assert not air.sky_irradiance(mu).any()


@pytest.mark.parametrize("opacity", [LAW_OPACITY, 1.0, 10.0])
def test_beam_and_sky_do_not_exceed_sunlight(opacity: float) -> None:
    air = build_atmosphere(opacity, RADIUS_M)
    mu0 = np.linspace(0.0, 1.0, 50)
    received = air.beam_transmittance(mu0) * mu0[:, None] + air.sky_irradiance(mu0)
    assert np.all(received[5:] <= mu0[5:, None] + 0.01)
