"""The Sun's disc: its radiance from centre to limb, and its eclipses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import BANDS_NM, SUN_RADIUS_M
from selfiesim.core.low_discrepancy import disc_offsets
from selfiesim.core.vectors import Matrix, Vector, unit

# Neckel and Labs (1994), Solar Physics 153, 91, table 1: nm, then I(mu) / I(1) as powers 0 to 5 of mu.
_LIMB_DARKENING_TABLE = np.array(
    [
        [457.345, 0.16604, 1.38544, -1.52275, 2.00232, -1.45969, 0.42864],
        [477.427, 0.19571, 1.30551, -1.25845, 1.50626, -1.05472, 0.30570],
        [541.760, 0.26073, 1.27428, -1.30352, 1.47085, -0.96618, 0.26384],
        [559.950, 0.26892, 1.34319, -1.58427, 1.91271, -1.31350, 0.37295],
        [610.975, 0.30854, 1.36620, -1.83572, 2.33221, -1.63082, 0.45959],
        [640.970, 0.33644, 1.30590, -1.79238, 2.45040, -1.89979, 0.59943],
    ]
)
LIMB_DARKENING = np.array(
    [np.interp(BANDS_NM, _LIMB_DARKENING_TABLE[:, 0], column) for column in _LIMB_DARKENING_TABLE.T[1:]]
)
"""Limb darkening in the bands: coefficients (6, 3) of the powers 0 to 5 of mu."""

_DISC_SAMPLES = 2000


def disc_radiance(irradiance: Vector, angular_radius: float, mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the radiance (N, 3), W m^-2 sr^-1 nm^-1, of points on the disc.

    Parameters
    ----------
    irradiance : (3,) array
        Irradiance by the whole disc at the camera, W m^-2 nm^-1.
    angular_radius : float
        Angular radius of the disc, rad.
    mu : (N,) array
        Cosine of the angle between the line of sight and the Sun's vertical: 1 at the centre, 0 at the limb.
    """
    # The mean of mu^k over the disc is 2 / (k + 2).
    mean = (2.0 / np.arange(2.0, 8.0)) @ LIMB_DARKENING
    centre = irradiance / (np.pi * np.sin(angular_radius) ** 2) / mean
    return np.asarray(centre * (np.asarray(mu)[:, None] ** np.arange(6) @ LIMB_DARKENING))


def visible_disc_fraction(
    position: Vector, radii_m: tuple[float, float, float], rotation: Matrix, to_sun: Vector
) -> float:
    """Return the fraction of the Sun's disc that an ellipsoid leaves visible: 0 in a total eclipse.

    Rays to points spread evenly over the disc are good to a thousandth, whatever the shape.

    Parameters
    ----------
    position, to_sun : (3,) array
        The body and the Sun from the eye, m.
    radii_m : (3,) tuple of float
        Semi-axes of the body, m.
    rotation : (3, 3) array
        From the axes of ``position`` to the body's own.
    """
    distance, sun_distance = float(np.linalg.norm(position)), float(np.linalg.norm(to_sun))
    toward = to_sun / sun_distance
    reach = np.arcsin(min(max(radii_m) / distance, 1.0)) + np.arcsin(SUN_RADIUS_M / sun_distance)
    if position @ toward < distance * np.cos(reach):
        return 1.0
    offsets = disc_offsets(toward, _DISC_SAMPLES)
    to_scaled = rotation / np.array(radii_m)[:, None]
    ray_directions = unit((to_sun + SUN_RADIUS_M * offsets) @ to_scaled.T)
    eye = -to_scaled @ position
    along = -(ray_directions @ eye)
    nearest = eye + along[:, None] * ray_directions
    hidden = ((nearest * nearest).sum(axis=-1) < 1.0) & (along > 0.0)
    return float(1.0 - hidden.mean())
