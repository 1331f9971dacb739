"""The position of a camera from the limb of a planet: Christian's horizon-based navigation.

J. A. Christian, "A Tutorial on Horizon-Based Optical Navigation and Attitude Determination With Space Imaging Systems",
IEEE Access 9, 2021, 10.1109/ACCESS.2021.3051914: in axes scaled so that the ellipsoid is the unit sphere, the rays to
the limb lie on a circular cone, and one linear system gives its axis and angle. Short arcs bias the range, with total
least squares (Deng 2023) as well; the fit of distances in pixels by :mod:`selfiesim.matching.solve` has little of that.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import Matrix, Vector, perpendicular, unit


def locate_limb(
    rays: Vector, body: Body, camera_to_bodyfixed: Matrix, method: Literal["linear", "total"] = "linear"
) -> Vector:
    """Return the planet's centre from rays to its limb.

    Parameters
    ----------
    rays : (N, 3) array
        Rays to at least three points of the limb, camera axes.
    body : Body
        The planet.
    camera_to_bodyfixed : (3, 3) array
        Its orientation.
    method : str
        ``"linear"``, least squares as Christian gives it, or ``"total"``, total least squares, in which the rays have
        errors too and not only the right-hand side.

    Returns
    -------
    (3,) array
        From the camera, camera axes, m.

    Raises
    ------
    MatchError
        Fewer than three rays, or rays that lie on no cone around the planet.
    """
    if len(rays) < 3:
        raise MatchError(f"the limb needs at least 3 points, not {len(rays)}")
    radii = np.array(body.radii_m)
    scaled = unit(rays @ camera_to_bodyfixed.T / radii)
    if method == "linear":
        n = np.linalg.lstsq(scaled, np.ones(len(scaled)), rcond=None)[0]
    else:
        *_, last = np.linalg.svd(np.column_stack([scaled, np.ones(len(scaled))]))[2]
        n = -last[:3] / last[3]
    excess = float(n @ n) - 1.0
    if not excess > 0.0:
        raise MatchError("the limb's points lie on no ellipse that this planet could have; check them")
    return np.asarray(camera_to_bodyfixed.T @ (radii * n / np.sqrt(excess)))


def limb_half_arc(rays: Vector, toward: Vector) -> float:
    """Return half the angle that rays (N, 3) to the limb span about the direction of the centre (3,), rad."""
    first = perpendicular(toward)
    angles = np.sort(np.arctan2(rays @ np.cross(toward, first), rays @ first))
    gaps = np.diff(np.append(angles, angles[0] + 2.0 * np.pi))
    return float(np.pi - 0.5 * gaps.max())
