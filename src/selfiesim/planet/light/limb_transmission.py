"""Sunlight that reaches a craft along the planet's limb: what the air there takes from each colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import SUN_RADIUS_M, Body
from selfiesim.core.vectors import Vector, unit
from selfiesim.planet.light.atmosphere import Atmosphere

_DISC_SAMPLES = 500
_MAX_SCALE_HEIGHTS = 12.0  # scale heights above which air takes nothing that counts


def limb_sun_transmittance(position: Vector, to_sun: Vector, body: Body, air: Atmosphere) -> NDArray[np.float64]:
    """Share (3,) of the light of the Sun's visible part that the planet's air lets through, per band.

    Beer's law along straight rays to points spread evenly over the disc, the column from that of a vertical one
    (exponential air, Chapman's function at the horizon: the square root of 2 pi R / H). 1 where the Sun stands clear of
    the air; also 1 where nothing is seen of it. Light that the air bends or scatters into the shadow is left out.

    Parameters
    ----------
    position, to_sun : (3,) array
        Of the craft from the planet's centre, and of the Sun from the craft; body-fixed axes, m.
    """
    radii = np.array(body.radii_m)
    distance = float(np.linalg.norm(to_sun))
    toward = to_sun / distance
    across = unit(np.cross(toward, np.eye(3)[int(np.argmin(np.abs(toward)))]))
    k = np.arange(_DISC_SAMPLES) + 0.5
    radius, angle = np.sqrt(k / _DISC_SAMPLES), np.pi * (1.0 + np.sqrt(5.0)) * k  # the sunflower's spiral
    offsets = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(toward, across)
    # In axes in which the planet is the unit sphere: the points of the rays nearest to its centre.
    ray_directions = unit((to_sun + SUN_RADIUS_M * radius[:, None] * offsets) / radii)
    eye = position / radii
    along = -(ray_directions @ eye)
    height = (np.linalg.norm(eye + along[:, None] * ray_directions, axis=1) - 1.0) / air.height
    visible = (height > 0.0) | (along <= 0.0)
    if not visible.any():
        return np.ones(3)
    columns = np.where(along > 0.0, 2.0 * air.horizon_airmass * np.exp(-np.clip(height, 0.0, None)), 0.0)
    columns[height > _MAX_SCALE_HEIGHTS] = 0.0
    return np.asarray(np.exp(-columns[visible, None] * air.optical_depth).mean(axis=0))
