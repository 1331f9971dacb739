"""Colours of public spectra through development, against the colours that colour-science calculates from them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from selfiesim.core.colour import SRGB_FROM_BANDS, bands_from_linear_srgb, linear_srgb_from_bands
from selfiesim.photo.develop import develop
from selfiesim.photo.tone_curves import LUMINANCE_OF_SRGB, agx, colours_before_tone, compress_gamut
from selfiesim.render.common.radiance import Radiance
from selfiesim.scene.scene import Scene

colour = pytest.importorskip("colour", reason="colour-science comes with colour-demosaicing")

# Bands, and CIELAB (D65) from CIE 1931 under the Sun: design/fit_colour_matrix.py, with the sources.
FITTED = [
    ("Mars, bright ground", (0.2922, 0.1862, 0.0910), (51.96, 12.06, 29.32)),
    ("Mars, dark ground", (0.1948, 0.1293, 0.0739), (43.96, 9.26, 20.83)),
    ("Mars, disc", (0.2169, 0.1496, 0.0867), (46.83, 8.57, 21.28)),
    ("Mars, bright soil", (0.2401, 0.1520, 0.0793), (47.49, 11.50, 25.47)),
    ("Mars, dark soil", (0.1390, 0.0929, 0.0500), (37.70, 8.21, 20.49)),
    ("Mars, ice in a trench", (0.7305, 0.6333, 0.5268), (84.31, 4.52, 12.39)),
    ("Sunlit white", (1.0000, 1.0000, 1.0000), (100.00, 0.00, 0.00)),
    ("Leaf, green", (0.0725, 0.1136, 0.0483), (38.91, -20.30, 24.25)),
    ("Ocean, clear", (0.0213, 0.0257, 0.0427), (18.04, 2.40, -11.81)),
    ("Kapton 25 um on aluminium", (0.7621, 0.6315, 0.2077), (84.25, -4.52, 65.36)),
    ("Solar cell, silicon", (0.0256, 0.0299, 0.1181), (20.14, 22.23, -37.96)),
    ("Solar cell, GaAs", (0.0373, 0.0256, 0.0725), (19.14, 22.26, -24.39)),
    ("White paint", (0.9180, 0.9120, 0.8619), (96.51, -0.95, 2.72)),
    ("Grey paint", (0.1872, 0.1918, 0.1900), (50.83, -0.60, -0.07)),
]
HELD_OUT = [
    ("Leaf, yellowing", (0.2063, 0.2293, 0.0671), (54.50, -11.69, 44.50)),
    ("Ocean, green", (0.0224, 0.0275, 0.0319), (18.68, -2.73, -3.55)),
    ("Kapton 50 um on aluminium", (0.6874, 0.4964, 0.1404), (77.36, 6.65, 63.74)),
    ("Aluminium", (0.9090, 0.9152, 0.9208), (96.59, -0.20, -0.49)),
    ("Foliage (paint)", (0.1139, 0.1380, 0.0694), (43.15, -14.83, 22.08)),
    ("Dark skin (paint)", (0.1498, 0.0936, 0.0634), (38.13, 12.09, 13.95)),
    ("Blue sky (paint)", (0.1471, 0.1934, 0.3022), (50.38, -1.30, -21.83)),
    ("Orange (paint)", (0.5445, 0.2574, 0.0635), (61.85, 31.68, 56.68)),
    ("Orange yellow (paint)", (0.6163, 0.3936, 0.0827), (71.24, 15.27, 67.42)),
    ("Red (paint)", (0.3986, 0.0785, 0.0460), (41.14, 51.20, 26.71)),
]
LARGEST, MEAN = 1.5, 1.0
PLAIN = {"tone": "linear", "f_number": 8.0, "iso": 100.0, "shutter_s": "auto", "meter": "centre", "stops": -1.0}


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[96, 64]).view()


def photographed(view, bands, look, **settings):
    """XYZ of a card of some bands in a photograph with a linear tone and neither lens nor compression."""
    light = np.broadcast_to(np.asarray(bands) * view.sun.irradiance / np.pi, (64, 96, 3)).astype(np.float32)
    off = {} if look == "clean" else {f"effects__{name}": False for name in ("vignetting", "glare", "dust", "shading")}
    photo = Radiance(light, view, "draft", "made up").expose(look=look, **PLAIN, **off, **settings)
    linear = colour.cctf_decoding(photo.pixels16.reshape(-1, 3) / 65535.0, function="sRGB").mean(axis=0)
    return colour.RGB_to_XYZ(linear, "sRGB", apply_cctf_decoding=False)


def linear_pixels(bands):
    """Linear sRGB of bands (N, 3), a sunlit white being 1, through :func:`develop` with a linear tone."""
    codes = develop(np.asarray(bands, np.float32)[None], np.ones(3, np.float32), "linear", 16)[0]
    return colour.cctf_decoding(codes / 65535.0, function="sRGB")


def lab_of(linear):
    xyz = colour.RGB_to_XYZ(linear, "sRGB", apply_cctf_decoding=False)
    return colour.XYZ_to_Lab(xyz, colour.RGB_COLOURSPACES["sRGB"].whitepoint)


def differences(table):
    _, bands, wanted = zip(*table, strict=True)
    return colour.delta_E(lab_of(linear_pixels(bands)), np.array(wanted), method="CIE 2000")


def test_each_public_spectrum_has_its_measured_colour(figure):
    found = differences(FITTED)
    against = "their spectra, CIEDE2000 by colour-science"
    figure("planet", "colour of ground of Mars and of ice, largest difference", against, found.max(), LARGEST)
    assert found.mean() < MEAN


def test_spectra_that_were_not_fitted_are_closer_than_with_bands_as_primaries():
    bands, wanted = (np.array(column) for column in list(zip(*HELD_OUT, strict=True))[1:])
    plain = colour.delta_E(lab_of(bands), wanted, method="CIE 2000")
    found = differences(HELD_OUT)
    assert found.max() < 4.5
    assert found.mean() < 0.6 * plain.mean()


def test_spectra_of_mars_against_colour_science():
    """From the spectrum itself: bands by their definition, colour by colour-science."""
    folder = os.environ.get("SELFIESIM_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "reference")
    path = Path(folder) / "spectra.tsv"
    if not path.is_file():
        pytest.skip("no reference files (SELFIESIM_REFERENCE)")
    table = np.genfromtxt(path, skip_header=2)
    nm, sun = np.arange(380.0, 781.0), np.interp(np.arange(380.0, 781.0), table[:, 0], table[:, -1])
    weights = np.exp(-4.0 * np.log(2.0) * ((nm - np.array([[620.0], [550.0], [460.0]])) / 80.0) ** 2) * sun
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy()
    observer = observer.align(colour.SpectralShape(380.0, 780.0, 1.0))
    light = colour.SpectralDistribution(sun, nm)
    white = colour.sd_to_XYZ(colour.SpectralDistribution(np.ones(len(nm)), nm), observer, light) / 100.0
    d65 = colour.xy_to_XYZ(colour.RGB_COLOURSPACES["sRGB"].whitepoint)
    found = []
    for column in (1, 2, 3, 6, 7, 8):  # the two of HST end near 570 nm
        reflectance = np.interp(nm, table[:, 0], table[:, column])
        bands = weights @ reflectance / weights.sum(axis=1)
        xyz = colour.sd_to_XYZ(colour.SpectralDistribution(reflectance, nm), observer, light) / 100.0
        adapted = colour.chromatic_adaptation(xyz, white, d65, method="Von Kries", transform="Bradford")
        truth = colour.XYZ_to_Lab(adapted, colour.RGB_COLOURSPACES["sRGB"].whitepoint)
        found.append(float(colour.delta_E(lab_of(linear_pixels(bands[None]))[0], truth, method="CIE 2000")))
    assert max(found) < LARGEST
    assert np.mean(found) < MEAN


@pytest.mark.parametrize("look", ["clean", "onboard"])
@pytest.mark.parametrize("name", ["Mars, bright ground", "Leaf, green", "Kapton 25 um on aluminium"])
def test_whole_photographs_keep_hue_and_chroma(view, look, name):
    """Relative to the photograph's own luminance, which exposure sets."""
    _, bands, wanted = next(row for row in FITTED if row[0] == name)
    xyz, white = photographed(view, bands, look), colour.RGB_COLOURSPACES["sRGB"].whitepoint
    truth = colour.Lab_to_XYZ(np.array(wanted), white)
    shown = colour.XYZ_to_Lab(xyz * truth[1] / xyz[1], white)
    assert colour.delta_E(shown, np.array(wanted), method="CIE 2000") < 2.0


