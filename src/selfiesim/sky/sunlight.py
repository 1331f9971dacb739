"""The Sun's disc: its radiance from middle to limb, and what moons hide of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.bodies import BANDS_NM, SUN_RADIUS_M
from selfiesim.frames import Matrix, Vector, unit

LIMB_POWER = -0.023 + 292.0 / np.array(BANDS_NM)
"""The disc darkens as mu to this power (3,): Hestroffer and Magnan 1998, Astronomy and Astrophysics 333, 338."""

_POINTS = 2000


def disc_radiance(irradiance: Vector, angular_radius: float, mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radiance (N, 3), W m^-2 sr^-1 nm^-1, of points of the disc.

    Parameters
    ----------
    irradiance : (3,) array
        Sunlight at the camera: what the whole disc adds up to.
    angular_radius : float
        rad.
    mu : (N,) array
        Cosine of the angle between sight and the Sun's vertical: 1 in the middle, 0 at the limb.
    """
    middle = irradiance / (np.pi * np.sin(angular_radius) ** 2) * (1.0 + LIMB_POWER / 2.0)
    return np.asarray(middle * np.asarray(mu)[:, None] ** LIMB_POWER)


def share_left(position: Vector, radii_m: tuple[float, float, float], turn: Matrix, to_sun: Vector) -> float:
    """Share of the Sun's disc that an ellipsoid leaves visible: 1 away from it, 0 in a total eclipse.

    Rays to points spread evenly over the disc: good to a thousandth, whatever the shape.

    Parameters
    ----------
    position, to_sun : (3,) array
        Of the body and of the Sun, from the eye; m.
    turn : (3, 3) array
        From their axes to the body's own.
    """
    distance, sun_distance = float(np.linalg.norm(position)), float(np.linalg.norm(to_sun))
    toward = to_sun / sun_distance
    reach = np.arcsin(min(max(radii_m) / distance, 1.0)) + np.arcsin(SUN_RADIUS_M / sun_distance)
    if position @ toward < distance * np.cos(reach):
        return 1.0
    across = unit(np.cross(toward, np.eye(3)[int(np.argmin(np.abs(toward)))]))
    k = np.arange(_POINTS) + 0.5
    radius, angle = np.sqrt(k / _POINTS), np.pi * (1.0 + np.sqrt(5.0)) * k  # the sunflower's spiral
    offsets = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(toward, across)
    to_scaled = turn / np.array(radii_m)[:, None]
    ways = unit((to_sun + SUN_RADIUS_M * radius[:, None] * offsets) @ to_scaled.T)
    eye = -to_scaled @ position
    along = -(ways @ eye)
    nearest = eye + along[:, None] * ways
    hidden = ((nearest * nearest).sum(axis=-1) < 1.0) & (along > 0.0)
    return float(1.0 - hidden.mean())
