"""Curves in a picture (limb, horizon, terminator), the place on each nearest to a pixel, and the glint of the Sun.

A limb is what remains of a cone: in axes scaled so that the ellipsoid is the unit sphere, its rays are those at one
angle from the direction of the centre. A horizon is a cone about the vertical. Both are projected by the camera itself,
so that distances are in pixels of the picture through any lens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import Body
from selfiesim.camera.pinhole import Camera
from selfiesim.core.vectors import Matrix, Vector, perpendicular, unit

Pixels = NDArray[np.float64]


class Foot(NamedTuple):
    """The points (N, 2) of a curve nearest to pixels, and unit normals (N, 2) there, all to the same side of it; px."""

    pixels: Pixels
    normals: Pixels


_STEP = 1e-5  # rad along a cone, to find the direction of its picture
_GRID = 361  # points of a terminator to begin with
_GLINT_STEPS = 240


class SeenPlanet(NamedTuple):
    """A planet before a camera: the centre (3,), m, body-fixed axes (3, 3) and Sun (3,), all in camera axes."""

    camera: Camera
    body: Body
    position: Vector
    camera_to_bodyfixed: Matrix
    to_sun: Vector


def nearest_on_limb(planet: SeenPlanet, pixels: Pixels, heights: Vector) -> Foot:
    """Return the points of the limb nearest to pixels (N, 2).

    ``heights`` (N,) are those of the limb above the ellipsoid, m. A camera inside the ellipsoid sees NaN.
    """
    radii = np.array(planet.body.radii_m) + heights[:, None]
    eye = -(planet.camera_to_bodyfixed @ planet.position) / radii
    distance = np.linalg.norm(eye, axis=-1)
    with np.errstate(invalid="ignore"):
        cosine = np.sqrt(1.0 - 1.0 / distance**2)
    rays = planet.camera.unproject(pixels) @ planet.camera_to_bodyfixed.T / radii
    bodyfixed_to_camera = planet.camera_to_bodyfixed.T
    axis = -eye / distance[:, None]

    def project(scaled: Vector) -> Pixels:
        return planet.camera.project((scaled * radii) @ bodyfixed_to_camera.T)

    return _nearest_on_cone(pixels, rays, axis, cosine, project)


def nearest_on_horizon(camera: Camera, pixels: Pixels, up: Vector, height: float, body: Body) -> Foot:
    """Return the points of the horizon nearest to pixels (N, 2).

    The ground is that of ``body``, without relief; the lens is ``height`` m above it, and ``up`` (3,) is in camera
    axes.
    """
    dip = np.sqrt(max(2.0 * height, 0.0) / body.radii_m[0])
    axis = np.broadcast_to(-up, (len(pixels), 3))
    cosine = np.full(len(pixels), np.sin(dip))
    return _nearest_on_cone(pixels, camera.unproject(pixels), axis, cosine, camera.project)


def _nearest_on_cone(
    pixels: Pixels, rays: Vector, axis: Vector, cosine: Vector, project: Callable[[Vector], Pixels]
) -> Foot:
    """The nearest points of the picture of a cone about ``axis`` (N, 3), by two steps along it."""
    across = rays - (rays * axis).sum(-1, keepdims=True) * axis
    length = np.linalg.norm(across, axis=-1, keepdims=True)
    across = np.where(length > 1e-12 * np.linalg.norm(rays, axis=-1, keepdims=True), across, perpendicular(axis))
    first = unit(across)
    second = np.cross(axis, first)
    sine = np.sqrt(1.0 - cosine**2)[:, None]

    def at(angle: Vector) -> Pixels:
        spoke = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second
        return project(cosine[:, None] * axis + sine * spoke)

    return _step_to_foot(pixels, at, np.zeros(len(pixels)), 2, 0.5)


def _step_to_foot(pixels: Pixels, at: Callable[[Vector], Pixels], angle: Vector, steps: int, max_step: float) -> Foot:
    """Move along a curve, given by its points at angles (N,), to the feet of the perpendiculars from pixels (N, 2)."""
    for _ in range(steps):
        tangent = (at(angle + _STEP) - at(angle - _STEP)) / (2.0 * _STEP)
        step = ((pixels - at(angle)) * tangent).sum(-1) / np.maximum((tangent**2).sum(-1), 1e-30)
        angle = angle + np.clip(step, -max_step, max_step)
    tangent = at(angle + _STEP) - at(angle - _STEP)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
    return Foot(at(angle), normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-30))


def nearest_on_terminator(planet: SeenPlanet, pixels: Pixels) -> Foot:
    """Return the visible points of the terminator nearest to pixels (N, 2); NaN where none is visible."""
    radii = np.array(planet.body.radii_m)
    sun = unit((planet.camera_to_bodyfixed @ planet.to_sun) / radii)
    first = perpendicular(sun)
    second = np.cross(sun, first)
    eye = -(planet.camera_to_bodyfixed @ planet.position) / radii

    def scaled(angle: Vector) -> Vector:
        return np.asarray(np.cos(angle)[..., None] * first + np.sin(angle)[..., None] * second)

    def at(angle: Vector) -> Pixels:
        return planet.camera.project((scaled(angle) * radii) @ planet.camera_to_bodyfixed + planet.position)

    grid = np.linspace(0.0, 2.0 * np.pi, _GRID)
    distance = np.linalg.norm(pixels[:, None] - at(grid), axis=-1)
    distance = np.where((scaled(grid) @ eye > 1.0) & np.isfinite(distance), distance, np.inf)
    foot = _step_to_foot(pixels, at, grid[distance.argmin(axis=1)], 3, 0.02)
    is_visible = np.isfinite(distance.min(axis=1))[:, None]
    return Foot(np.where(is_visible, foot.pixels, np.nan), foot.normals)


def glint(planet: SeenPlanet) -> Pixels:
    """Return the pixel (2,) of the Sun's mirror image in the ellipsoid; NaN where it is not visible.

    The normal there halves the angle between Sun and camera. Along the great circle through both it is found by
    bisection on the sphere, and by damped repetition on the ellipsoid.
    """
    radii = np.array(planet.body.radii_m)
    eye = -(planet.camera_to_bodyfixed @ planet.position)
    sun = planet.camera_to_bodyfixed @ planet.to_sun
    normal = unit(unit(eye) + sun)
    damping = 1.0 / (1.0 + 0.5 * radii.max() / max(float(np.linalg.norm(eye)) - radii.max(), 1.0))
    for _ in range(_GLINT_STEPS):
        point = radii**2 * normal / np.sqrt((radii**2 * normal**2).sum())
        half = unit(unit(eye - point) + sun)
        if np.abs(half - normal).max() < 1e-13:
            break
        normal = unit(normal + damping * (half - normal))
    if normal @ sun <= 0.0 or normal @ (eye - point) <= 0.0:
        return np.full(2, np.nan)
    return np.asarray(planet.camera.project(planet.camera_to_bodyfixed.T @ point + planet.position))
