"""The reference ellipsoid of a body: height above it, its angular diameter, eclipses and ray intersections.

Positions are body-fixed, in metres.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfiesim.astro.bodies import SUN_RADIUS_M, Body
from selfiesim.core.vectors import Vector, cross, perpendicular, unit

_DIAMETERS = 180  # compared to find the largest


def ellipsoid_height(position: Vector, body: Body) -> float:
    """Return the height (m) of a body-fixed position (3,) above the reference ellipsoid, along its normal."""
    foot = ellipsoid_foot(position, body)
    return float(np.copysign(np.linalg.norm(position - foot), position @ position - foot @ foot))


def ellipsoid_foot(position: Vector, body: Body) -> Vector:
    """Return the point (3,) of the reference ellipsoid nearest to a body-fixed position (3,).

    Newton's method on the foot point x_i = p_i / (1 + k / a_i^2) (Eberly, "Distance from a point to an ellipsoid").
    It starts left of the root, where one term of the sum alone is 1, and from there cannot overshoot.
    """
    radii = np.array(body.radii_m)
    squared = radii**2
    k = float(np.max(radii * (np.abs(position) - radii)))
    for _ in range(20):
        foot = position / (1.0 + k / squared)
        excess = float(np.sum(foot**2 / squared) - 1.0)
        slope = float(np.sum(-2.0 * foot**2 / squared**2 / (1.0 + k / squared)))
        step = excess / slope
        k -= step
        if abs(step) < 1e-9 * squared[0]:
            break
    return np.asarray(position / (1.0 + k / squared))


def offset_ellipsoid(body: Body, height_m: float) -> Body:
    """Return the body with each radius increased by ``height_m``, the ellipsoid through ground at that height."""
    a, b, c = body.radii_m
    return replace(body, radii_m=(a + height_m, b + height_m, c + height_m))


def planet_angular_diameter(position: Vector, body: Body) -> float:
    """Return the largest angle (rad) between two points of the planet's limb, seen from a body-fixed position (3,).

    The limb of an ellipsoid is a plane ellipse. The result is the largest of its diameters through the centre.
    """
    limb = limb_points(position, body, 2 * _DIAMETERS)
    if not len(limb):
        return float(np.pi)
    rays = unit(limb - position)
    opposite = np.roll(rays[:-1], _DIAMETERS, axis=0)
    return float(np.arccos(np.clip((rays[:-1] * opposite).sum(axis=1), -1.0, 1.0)).max())


def limb_points(position: Vector, body: Body, count: int) -> Vector:
    """Return points (count + 1, 3) of the limb, m, closed, seen from a position (3,); none from inside the body.

    In axes scaled to the unit sphere the limb is a circle about ``eye / |eye|^2``.
    """
    radii = np.array(body.radii_m)
    eye = position / radii
    distance = float(np.linalg.norm(eye))
    if distance <= 1.0 + 1e-9:
        return np.empty((0, 3))
    axis = eye / distance
    return np.asarray((axis / distance + np.sqrt(1.0 - distance**-2) * circle_points(axis, count)) * radii)


def terminator_points(to_sun: Vector, body: Body, count: int) -> Vector:
    """Return points (count + 1, 3), m, closed, that see the centre of the Sun on the horizon of the ellipsoid.

    There the normal of the ellipsoid is perpendicular to sunlight, ``to_sun`` (3,).
    """
    radii = np.array(body.radii_m)
    return np.asarray(circle_points(unit(to_sun / radii), count) * radii)


def circle_points(axis: Vector, count: int) -> Vector:
    """Return points (count + 1, 3), closed, of the unit circle about a unit vector ``axis`` (3,)."""
    across = perpendicular(axis)
    angles = np.linspace(0.0, 2.0 * np.pi, count + 1)[:, None]
    return np.asarray(np.cos(angles) * across + np.sin(angles) * cross(axis, across))


def sun_visible_fraction(position: Vector, to_sun: Vector, body: Body) -> float:
    """Return the fraction of the Sun's disc that ``body`` leaves visible: 0 in eclipse, 1 in full sunlight.

    The limb is taken as a straight, sharp edge across the small disc. Refraction is ignored; for absorption in an
    atmosphere see :func:`selfiesim.planet.light.limb_transmission.limb_sun_transmittance`.

    Parameters
    ----------
    position, to_sun : (3,) array
        The observer from the body's centre, and the vector to the Sun, body-fixed, m.
    """
    angle = limb_clearance(position, to_sun, body)
    x = float(np.clip(angle / np.arcsin(SUN_RADIUS_M / np.linalg.norm(to_sun)), -1.0, 1.0))
    return float(0.5 + (x * np.sqrt(1.0 - x * x) + np.arcsin(x)) / np.pi)


def limb_clearance(position: Vector, target: Vector, body: Body) -> Vector:
    """Return the angle (...), rad, by which targets appear above the body's limb; negative where it hides them.

    It is exact at the limb. A target in front of the body, or away from it, counts as a right angle above.

    Parameters
    ----------
    position, target : (..., 3) array
        The observer from the body's centre, and the vector to the target, body-fixed, m.
    """
    radii = np.array(body.radii_m)
    eye, ray = position / radii, target / radii
    along = -np.sum(eye * ray, axis=-1) / np.sum(ray * ray, axis=-1)
    nearest = eye + np.clip(along, 0.0, 1.0)[..., None] * ray
    miss = np.linalg.norm(nearest, axis=-1)
    # Distance (m) of the target above the limb, measured where the line of sight passes nearest to the body.
    offset = np.linalg.norm((1.0 - 1.0 / miss)[..., None] * nearest * radii, axis=-1) * np.sign(miss - 1.0)
    angle = np.arctan2(offset, along * np.linalg.norm(target, axis=-1))
    return np.where((along > 0.0) & (along < 1.0), angle, 0.5 * np.pi)


def intersect_ellipsoid(position: Vector, rays: Vector, body: Body) -> Vector:
    """Return the first intersections (N, 3) of rays (N, 3) from ``position`` (3,) or (N, 3); NaN for a miss."""
    radii = np.array(body.radii_m)
    eye, ray = position / radii, rays / radii
    a, b = (ray * ray).sum(axis=-1), (eye * ray).sum(axis=-1)
    discriminant = b * b - a * ((eye * eye).sum(axis=-1) - 1.0)
    is_hit = (discriminant >= 0.0) & (b < 0.0)
    distance = np.where(is_hit, (-b - np.sqrt(np.maximum(discriminant, 0.0))) / a, np.nan)
    return np.asarray((eye + distance[..., None] * ray) * radii)
