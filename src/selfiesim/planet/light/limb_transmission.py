"""Sunlight that reaches a craft along the planet's limb, dimmed and reddened by the air."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import SUN_RADIUS_M, Body
from selfiesim.core.low_discrepancy import disc_offsets
from selfiesim.core.vectors import Vector, unit
from selfiesim.planet.light.air_column import COLUMN_TOP_M
from selfiesim.planet.light.atmosphere import air_column
from selfiesim.planet.light.weather import Weather

_DISC_SAMPLES = 500


def limb_sun_transmittance(position: Vector, to_sun: Vector, body: Body, weather: Weather) -> NDArray[np.float64]:
    """Return the transmittance of the planet's air for the light of the Sun's visible part, per band.

    Beer's law is applied along straight rays to points spread evenly over the disc, through the air at the latitude of
    the limb. Light that the air refracts or scatters into the shadow is neglected.

    Parameters
    ----------
    position : (3,) array
        The craft from the planet's centre, body-fixed axes, m.
    to_sun : (3,) array
        The Sun from the craft, body-fixed axes, m.
    body : Body
        The planet.
    weather : Weather
        Its air.

    Returns
    -------
    (3,) array
        1 where the Sun is clear of the air, and also where it is not visible at all.
    """
    radii = np.array(body.radii_m)
    distance = float(np.linalg.norm(to_sun))
    toward = to_sun / distance
    offsets = disc_offsets(toward, _DISC_SAMPLES)
    # In axes in which the planet is the unit sphere, find the point of each ray that is nearest to its centre.
    ray_directions = unit((to_sun + SUN_RADIUS_M * offsets) / radii)
    eye = position / radii
    along = -(ray_directions @ eye)
    nearest = eye + along[:, None] * ray_directions
    miss = np.linalg.norm(nearest, axis=1)
    visible = (miss > 1.0) | (along <= 0.0)
    if not visible.any():
        return np.ones(3)
    near_limb = visible & (along > 0.0) & (miss - 1.0 < COLUMN_TOP_M / radii.mean())
    through = np.zeros((len(miss), 3))
    if near_limb.any():
        up = unit(nearest[near_limb].mean(axis=0))
        air = air_column(weather, body, float(np.arcsin(up[2])))
        height = (miss[near_limb] - 1.0) * air.radius_m
        gas = replace(air, dust_opacity=0.0).limb_depth(height)
        # Light that the dust scatters by a few degrees misses the craft, too.
        through[near_limb] = (air.limb_depth(height) - gas) / air.aerosol.delta_extinction + gas
    return np.asarray(np.exp(-through[visible]).mean(axis=0))
