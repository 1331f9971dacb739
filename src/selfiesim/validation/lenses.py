"""Lenses, sensor and radio link, against their laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfiesim.analysis.radio import path_loss_db
from selfiesim.astro.bodies import SOLAR_IRRADIANCE_1AU
from selfiesim.camera.distortion import BrownConrady, KannalaBrandt
from selfiesim.camera.pinhole import Camera
from selfiesim.core.rng import stream
from selfiesim.photo import optics, sensor
from selfiesim.photo.detectors import DETECTORS
from selfiesim.photo.exposure import Exposure, luminance
from selfiesim.photo.vignetting import vignetting
from selfiesim.scene.photo import LensSection
from selfiesim.validation.registry import Measured, check

BARREL = BrownConrady.from_opencv([-0.28, 0.09, 1e-3, -5e-4, -0.01])
FISHEYE = KannalaBrandt((0.03, -0.01, 0.002, 0.0))


def rays_to(limit: float) -> np.ndarray:
    """Return rays (N, 3) at all directions up to an angle from the axis."""
    angle, turn = (grid.ravel() for grid in np.meshgrid(np.linspace(0.0, limit, 40), np.linspace(0.0, 6.2, 24)))
    return np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=-1)


@check("lenses", "pixel of a ray through a pinhole, up to 80 degrees", "x = f X / Z + c")
def pinhole() -> Measured:
    """Largest difference, pixels."""
    camera, rays = Camera.from_fov(1920, 1080, np.radians(70.0)), rays_to(np.radians(80.0))
    law = camera.fx * rays[:, :2] / rays[:, 2:] + [camera.cx, camera.cy]
    return Measured(float(np.abs(camera.project(rays) - law).max()), 0.0, 1e-8, "px")


@check("lenses", "image height of an equidistant fisheye at 90 degrees", "r = f theta")
def fisheye_height() -> Measured:
    """Height in focal lengths."""
    camera = Camera.from_fov(1000, 1000, np.radians(180.0), KannalaBrandt((0.0, 0.0, 0.0, 0.0)))
    edge = camera.project(np.array([[1.0, 0.0, 1e-12]]))[0, 0]
    return Measured(float((edge - camera.cx) / camera.fx), float(np.pi / 2.0), 1e-9)


@check("lenses", "pixel to ray to pixel, with distortion", "the same pixel")
def round_trip() -> Measured:
    """Largest difference, pixels."""
    worst = 0.0
    for lens in (BARREL, FISHEYE):
        camera = Camera.from_fov(1920, 1080, np.radians(90.0), lens)
        pixels = np.stack(np.meshgrid(np.linspace(0, 1919, 40), np.linspace(0, 1079, 24)), axis=-1).reshape(-1, 2)
        worst = max(worst, float(np.abs(camera.project(camera.unproject(pixels)) - pixels).max()))
    return Measured(worst, 0.0, 1e-8, "px")


@check("lenses", "light at the corner of a wide pinhole", "cosine to the fourth power")
def cos4() -> Measured:
    """Largest difference over the picture."""
    camera = Camera.from_fov(300, 200, np.radians(70.0))
    y, x = np.mgrid[:200, :300]
    cosine = camera.unproject(np.stack([x, y], axis=-1).astype(float))[..., 2]
    return Measured(float(np.abs(vignetting(camera, 1.0, 2.0, 0.0) - cosine**4).max()), 0.0, 2e-3)


@check("lenses", "first dark ring of diffraction at f/8, 550 nm", "Airy: 1.22 wavelength times f-number, 5.37 um")
def airy() -> Measured:
    """Radius, um, to the pixel of 0.5 um."""
    profile = optics.airy_kernel(8.0, 0.5e-6, 550e-9)[24, 24:]
    return Measured(0.5 * int(np.argmin(profile[:16])), 5.37, 0.3, "um")


@check("power", "light through diffraction and defocus", "none is lost")
def blur_keeps_light() -> Measured:
    """Light that arrives, as a share."""
    planes = np.zeros((3, 200, 300), np.float32)
    planes[:, 100, 150] = 1000.0
    camera = Camera.from_fov(300, 200, np.radians(70.0))
    lens = optics.Lens(camera, LensSection(defocus_px=9.0), 8.0, 3e-6, frozenset({"diffraction", "defocus"}))
    shares = optics.apply_blur(planes, lens).sum(axis=(1, 2)) / 1000.0
    return Measured(float(shares[np.argmax(np.abs(shares - 1.0))]), 1.0, 1e-3)


def _flat(level: float, seed: int, on: frozenset[str]) -> np.ndarray:
    """Return a picture (96, 96) of an even wall at a share of the full well."""
    device, sun = replace(DETECTORS["cmv4000"], prnu=0.0), np.array(SOLAR_IRRADIANCE_1AU)
    iso = sensor.base_iso(device, sun)
    shutter = level * 78.0 / (0.65 * iso * float(luminance((sun / np.pi).astype(np.float32))))
    known = sensor.configure_sensor(device, Exposure(shutter, 1.0, iso, 0.0, False), sun, on, seed)
    planes = np.broadcast_to((sun / np.pi)[:, None, None], (3, 96, 96)).astype(np.float32)
    return sensor.simulate_raw(planes, np.ones((96, 96), np.float32), known).astype(float)


NOISE = frozenset({"shot_noise", "read_noise", "quantisation"})


@check("sensor", "gain of the CMV4000 by photon transfer, 48 pairs of flats", "EMVA 1288: variance over mean")
def photon_transfer() -> Measured:
    """Gain over that of the sensor's own settings."""
    levels = np.linspace(0.05, 0.9, 48)
    pairs = [[_flat(level, seed, NOISE) for seed in (2 * n, 2 * n + 1)] for n, level in enumerate(levels)]
    black = np.mean([_flat(1e-9, seed, NOISE) for seed in (200, 201)])
    mean = np.array([np.mean(pair) - black for pair in pairs])
    variance = np.array([np.var(one - two) / 2.0 for one, two in pairs])
    gain = 1.0 / np.polyfit(mean, variance, 1, w=1.0 / variance)[0]
    device, sun = DETECTORS["cmv4000"], np.array(SOLAR_IRRADIANCE_1AU)
    known = sensor.configure_sensor(device, Exposure(1.0, 1.0, sensor.base_iso(device, sun), 0.0, False), sun, NOISE, 0)
    return Measured(float(gain / known.electrons_per_dn), 1.0, 0.02)


