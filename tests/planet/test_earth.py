"""The Earth's air, sea, clouds and map against published numbers and a Monte Carlo."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from figures import Figures, largest_percent

from selfiesim.planet.earth import cloud_light, clouds, sea
from selfiesim.planet.earth.air import AEROSOL_OPACITY, EarthColumn
from selfiesim.planet.earth.clouds import CODE_ZERO, CloudScene, cloud_map
from selfiesim.planet.earth.grain import grain_tile
from selfiesim.planet.light.atmosphere import Atmosphere
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.planet_maps import reflectance, water_share

RADIUS_M = 6_371_000.0
# design/limb_monte_carlo.py earth, 1e5 photons: noise of 1 to 2 percent.
MONTE_CARLO = np.genfromtxt(Path(__file__).with_name("earth_limb_monte_carlo.tsv"), names=True)
CASES = sorted({(row["mu0"], row["phase_deg"]) for row in MONTE_CARLO})
BANDS = "RGB"


@cache
def air() -> Atmosphere:
    return Atmosphere((EarthColumn(AEROSOL_OPACITY, 30_000.0, 1.0, RADIUS_M),))


def rows(case: tuple[float, float]) -> np.ndarray:
    return MONTE_CARLO[(MONTE_CARLO["mu0"] == case[0]) & (MONTE_CARLO["phase_deg"] == case[1])]


def looked_up(row: np.void) -> np.ndarray:
    mu0, cosine = np.array(row["mu0"]), np.array(np.cos(np.radians(row["phase_deg"])))
    if np.isfinite(row["limb_km"]):
        return air().radiance_above_limb(1000.0 * row["limb_km"] / RADIUS_M, mu0, cosine)
    ground = EarthColumn.ground_albedo * (air().beam_transmittance(mu0) * mu0 + air().sky_irradiance(mu0))
    return air().radiance_over_ground(ground, mu0, np.array(row["ground_mu"]), cosine)


@pytest.mark.parametrize("case", CASES)
def test_limb_and_haze_have_the_colours_of_the_monte_carlo(figure: Figures, case: tuple[float, float]) -> None:
    """Within 10 percent wherever a band has a fifth of the light of the case's brightest line of sight."""
    lines = rows(case)
    expected = np.array([[row[band] for band in BANDS] for row in lines])
    found = np.array([looked_up(row) for row in lines])
    bright = expected > 0.2 * expected.max()
    assert bright.sum() > 4
    worst = largest_percent(found[bright], expected[bright])
    figure("planet", "limb and haze of the Earth", "spherical Monte Carlo", worst, 10.0, "percent")


def test_the_limb_is_blue_by_day_and_red_at_dusk() -> None:
    """At the terminator red is lowest and blue lies above it: the order of colours in every photograph from orbit."""
    low, high = 5_000.0 / RADIUS_M, 25_000.0 / RADIUS_M
    day = air().radiance_above_limb(low, 0.7, 0.5)
    assert day[2] > 1.5 * day[0]
    dusk_low, dusk_high = (air().radiance_above_limb(z, 0.0, np.cos(np.radians(150.0))) for z in (low, high))
    assert dusk_low[0] > 2.0 * dusk_low[2]
    assert dusk_high[2] > 2.0 * dusk_high[0]


# Bodhaine et al. 1999, table 3, interpolated: Rayleigh optical depth at sea level and 45 degrees north; the law of
# Hansen and Travis 1974 (Space Sci. Rev. 16, 527) is another fit.
def test_rayleigh_depth_agrees_with_another_formula() -> None:
    wavelength = np.array([0.62, 0.55, 0.46])
    other = 0.008569 * wavelength**-4 * (1.0 + 0.0113 * wavelength**-2 + 0.00013 * wavelength**-4)
    column = EarthColumn(0.0, 30_000.0, 1.0, RADIUS_M)
    assert column.gas_depth == pytest.approx(other, rel=0.01)
    # Pressure scale height of the standard atmosphere, 8.43 km at 288 K: half the gas lies below 5.5 km.
    height = np.linspace(0.0, 5_500.0, 200)
    assert np.trapezoid(column.gas_profile(height), height) == pytest.approx(0.5, abs=0.01)


