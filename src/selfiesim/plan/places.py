"""Conditions on places of the planet: in the picture, in daylight, seen not too obliquely."""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.core.vectors import Vector, unit
from selfiesim.motion.events import CAP_EDGE_DEG
from selfiesim.plan.conditions import COMFORT_RAD, WHOLE, Region, in_part, inside_margins
from selfiesim.plan.expressions import Every, Expression, Leaf
from selfiesim.plan.instants import Instants
from selfiesim.view.in_frame import place_vectors


def place_in(text: str, point: Vector, region: Region) -> Expression:
    """Return the condition that a ground point (3,), body-fixed, m, is in a part of the picture, above its horizon."""
    key = tuple(point.tolist())

    def vectors(pictures: Instants) -> Vector:
        return pictures.from_fixed(point[None])[:, 0] - pictures.camera_position

    return Every((place_seen(text, point, 0.0), *in_part(text, key, vectors, region).parts))


def place_seen(text: str, point: Vector, least: float) -> Leaf:
    """Return the condition that the camera stands higher over a ground point (3,) than an angle, rad."""
    return Leaf(text, lambda pictures: _rise(pictures, point[None])[:, 0] - least, COMFORT_RAD, "deg", of_time=True)


def place_lit(text: str, point: Vector, least: float) -> Leaf:
    """Return the condition that the Sun stands higher over a ground point (3,) than an angle, rad."""
    return Leaf(
        text, lambda pictures: sun_height(pictures, point[None])[:, 0] - least, COMFORT_RAD, "deg", of_time=True
    )


def cap_points(body: Body) -> Vector:
    """Return points (M, 3) spread evenly over the north polar cap, body-fixed, m."""
    latitude, longitude = np.meshgrid([82.0, 84.5, 87.0], np.arange(0.0, 360.0, 45.0), indexing="ij")
    latitude = np.append(np.maximum(latitude.ravel(), CAP_EDGE_DEG), 90.0)
    return place_vectors(np.radians(latitude), np.radians(np.append(longitude.ravel(), 0.0)), body.radii_m)


def cap_in(text: str, points: Vector, region: Region) -> Expression:
    """Return the condition that half of the cap's points (M, 3) are in a part of the picture."""
    above = Leaf(text, lambda pictures: np.median(_rise(pictures, points), axis=1), COMFORT_RAD, "deg", of_time=True)
    seen = Leaf(text, lambda pictures: np.median(_seen_margins(pictures, points, region), axis=1), COMFORT_RAD, "deg")
    return Every((above, seen))


def cap_lit(text: str, points: Vector, least: float) -> Expression:
    """Return the condition that half of the cap's points (M, 3) are in the picture, the Sun so high above them."""

    def above(pictures: Instants) -> Vector:
        return np.minimum(_rise(pictures, points), sun_height(pictures, points) - least)

    def seen(pictures: Instants) -> Vector:
        return np.minimum(_seen_margins(pictures, points, WHOLE), sun_height(pictures, points) - least)

    return Every(
        (
            Leaf(text, lambda pictures: np.median(above(pictures), axis=1), COMFORT_RAD, "deg", of_time=True),
            Leaf(text, lambda pictures: np.median(seen(pictures), axis=1), COMFORT_RAD, "deg"),
        )
    )


def sun_height(pictures: Instants, points: Vector) -> Vector:
    """Return the elevations (N, M) of the Sun at ground points (M, 3), rad."""
    normals = _normals(pictures, points)
    to_sun = pictures.fixed(unit(pictures.motion.body("sun", pictures.t)))
    return np.arcsin(np.clip(to_sun @ normals.T, -1.0, 1.0))


def _rise(pictures: Instants, points: Vector) -> Vector:
    """Return the elevations (N, M) of the camera as seen from ground points (M, 3), rad."""
    to_camera = unit(pictures.fixed(pictures.camera_position)[:, None] - points)
    return np.asarray(np.arcsin(np.clip((to_camera * _normals(pictures, points)).sum(axis=-1), -1.0, 1.0)))


def _seen_margins(pictures: Instants, points: Vector, region: Region) -> Vector:
    vectors = pictures.from_fixed(points) - pictures.camera_position[:, None]
    return np.asarray(np.minimum(inside_margins(pictures, vectors, region).min(axis=-1), _rise(pictures, points)))


def _normals(pictures: Instants, points: Vector) -> Vector:
    return unit(points / np.array(pictures.motion.resolved.body.radii_m) ** 2)
