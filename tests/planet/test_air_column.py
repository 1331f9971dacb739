"""A column of air: gas, the profile of the dust, paths through both."""

from __future__ import annotations

import numpy as np
import pytest
from figures import Figures, largest_percent
from scipy.integrate import quad

from selfiesim.astro.bodies import BODIES
from selfiesim.planet.light.air_column import GAS_DENSITY_M3, SCALE_HEIGHT_M, AirColumn, gas_scattering
from selfiesim.planet.light.dust_optics import (
    DUST,
    RELATIVE_EXTINCTION,
    SINGLE_SCATTERING_ALBEDO,
)

RADIUS_M = 3_389_500.0
COLUMN = AirColumn(0.4, 30_000.0, 1.0, RADIUS_M)


# Schneegans et al., Eurographics 2024 (CosmoScout VR): scattering of the gas at the ground, per km.
def test_gas_has_the_published_scattering(figure: Figures) -> None:
    worst = largest_percent(gas_scattering([440.0, 550.0, 680.0]) * 1000, [5.78e-4, 2.36e-4, 1.01e-4])
    figure("planet", "scattering by the gas of Mars, 440 to 680 nm", "Schneegans et al. 2024", worst, 2.0, "percent")


# NSSDC Mars Fact Sheet: 6.36 mb at the mean radius, gravity 3.71 m/s2, mean molecular weight 43.34.
def test_column_of_gas_agrees_with_surface_pressure(figure: Figures) -> None:
    by_pressure = 636.0 / (43.34 * 1.66054e-27 * 3.71)
    worst = largest_percent(GAS_DENSITY_M3 * SCALE_HEIGHT_M, by_pressure)
    figure("planet", "column of gas of Mars", "pressure over weight (NSSDC)", worst, 8.0, "percent")
    gravity = BODIES["mars"].gm_m3_s2 / RADIUS_M**2
    assert gravity == pytest.approx(3.71, rel=0.01)


def test_layers_hold_the_whole_column() -> None:
    assert COLUMN.slant_depth(0.0, 1.0) == pytest.approx(COLUMN.optical_depth, rel=1e-4)
    assert COLUMN.dust_depth == pytest.approx(0.4 * RELATIVE_EXTINCTION * DUST.delta_extinction)


# Mars Climate Database (MarsWRF's subroutine mcd_mgs): at the top, 70 km / top scale heights of 10 km up in pressure.
def test_mixing_ratio_follows_the_profile_of_the_climate_database() -> None:
    height = np.array([0.0, 10e3, 20e3, 30e3])
    ratio = COLUMN.dust_profile(height) / COLUMN.gas_profile(height)
    pressure = np.exp(-height / SCALE_HEIGHT_M)
    assert ratio / ratio[0] == pytest.approx(np.exp(0.007 * (1.0 - pressure ** (-70.0 / 30.0))))


@pytest.mark.parametrize(("height_m", "mu"), [(0.0, 0.0), (0.0, 0.2), (15e3, 0.0), (40e3, -0.1), (25e3, 0.7)])
def test_slant_depth_is_the_integral_along_the_ray(figure: Figures, height_m: float, mu: float) -> None:
    start = RADIUS_M + height_m

    def extinction(distance: float) -> float:
        height = np.sqrt(start**2 + distance**2 + 2.0 * start * mu * distance) - RADIUS_M
        dust, gas = COLUMN.dust_profile(height), COLUMN.gas_profile(height)
        return float(dust * COLUMN.dust_depth[1] + gas * COLUMN.gas_depth[1])

    expected = sum(quad(extinction, a, b, limit=200)[0] for a, b in ((0.0, 4e5), (4e5, 8e5), (8e5, 2e6)))
    worst = largest_percent(COLUMN.slant_depth(height_m, mu)[1], expected)
    figure("planet", "optical depth along a slant ray", "quadrature along it", worst, 2.0, "percent")


def test_the_ground_hides_the_sun() -> None:
    assert np.isinf(COLUMN.slant_depth(10e3, -0.5)).all()
    assert COLUMN.limb_depth(10e3) == pytest.approx(2.0 * COLUMN.slant_depth(10e3, 0.0))


# Chen-Chen et al. 2019, Icarus 330, 16: asymmetry 0.687 at 650 nm. Wolff et al. 2009 through the Mars Climate Database:
# single-scattering albedo 0.73 at 388 nm and 0.967 at 650 nm.
def test_dust_has_the_published_optics() -> None:
    assert DUST.asymmetry[0] == pytest.approx(0.687, abs=0.01)
    assert 0.967 > SINGLE_SCATTERING_ALBEDO[0] > SINGLE_SCATTERING_ALBEDO[1] > SINGLE_SCATTERING_ALBEDO[2] > 0.73
    x, weight = np.polynomial.legendre.leggauss(400)
    assert 0.5 * weight @ DUST.phase(x) == pytest.approx(np.ones(3), abs=1e-6)
    assert 0.5 * (weight * x) @ DUST.phase(x) == pytest.approx(DUST.asymmetry, abs=1e-6)
