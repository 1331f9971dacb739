"""What may throw its shadow on a planet's ground: its moons, or for a moon its planet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.astro.bodies import BODIES, SUN_RADIUS_M, Body
from selfiesim.astro.ephemeris import Ephemeris
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.core.vectors import Vector
from selfiesim.sky.backdrop import OCCULTING_BODIES, has_ephemeris


@dataclass(frozen=True)
class ShadowCaster:
    """A body between the Sun and a planet's ground.

    Attributes
    ----------
    position : (3,)
        From the planet's centre, m, axes fixed to the planet.
    radius : float
        m, of the disc as large as its outline seen from the Sun.
    to_sun : (3,)
        Unit vector from the planet's centre to the Sun's, the same axes.
    sun_radius : float
        Half the angle that the Sun's disc spans, rad.
    """

    position: Vector
    radius: float
    to_sun: Vector
    sun_radius: float


def find_shadow_casters(almanac: Ephemeris, body: Body, epoch: Epoch) -> tuple[ShadowCaster, ...]:
    """The bodies whose shadow or penumbra touches ``body``; mostly none."""
    found = []
    turn = icrf_to_bodyfixed(body, epoch)
    for name in OCCULTING_BODIES.get(body.name, ()):
        if not has_ephemeris(almanac, name, body.name, epoch):
            continue
        sun = almanac.position("sun", body.name, epoch)
        distance = float(np.linalg.norm(sun))
        toward, angle = sun / distance, float(np.arcsin(SUN_RADIUS_M / distance))
        position = almanac.position(name, body.name, epoch)
        radius = _silhouette_radius(BODIES[name], icrf_to_bodyfixed(BODIES[name], epoch) @ toward)
        along = float(position @ toward)
        aside = float(np.linalg.norm(position - along * toward))
        largest = max(body.radii_m)
        if along > 0.0 and aside < largest + radius + (along + largest) * np.tan(angle):
            found.append(ShadowCaster(turn @ position, radius, turn @ toward, angle))
    return tuple(found)


def _silhouette_radius(body: Body, toward: Vector) -> float:
    """Radius (m) of the disc as large as an ellipsoid's outline seen from a direction (3,) in its own axes."""
    a, b, c = body.radii_m
    x, y, z = toward
    return float((((b * c * x) ** 2) + ((a * c * y) ** 2) + ((a * b * z) ** 2)) ** 0.25)
