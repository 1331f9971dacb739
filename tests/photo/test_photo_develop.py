"""Looks and development: grey and coloured cards keep their colours, and tone curves rise from black to white."""

from __future__ import annotations

import numpy as np
import pytest
from figures import largest

from selfiesim.core.colour import linear_srgb_from_bands
from selfiesim.core.errors import PhotoError, SceneError
from selfiesim.photo.demosaic import demosaic, pad_mosaic
from selfiesim.photo.finish import jpeg_round_trip, unsharp_mask
from selfiesim.photo.looks import EFFECT_FIDELITY, LOOKS, effects_report, enabled_effects
from selfiesim.photo.sensor import white_electrons
from selfiesim.photo.tone_curves import TONES, apply_lut, tone_lut
from selfiesim.render.common.radiance import Radiance
from selfiesim.scene.photo import PhotoSection
from selfiesim.scene.scene import Scene

QUIET = {
    f"effects__{name}": False
    for name in ("vignetting", "glare", "dust", "shading", "cosmic_rays", "hot_pixels", "fixed_pattern", "prnu")
}


@pytest.fixture(scope="module")
def card():
    view = Scene.load("tianwen1-mars").with_changes(camera__size_px=[96, 64]).view()

    def of(*reflectance):
        rgb = np.broadcast_to(np.array(reflectance) * view.sun.irradiance / np.pi, (64, 96, 3)).astype(np.float32)
        return Radiance(rgb, view, "draft", "made up")

    return of


