"""Measured heights of Mars: against MOLA's own grid, published heights of places, and other spherical harmonics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from figures import Figures
from height_charts import load_spectrum, synthesize
from scipy import special
from scipy.ndimage import binary_dilation, gaussian_filter, map_coordinates, maximum_filter, minimum_filter

from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM, PolarGrid
from selfiesim.planet.places.gazetteer import load_features
from selfiesim.planet.terrain import mars_heights, small_scale
from selfiesim.planet.terrain.height_grid import HeightGrid

STEP_KM = 2.5
SMOOTHING_KM = 7.5  # rms; both sides of a comparison are smoothed to about 15 km


@pytest.fixture(scope="module")
def globe() -> np.ndarray:
    """Heights of a plate carree grid of 4 pixels per degree."""
    centre = (np.arange(1440) + 0.5) / 720 * np.pi
    return mars_heights.height(np.pi / 2 - centre[:720, None], centre[None, :])


@pytest.fixture(scope="module")
def mola(reference: Callable[[str], Path]) -> np.ndarray:
    """MOLA's grid of 4 pixels per degree, megt90n000cb (MGS-M-MOLA-5-MEGDR-L3-V1.0): metres above the areoid."""
    return np.fromfile(reference("mola_megt90n000cb_4ppd.img"), ">i2").reshape(720, 1440).astype(float)


