"""Bodies that cast a shadow on a planet's ground: its moons, or for a moon its planet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.astro.bodies import SUN_RADIUS_M, Body
from selfiesim.astro.ephemeris import Ephemeris
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.solar_system import find_body
from selfiesim.core.vectors import Vector
from selfiesim.sky.backdrop import OCCULTING_BODIES, has_ephemeris


@dataclass(frozen=True)
class ShadowCaster:
    """A body between the Sun and a planet's ground.

    Attributes
    ----------
    position : (3,)
        Centre of the body from the planet's centre, m, planet-fixed axes.
    radius : float
        Radius, m, of the disc with the area of its silhouette seen from the Sun.
    to_sun : (3,)
        Unit vector from the planet's centre to the Sun's, planet-fixed axes.
    sun_radius : float
        Angular radius of the Sun's disc, rad.
    has_air : bool
        Whether it is the Earth, whose air refracts light into its shadow (:mod:`selfiesim.sky.earth_shadow`).
    """

    position: Vector
    radius: float
    to_sun: Vector
    sun_radius: float
    has_air: bool = False


def find_shadow_casters(ephemeris: Ephemeris, body: Body, epoch: Epoch) -> tuple[ShadowCaster, ...]:
    """Return the bodies whose shadow or penumbra touches ``body``; usually none."""
    found = []
    to_bodyfixed = icrf_to_bodyfixed(body, epoch)
    for name in OCCULTING_BODIES.get(body.name, ()):
        if not has_ephemeris(ephemeris, name, body.name, epoch):
            continue
        sun = ephemeris.position("sun", body.name, epoch)
        distance = float(np.linalg.norm(sun))
        toward, angle = sun / distance, float(np.arcsin(SUN_RADIUS_M / distance))
        position = ephemeris.position(name, body.name, epoch)
        caster = find_body(name)
        radius = _silhouette_radius(caster, icrf_to_bodyfixed(caster, epoch) @ toward)
        along = float(position @ toward)
        offset = float(np.linalg.norm(position - along * toward))
        largest = max(body.radii_m)
        if along > 0.0 and offset < largest + radius + (along + largest) * np.tan(angle):
            found.append(ShadowCaster(to_bodyfixed @ position, radius, to_bodyfixed @ toward, angle, name == "earth"))
    return tuple(found)


def _silhouette_radius(body: Body, toward: Vector) -> float:
    """Return the radius (m) of a disc with the area of the body's silhouette along ``toward`` (3,), body axes."""
    a, b, c = body.radii_m
    x, y, z = toward
    return float((((b * c * x) ** 2) + ((a * c * y) ** 2) + ((a * b * z) ** 2)) ** 0.25)