def test_neutral_stays_neutral_at_every_level_and_with_every_tone():
    grey = np.repeat(np.linspace(0.0, 1.0, 101)[:, None], 3, axis=1)
    assert np.allclose(SRGB_FROM_BANDS.sum(axis=1), 1.0, atol=1e-12)
    for tone in ("linear", "shoulder", "filmic", "agx"):
        assert np.allclose(colours_before_tone(tone).sum(axis=1), 1.0, atol=1e-6)
        codes = develop(grey[None].astype(np.float32), np.ones(3, np.float32), tone, 16)[0].astype(int)
        assert np.ptp(codes, axis=1).max() <= 4  # one step of the table


def test_bands_and_colours_are_inverse_and_no_colour_has_negative_bands():
    colours = np.random.default_rng(1).random((1000, 3))
    bands = bands_from_linear_srgb(colours)
    assert bands.min() >= 0.0
    assert np.allclose(linear_srgb_from_bands(bands), colours)
    assert linear_srgb_from_bands(bands.astype(np.float32)).dtype == np.float32


def test_colours_outside_srgb_keep_their_luminance_and_come_inside():
    outside = np.array([[0.88, -0.13, 0.02], [-0.04, 0.02, 0.9], [-0.2, 0.6, 0.1]], np.float32)
    planes = np.ascontiguousarray(outside.T[:, None, :])
    compress_gamut(planes)
    inside = planes[:, 0].T
    assert inside.min() >= 0.0
    luminance = outside @ LUMINANCE_OF_SRGB
    lit = luminance > 0.0
    assert np.allclose((inside @ LUMINANCE_OF_SRGB)[lit], luminance[lit], rtol=1e-4)