def rms_ratio_and_correlation(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    ratio = np.sqrt((ours**2).sum() / (theirs**2).sum())
    return float(ratio), float((ours * theirs).sum() / np.sqrt((ours**2).sum() * (theirs**2).sum()))


def polar_samples(sign: int) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude of samples 1500 km around a pole, in equal-area projection."""
    count = int(3000 / STEP_KM)
    axis = ((np.arange(count) + 0.5) / count - 0.5) * 3000 / MARS_RADIUS_KM
    x, y = axis[:, None], axis[None, :]
    return sign * (np.pi / 2 - 2 * np.arcsin(np.hypot(x, y) / 2)), np.arctan2(y, x)


def smooth_slopes(samples: np.ndarray) -> np.ndarray:
    return np.stack(np.gradient(gaussian_filter(samples, SMOOTHING_KM / STEP_KM), STEP_KM * 1000))


def sample_grid(grid: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    pad, rows = 12, len(grid)
    north, south = (np.roll(band[::-1], rows, axis=1) for band in (grid[:pad], grid[-pad:]))
    tall = np.concatenate([north, grid, south])
    wide = np.concatenate([tall[:, -pad:], tall, tall[:, :pad]], axis=1)
    place = [(0.5 - lat / np.pi) * rows - 0.5 + pad, np.mod(lon / np.pi, 2) * rows - 0.5 + pad]
    return map_coordinates(wide, place, order=3)


@pytest.mark.parametrize(
    ("sign", "low", "high"), [(1, 84, 90), (1, 80, 84), (1, 66, 80), (-1, 84, 90), (-1, 80, 84), (-1, 66, 80)]
)
def test_slopes_around_the_poles_are_those_of_mola(
    figure: Figures, mola: np.ndarray, sign: int, low: float, high: float
) -> None:
    lat, lon = polar_samples(sign)
    ours, theirs = smooth_slopes(mars_heights.height(lat, lon)), smooth_slopes(sample_grid(mola, lat, lon))
    zone = (np.abs(np.degrees(lat)) >= low) & (np.abs(np.degrees(lat)) < high)
    ratio, correlation = rms_ratio_and_correlation(ours[:, zone], theirs[:, zone])
    figure("planet", "slopes at 15 km poleward of 66 degrees, correlation", "MOLA", correlation, 0.95, least=True)
    figure("planet", "slopes at 15 km poleward of 66 degrees, rms ratio less 1", "MOLA", abs(ratio - 1.0), 0.1)


def test_slopes_below_65_degrees_are_those_of_mola(figure: Figures, mola: np.ndarray, globe: np.ndarray) -> None:
    """Differences over two of MOLA's pixels of 15 km."""
    rows = slice(100, 620)
    narrow = np.cos(np.radians(89.875 - 0.25 * np.arange(720)))[rows, None]

    def slopes(height: np.ndarray) -> np.ndarray:
        north = np.gradient(height, axis=0)[rows]
        east = (np.roll(height, -1, axis=1) - np.roll(height, 1, axis=1))[rows] / (2 * narrow)
        return np.stack([east, north]) * np.sqrt(narrow)

    ratio, correlation = rms_ratio_and_correlation(slopes(globe), slopes(mola))
    figure("planet", "slopes at 15 km below 65 degrees, correlation", "MOLA", correlation, 0.95, least=True)
    figure("planet", "slopes at 15 km below 65 degrees, rms ratio less 1", "MOLA", abs(ratio - 1.0), 0.1)


def test_heights_and_their_zero_are_those_of_mola(mola: np.ndarray, globe: np.ndarray) -> None:
    weight = np.cos(np.radians(89.875 - 0.25 * np.arange(720)))[:, None] * np.ones((1, 1440))
    error = globe - mola
    assert abs(np.average(error, weights=weight)) < 5
    # 15 km of cliff in a pixel is the rest; the height itself varies by 3 km rms.
    assert np.sqrt(np.average(error**2, weights=weight)) < 100
    # The areoid has to be right in every region, not only on the mean: blocks of 15 degrees.
    coarse = (error * weight).reshape(12, 60, 24, 60).sum(axis=(1, 3)) / weight.reshape(12, 60, 24, 60).sum(axis=(1, 3))
    assert np.sqrt((coarse[1:-1] ** 2).mean()) < 6


# Zhurong: Liu et al. 2022, Nat. Astron. 6, 65. Viking and Pathfinder: Golombek et al. 2003, J. Geophys. Res. 108,
# 8072; InSight: Golombek et al. 2020, Earth Space Sci. 7, e2020EA001248 (both recalled, not checked).
@pytest.mark.parametrize(
    ("name", "lat_deg", "lon_deg", "height_m"),
    [
        ("Zhurong", 25.066, 109.925, -4099),
        ("InSight", 4.502, 135.623, -2613),
        ("Viking 1", 22.27, 312.05, -3627),
        ("Viking 2", 47.64, 134.29, -4505),
        ("Pathfinder", 19.13, 326.78, -3682),
    ],
)
def test_landing_sites_have_their_published_heights(name: str, lat_deg: float, lon_deg: float, height_m: float) -> None:
    assert float(mars_heights.height(np.radians(lat_deg), np.radians(lon_deg))) == pytest.approx(height_m, abs=30)


def extremes(globe: np.ndarray, south: float, north: float, west: float, east: float) -> tuple[float, float]:
    part = globe[int((90 - north) * 4) : int((90 - south) * 4), int(west * 4) : int(east * 4)]
    return float(part.min()), float(part.max())


# "Mars Geodetic Parameters from MOLA", NASA Goddard, tharsis.gsfc.nasa.gov/geodesy.html.
@pytest.mark.parametrize(
    ("box", "summit_m"),
    [
        ((15, 22, 222, 230), 21183),  # Olympus Mons
        ((8, 15, 252, 260), 18201),  # Ascraeus Mons
        ((-2, 4, 243, 250), 14122),  # Pavonis Mons
        ((-12, -5, 235, 243), 17404),  # Arsia Mons
    ],
)
def test_summits_have_their_published_heights(
    globe: np.ndarray, box: tuple[float, float, float, float], summit_m: float
) -> None:
    assert extremes(globe, *box)[1] == pytest.approx(summit_m, abs=250)


def test_basins_canyons_and_poles_have_their_published_heights(globe: np.ndarray) -> None:
    # Hellas: -8200 m in the small Badwater crater (Smith et al. 1999, Science 284, 1495).
    assert extremes(globe, -50, -28, 50, 85)[0] == pytest.approx(-8200, abs=300)
    # Valles Marineris: lowest point -5310 m (same page as the summits); 8 km and more below its rims.
    low, high = extremes(globe, -16, -3, 280, 305)
    assert low == pytest.approx(-5310, abs=400)
    assert high - low > 8000
    # North pole: MOLA's polar grids have -1950 to -2000 m.
    assert float(mars_heights.height(np.pi / 2, 0.0)) == pytest.approx(-1975, abs=40)


# ESA, "A winter wonderland in red and white", 20 December 2018: 82 km wide; the floor is 2 km below the rim, and a
# mound of ice fills the middle. Waves of 30 km round the walls off (design/mars_heights.md).
def test_korolev_has_a_rim_a_moat_and_a_mound() -> None:
    lat0, lon0 = np.radians(72.77), np.radians(164.58)
    bearing = np.radians(np.arange(0, 360, 3))[:, None]
    arc = np.arange(0, 60, 1.0)[None, :] / MARS_RADIUS_KM
    lat = lat0 + arc * np.cos(bearing)
    around = mars_heights.height(lat, lon0 + arc * np.sin(bearing) / np.cos(lat))
    profile = around.mean(axis=0)
    moat = 15 + int(profile[15:38].argmin())
    assert 20 < moat < 32
    assert 40 < 35 + int(profile[35:].argmax()) < 52
    assert np.median(around[:, 36:].max(axis=1) - around[:, 15:38].min(axis=1)) > 900
    assert profile[:5].mean() - profile[moat] > 400


@pytest.fixture(scope="module")
def rippled() -> HeightGrid:
    """The harmonics to degree 719, with a taper as long as the slopes bear and nothing else against ripples."""
    coefficients = load_spectrum().for_cubic_spline(1024).heights(1024)
    return HeightGrid.from_coefficients(coefficients, mars_heights.SHORTEST_KM)


def test_level_ground_beside_cliffs_does_not_ripple(mola: np.ndarray, globe: np.ndarray, rippled: HeightGrid) -> None:
    """Ground that MOLA has level to 120 m over 45 km, within 50 km of a step of 500 m; design/mars_heights.md."""
    ends = {"mode": ("nearest", "wrap")}
    level = maximum_filter(mola, 3, **ends) - minimum_filter(mola, 3, **ends) < 120
    steps = maximum_filter(mola, 2, **ends) - minimum_filter(mola, 2, **ends) > 500
    disc = np.hypot(*np.mgrid[-4:5, -4:5]) <= 3.5
    beside = level & binary_dilation(steps, disc)
    beside[:100] = beside[620:] = False
    assert beside.sum() > 20_000
    lat = np.pi / 2 - (np.arange(720) + 0.5) / 720 * np.pi
    before = rippled.at(lat[:, None], ((np.arange(1440) + 0.5) / 720 * np.pi)[None, :])
    error = [np.sqrt(((each - mola)[beside] ** 2).mean()) for each in (before, globe)]
    assert error[1] < 0.7 * error[0]
    assert error[1] < 30


def test_craters_are_those_of_mola_in_their_middles(mola: np.ndarray, rippled: HeightGrid) -> None:
    """Korolev's mound; and in most craters the middle is nearer to MOLA's than the harmonics alone would be."""
    at = np.radians(72.77), np.radians(164.58)
    assert float(mars_heights.height(*at)) == pytest.approx(float(sample_grid(mola, *np.atleast_2d(at).T)[0]), abs=150)
    sites = [each for each in load_features() if each.kind == "crater" and 36 < each.diameter_km < 120]
    step = np.array([-8.0, 0.0, 8.0])[:, None] / MARS_RADIUS_KM
    lat = np.radians([each.lat_deg for each in sites]) + step
    lon = np.radians([each.lon_deg for each in sites]) + 0 * step
    theirs = sample_grid(mola, lat, lon)
    both = rippled.at(lat, lon), mars_heights.height(lat, lon)
    before, now = (np.abs((each - theirs).mean(axis=0)) for each in both)
    assert len(now) > 40
    assert np.median(now) < 0.8 * np.median(before)


def test_synthesis_agrees_with_legendre_functions_of_scipy() -> None:
    if not hasattr(special, "sph_legendre_p_all"):
        pytest.skip("scipy before 1.15")
    degrees, rows = 81, 256
    table = mars_heights.load_coefficients()[:degrees, :degrees]
    order = np.arange(degrees)
    # scipy's functions have unit norm and the Condon-Shortley phase.
    norm = np.where(order % 2, -1, 1) * np.sqrt(np.where(order, 8, 4) * np.pi)
    globe = mars_heights.HeightSpectrum.from_harmonics(table).heights(rows)
    for row, column in ((0, 17), (30, 400), (128, 222), (200, 1), (255, 99)):
        colatitude, lon = (row + 0.5) / rows * np.pi, (column + 0.5) / rows * np.pi
        legendre = special.sph_legendre_p_all(degrees - 1, degrees - 1, colatitude)[0][:, order] * norm
        expected = (legendre * table * np.exp(1j * order * lon)).real.sum()
        assert globe[row, column] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("degree", [1, 100, 400, mars_heights.MAX_DEGREE])
def test_functions_obey_the_addition_theorem(degree: int) -> None:
    """The squares of a degree's functions sum to 2 l + 1 everywhere, and each is even or odd about the equator."""
    unit = np.zeros((degree + 1, degree + 1), complex)
    unit[degree] = 1
    functions = mars_heights.order_profiles(unit, 720).real
    assert np.abs((functions**2).sum(axis=1) / (2 * degree + 1) - 1).max() < 1e-6
    assert np.abs(functions[::-1] - functions * (-1.0) ** (degree + np.arange(degree + 1))).max() < 1e-9


def test_gradient_is_the_slope_of_the_heights() -> None:
    rows = 2048  # fine enough for differences
    spectrum = load_spectrum(100)
    height = spectrum.heights(rows)
    east, north = spectrum.gradient(rows)
    step = np.pi / rows * MARS_RADIUS_KM * 1000
    narrow = np.cos((0.5 - (np.arange(rows) + 0.5) / rows) * np.pi)[:, None]
    inner = slice(100, -100)
    assert np.abs(-np.gradient(height, step, axis=0) - north)[inner].max() < 0.003
    along = (np.roll(height, -1, axis=1) - np.roll(height, 1, axis=1)) / (2 * step * narrow)
    assert np.abs(along - east)[inner].max() < 0.003


def test_places_grid_and_polar_patch_agree() -> None:
    rows = mars_heights.GRID_ROWS
    globe = mars_heights.load_sharp_spectrum().heights(rows)
    row, column = np.array([0, 5, 700, 1300, 2047]), np.array([0, 4095, 1000, 2047, 3])
    lat, lon = (0.5 - (row + 0.5) / rows) * np.pi, (column + 0.5) / rows * np.pi
    assert np.abs(mars_heights.height(lat, lon) - globe[row, column]).max() < 0.05
    assert mars_heights.height(lat, lon + 2 * np.pi) == pytest.approx(mars_heights.height(lat, lon))
    for north in (True, False):
        grid = PolarGrid(64, np.radians(22.0))
        patch = mars_heights.load_grid().on_polar_grid(grid, north)
        sign = 1 if north else -1
        here = sign * (np.pi / 2 - grid.colatitude())
        assert patch == pytest.approx(mars_heights.height(here, grid.longitude()), abs=0.1)
        middle = float(mars_heights.height(sign * np.pi / 2, 0.0))
        assert patch[31:33, 31:33].mean() == pytest.approx(middle, abs=400)


def test_taper_keeps_a_peak_from_ringing() -> None:
    """Fifteen degrees and more from a point at the pole, the rings are smaller with the taper."""
    degrees = 180

    def rings(weight: np.ndarray) -> float:
        point = np.zeros((degrees, degrees), complex)
        point[:, 0] = np.sqrt(2 * np.arange(degrees) + 1) * weight
        profile = mars_heights.order_profiles(point, 720)[:, 0].real
        return float(np.sqrt((profile[60:300] ** 2).mean()) / profile[0])

    assert rings(mars_heights.taper(degrees)) < 0.33 * rings(np.ones(degrees))


def test_coarse_grids_leave_out_what_they_cannot_hold() -> None:
    fine = synthesize(720)
    coarse = synthesize(90)
    assert np.sqrt(((fine.reshape(90, 8, 180, 8).mean(axis=(1, 3)) - coarse)[3:-3] ** 2).mean()) < 250
    assert coarse.max() < fine.max()


# Aharonson, Zuber and Rothman 2001, J. Geophys. Res. 106, 23723: Amazonis Planitia is the smoothest large plain; the
# northern plains are smooth, the highlands rough.
def test_small_scale_relief_is_rough_where_the_planet_is() -> None:
    lat, lon = np.radians([25, 60, 25, -20, 5]), np.radians([200, 30, 110, 20, 40])
    amazonis, vastitas, utopia, noachis, sabaea = small_scale.small_scale_slope(lat, lon, 5.0)
    assert amazonis < min(noachis, sabaea) / 6
    assert max(vastitas, utopia) < min(noachis, sabaea) / 4


def test_small_scale_relief_continues_the_heights_and_follows_its_power_law() -> None:
    rng = np.random.default_rng(4)
    lat, lon = np.arcsin(rng.uniform(-1, 1, 200)), rng.uniform(0, 2 * np.pi, 200)
    at_band = small_scale.small_scale_slope(lat, lon, small_scale.BAND_KM)
    gentle = at_band < 0.99 * small_scale.STEEPEST
    assert at_band[gentle] == pytest.approx(small_scale.band_slope(lat, lon)[gentle])
    growth = small_scale.small_scale_slope(lat, lon, 2.0) / small_scale.small_scale_slope(lat, lon, 8.0)
    assert growth == pytest.approx(4 ** ((3 - small_scale.spectral_exponent(lat)) / 2))


def test_roughness_of_the_band_is_that_of_the_heights() -> None:
    """The shipped map against slopes of the same degrees around two places, one rough and one smooth."""
    low, high = small_scale.BAND_DEGREES
    table = mars_heights.load_coefficients()[:high, :high]
    table[:low] = 0
    rows = 1440
    east, north = mars_heights.HeightSpectrum.from_harmonics(table).gradient(rows)
    for lat_deg, lon_deg in ((-20, 20), (25, 200)):
        row, column = int((90 - lat_deg) * 8), lon_deg * 8
        near = (slice(row - 32, row + 32), slice(column - 32, column + 32))
        octave = np.sqrt((east[near] ** 2 + north[near] ** 2).mean() / np.log2(high / low))
        ours = float(small_scale.band_slope(np.radians(lat_deg), np.radians(lon_deg)))
        assert ours == pytest.approx(octave, rel=0.25)


# Tanaka 1986, table 2: over 400 craters of 5 km per 10^6 km^2 on Middle Noachian ground, under 25 on Middle Amazonian.
def test_craters_are_sparse_on_young_ground_and_absent_on_the_cap() -> None:
    lat, lon = np.radians([5, 25, 0, 88]), np.radians([40, 200, 250, 0])
    sabaea, amazonis, tharsis, cap = small_scale.crater_density(lat, lon)
    assert 250 < sabaea < 400
    assert amazonis < 25
    assert tharsis < 60
    assert cap == 0
    assert small_scale.crater_density(lat, lon, small_scale.RESOLVED_KM).max() == 0
