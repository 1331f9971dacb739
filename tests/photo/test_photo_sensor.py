"""The sensor, against the photon transfer method (EMVA 1288; Janesick 2007) and photon statistics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from figures import largest_percent

from selfiesim.astro.bodies import SOLAR_IRRADIANCE_1AU
from selfiesim.core.errors import SceneError
from selfiesim.core.rng import stream
from selfiesim.photo import sensor
from selfiesim.photo.detectors import DETECTORS, resolve_detector
from selfiesim.photo.exposure import Exposure, luminance
from selfiesim.scene.camera import CameraSection
from selfiesim.scene.photo import DetectorSection

SUN = np.array(SOLAR_IRRADIANCE_1AU)
ALL = frozenset(
    {"shot_noise", "read_noise", "dark_current", "hot_pixels", "fixed_pattern", "prnu", "cosmic_rays", "mosaic"}
)
GREY = replace(DETECTORS["cmv4000"], prnu=0.0)


def at(device, level=0.5, on=ALL, seed=0, iso=None):
    """The sensor with an exposure time that brings a white wall to ``level`` of the full well."""
    iso = iso or sensor.base_iso(device, SUN)
    shutter = level * 78.0 / (0.65 * iso * float(luminance((SUN / np.pi).astype(np.float32))))
    return sensor.configure_sensor(device, Exposure(shutter, 1.0, iso, 0.0, False), SUN, on, seed)


def flat(device, level, on, seed, size=(96, 96)):
    planes = np.broadcast_to((SUN / np.pi)[:, None, None], (3, *size)).astype(np.float32)
    return sensor.simulate_raw(planes, np.ones(size, np.float32), at(device, level, on, seed)).astype(float)


# EMVA 1288 release 4.0: the variance of the difference of two flats over twice the mean is the gain; that of two darks
# gives the read noise; the mean at which digital numbers stop rising is the full well.
def test_the_photon_transfer_curve_of_a_hundred_flats_gives_gain_read_noise_and_full_well(figure):
    on = frozenset({"shot_noise", "read_noise", "quantisation"})
    levels = np.linspace(0.05, 0.9, 48)
    pairs = [[flat(GREY, level, on, seed) for seed in (2 * n, 2 * n + 1)] for n, level in enumerate(levels)]
    dark = [flat(GREY, 1e-9, on, seed) for seed in (200, 201)]
    black = np.mean(dark)
    mean = np.array([np.mean(pair) - black for pair in pairs])
    variance = np.array([np.var(one - two) / 2.0 for one, two in pairs])
    read = np.sqrt(np.var(dark[0] - dark[1]) / 2.0 - 1.0 / 12.0)
    gain = 1.0 / np.polyfit(mean, variance, 1, w=1.0 / variance)[0]
    known = at(GREY)
    assert gain == pytest.approx(known.electrons_per_dn, rel=0.02)
    assert read * gain == pytest.approx(GREY.read_noise_e, rel=0.02)
    full = (flat(GREY, 3.0, on, 300).mean() - black) * gain
    worst = largest_percent(full, GREY.full_well_e)
    figure("photograph", "full well from 100 flats, by photon transfer", "the sensor's own", worst, 2.0, "percent")


@pytest.mark.parametrize("mean", [0.02, 0.7, 5.0, 19.9, 20.1, 60.0, 8000.0])
def test_shot_noise_has_the_mean_variance_and_skewness_of_poisson(mean):
    variates = sensor.poisson(np.full(400_000, mean, np.float32), stream(3, "test")).astype(float)
    assert variates.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / 4e5))
    assert variates.var() == pytest.approx(mean, rel=0.012 + 3 / np.sqrt(4e5 * min(mean, 1.0)))
    skew = np.mean((variates - mean) ** 3) / mean**1.5
    assert skew == pytest.approx(1.0 / np.sqrt(mean), abs=0.02 + 0.06 / mean)


# 1 W/m2/sr/nm at 550 nm through f/1 with T = 0.8276: pi/4 * 0.8276 * 90 nm = 58.5 W/m2; on (5.5 um)^2 1.77e-9 W; a
# photon has 3.612e-19 J (h c / 550 nm): 4.90e9 photons a second, of which 62 percent yield an electron.
def test_electrons_are_photons_times_quantum_efficiency():
    assert sensor.responsivity(DETECTORS["cmv4000"])[0, 1] == pytest.approx(4.90e9 * 0.62, rel=2e-3)


def test_the_detector_saturates_at_its_base_iso_and_gain_rises_with_iso():
    device = DETECTORS["small-cmos"]
    base = sensor.base_iso(device, SUN)
    assert 50 < base < 800
    assert sensor.white_electrons(at(device, 1.0), SUN).max() == pytest.approx(device.full_well_e, rel=1e-6)
    assert at(device, 1.0, iso=4 * base).full_scale_e == pytest.approx(device.full_well_e / 4, rel=1e-9)


@pytest.mark.parametrize("effect", sorted(ALL - {"mosaic"}))
def test_switching_one_noise_source_off_leaves_the_others_unchanged(effect):
    # A well so deep that nothing clips, since clipped signals do not add up.
    device = replace(DETECTORS["small-cmos"], full_well_e=1e7, hot_share=0.01, cosmic_cm2_s=1e5, dark_e_s=40.0)
    size = (130, 90)
    planes = np.broadcast_to((1e-3 * SUN / np.pi)[:, None, None], (3, *size)).astype(np.float32)

    def frame(on):
        numbers = sensor.simulate_raw(planes, np.ones(size, np.float32), at(device, 1.0, on)).astype(float)
        return numbers * at(device, 1.0).electrons_per_dn

    alone = frame(frozenset({"mosaic"}))
    # Shot noise depends on the signal after the pixels' sensitivity; all other effects add up.
    linked = {"prnu", "shot_noise"}
    base = linked if effect in linked else {effect}
    others = ALL - base
    total = frame(ALL) - frame(frozenset(others))
    assert np.abs(frame(frozenset({*base, "mosaic"})) - alone - total).max() < 1.5
    assert np.abs(total).max() > 2.0


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not():
    one, two, other = (flat(DETECTORS["small-cmos"], 0.4, ALL, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_blooming_stays_in_its_column_and_conserves_charge():
    charge = np.full((1, 50, 9), 10.0, np.float32)
    charge[0, 25, 4] = 2050.0
    before = charge.sum()
    sensor.apply_full_well(charge, 100.0, 1.0)
    assert charge.sum() == pytest.approx(before, rel=1e-5)
    assert charge.max() == 100.0
    assert (charge[0, :, [k for k in range(9) if k != 4]] == 10.0).all()
    full = np.flatnonzero(charge[0, :, 4] > 99.0)
    assert abs(full.mean() - 25) <= 1
    drained = np.array([[[10.0], [500.0], [10.0]]], np.float32)
    sensor.apply_full_well(drained, 100.0, 0.0)
    assert drained.ravel().tolist() == [10.0, 100.0, 10.0]


# 5 particles / cm2 s on 2 cm2 for 10 s are 100 +- 10 (Poisson).
def test_cosmic_rays_arrive_at_the_given_rate():
    device = replace(DETECTORS["cmv4000"], cosmic_cm2_s=5.0, pixel_pitch_um=100.0)
    size = (100, 200)
    behind = replace(at(device, 1.0, frozenset({"cosmic_rays"})), exposure=Exposure(10.0, 1.0, 100.0, 0.0, False))
    hit = (
        sensor.simulate_raw(np.zeros((3, *size), np.float32), np.ones(size, np.float32), behind) - device.black_level_dn
    )
    assert 60 < (hit > 0.5).sum() < 150


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"preset": "small-cmoss"}, "did you mean 'small-cmos'"),
        ({"preset": "retina"}, "known are small-cmos"),
    ],
)
def test_an_unknown_sensor_is_refused_by_name(table, words):
    with pytest.raises(SceneError, match=words):
        resolve_detector(DetectorSection(**table), None, None)


def test_a_known_camera_brings_its_sensor_and_scene_values_override_it():
    luke = CameraSection(preset="liciacube-luke")
    assert resolve_detector(DetectorSection(), luke.preset, luke.pixel_pitch_um).title.startswith("CMOSIS CMV2000")
    assert resolve_detector(DetectorSection(full_well_e=5000.0), luke.preset, luke.pixel_pitch_um).full_well_e == 5000.0


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_each_sensor_value_has_a_source_or_is_marked_as_assumed(name):
    known = DETECTORS[name]
    documented = set(known.sources) | set(known.assumed)
    numbers = {"pixel_pitch_um", "quantum_efficiency", "full_well_e", "read_noise_e", "dark_e_s", "prnu", "adc_bits"}
    assert numbers <= documented
    assert not set(known.sources) & set(known.assumed)