@check("sensor", "read noise of the CMV4000 from two dark pictures", "EMVA 1288; the sensor is set to 13 electrons")
def read_noise() -> Measured:
    """Noise over the sensor's own."""
    one, two = (_flat(1e-9, seed, NOISE) for seed in (200, 201))
    device, sun = DETECTORS["cmv4000"], np.array(SOLAR_IRRADIANCE_1AU)
    known = sensor.configure_sensor(device, Exposure(1.0, 1.0, sensor.base_iso(device, sun), 0.0, False), sun, NOISE, 0)
    noise = float(np.sqrt(np.var(one - two) / 2.0 - 1.0 / 12.0)) * known.electrons_per_dn
    return Measured(noise, device.read_noise_e, 0.03 * device.read_noise_e, "e-")


@check("sensor", "photon noise, mean 0.7 to 8000 electrons", "Poisson: the variance is the mean")
def photon_noise() -> Measured:
    """Variance over mean, where it is farthest from 1."""
    ratios = []
    for mean in (0.7, 5.0, 60.0, 8000.0):
        variates = sensor.poisson(np.full(400_000, mean, np.float32), stream(3, "validate")).astype(float)
        ratios.append(float(variates.var() / mean))
    return Measured(max(ratios, key=lambda ratio: abs(ratio - 1.0)), 1.0, 0.02)


@check(
    "radio", "loss of power over 6 km at 2.4 GHz", "ITU-R P.525, worked example of the I-O Wireless WBC11: 115.67 dB"
)
def path_loss() -> Measured:
    """Free-space loss, dB."""
    return Measured(path_loss_db(6000.0, 2400.0), 115.67, 0.06, "dB")
