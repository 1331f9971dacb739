"""What theory says of positions from the limb of a planet."""

from __future__ import annotations

import numpy as np

from selfiesim.core.vectors import Matrix


def limb_covariance(distance_m: float, radius_m: float, half_arc: float, count: int, sigma: float) -> Matrix:
    """Return the covariance of a planet's position from an arc of its limb, far from a sphere.

    Hikes, Liounis & Christian, "Parametric Covariance Model for Horizon-Based Optical Navigation", Journal of Guidance,
    Control, and Dynamics 40(1):169, 2017: the points are spread evenly over the arc, and each has an error across it.

    Parameters
    ----------
    distance_m, radius_m : float
        Distance of the camera from the planet's centre, and the planet's radius, m.
    half_arc : float
        Half the angle that the arc spans about the centre of the disc, rad.
    count : int
        Number of points.
    sigma : float
        Standard deviation of each point across the limb, rad.

    Returns
    -------
    (3, 3) array
        m^2; x toward the middle of the arc, y along it, z the line of sight.
    """
    whole, double = np.sin(half_arc) / half_arc, np.sin(2.0 * half_arc) / (4.0 * half_arc)
    # Shift of the disc's centre toward the arc's middle and along it, and growth of its radius.
    information = count / sigma**2 * np.array([[0.5 + double, 0.0, whole], [0.0, 0.5 - double, 0.0], [whole, 0.0, 1.0]])
    # A disc of radius R / d grows as the planet comes closer.
    to_metres = np.diag([distance_m, distance_m, -(distance_m**2) / radius_m])
    return np.asarray(to_metres @ np.linalg.inv(information) @ to_metres.T)