def test_ozone_takes_most_from_orange_and_lies_in_the_stratosphere() -> None:
    column = EarthColumn(0.0, 30_000.0, 1.0, RADIUS_M)
    # 0.035 at 600 nm and 300 DU is the usual figure of the Chappuis bands' maximum.
    assert 0.024 < column.absorber_depth[0] < 0.035
    assert column.absorber_depth[2] < 0.25 * column.absorber_depth[0]
    height = np.linspace(0.0, 60_000.0, 2000)
    profile = column.absorber_profile(height)
    assert np.trapezoid(profile, height) == pytest.approx(1.0, abs=0.01)
    assert 18_000.0 < height[np.argmax(profile)] < 26_000.0


# Cox and Munk 1954, J. Opt. Soc. Am. 44, 838: mean square slope 0.003 + 0.00512 U.
@pytest.mark.parametrize("wind", [2.0, 7.0, 14.0])
def test_the_glint_is_as_wide_as_cox_and_munk_measured(wind: float) -> None:
    """Straight down under a moving Sun, facets of slope tan(z/2) mirror it: the light falls by e at the rms slope."""
    zenith = np.linspace(0.0, 1.2, 4000)
    light = sea.glint(np.cos(zenith), np.ones_like(zenith), np.cos(zenith), wind)
    slope = np.tan(zenith / 2.0)
    flat = sea.fresnel(np.cos(zenith / 2.0)) / np.cos(zenith / 2.0) ** 4
    hidden = 1.0 + sea.hidden_slopes(np.cos(zenith), float(sea.slope_variance(wind))) + 0.0
    facets = light / flat * hidden
    width = slope[np.argmax(facets < facets[0] / np.e)]
    assert width**2 == pytest.approx(0.003 + 0.00512 * wind, rel=0.02)


def test_the_calm_sea_reflects_as_fresnel_and_conserves_light() -> None:
    # 2.0 percent at normal incidence, all at grazing; 1.34 is the index of sea water (Quan and Fry 1995).
    assert sea.fresnel(1.0) == pytest.approx(0.0211, abs=3e-4)
    assert sea.fresnel(0.0) == pytest.approx(1.0)
    brewster = np.cos(np.arctan(1.34))
    assert sea.fresnel(brewster) == pytest.approx(0.5 * ((1.34**2 - 1) / (1.34**2 + 1)) ** 2, rel=1e-6)
    # All that the waves reflect of a high Sun, summed over the hemisphere, is Fresnel's reflectance or a little more.
    mu, azimuth = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(720) + 0.5) / 720 * 2 * np.pi)
    for mu0 in (1.0, 0.8):
        cosine = mu * mu0 + np.sqrt((1 - mu**2) * (1 - mu0**2)) * np.cos(azimuth)
        total = (sea.glint(np.full_like(mu, mu0), mu, cosine, 5.0) * mu).mean() * 2.0 / mu0
        assert total == pytest.approx(float(sea.fresnel(mu0)), rel=0.12)


def test_clouds_reflect_as_two_stream_theory_says() -> None:
    # Meador and Weaver 1980: half of the light at (1 - g) tau = 4/3 and mu0 = 2/3, where the direct term vanishes.
    tau = 4.0 / 3.0 / (1.0 - cloud_light.ASYMMETRY)
    assert cloud_light.reflectance(tau, 2.0 / 3.0) == pytest.approx(0.5, abs=1e-6)
    depth = np.linspace(0.0, 60.0, 50)
    for mu0 in (0.05, 0.3, 1.0):
        albedo = cloud_light.reflectance(depth, mu0)
        assert albedo[0] == 0.0
        assert (np.diff(albedo) > 0.0).all()
        assert albedo[-1] < 0.95
        assert (albedo + cloud_light.beam(depth, mu0) < 1.001).all(), "no more light than there is"


