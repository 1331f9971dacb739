"""Colours of Mars' ground and ice in the maps, as a viewer sees them, against measured spectra by colour-science."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.core.colour import linear_srgb_from_bands
from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance

colour = pytest.importorskip("colour", reason="colour-science comes with colour-demosaicing")

# CIELAB (D65) from CIE 1931 under the Sun: Singer et al. 1979; ice in Phoenix's trench (design/fit_colour_matrix.py).
BRIGHT, DARK, ICE = (51.96, 12.06, 29.32), (43.96, 9.26, 20.83), (84.31, 4.52, 12.39)
LARGEST = 1.5
WHITE = colour.RGB_COLOURSPACES["sRGB"].whitepoint


def lab(bands):
    return colour.XYZ_to_Lab(colour.RGB_to_XYZ(linear_srgb_from_bands(bands), "sRGB", apply_cctf_decoding=False), WHITE)


def at_luminance(bands, wanted):
    """Bands (3,) scaled to the luminance of a CIELAB colour."""
    xyz = colour.RGB_to_XYZ(linear_srgb_from_bands(bands), "sRGB", apply_cctf_decoding=False)
    return bands * colour.Lab_to_XYZ(np.array(wanted), WHITE)[1] / xyz[1]


@pytest.fixture(scope="module")
def ground(mars: PlanetMaps):
    """All bare ground of the globe within 60 degrees of the equator, (N, 3), as the map holds it."""
    lat, lon = np.radians(np.linspace(-60, 60, 400))[:, None], np.linspace(0, 2 * np.pi, 800)
    return reflectance(mars, lat, lon).reshape(-1, 3).astype(float)


@pytest.mark.parametrize("wanted", [BRIGHT, DARK], ids=["bright", "dark"])
def test_ground_as_bright_as_a_spectrum_has_its_colour(ground, wanted):
    luminance = colour.Lab_to_XYZ(np.array(wanted), WHITE)[1]
    xyz = colour.RGB_to_XYZ(linear_srgb_from_bands(ground), "sRGB", apply_cctf_decoding=False)
    alike = ground[np.abs(xyz[:, 1] / luminance - 1.0) < 0.03]
    assert len(alike) > 1000
    found = lab(at_luminance(alike.mean(axis=0), wanted))
    assert colour.delta_E(found, np.array(wanted), method="CIE 2000") < LARGEST
    # Pixel by pixel the 8-bit codes of the map add a little.
    each = colour.delta_E(lab(alike * luminance / (xyz[:, 1:2][np.abs(xyz[:, 1] / luminance - 1.0) < 0.03])),
                          np.array(wanted), method="CIE 2000")  # fmt: skip
    assert each.max() < 2.0


def test_bright_ground_has_the_hue_and_chroma_of_its_spectrum(ground):
    luminance = colour.Lab_to_XYZ(np.array(BRIGHT), WHITE)[1]
    xyz = colour.RGB_to_XYZ(linear_srgb_from_bands(ground), "sRGB", apply_cctf_decoding=False)
    _, a, b = lab(at_luminance(ground[np.abs(xyz[:, 1] / luminance - 1.0) < 0.03].mean(axis=0), BRIGHT))
    assert np.degrees(np.arctan2(b, a)) == pytest.approx(68.0, abs=1.0)
    assert np.hypot(a, b) == pytest.approx(32.0, abs=1.0)


def test_ice_is_cream(mars: PlanetMaps):
    """The cap at 87 to 89 degrees north, at the luminance of the ice of the spectrum."""
    lat, lon = np.radians(np.linspace(87, 89, 60))[:, None], np.linspace(0, 2 * np.pi, 200)
    places = reflectance(mars, lat, lon).reshape(-1, 3).astype(float)
    ice = places[places[:, 1] > 0.95 * albedo.ICE_REFLECTANCE[1]].mean(axis=0)
    assert colour.delta_E(lab(at_luminance(ice, ICE)), np.array(ICE), method="CIE 2000") < LARGEST
