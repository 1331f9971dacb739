"""Planets and moons in the sky: positions and brightness."""

import numpy as np
import pytest
from skyfield.api import load
from skyfield.magnitudelib import planetary_magnitude

from selfiesim.astro.bodies import AU_M, PHOBOS, SOLAR_IRRADIANCE_1AU
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.solar_system import Almanac
from selfiesim.sky.backdrop import build_backdrop
from selfiesim.sky.magnitudes import bowell_phase, magnitude

DATES = [(2021, 12, 31), (2024, 6, 1), (2029, 3, 17), (2033, 10, 5)]
ALL = {"with_sun": True, "with_moons": True, "with_stars": True}


def names_in(de421, name):
    return de421[name if name in ("earth", "moon", "mercury", "venus", "mars") else f"{name} barycenter"]


# Skyfield's magnitudelib implements the program that Mallama and Hilton published with their paper.
@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("eye", ["earth", "mars", "venus"])
@pytest.mark.parametrize("name", ["mercury", "venus", "earth", "mars", "jupiter", "saturn"])
def test_planet_magnitudes_agree_with_mallama_and_hilton(figure, de421, name, eye, date):
    if name == eye:
        return
    seen = de421[eye].at(load.timescale(builtin=True).utc(*date)).observe(names_in(de421, name))
    published = planetary_magnitude(seen)
    if name == "mars" or np.isfinite(published):
        from_sun = seen.center_barycentric.position.m + seen.position.m
        off = abs(magnitude(name, from_sun, seen.position.m) - published)
        against = "Skyfield's magnitudelib (Mallama and Hilton 2018)"
        figure("planet", "magnitudes of planets from Venus, Earth and Mars", against, off, 0.002, "mag")


# Krisciunas and Schaefer 1991: -12.73 for the full Moon at its mean distance; Allen: -10.0 at the quarters.
@pytest.mark.parametrize(("phase_deg", "v"), [(0.0, -12.73), (90.0, -10.1)])
def test_the_moon_has_its_published_magnitude_from_earth(phase_deg, v):
    phase = np.radians(phase_deg)
    from_sun = np.array([AU_M, 0.0, 0.0])
    from_eye = 384_400e3 * np.array([np.cos(phase), np.sin(phase), 0.0])
    assert magnitude("moon", from_sun, from_eye) == pytest.approx(v, abs=0.15)


@pytest.mark.parametrize("date", DATES)
def test_planet_positions_agree_with_de421(figure, de421, date):
    moment = load.timescale(builtin=True).utc(*date)
    sky = build_backdrop(
        Almanac(), "mars", np.zeros(3), Epoch.from_utc("{}-{:02}-{:02}T00:00:00Z".format(*date)), **ALL
    )
    found = {globe.name: globe.position for globe in sky.globes}
    for name in ("mercury", "venus", "earth", "moon", "jupiter", "saturn"):
        there = names_in(de421, name).at(moment).position.m - de421["mars"].at(moment).position.m
        off = np.linalg.norm(found[name] / np.linalg.norm(found[name]) - there / np.linalg.norm(there))
        saturn = name == "saturn"
        quantity = "direction of Saturn from Mars" if saturn else "directions of the nearer planets from Mars"
        figure("planet", quantity, "JPL's DE421", np.degrees(off) * 60.0, 1.5 if saturn else 0.3, "arcmin")


# Diameter, albedo and absolute magnitude: D = 1329 km / sqrt(p) * 10^(-H/5) (Fowler and Chillemi 1992); p 0.071 and
# mean radius 11.08 km of Phobos (NASA's Mars fact sheet, IAU 2015). Its long and short axes change that by 0.25.
@pytest.mark.parametrize("hours", [0, 2, 4, 6])
def test_phobos_magnitude_follows_from_size_and_albedo(figure, hours):
    epoch = Epoch.from_utc("2021-12-31T00:00:00Z") + hours * 3600.0
    to_sun = BUILTIN_EPHEMERIS.position("sun", "mars", epoch)
    eye = 1e9 * to_sun / np.linalg.norm(to_sun) + np.array([1e8, 3e8, 0.0])
    sky = build_backdrop(Almanac(), "mars", eye, epoch, **ALL)
    (phobos,) = [globe for globe in sky.globes if globe.name == "phobos"]
    absolute = 5.0 * np.log10(1329.0 / (2.0 * 11.08 * np.sqrt(0.071)))
    phase = np.arccos(-phobos.to_sun @ phobos.position / phobos.distance)
    distance_term = 5.0 * np.log10(np.linalg.norm(to_sun) / AU_M * phobos.distance / AU_M)
    off = abs(phobos.magnitude - (absolute + distance_term - 2.5 * np.log10(bowell_phase(phase, 0.15))))
    figure("planet", "magnitude of Phobos, which is no sphere", "size, albedo, H, G", off, 0.3, "mag")


def test_phobos_is_dark_in_the_shadow_of_mars():
    magnitudes = []
    for minutes in range(0, 460, 10):
        epoch = Epoch.from_utc("2021-12-31T00:00:00Z") + 60.0 * minutes
        sun, phobos = (BUILTIN_EPHEMERIS.position(name, "mars", epoch) for name in ("sun", "phobos"))
        sunward = sun / np.linalg.norm(sun)
        behind = phobos @ sunward < 0.0 and np.linalg.norm(phobos - (phobos @ sunward) * sunward) < 3.3e6
        sky = build_backdrop(Almanac(), "mars", 5e7 * sunward, epoch, **ALL)
        (seen,) = [globe for globe in sky.globes if globe.name == "phobos"]
        assert np.isinf(seen.magnitude) == behind or not behind
        assert np.any(seen.irradiance > 0.0) != behind or not behind
        magnitudes.append(seen.magnitude)
    assert 0 < np.isinf(magnitudes).sum() < len(magnitudes) / 4


def test_the_central_body_is_not_in_the_sky():
    for body in ("mars", "phobos", "earth"):
        sky = build_backdrop(Almanac(), body, np.array([1e7, 0.0, 0.0]), Epoch.from_utc("2025-05-05T00:00:00Z"), **ALL)
        names = [globe.name for globe in sky.globes]
        assert body not in names
        assert len(names) == len(set(names)) == 8
    assert PHOBOS.name in names


def test_bodies_without_an_ephemeris_are_left_out():
    eye, epoch = np.array([1e7, 0.0, 0.0]), Epoch.from_utc("2100-01-01T00:00:00Z") + 20 * 365.25 * DAY_S
    names = [globe.name for globe in build_backdrop(Almanac(), "earth", eye, epoch, **ALL).globes]
    assert "phobos" not in names
    assert {"mars", "jupiter", "moon"} <= set(names)


# Mallama, Krobusek and Pavlov 2017, Icarus 282, 19: the disc of Mars reflects 1.47 times as much in R as in V, and that
# of the Earth 1.18 times as much in B.
@pytest.mark.parametrize(
    ("name", "ratios"), [("mars", (1.35, 0.61)), ("earth", (0.93, 1.14)), ("venus", (0.98, 0.965))]
)
def test_planets_have_the_colour_of_their_albedo(name, ratios):
    sky = build_backdrop(Almanac(), "moon", np.array([2e6, 0.0, 0.0]), Epoch.from_utc("2021-12-31T00:00:00Z"), **ALL)
    light = next(globe for globe in sky.globes if globe.name == name).irradiance / np.array(SOLAR_IRRADIANCE_1AU)
    assert (light / light[1])[[0, 2]] == pytest.approx(ratios, rel=0.02)
