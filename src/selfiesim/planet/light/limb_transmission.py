"""Sunlight that reaches a craft along the planet's limb, dimmed and reddened by the air."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import SUN_RADIUS_M, Body
from selfiesim.core.low_discrepancy import disc_offsets
from selfiesim.core.vectors import Vector, unit
from selfiesim.planet.light.atmosphere import Atmosphere

_DISC_SAMPLES = 500
_MAX_SCALE_HEIGHTS = 12.0  # scale heights; absorption above is negligible


def limb_sun_transmittance(position: Vector, to_sun: Vector, body: Body, air: Atmosphere) -> NDArray[np.float64]:
    """Return the transmittance of the planet's air for the light of the Sun's visible part, per band.

    Beer's law is applied along straight rays to points spread evenly over the disc. The column follows from the
    vertical one for exponential air (Chapman's function at the horizon: the square root of 2 pi R / H). Light that the
    air refracts or scatters into the shadow is neglected.

    Parameters
    ----------
    position : (3,) array
        The craft from the planet's centre, body-fixed axes, m.
    to_sun : (3,) array
        The Sun from the craft, body-fixed axes, m.
    body : Body
        The planet.
    air : Atmosphere
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
    height = (np.linalg.norm(eye + along[:, None] * ray_directions, axis=1) - 1.0) / air.height
    visible = (height > 0.0) | (along <= 0.0)
    if not visible.any():
        return np.ones(3)
    columns = np.where(along > 0.0, 2.0 * air.horizon_airmass * np.exp(-np.clip(height, 0.0, None)), 0.0)
    columns[height > _MAX_SCALE_HEIGHTS] = 0.0
    return np.asarray(np.exp(-columns[visible, None] * air.optical_depth).mean(axis=0))
