"""The planet as an ellipsoid: heights over it, how large it looks, and what it hides of the Sun.

Positions are body-fixed, metres.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfiesim.astro.bodies import SUN_RADIUS_M, Body
from selfiesim.core.vectors import Vector, unit


def ellipsoid_height(position: Vector, body: Body) -> float:
    """Height (m) of a body-fixed position (3,) above the reference ellipsoid, along the ellipsoid's normal."""
    foot = ellipsoid_foot(position, body)
    return float(np.copysign(np.linalg.norm(position - foot), position @ position - foot @ foot))


def ellipsoid_foot(position: Vector, body: Body) -> Vector:
    """The point (3,) of the reference ellipsoid straight below or above a body-fixed position (3,).

    Newton's method on the foot point x_i = p_i / (1 + k / a_i^2) (Eberly, "Distance from a point to an ellipsoid").
    It starts left of the root, where one term of the sum alone is 1: from there it cannot overshoot, however far out.
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
    """The body with each radius longer by ``height_m``: the ellipsoid that carries ground at that height."""
    a, b, c = body.radii_m
    return replace(body, radii_m=(a + height_m, b + height_m, c + height_m))


def planet_angular_diameter(position: Vector, body: Body) -> float:
    """Largest angle (rad) between two directions to the planet's limb, seen from ``position`` (3,), body-fixed.

    The ellipsoid's limb is a plane ellipse; the diameter found is the widest of those through its middle.
    """
    radii = np.array(body.radii_m)
    eye = position / radii
    distance = float(np.linalg.norm(eye))
    if distance <= 1.0:
        return float(np.pi)
    # In axes scaled to the unit sphere the limb is a circle about `eye / distance^2`.
    axis = eye / distance
    helper = np.eye(3)[int(np.argmin(np.abs(axis)))]
    across = unit(np.cross(axis, helper))
    angles = np.linspace(0.0, np.pi, 181)[:, None]
    spoke = np.cos(angles) * across + np.sin(angles) * np.cross(axis, across)
    rim = np.sqrt(1.0 - 1.0 / distance**2) * spoke
    ends = [unit((axis / distance + sign * rim) * radii - position) for sign in (1.0, -1.0)]
    return float(np.arccos(np.clip((ends[0] * ends[1]).sum(axis=1), -1.0, 1.0)).max())


def sun_visible_fraction(position: Vector, to_sun: Vector, body: Body) -> float:
    """Share of the Sun's disc that ``body`` leaves visible from ``position`` (3,), body-fixed; 0 in eclipse, 1 by day.

    The limb is taken as straight across the small disc, and sharp: the planet's air bends no light; what it takes is
    told by :func:`selfiesim.planet.light.limb_transmission.limb_sun_transmittance`.
    """
    radii = np.array(body.radii_m)
    eye, ray = position / radii, to_sun / radii
    along = -float(eye @ ray) / float(ray @ ray)
    if along <= 0.0:
        return 1.0  # the planet is behind
    nearest = eye + along * ray
    miss = float(np.linalg.norm(nearest))
    # How far beyond the limb the Sun's middle stands, in radii of its disc; the limb lies where the ray would graze.
    clearance = np.linalg.norm((1.0 - 1.0 / miss) * nearest * radii) * np.sign(miss - 1.0)
    distance = float(np.linalg.norm(to_sun))
    angle = float(np.arctan2(clearance, along * distance))
    x = float(np.clip(angle / np.arcsin(SUN_RADIUS_M / distance), -1.0, 1.0))
    return float(0.5 + (x * np.sqrt(1.0 - x * x) + np.arcsin(x)) / np.pi)


def intersect_ellipsoid(position: Vector, rays: Vector, body: Body) -> Vector:
    """Where rays (N, 3) from ``position`` (3,) or (N, 3) first meet the ellipsoid: points (N, 3), NaN for the sky."""
    radii = np.array(body.radii_m)
    eye, ray = position / radii, rays / radii
    a, b = (ray * ray).sum(axis=-1), (eye * ray).sum(axis=-1)
    discriminant = b * b - a * ((eye * eye).sum(axis=-1) - 1.0)
    is_hit = (discriminant >= 0.0) & (b < 0.0)
    distance = np.where(is_hit, (-b - np.sqrt(np.maximum(discriminant, 0.0))) / a, np.nan)
    return np.asarray((eye + distance[..., None] * ray) * radii)
