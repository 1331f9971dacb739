"""Exposure and development, against ISO 12232, IEC 61966-2-1 and photographers' rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from selfiesim.astro.bodies import SOLAR_IRRADIANCE_1AU
from selfiesim.core.colour import linear_srgb_from_bands
from selfiesim.core.errors import SceneError
from selfiesim.photo.develop import develop, shoulder
from selfiesim.photo.exposure import MIDDLE_GREY, Exposure, luminance, metered_shutter
from selfiesim.render.common.radiance import Radiance
from selfiesim.scene.scene import Scene

FIXED = {"shutter_s": 1 / 500, "f_number": 8.0, "iso": 100.0, "stops": 0.0}


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36], photo__stops=0.0).view()


@pytest.fixture(scope="module")
def light(view):
    """A synthetic frame: half sky, half a smooth ramp of sunlit grey walls up to white."""
    rgb = np.zeros((36, 64, 3), np.float32)
    rgb[18:] = (np.linspace(0.02, 1.0, 64)[None, :, None] * view.sun.irradiance / np.pi).astype(np.float32)
    return Radiance(rgb, view, "draft", "made up")


def linear(pixels):
    """Decode 8-bit sRGB to linear light (IEC 61966-2-1)."""
    code = pixels / 255.0
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


# ISO 12232:2019: saturation speed S = 78 / H with H = 0.65 L t / N^2, so L = 78 N^2 / (0.65 S t).
# f/8, 1/125 s, ISO 100: 78 * 64 / (0.65 * 100 * 0.008) = 9600 cd/m2.
@pytest.mark.parametrize(
    ("shutter_s", "f_number", "iso", "luminance_cd_m2"),
    [
        (1 / 125, 8.0, 100.0, 9600.0),
        (1 / 125, 8.0, 200.0, 4800.0),
        (1 / 100, 16.0, 100.0, 30720.0),
        (1.0, 1.0, 120.0, 1.0),
    ],
)
def test_the_sensor_saturates_at_the_luminance_of_iso_12232(shutter_s, f_number, iso, luminance_cd_m2):
    exposure = Exposure(shutter_s, f_number, iso, 0.0, False)
    assert exposure.saturation_luminance == pytest.approx(luminance_cd_m2, rel=1e-9)


# The solar illuminance constant: 128 klx (Darula, Kittler and Gueymard 2005 have 133.3, IES 127.5).
def test_sunlight_at_one_astronomical_unit_is_about_130_klx():
    assert 122e3 < luminance(np.array(SOLAR_IRRADIANCE_1AU, np.float32)) < 140e3


# "Sunny 16": in sunlight on the ground, about 100 klx, f/16 and 1 / ISO seconds give a correct exposure. White, of
# reflectance 0.9, is then just below saturation.
def test_sunny_sixteen_puts_white_just_below_saturation():
    white = 0.9 * 100e3 / np.pi
    full = Exposure(1 / 100, 16.0, 100.0, 0.0, True).saturation_luminance
    assert 0.8 < white / full < 1.0


def test_one_stop_more_doubles_the_light(light):
    fixed = light.expose(**FIXED)
    stopped = light.expose(**FIXED | {"stops": 1.0})
    brighter = replace(light, rgb=2 * light.rgb).expose(**FIXED)
    assert stopped.exposure.shutter_s == pytest.approx(2.0 * fixed.exposure.shutter_s)
    assert stopped.exposure.stops == 1.0
    assert np.abs(stopped.pixels.astype(int) - brighter.pixels).max() <= 1
    dark = (fixed.pixels[..., 1] > 20) & (stopped.pixels[..., 1] < 180)  # below the shoulder
    assert dark.sum() > 50
    assert linear(stopped.pixels[dark]) == pytest.approx(2.0 * linear(fixed.pixels[dark]), rel=0.08)


# Reciprocity: two stops of aperture are four times the time, or four times the sensitivity.
def test_settings_of_equal_exposure_give_the_same_picture(light):
    one = light.expose(**FIXED)
    assert len(np.unique(one.pixels)) > 20
    for other in ({"f_number": 4.0, "shutter_s": 1 / 2000}, {"iso": 400.0, "shutter_s": 1 / 2000}):
        assert np.abs(light.expose(**FIXED | other).pixels.astype(int) - one.pixels).max() <= 1


def test_a_fixed_shutter_is_used_as_given_and_auto_is_metered(light):
    fixed = light.expose(**FIXED | {"shutter_s": 1 / 30})
    assert (fixed.exposure.shutter_s, fixed.exposure.metered) == (1 / 30, False)
    assert "metered" not in str(fixed.exposure)
    auto = light.expose(**FIXED | {"shutter_s": "auto"})
    assert auto.exposure.metered
    assert "1/30" not in str(auto.exposure)
    assert "metered" in str(auto.exposure)


@pytest.mark.parametrize("factor", [0.125, 0.5, 4.0, 100.0])
def test_the_meter_compensates_for_the_level_of_light(light, factor):
    auto = FIXED | {"shutter_s": "auto"}
    usual, other = light.expose(**auto), replace(light, rgb=np.float32(factor) * light.rgb).expose(**auto)
    assert other.exposure.shutter_s == pytest.approx(usual.exposure.shutter_s / factor, rel=1e-5)
    assert np.abs(other.pixels.astype(int) - usual.pixels).max() <= 1


def test_the_meter_puts_uniform_grey_at_middle_grey_regardless_of_sky(view):
    for rows in (36, 20, 8):
        rgb = np.zeros((36, 64, 3), np.float32)
        rgb[:rows] = 0.2 * view.sun.irradiance / np.pi
        photo = Radiance(rgb, view, "draft", "made up").expose(**FIXED | {"shutter_s": "auto"})
        assert linear(photo.pixels[0, 0]) == pytest.approx(MIDDLE_GREY, rel=0.03)


# The Sun's disc is 1e5 times as bright as a sunlit white wall.
def test_the_meter_ignores_the_suns_disc(light):
    auto = FIXED | {"shutter_s": "auto"}
    usual = light.expose(**auto).exposure.shutter_s
    sunny = light.rgb.copy()
    sunny[2:12, 20:30] = 1e5 * light.view.sun.irradiance / np.pi
    assert replace(light, rgb=sunny).expose(**auto).exposure.shutter_s == pytest.approx(usual, rel=1e-6)


@pytest.mark.parametrize("shutter_s", ["auto", 0.002])
def test_a_black_frame_stays_black(view, shutter_s):
    black = Radiance(np.zeros((36, 64, 3), np.float32), view, "draft", "made up")
    photo = black.expose(shutter_s=shutter_s)
    assert not photo.pixels.any()
    assert np.isfinite(photo.exposure.shutter_s)
    assert photo.exposure.shutter_s > 0.0


def test_a_frame_of_one_pixel_is_metered():
    assert metered_shutter(np.full((1, 1, 3), 0.1, np.float32), 1e4, 8.0, 100.0) > 0.0


def test_a_sunlit_white_wall_is_neutral(light):
    for shutter_s in ("auto", 1 / 500):
        pixels = light.expose(**FIXED | {"shutter_s": shutter_s}).pixels.astype(int)
        assert len(np.unique(pixels)) > 20
        assert np.ptp(pixels, axis=-1).max() <= 1


def test_red_ground_stays_red(view):
    rgb = np.broadcast_to((0.25, 0.17, 0.09) * view.sun.irradiance / np.pi, (36, 64, 3)).astype(np.float32)
    red, green, blue = linear(
        Radiance(rgb, view, "draft", "made up").expose(**FIXED | {"shutter_s": "auto"}).pixels[0, 0]
    )
    wanted = linear_srgb_from_bands(np.array([0.25, 0.17, 0.09]))
    assert red / green == pytest.approx(wanted[0] / wanted[1], rel=0.04)
    assert green / blue == pytest.approx(wanted[1] / wanted[2], rel=0.04)


# Reinhard et al. 2002, Photographic Tone Reproduction for Digital Images, eq. 4, from its definition: white maps to 1,
# and light far below white to L / (1 + L).
def test_the_shoulder_is_that_of_reinhard_begun_at_the_knee():
    light = np.array([0.05, 0.5, 1.0, 4.0, 18.5])  # in units of the room above the knee; 18.5 is white
    reinhard = light * (1.0 + light / 18.5**2) / (1.0 + light)
    assert reinhard[-1] == pytest.approx(1.0)
    assert shoulder((0.6 + 0.4 * light).astype(np.float32)) == pytest.approx(0.6 + 0.4 * reinhard, abs=1e-6)


def test_white_paint_in_sunlight_keeps_its_shading_up_to_three_stops_over_saturation():
    """With less than 250 of 255 up to a stop and a third, and still a difference between two and three stops."""
    levels = develop(
        np.repeat(np.array([[[1.0]], [[2.6]], [[4.0]], [[7.0]]], np.float32), 3, axis=2), np.ones(3, np.float32)
    )
    levels = levels[:, 0, 1].astype(int)
    assert levels[1] < 250
    assert np.all(np.diff(levels) >= 3)


def test_the_shoulder_is_linear_then_bends_smoothly_and_stays_below_saturation():
    x = np.linspace(0.0, 8.0, 80001).astype(np.float32)
    y = shoulder(x).astype(float)
    slope = np.gradient(y, x.astype(float))
    assert np.array_equal(y[x <= 0.5], x[x <= 0.5].astype(float))
    assert np.all(np.diff(y) >= 0.0)
    assert np.all(np.diff(y[x < 3.0][::100]) > 0.0)
    assert np.diff(y).max() < 1.01e-4 * 1.02
    assert np.abs(np.diff(slope[::100])).max() < 0.05
    assert y.max() <= 1.0
    assert y[-1] > 0.999


# IEC 61966-2-1: 12.92 x below 0.0031308, 1.055 x^(1/2.4) - 0.055 above.
def test_8_bit_pixels_follow_the_srgb_transfer_function():
    x = np.concatenate([np.linspace(0.0, 0.01, 3000), np.linspace(0.01, 8.5, 30000)])
    y = shoulder(x.astype(np.float32)).astype(float)
    exact = 255.0 * np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-12) ** (1 / 2.4) - 0.055)
    ours = develop(np.repeat(x[:, None, None], 3, axis=2).astype(np.float32), np.ones(3, np.float32))
    assert ours.dtype == np.uint8
    assert np.abs(ours[:, 0, 0] - exact).max() < 1.0
    assert np.all(np.diff(ours[:, 0, 1].astype(int)) >= -1)  # dither
    assert (ours[0, 0, 0], ours[-1, 0, 0]) == (0, 255)


def test_a_smooth_sky_shows_no_banding():
    """On a ramp of three steps over 300 pixels, the mean of any 8 x 8 pixels equals the ramp's."""
    ramp = np.linspace(0.20, 0.2105, 300, dtype=np.float32)
    rgb = np.broadcast_to(ramp[None, :, None], (64, 300, 3))
    exact = 255.0 * (1.055 * ramp.astype(float) ** (1 / 2.4) - 0.055)
    assert 2.0 < np.ptp(exact) < 4.0
    ours = develop(rgb, np.ones(3, np.float32), "linear").astype(float)
    blocks = ours[:, :296, 1].reshape(8, 8, 37, 8).mean(axis=(1, 3))
    assert np.abs(blocks - exact[:296].reshape(37, 8).mean(axis=1)).max() < 0.15
    below = develop(rgb[40:], np.ones(3, np.float32), "linear", first_row=40)
    assert np.array_equal(below, ours[40:])
    black = develop(np.zeros((16, 16, 3), np.float32), np.ones(3, np.float32))
    assert not black.any()