def cover(image: np.ndarray) -> float:
    weight = np.cos((0.5 - (np.arange(len(image)) + 0.5) / len(image)) * np.pi)
    return float(weight @ (image[..., 0] > CODE_ZERO).mean(axis=1) / weight.sum())


@pytest.mark.parametrize("wanted", [0.2, 0.64])
def test_clouds_cover_what_is_asked_for(wanted: float) -> None:
    assert cover(cloud_map(CloudScene(wanted, 3, 90))) == pytest.approx(wanted, abs=0.02)


def test_clouds_are_reproducible_and_differ_by_seed() -> None:
    first = cloud_map(CloudScene(0.64, 3, 90))
    np.testing.assert_array_equal(first, clouds._build(CloudScene(0.64, 3, 90)))
    assert (first != cloud_map(CloudScene(0.64, 4, 90))).mean() > 0.5
    np.testing.assert_array_equal(grain_tile(), grain_tile.__wrapped__())


# Stubenrauch et al. 2013, BAMS 94, 1031, figure 3: cover of 0.8 to 0.9 over the Southern Ocean, 0.5 and less in the
# subtropics, a maximum at 5 to 10 degrees north.
def test_clouds_follow_the_climate() -> None:
    images = [cloud_map(CloudScene(0.64, seed, 90))[..., 0] > CODE_ZERO for seed in (0, 3, 4)]
    by_row = np.mean(images, axis=(0, 2))
    latitude = 90.0 - (np.arange(len(by_row)) + 0.5) / len(by_row) * 180.0

    def between(low: float, high: float) -> float:
        return float(by_row[(latitude > low) & (latitude < high)].mean())

    assert between(-65.0, -50.0) > between(-30.0, -15.0) + 0.1
    assert between(0.0, 12.0) > between(18.0, 30.0) + 0.05
    assert between(48.0, 62.0) > between(18.0, 30.0) + 0.05


def test_the_sea_is_where_an_atlas_has_it() -> None:
    maps = load_maps("earth")
    wet = {"Pacific": (0, 200), "North Atlantic": (45, -40), "Mediterranean": (35, 18), "Lake Superior": (47.6, -87)}
    dry = {"Sahara": (23, 10), "Amazon": (-4, -62), "Antarctica": (-80, 90), "Greenland": (72, -40), "Tibet": (33, 88)}
    for expected, places in ((1.0, wet), (0.0, dry)):
        for name, (lat, lon) in places.items():
            assert water_share(maps, np.radians(lat), np.radians(lon)) == pytest.approx(expected, abs=0.1), name
    # 71 percent of the Earth is sea and lakes.
    rows_of = maps.water.shape[0]
    weight = np.cos((0.5 - (np.arange(rows_of) + 0.5) / rows_of) * np.pi)
    assert weight @ (maps.water[..., 0].mean(axis=1) / 255) / weight.sum() == pytest.approx(0.71, abs=0.02)


# Lambert albedo in red, green and blue: the calibration site Libya 4 (0.43, 0.33, 0.20), rainforest, clear ocean.
@pytest.mark.parametrize(
    ("place", "albedo", "within"),
    [
        ((28.5, 23.4), (0.43, 0.33, 0.20), 0.1),
        ((-4.0, -62.0), (0.026, 0.045, 0.022), 0.35),
        ((-20.0, 240.0), (0.0008, 0.0055, 0.0235), 0.1),
    ],
    ids=["Libya 4", "Amazon", "South Pacific"],
)
def test_ground_and_sea_have_measured_tones(place, albedo, within) -> None:
    around = np.radians(np.linspace(-1.0, 1.0, 9))
    lat, lon = np.radians(place[0]) + around[:, None], np.radians(place[1]) + around
    mean = 1.5 * reflectance(load_maps("earth"), lat, lon).mean(axis=(0, 1))
    assert mean == pytest.approx(albedo, rel=within, abs=0.001)
