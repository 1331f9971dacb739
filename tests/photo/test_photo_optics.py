"""The lens: energy conservation, vignetting, the Airy pattern, and the Sun inside and outside the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from figures import largest_percent

from selfiesim.camera.distortion import KannalaBrandt
from selfiesim.camera.pinhole import Camera
from selfiesim.photo import optics
from selfiesim.photo.sun_glare import add_sun
from selfiesim.photo.vignetting import transmission, vignetting
from selfiesim.render.common.radiance import Radiance
from selfiesim.scene.photo import LensSection
from selfiesim.scene.scene import Scene

CAMERA = Camera.from_fov(300, 200, np.radians(70.0))
BLURS = {"diffraction": {}, "defocus": {"defocus_px": 9.0}, "glare": {"glare_share": 0.05}}


def lens(on, camera=CAMERA, f_number=8.0, **part):
    return optics.Lens(camera, LensSection(**part), f_number, 3e-6, frozenset(on))


@pytest.mark.parametrize("effect", sorted(BLURS))
def test_each_blur_conserves_energy(figure, effect):
    planes = np.zeros((3, 200, 300), np.float32)
    planes[:, 100, 150] = 1000.0
    through = optics.apply_blur(planes, lens({effect}, **BLURS[effect]))
    if effect == "glare":  # its halo extends beyond the picture; only a larger one holds all of it
        large = Camera(1600, 1600, CAMERA.fx, CAMERA.fy, 799.5, 799.5)
        planes = np.zeros((3, 1600, 1600), np.float32)
        planes[:, 800, 800] = 1000.0
        through = optics.apply_blur(planes, lens({effect}, large, glare_slope=3.5, **BLURS[effect]))
    worst = largest_percent(through.sum(axis=(1, 2)), 1000.0)
    figure("photograph", "light through defocus, diffraction and glare", "the incoming light", worst, 0.1, "percent")
    even = optics.apply_blur(np.full((3, 200, 300), 2.0, np.float32), lens({effect} - {"glare"}, **BLURS[effect]))
    assert even == pytest.approx(2.0, rel=1e-3)


# Born and Wolf, Principles of Optics, 8.5.2: first dark ring at 1.22 wavelength * f-number; 83.8 percent within.
def test_diffraction_is_airys_pattern():
    pitch = 0.5e-6
    kernel = optics.airy_kernel(8.0, pitch, 550e-9)
    radius = np.hypot(*np.meshgrid(np.arange(-24, 25), np.arange(-24, 25))) * pitch
    profile = kernel[24, 24:]
    dark = int(np.argmin(profile[:16]))
    assert dark * pitch == pytest.approx(1.22 * 550e-9 * 8.0, abs=0.6 * pitch)
    inside = kernel[radius < 1.22 * 550e-9 * 8.0].sum() / kernel.sum()
    assert inside == pytest.approx(0.838, abs=0.06)  # the kernel ends at the fourth ring, which raises the share


def test_pinhole_vignetting_is_cos4():
    share = vignetting(CAMERA, 1.0, 2.0, 0.0)
    y, x = np.mgrid[:200, :300]
    cosine = CAMERA.unproject(np.stack([x, y], -1).astype(float))[..., 2]
    assert share == pytest.approx(cosine**4, rel=2e-3)


# An equidistant fisheye, r = f a: the solid angle of a pixel is sin(a) / a / f^2, times cos(a) for a flat pupil.
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_a_fisheyes_falloff_follows_its_own_rays(power):
    camera = Camera.from_fov(300, 300, np.radians(160.0), KannalaBrandt())
    y, x = np.mgrid[:300, :300]
    angle = np.hypot(x - camera.cx, y - camera.cy) / camera.fx
    inside = angle < np.radians(75)
    share = vignetting(camera, power, 2.0, 0.0)
    assert share[inside] == pytest.approx((np.sinc(angle / np.pi) * np.cos(angle) ** power)[inside], rel=4e-3)


def test_pupil_power_defaults_to_0_for_a_fisheye_and_1_otherwise():
    camera = Camera.from_fov(300, 300, np.radians(185.0), KannalaBrandt())
    assert lens({}, camera).pupil_power == 0.0
    assert lens({}).pupil_power == 1.0
    assert lens({}, camera, pupil_power=0.5).pupil_power == 0.5


def test_mechanical_vignetting_darkens_the_corner_as_specified():
    share = vignetting(CAMERA, 0.0, 0.5, 0.2) / vignetting(CAMERA, 0.0, 2.0, 0.0)
    assert share[0, 0] == pytest.approx(0.8, abs=0.01)
    assert share[100, 150] == pytest.approx(1.0)


def test_lateral_colour_moves_red_outward_and_leaves_green():
    planes = np.zeros((3, 200, 300), np.float32)
    planes[:, 100, 20:23] = 1.0
    moved = optics.lateral_colour(planes, CAMERA, 0.005)

    def middle(plane):
        return (plane.sum(axis=0) * np.arange(300)).sum() / plane.sum()

    away = CAMERA.cx - 21.0
    assert middle(moved[0]) == pytest.approx(21.0 - 0.005 * away, abs=0.1)
    assert middle(moved[2]) == pytest.approx(21.0 + 0.005 * away, abs=0.1)
    assert np.array_equal(moved[1], planes[1])


def test_lateral_colour_conserves_energy():
    planes = np.zeros((3, 200, 300), np.float32)
    planes[:, 30:170, 40:260] = 1.0 + np.random.default_rng(2).random((140, 220), np.float32)
    moved = optics.lateral_colour(planes, CAMERA, 0.005)
    assert moved.sum(axis=(1, 2)) == pytest.approx(planes.sum(axis=(1, 2)), rel=1e-3)


def test_dust_loss_stays_within_its_limit():
    share = transmission(lens({"dust"}, dust_count=20, dust_loss=0.05))
    assert share.max() == 1.0
    assert 0.85 < share.min() < 0.99
    assert transmission(lens({})).min() == 1.0


@pytest.fixture(scope="module")
def night():
    view = Scene.load("tianwen1-mars").with_changes(camera__size_px=[300, 200], camera__horizontal_fov_deg=70.0).view()
    radiance = Radiance(np.zeros((200, 300, 3), np.float32), view, "draft", "made up")
    radiance.__dict__["_truth"] = type("Sky", (), {"depth": np.full((200, 300), np.inf)})

    def toward(pixel, **part):
        direction = view.camera.unproject(np.array(pixel, float))
        turned = replace(radiance, view=replace(view, sun=replace(view.sun, direction=direction)))
        turned.__dict__["_truth"] = radiance.truth
        return turned

    return toward


# The Sun's disc holds all of its light: irradiance over the solid angle of a pixel at the axis.
def test_the_suns_disc_has_the_suns_irradiance(night):
    radiance = night((150.0, 100.0))
    planes = np.zeros((3, 200, 300), np.float32)
    sun_lens = lens({"sun_disc"}, radiance.view.camera)
    add_sun(planes, radiance, sun_lens)
    total = planes.sum(axis=(1, 2)) * radiance.view.camera.pixel_angle**2
    assert total == pytest.approx(radiance.view.sun.irradiance, rel=1e-4)


def test_glare_grows_toward_the_sun_and_vanishes_with_the_sun_behind_the_lens(night):
    def veil(pixel, turned=1.0):
        radiance = night(pixel)
        sun = replace(radiance.view.sun, direction=radiance.view.sun.direction * (1, 1, turned))
        radiance = replace(radiance, view=replace(radiance.view, sun=sun))
        planes = np.zeros((3, 200, 300), np.float32)
        add_sun(planes, radiance, lens({"glare"}, radiance.view.camera))
        return planes.mean()

    assert veil((330.0, 100.0)) > 2 * veil((700.0, 100.0)) > 0.0
    assert veil((330.0, 100.0), turned=-1.0) == 0.0


def test_ghosts_are_in_line_with_the_sun_and_scale_with_reflectance_squared(night):
    radiance = night((40.0, 60.0))
    planes = np.zeros((3, 200, 300), np.float32)
    add_sun(planes, radiance, lens({"ghosts"}, radiance.view.camera, reflectance=0.01))
    light = planes.sum(axis=(1, 2)) * radiance.view.camera.pixel_angle**2 / radiance.view.sun.irradiance
    assert np.all(light < 5 * 0.01**2)
    assert np.all(light > 0.5 * 0.01**2)
    rows, columns = np.nonzero(planes[1] > 0.3 * planes[1].max())
    line = (rows - 99.5) * (40.0 - 149.5) - (columns - 149.5) * (60.0 - 99.5)
    assert np.abs(line).max() / np.hypot(109.5, 39.5) < 12.0