def lab(srgb):
    """CIE L*a*b* (D65) of sRGB numbers 0 to 255: IEC 61966-2-1 and CIE 15:2004."""
    code = np.asarray(srgb, float) / 255.0
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    t = xyz / (0.9505, 1.0, 1.089)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def delta_e(one, two):
    """CIEDE2000 (CIE 142-2001) of two colours L*, a*, b*, after Sharma, Wu and Dalal 2005, equations 2 to 22."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    mean = 0.5 * (np.hypot(a1, b1) + np.hypot(a2, b2))
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360.0 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0.0 else (h2 - h1 + 180.0) % 360.0 - 180.0
    light, chroma = 0.5 * (l1 + l2), 0.5 * (c1 + c2)
    hue = h1 + h2 if c1 * c2 == 0.0 else h1 + 0.5 * turn
    t = 1.0 - 0.17 * np.cos(np.radians(hue - 30.0)) + 0.24 * np.cos(np.radians(2.0 * hue))
    t += 0.32 * np.cos(np.radians(3.0 * hue + 6.0)) - 0.20 * np.cos(np.radians(4.0 * hue - 63.0))
    s_l = 1.0 + 0.015 * (light - 50.0) ** 2 / np.sqrt(20.0 + (light - 50.0) ** 2)
    s_c, s_h = 1.0 + 0.045 * chroma, 1.0 + 0.015 * chroma * t
    near_blue = 30.0 * np.exp(-((((hue % 360.0) - 275.0) / 25.0) ** 2))
    r = -2.0 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(2.0 * near_blue))
    d_l, d_c = (l2 - l1) / s_l, (c2 - c1) / s_c
    d_h = 2.0 * np.sqrt(c1 * c2) * np.sin(np.radians(0.5 * turn)) / s_h
    return float(np.sqrt(d_l**2 + d_c**2 + d_h**2 + r * d_c * d_h))


# Sharma, Wu and Dalal, Color Research and Application 30 (2005) 21-30, table 1: pairs that expose wrong hue means,
# wrong signs and discontinuities.
@pytest.mark.parametrize(
    ("one", "two", "wanted"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
        ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
        ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
        ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
        ((50.0, 2.5, 0.0), (56.0, -27.0, -3.0), 31.9030),
        ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_of_colour_differences_is_ciede2000(one, two, wanted):
    assert delta_e(one, two) == pytest.approx(wanted, abs=1e-4)
    assert delta_e(two, one) == pytest.approx(wanted, abs=1e-4)


# Lightness is compared too: with the card's light through the same tone curve, without lens, sensor and mosaic.
@pytest.mark.parametrize("look", ["onboard", "press"])
@pytest.mark.parametrize("level", [0.05, 0.18, 0.6])
def test_a_grey_card_stays_grey_through_mosaic_and_development_within_one_delta_e(figure, card, look, level):
    photo = card(level, level, level).expose(look=look, meter="centre", **QUIET)
    colour = lab(photo.pixels.reshape(-1, 3).mean(axis=0))
    clean = developed_without_sensor(photo)
    assert delta_e(colour, (colour[0], 0.0, 0.0)) < 1.0
    off = delta_e(colour, lab(clean))
    figure("photograph", "grey cards through mosaic and development", "their light, CIEDE2000", off, 1.0)


@pytest.mark.parametrize("card_rgb", [(0.25, 0.17, 0.09), (0.1, 0.2, 0.3), (0.4, 0.35, 0.1)])
def test_a_coloured_card_keeps_its_colour_within_one_delta_e(figure, card, card_rgb):
    photo = card(*card_rgb).expose(look="onboard", tone="linear", meter="centre", stops=-1.0, **QUIET)
    colour = lab(photo.pixels.reshape(-1, 3).mean(axis=0))
    clean = developed_without_sensor(photo)
    off = delta_e(colour, lab(clean))
    figure("photograph", "coloured cards through mosaic and development", "their light, CIEDE2000", off, 1.0)


def developed_without_sensor(photo):
    """The card's sRGB values from its light alone; 1 is the level at which the first of the sensor's colours clips."""
    sun = photo.radiance.view.sun.irradiance
    full = (white_electrons(photo.sensor, sun) / photo.sensor.full_scale_e).max()
    linear = linear_srgb_from_bands(photo.radiance.rgb[0, 0] / (sun / np.pi)) * full
    return apply_lut(linear.astype(np.float32), tone_lut(photo.tone, 1.0, 8), 1.0)


def test_the_colour_matrix_inverts_the_sensors_overlapping_filters(card):
    light = card(0.25, 0.17, 0.09)
    quiet = QUIET | {"effects__sharpening": False, "effects__jpeg": False, "shutter_s": 1 / 1000, "iso": 400.0}
    seen = light.expose(look="onboard", tone="linear", **quiet).pixels.reshape(-1, 3).mean(axis=0)
    clean = light.expose(tone="linear", shutter_s=1 / 1000, iso=400.0).pixels.reshape(-1, 3).mean(axis=0)
    assert np.linalg.norm(lab(seen) - lab(clean)) < 1.0


def test_the_raw_look_has_the_sensors_green_cast(card):
    pixels = card(0.18, 0.18, 0.18).expose(look="raw", **QUIET).pixels.reshape(-1, 3).mean(axis=0)
    assert pixels[1] > 1.1 * max(pixels[0], pixels[2])


def test_saturated_highlights_are_white_not_pink(card):
    pixels = card(1.0, 1.0, 1.0).expose(look="onboard", stops=4.0, **QUIET).pixels
    assert pixels.min() >= 250


# Authority: colour-demosaicing, its filters of Malvar, He and Cutler 2004. Edges differ.
@pytest.mark.filterwarnings("ignore")
def test_demosaicing_agrees_with_colour_demosaicing(figure):
    from colour_demosaicing import demosaicing_CFA_Bayer_Malvar2004

    raw = np.random.default_rng(1).random((31, 44)).astype(np.float32)
    ours = demosaic(pad_mosaic(raw))[:, 2:29, 2:42]
    theirs = np.moveaxis(demosaicing_CFA_Bayer_Malvar2004(raw, "RGGB"), -1, 0)[:, 2:29, 2:42]
    figure("photograph", "colours of the mosaic, of white", "colour-demosaicing", largest(ours, theirs), 1e-6)


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("white", [1.0, 4.0])
def test_each_tone_curve_rises_from_black_to_white(tone, white):
    numbers = tone_lut(tone, white, 16).astype(int)
    assert numbers[0] == 0
    assert np.all(np.diff(numbers) >= 0)
    assert numbers[-1] >= 65535 * 0.995
    assert len(np.unique(numbers)) > 5000


def test_effects_follow_the_look_and_the_settings():
    assert enabled_effects(PhotoSection()) == frozenset()
    assert "defocus" not in enabled_effects(PhotoSection(look="onboard"))
    assert "mosaic" not in enabled_effects(PhotoSection(look="onboard"), is_colour=False)
    for name in EFFECT_FIDELITY:
        assert name in enabled_effects(PhotoSection(look="raw", effects={name: True}))
        assert name not in enabled_effects(PhotoSection(look="press", effects={name: False}))


def test_the_effects_report_lists_every_effect():
    for look in LOOKS:
        report = effects_report(PhotoSection(look=look))
        assert set(EFFECT_FIDELITY) <= set(report)
        assert {entry["is"] for entry in report.values()} <= {"physical", "approximated", "artistic", "off"}
    assert all(effects_report(PhotoSection())[name]["is"] == "off" for name in EFFECT_FIDELITY)


def test_every_effect_changes_the_picture(card):
    rng = np.random.default_rng(5)
    light = card(1.0, 1.0, 1.0)
    light.rgb.flags.writeable = True
    light.rgb[:] *= (0.05 + rng.random((8, 12, 1)).repeat(8, 0).repeat(8, 1)).astype(np.float32)
    strong = {
        "detector__hot_share": 0.01, "detector__cosmic_cm2_s": 1e6, "detector__spill": 1.0, "detector__dark_e_s": 2e4,
        "lens__defocus_px": 5.0, "lens__lateral_share": 0.01, "stops": 1.0,
    }  # fmt: skip
    whole = light.expose(look="onboard", effects__defocus=True, **strong)
    inactive = {"ghosts", "sun_disc", "rolling_shutter"}  # the Sun is behind this camera, and nothing moves
    for name in set(EFFECT_FIDELITY) - inactive:
        without = light.expose(look="onboard", **({"effects__defocus": True} | {f"effects__{name}": False}), **strong)
        assert not np.array_equal(without.pixels, whole.pixels), name


def test_sharpening_keeps_uniform_areas_and_steepens_edges():
    pixels = np.full((70, 40, 3), 100, np.uint8)
    pixels[:, 20:] = 140
    sharp = unsharp_mask(pixels, 1.0)
    assert np.array_equal(sharp[:, :19], pixels[:, :19])
    assert sharp[35, 19, 0] < 100
    assert sharp[35, 20, 0] > 140


def test_lower_jpeg_quality_loses_more():
    pixels = np.random.default_rng(2).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    assert (
        np.abs(jpeg_round_trip(pixels, 95).astype(int) - pixels).mean()
        < np.abs(jpeg_round_trip(pixels, 20).astype(int) - pixels).mean()
    )


def test_16_bit_pixels_refine_the_8_bit_pixels(card):
    light = card(0.2, 0.15, 0.1)
    for photo in (light.expose(), light.expose(look="press", effects__sharpening=False)):
        assert photo.pixels16.dtype == np.uint16
        assert np.abs(photo.pixels16 / 257.0 - photo.pixels).max() < 1.6


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("look", ["clean", "onboard"])
def test_radiance_that_is_not_finite_is_refused(card, value, look):
    light = card(0.2, 0.2, 0.2)
    rgb = light.rgb.copy()
    rgb[3, 4, 1] = value
    with pytest.raises(PhotoError, match="1 pixels are infinite or not a number"):
        Radiance(rgb, light.view, "draft", "made up").expose(look=look)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"look": "sepia"}, "photo.look"),
        ({"shutter_s": -1.0}, "photo.shutter_s"),
        ({"look": "raw", "detector__preset": "nikon"}, "unknown sensor 'nikon'"),
        ({"detector__quantum_efficiency": [[0, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]}, "must respond in at least one band"),
        ({"detector__quantum_efficiency": [[0.5, 0.5, 0.5]] * 3}, "linearly independent"),
        ({"detector__quantum_efficiency": [[1.5, 0, 0], [0, 1, 0], [0, 0, 1]]}, "between 0 and 1"),
        ({"effects__grain": True}, "unknown key"),
        ({"effects__glare": True}, "look = 'raw'"),
        ({"tone": "aces"}, "photo.tone"),
    ],
)
def test_invalid_look_settings_are_refused_by_key(card, settings, words):
    with pytest.raises(SceneError, match=words):
        card(0.2, 0.2, 0.2).expose(**settings)


@pytest.mark.parametrize("meter", ["matrix", "centre", "highlight"])
def test_the_exposure_names_its_meter(card, meter):
    photo = card(0.3, 0.3, 0.3).expose(meter=meter)
    assert f"metered: {meter}" in str(photo.exposure)


def test_the_highlight_meter_avoids_saturation_and_the_centre_meter_measures_the_centre(card):
    light = card(0.05, 0.05, 0.05)
    rgb = light.rgb.copy()
    rgb[:16, :32] *= 18.0
    spot = Radiance(rgb, light.view, "draft", "made up")
    assert spot.expose(meter="highlight", tone="linear").pixels[4, 4].max() < 250
    assert spot.expose(meter="centre").exposure.shutter_s > 3 * spot.expose(meter="highlight").exposure.shutter_s
