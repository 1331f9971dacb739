"""The light of the whole Earth, summed over its disc in numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfiesim.astro.bodies import BODIES
from selfiesim.core.vectors import unit
from selfiesim.planet.earth.air import EarthColumn
from selfiesim.planet.light.weather import Weather
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.surface import Surface
from selfiesim.render.light.planet_radiance import _earth, _limb
from selfiesim.view.poses import PlanetPose

RADIUS_M = 6_371_000.0
EDGE = 1.02  # of the square that is summed, disc radii: it holds the air above the limb
FAR = 2000.0  # planet radii, from where the disc is seen


def disc(phase_deg: float, seeds: tuple[int, ...], grid: int, sides: int, cover: float = 0.64) -> np.ndarray:
    """Light (3,) of the disc relative to a white disc of its size, from sides above the equator."""
    maps, out = load_maps("earth"), []
    body = replace(BODIES["earth"], radii_m=(RADIUS_M,) * 3)
    x, y = np.meshgrid(*[((np.arange(grid) + 0.5) / grid * 2 - 1) * EDGE] * 2)
    square = x * x + y * y
    ground, air = square < 1.0, (square >= 1.0) & (square < EDGE**2)
    for seed in seeds:
        weather = Weather(
            0.14, 30_000.0, gas=1.0, cloud_cover=cover, cloud_seed=seed, solar_longitude=np.pi / 2, air=EarthColumn
        )
        planet = PlanetPose(body, np.zeros(3), np.eye(3), Surface("earth"), weather)
        for turn in np.arange(sides) * 2 * np.pi / sides:
            eye, east = np.array([np.cos(turn), np.sin(turn), 0.0]), np.array([-np.sin(turn), np.cos(turn), 0.0])
            sun = np.cos(np.radians(phase_deg)) * eye + np.sin(np.radians(phase_deg)) * east
            places = x[..., None] * east + y[..., None] * (0.0, 0.0, 1.0)
            up = places[ground] + np.sqrt(1.0 - square[ground])[:, None] * eye
            light = _earth(planet, maps, up, up, np.tile(-eye, (len(up), 1)), sun).sum(axis=0)
            start = FAR * eye
            limb = _limb(planet, RADIUS_M * start, unit(places[air] - start), sun).sum(axis=0)
            out.append((light + limb) * (2 * EDGE / grid) ** 2 / np.pi)
    return np.mean(out, axis=0)
