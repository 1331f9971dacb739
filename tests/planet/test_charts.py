"""Charts: projections, sampling, and the recipes in their images."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim import planet
from selfiesim.core.errors import MapError, OutputError
from selfiesim.files.map_pictures import draw_chart
from selfiesim.planet.library import user_maps
from selfiesim.planet.library.charts import (
    Chart,
    height_to_normals,
    parse_chart,
    sample_bilinear,
    sample_chart,
    sample_spline,
)
from selfiesim.planet.maps.planet_maps import PlanetMaps
from selfiesim.planet.readers.conventions import Conventions


def at(chart: Chart, down: float, across: float) -> tuple[float, float]:
    """Return latitude and longitude (0..360), degrees, of a point of a chart."""
    lat, lon, _inside = chart.places(np.array([down]), np.array([across]))
    return float(np.degrees(lat[0, 0])), float(np.degrees(lon[0, 0])) % 360


# The north as seen from above: 65 N at the rim, 0 E at the bottom, east counter-clockwise.
@pytest.mark.parametrize(
    ("down", "across", "place"),
    [(1.0, 0.5, (65, 0)), (0.5, 1.0, (65, 90)), (0.0, 0.5, (65, 180)), (0.5, 0.0, (65, 270)), (0.75, 0.5, (77.5, 0))],
)
def test_the_north_pole_is_seen_from_above(down: float, across: float, place: tuple[float, float]) -> None:
    assert at(parse_chart("north", "mars"), down, across) == pytest.approx(place, abs=1e-6)


# The south likewise, from above it: 0 E at the top, east clockwise.
@pytest.mark.parametrize(
    ("down", "across", "place"), [(0.0, 0.5, (-65, 0)), (0.5, 1.0, (-65, 90)), (1.0, 0.5, (-65, 180))]
)
def test_the_south_pole_is_seen_from_above(down: float, across: float, place: tuple[float, float]) -> None:
    assert at(parse_chart("south", "mars"), down, across) == pytest.approx(place, abs=1e-6)


def test_around_a_place_north_is_up_and_distances_are_true() -> None:
    chart = parse_chart("-30,350,40", "mars")
    assert at(chart, 0.5, 0.5) == pytest.approx((-30, 350))
    assert at(chart, 0.0, 0.5) == pytest.approx((-10, 350), abs=1e-6)
    assert at(chart, 1.0, 0.5) == pytest.approx((-50, 350), abs=1e-6)
    assert 5 < at(chart, 0.5, 0.9)[1] < 10  # 16 degrees to the east, which is to the right
    for azimuth in np.linspace(0, 2 * np.pi, 50):
        lat, lon = np.radians(at(chart, 0.5 - 0.3 * np.cos(azimuth), 0.5 + 0.3 * np.sin(azimuth)))
        lat0, lon0 = np.radians([-30, 350])
        away = np.arccos(np.sin(lat) * np.sin(lat0) + np.cos(lat) * np.cos(lat0) * np.cos(lon - lon0))
        assert np.degrees(away) == pytest.approx(12.0, abs=1e-6)


def test_the_globe_has_the_prime_meridian_in_the_middle() -> None:
    chart = parse_chart("globe", "mars")
    assert at(chart, 0.5, 0.5) == pytest.approx((0, 0))
    assert at(chart, 0.25, 0.75) == pytest.approx((45, 90))
    assert chart.shape(1000) == (500, 1000)


def test_a_name_gives_its_place_and_a_suitable_width() -> None:
    korolev = parse_chart("korolev", "mars")
    assert (korolev.lat_deg, korolev.lon_deg) == (72.77, 164.58)
    assert korolev.span_deg == pytest.approx(1.6 * np.degrees(81 / 3389.5), rel=1e-3)
    assert parse_chart("Korolev, 5", "mars").span_deg == 5.0
    assert parse_chart("Zhurong", "mars").span_deg == 10.0
    assert "Korolev" in korolev.title


@pytest.mark.parametrize(
    ("patch", "body", "message"),
    [
        ("Korolov", "mars", "did you mean 'Korolev'"),
        ("Korolev,wide", "mars", "write a width in degrees after the name"),
        ("91,0,10", "mars", "latitude is -90 to 90"),
        ("0,0,0", "mars", "width 0.01 to 360"),
        ("1.2.3,0,5", "mars", "use LAT,LON,SPAN"),
        ("Tycho", "moon", "use LAT,LON,SPAN, such as"),
    ],
)
def test_an_invalid_chart_is_rejected(patch: str, body: str, message: str) -> None:
    with pytest.raises(MapError, match=message):
        parse_chart(patch, body)


def test_pixels_are_means_over_their_area() -> None:
    """Stripes much narrower than a pixel of the chart come out grey, without aliasing."""

    def stripes(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        return (np.floor(np.degrees(lon) * 4) % 2)[..., None].astype(np.float32)

    values = sample_chart(parse_chart("0,0.13,40", "mars"), 64, stripes, 720)
    assert values[8:-8, 8:-8].std() < 0.2
    coarse = sample_chart(parse_chart("0,0.13,40", "mars"), 64, stripes, 1)
    assert coarse[8:-8, 8:-8].std() > 0.4


def test_a_polar_chart_is_black_beyond_its_rim(mars: PlanetMaps) -> None:
    drawing = draw_chart(parse_chart("north", "mars"), "mars", size=100)
    assert not drawing.pixels[:10, :10].any()
    assert drawing.pixels[2:-2, 50].min() > 0


# The best reference picture of the cap: 65 N at the rim, 0 E at the bottom, east counter-clockwise.
def test_the_north_chart_agrees_with_the_reference_image(mars: PlanetMaps, reference_cap: np.ndarray) -> None:
    ours = draw_chart(parse_chart("north", "mars"), "mars", size=500).pixels.astype(float).mean(axis=2)
    expected = reference_cap.reshape(500, 2, 500, 2).mean(axis=(1, 3))
    inside = (np.hypot(*np.mgrid[-249.5:250, -249.5:250]) < 235) & (expected > 0)

    def correlation(image: np.ndarray) -> float:
        return float(np.corrcoef(image[inside], expected[inside])[0, 1])

    assert correlation(ours) > 0.8
    for rotated in (ours[::-1], ours[:, ::-1], np.rot90(ours), np.rot90(ours, 2), ours.T):
        assert correlation(rotated) < 0.6


def test_the_chart_is_exposed_like_a_photograph(mars: PlanetMaps) -> None:
    """The mean is middle grey and ice is below white, as by a light meter."""
    drawing = draw_chart(parse_chart("globe", "mars"), "mars", size=200)
    grey = drawing.pixels.mean(axis=2)
    assert 80 < np.median(grey) < 150
    assert drawing.pixels.max() < 255
    red, _green, blue = drawing.pixels[60:140].reshape(-1, 3).mean(axis=0)
    assert red > 1.2 * blue
    assert 0.5 < drawing.recipe["chart"]["reflectance_of_white"] < 2.0


def test_a_chart_carries_its_recipe(mars: PlanetMaps, tmp_path: Path) -> None:
    path = draw_chart(parse_chart("Korolev", "mars"), "mars", size=64).save(tmp_path / "k.png")
    recipe = json.loads((tmp_path / "k.json").read_text(encoding="utf-8"))
    with Image.open(path) as image:
        assert image.size == (64, 64)
        assert json.loads(image.text["selfiesim"]) == recipe
        assert image.text["Title"] == "Korolev, Mars: albedo"
    assert recipe["kind"] == "synthetic image"
    assert recipe["chart"]["center_lat_deg"] == 72.77
    assert recipe["chart"]["projection"] == "azimuthal equidistant"
    assert recipe["credits"] == [mars.credits]
    again = draw_chart(parse_chart("Korolev", "mars"), "mars", size=64).save(tmp_path / "again.png")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("size", [0, 15, 8193, -5])
def test_sizes_are_bounded(mars: PlanetMaps, size: int) -> None:
    with pytest.raises(MapError, match="a chart is 16 to 8192 pixels wide"):
        draw_chart(parse_chart("globe", "mars"), "mars", size=size)


def hill(library: Path, tmp_path: Path) -> np.ndarray:
    """Add a cone of 20 km at 20 N 30 E to the library as the elevation of Mars."""
    lat, lon = np.meshgrid(89.5 - np.arange(180), 0.5 + np.arange(360), indexing="ij")
    height = np.maximum(0, 20_000 - 2000 * np.hypot(lat - 20, (lon - 30) * np.cos(np.radians(20)))).astype("<f4")
    height.tofile(tmp_path / "h.img")
    keys = Conventions(shape=(360, 180), dtype="<f4", lon0_deg=0.0)
    # Written by hand: heights that are not those of Mars cannot be added.
    entry = user_maps.MapEntry(
        body="mars", layer="elevation", file=str(tmp_path / "h.img"), credits="Me", conventions=keys
    )
    library.mkdir(parents=True, exist_ok=True)
    (library / "hill.toml").write_text(user_maps.entry_to_toml(entry), encoding="utf-8")
    return height


def test_elevation_charts_state_their_range(library: Path, tmp_path: Path) -> None:
    hill(library, tmp_path)
    drawing = draw_chart(parse_chart("20,30,30", "mars"), "mars", "elevation", 120)
    chart = drawing.recipe["chart"]
    assert chart["lowest_m"] == pytest.approx(0, abs=300)
    assert chart["highest_m"] == pytest.approx(20_000, abs=1500)
    assert drawing.recipe["credits"] == ["Me"]
    grey = drawing.pixels.astype(float).mean(axis=2)
    assert grey[50:70, 50:70].mean() > 1.3 * grey[:10].mean()
    assert grey[40:50, 40:50].mean() > 1.1 * grey[70:80, 70:80].mean()  # lit from the upper left


def test_normals_point_down_the_slope(library: Path, tmp_path: Path) -> None:
    hill(library, tmp_path)
    pixels = draw_chart(parse_chart("20,30,16", "mars"), "mars", "normal", 64).pixels.astype(int)
    east, west, north, south = pixels[32, 48], pixels[32, 16], pixels[16, 32], pixels[48, 32]
    assert east[0] > 128 > west[0]
    assert north[1] > 128 > south[1]
    assert (pixels[..., 2] > 200).all()


# The slope of a known height on a sphere, analytically.
def test_normals_of_a_known_surface() -> None:
    lat = (0.5 - (np.arange(180) + 0.5) / 180)[:, None] * np.pi
    lon = (np.arange(360) + 0.5)[None, :] / 360 * 2 * np.pi
    radius, high = 3.4e6, 3e5
    found = height_to_normals((high * np.sin(lat) + high * np.cos(lat) * np.cos(lon)).astype(np.float32), radius)
    north = high / radius * (np.cos(lat) - np.sin(lat) * np.cos(lon))
    east = -high / radius * np.sin(lon) * np.ones_like(lat)
    expected = np.stack([-east, -north, np.ones_like(north)], -1)
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
    assert np.abs(found - expected)[5:-5].max() < 1e-3


def test_elevation_of_mars_is_built_in(library: Path, tmp_path: Path) -> None:
    chart = draw_chart(parse_chart("globe", "mars"), "mars", "elevation", 720)
    assert chart.values.shape == chart.lat_deg.shape == chart.lon_deg.shape == (360, 720)
    assert chart.values == pytest.approx(planet.height(chart.lat_deg, chart.lon_deg), abs=2000)
    assert chart.values.max() > 20_000
    assert chart.values.min() < -7_500
    assert "MOLA" in chart.recipe["credits"][0]
    chart.save(tmp_path / "h.npz")
    with np.load(tmp_path / "h.npz") as stored:
        assert np.array_equal(stored["values"], chart.values)
        assert (stored["lat_deg"][0, 0], stored["lon_deg"][0, 0]) == (89.75, -179.75)
        assert json.loads(str(stored["recipe"])) == chart.recipe
    chart.save(tmp_path / "h.tif")
    with Image.open(tmp_path / "h.tif") as image:
        assert image.mode == "F"
        assert np.array_equal(np.asarray(image), chart.values)


def test_numbers_beyond_a_polar_chart_are_not_a_number(library: Path) -> None:
    chart = draw_chart(parse_chart("south", "mars"), "mars", "elevation", 64)
    assert np.isnan(chart.values[0, 0])
    assert np.isnan(chart.lat_deg[0, 0])
    assert chart.lat_deg[32, 32] < -89


def test_slope_is_that_of_a_cone_and_relief_is_lit_from_the_upper_left(library: Path, tmp_path: Path) -> None:
    hill(library, tmp_path)
    slope = draw_chart(parse_chart("20,30,14", "mars"), "mars", "slope", 128).values
    assert slope[30, 64] == pytest.approx(np.degrees(np.arctan(2000 / 59_158)), rel=0.05)
    relief = draw_chart(parse_chart("20,30,14", "mars"), "mars", "relief", 128).values
    assert relief[40, 40] > 1.1 > 0.9 > relief[88, 88]
    east_west = draw_chart(parse_chart("globe", "mars"), "mars", "slope", 720).values
    assert np.isfinite(east_west).all()


# Smith et al. 1999, Science 284, 1495; the landing site of Zhurong: Liu et al. 2022, Nat. Astron. 6, 65.
def test_height_is_that_of_places(library: Path, tmp_path: Path) -> None:
    assert planet.height(25.066, 109.925) == pytest.approx(-4099, abs=30)
    assert planet.height([[20.0], [-45.0]], [0.0, 70.0, 100.0]).shape == (2, 3)
    with pytest.raises(ValueError, match="lat_deg must be between -90 and 90"):
        planet.height(91, 0)
    with pytest.raises(MapError, match="no elevation of earth in the library"):
        planet.height(0, 0, "earth")
    hill(library, tmp_path)
    assert planet.height(20.5, 30.5) == pytest.approx(19_000, abs=1500)
    assert planet.height(20.5, 30.5, map="hill") == planet.height(20.5, 30.5)


def test_a_tiff_holds_one_number_per_pixel(mars: PlanetMaps, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="one number per pixel"):
        draw_chart(parse_chart("globe", "mars"), "mars", size=64).save(tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_missing_elevation_says_how_to_add_it(library: Path) -> None:
    with pytest.raises(MapError, match="no elevation of earth in the library; selfiesim maps add FILE"):
        draw_chart(parse_chart("globe", "earth"), "earth", "normal")


@pytest.mark.parametrize("lookup", [sample_bilinear, sample_spline])
def test_sampling_works_across_the_seam_and_at_the_poles(lookup: Callable[..., np.ndarray]) -> None:
    lat = (0.5 - (np.arange(90) + 0.5) / 90)[:, None] * np.pi
    lon = (np.arange(180) + 0.5)[None, :] / 180 * 2 * np.pi
    grid = (np.cos(lat) * np.cos(lon - 0.3) + np.sin(lat))[..., None].astype(np.float32)
    places = np.random.default_rng(0).uniform([-1.5, -7], [1.5, 7], (500, 2)).T
    expected = np.cos(places[0]) * np.cos(places[1] - 0.3) + np.sin(places[0])
    assert np.abs(lookup(grid, *places)[..., 0] - expected).max() < 0.02