def test_colours_well_within_srgb_are_not_touched_and_the_knee_is_smooth():
    grey = 0.3
    saturation = np.linspace(0.0, 3.0, 3001, dtype=np.float32)
    planes = np.empty((3, 1, len(saturation)), np.float32)
    planes[2] = grey * (1.0 - saturation)
    planes[:2] = grey + grey * saturation * LUMINANCE_OF_SRGB[2] / (1.0 - LUMINANCE_OF_SRGB[2])
    before = planes.copy()
    compress_gamut(planes)
    assert np.array_equal(planes[..., saturation < 0.89], before[..., saturation < 0.89])
    kept = 1.0 - planes[2, 0] / grey
    steps = np.diff(kept)
    assert steps.min() > 0.0
    assert np.abs(np.diff(steps)).max() < 0.02 * steps.max()
    assert kept.max() < 1.0


def test_light_below_zero_and_without_luminance_is_black():
    planes = np.full((3, 1, 4), -0.01, np.float32)
    compress_gamut(planes)
    assert not planes.any()


@pytest.mark.parametrize("look", ["clean", "onboard"])
def test_the_light_that_is_balanced_for_comes_out_white(view, look):
    bluer, white = (0.9, 1.0, 1.3), colour.RGB_COLOURSPACES["sRGB"].whitepoint
    neutral = colour.XYZ_to_Lab(photographed(view, bluer, look, white=bluer), white)
    assert np.abs(neutral[1:]).max() < 1.0
    sunlit = colour.XYZ_to_Lab(photographed(view, (1.0, 1.0, 1.0), look, white=bluer), white)
    assert sunlit[2] > 5.0, "sunlight is yellower than that light"


def test_agx_is_steepest_at_middle_grey_and_ends_where_it_says():
    # Thirteen stops from black to white; the slope of a logistic function in its middle is a quarter of its contrast.
    stops = np.log2(0.18)
    middle = (stops + 10.0) / 13.0
    grey = 0.18 ** (1 / 2.2)
    logistic = 1.0 / (1.0 + np.exp(6.2 * middle))
    slope = grey * 0.25 * 6.2 / 13.0 / (0.5 - logistic)  # of the encoded value, per stop
    below = np.array([2.0 ** (stops - 2e-4), 0.18])
    assert np.diff(agx(below) ** (1 / 2.2)) / 2e-4 == pytest.approx(slope, rel=1e-3)
    assert agx(np.array([2.0**-10, 0.18, 8.0])) == pytest.approx([0.0, 0.18, 1.0], abs=1e-12)