def test_extreme_and_negative_light_is_clipped():
    rgb = np.array([[[1e30, np.inf, 5.0], [-1.0, -0.0, -1e30]]], np.float32)
    assert develop(rgb, np.ones(3, np.float32)).tolist() == [[[255, 255, 255], [0, 0, 0]]]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"stop": 1.0}, "photo.stop: unknown key; did you mean 'stops'"),
        ({"stops": 21.0}, "photo.stops"),
        ({"iso": float("nan")}, "photo.iso"),
        ({"f_number": 0.0}, "photo.f_number"),
        ({"shutter_s": "manual"}, "photo.shutter_s"),
        ({"shutter_s": "fast"}, "photo.shutter_s"),
    ],
)
def test_invalid_exposure_settings_are_refused_by_key(light, settings, words):
    with pytest.raises(SceneError, match=words.replace(".", r"\.")):
        light.expose(**settings)


def test_repr_gives_size_and_exposure(light):
    assert repr(light.expose(**FIXED)).startswith("Photo(64x36, 1/500 s, f/8, ISO 100")
    assert repr(light).startswith("Radiance(64x36, draft")


def test_the_highlight_meter_puts_the_brightest_just_below_saturation():
    # ISO 12232: saturation at 78 / ISO lux seconds, the exposure behind a lens is 0.65 L t / N^2.
    grey = np.full((64, 96, 3), 0.1, np.float32)
    seconds = metered_shutter(grey, 100.0 * float(luminance(grey[0, 0])), 8.0, 100.0, "highlight")
    lux_seconds = 0.65 * float(luminance(grey[0, 0])) * seconds / 8.0**2
    assert lux_seconds / (78.0 / 100.0) == pytest.approx(0.9, rel=1e-3)
