"""The conditions that wants are made of. Each is a margin: positive where it holds, smooth through zero.

Angles are in rad, and directions in the picture are measured from the planes through the lens and the picture's edges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import SUN_RADIUS_M
from selfiesim.astro.ellipsoid import limb_clearance
from selfiesim.core.vectors import Vector, unit
from selfiesim.plan.expressions import Either, Every, Expression, Leaf
from selfiesim.plan.instants import Instants

if TYPE_CHECKING:
    from collections.abc import Callable

    from selfiesim.camera.pinhole import Camera

Region = tuple[float, float, float, float]
"""Left, top, right and bottom edge of a part of the picture, fractions of width and height."""

WHOLE: Region = (0.0, 0.0, 1.0, 1.0)

REGIONS: dict[str, Region] = {
    "frame": WHOLE,
    "upper left": (0.0, 0.0, 0.5, 0.5),
    "upper right": (0.5, 0.0, 1.0, 0.5),
    "lower left": (0.0, 0.5, 0.5, 1.0),
    "lower right": (0.5, 0.5, 1.0, 1.0),
    "upper half": (0.0, 0.0, 1.0, 0.5),
    "lower half": (0.0, 0.5, 1.0, 1.0),
    "left half": (0.0, 0.0, 0.5, 1.0),
    "right half": (0.5, 0.0, 1.0, 1.0),
    "middle": (0.25, 0.25, 0.75, 0.75),
}
"""Parts of the picture, by the name that wants use."""

COMFORT_RAD = float(np.radians(5.0))
"""A margin of this angle is comfortable."""

_EDGE_POINTS = 9


def inside_margins(pictures: Instants, vectors: Vector, region: Region = WHOLE) -> Vector:
    """Return the angles (N, M, 4) of directions (N, M, 3), ICRF axes, inside the four edges of a part of the picture.

    For a pinhole the edges are planes; for another lens the margin is taken in its own image plane, and what the lens
    does not show is outside by its angle from the axis.
    """
    camera = pictures.lens.camera
    points = pictures.to_camera(vectors)
    if camera.distortion is None:
        return np.arcsin(np.clip(unit(points) @ _edge_planes(camera, region).T, -1.0, 1.0))
    left, top, right, bottom = _edges_px(camera, region)
    pixels = camera.project(points)
    x, y = pixels[..., 0], pixels[..., 1]
    fx, fy = camera.fx, camera.fy
    margins = np.stack([(x - left) / fx, (right - x) / fx, (y - top) / fy, (bottom - y) / fy], axis=-1)
    off_axis = np.arccos(np.clip(unit(points)[..., 2:], -1.0, 1.0))
    return np.where(np.isfinite(margins), margins, -off_axis)


def _edges_px(camera: Camera, region: Region) -> Region:
    left, top, right, bottom = region
    return (
        left * camera.width - 0.5, top * camera.height - 0.5, right * camera.width - 0.5, bottom * camera.height - 0.5
    )  # fmt: skip


def _edge_planes(camera: Camera, region: Region) -> Vector:
    """Return the inward unit normals (4, 3) of the planes through a pinhole and the edges of a part of its picture."""
    left, top, right, bottom = _edges_px(camera, region)
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    rows = [[fx, 0.0, cx - left], [-fx, 0.0, right - cx], [0.0, fy, cy - top], [0.0, -fy, bottom - cy]]
    return unit(np.array(rows))


def in_part(text: str, key: object, vectors: Callable[[Instants], Vector], region: Region) -> Every:
    """Return the condition that one direction (N, 3) lies in a part of the picture: inside each of its edges."""

    def edge(number: int) -> Leaf:
        def evaluate(pictures: Instants) -> Vector:
            def all_margins() -> Vector:
                return inside_margins(pictures, vectors(pictures)[:, None], region)

            return np.asarray(pictures.once(("edges", key, region), all_margins)[:, 0, number])

        return Leaf(text, evaluate, COMFORT_RAD, "deg")

    return Every(tuple(edge(number) for number in range(4)))


def out_of_frame(text: str, name: str, margin: float) -> Either:
    """Return the condition that a body is outside the picture by an angle, rad: beyond one of its edges."""

    def edge(number: int) -> Leaf:
        def evaluate(pictures: Instants) -> Vector:
            def all_margins() -> Vector:
                return inside_margins(pictures, pictures.from_camera(name)[:, None])

            return np.asarray(-pictures.once(("edges", name, WHOLE), all_margins)[:, 0, number] - margin)

        return Leaf(text, evaluate, COMFORT_RAD, "deg")

    return Either(tuple(edge(number) for number in range(4)))


def clearance(pictures: Instants, name: str) -> Vector:
    """Return the angles (N,) of a body's centre above the planet's limb, as the craft sees it."""

    def compute() -> Vector:
        # As the craft sees it: the camera is metres away.
        place = pictures.fixed(pictures.host[:, :3])
        target = pictures.fixed(pictures.motion.body(name, pictures.t) - pictures.host[:, :3])
        return limb_clearance(place, target, pictures.motion.resolved.body)

    return np.asarray(pictures.once(("clearance", name), compute))


def not_hidden(text: str, name: str) -> Leaf:
    """Return the condition that a body's centre is not behind the planet."""
    return Leaf(text, lambda pictures: clearance(pictures, name), COMFORT_RAD, "deg", of_time=True)


def hidden(text: str, name: str) -> Leaf:
    """Return the condition that a body's centre is behind the planet."""
    return Leaf(text, lambda pictures: -clearance(pictures, name), COMFORT_RAD, "deg", of_time=True)


def eclipsed(text: str, total: bool) -> Leaf:
    """Return the condition that the planet hides a part of the Sun's disc from the craft, or all of it."""

    def evaluate(pictures: Instants) -> Vector:
        distance = np.linalg.norm(pictures.motion.body("sun", pictures.t) - pictures.host[:, :3], axis=-1)
        radius = np.arcsin(SUN_RADIUS_M / distance)
        return np.asarray((-radius if total else radius) - clearance(pictures, "sun"))

    return Leaf(text, evaluate, COMFORT_RAD, "deg", of_time=True)


def angle_between(a: Vector, b: Vector) -> Vector:
    """Return the angles (...), rad, between vectors (..., 3), exact near 0 and 180 degrees too."""
    return np.asarray(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), np.sum(a * b, axis=-1)))


def between(
    text: str,
    value: Callable[[Instants], Vector],
    low: float,
    high: float,
    scale: float,
    unit_name: str,
    of_time: bool = False,
) -> Expression:
    """Return the condition that a value (N,) lies between two bounds, either of which may be infinite."""
    parts: list[Leaf] = []
    if np.isfinite(low):
        parts.append(Leaf(text, lambda pictures: value(pictures) - low, scale, unit_name, of_time))
    if np.isfinite(high):
        parts.append(Leaf(text, lambda pictures: high - value(pictures), scale, unit_name, of_time))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def phase(pictures: Instants) -> Vector:
    """Return the phase angles (N,) of the craft: between Sun and camera, seen from it."""
    return angle_between(pictures.relative, pictures.sun)


def planet_phase(pictures: Instants) -> Vector:
    """Return the phase angles (N,) of the planet's centre: between the Sun and the craft."""
    return angle_between(pictures.host[:, :3], pictures.motion.body("sun", pictures.t))


def separation(first: str, second: str) -> Callable[[Instants], Vector]:
    """Return the function of the angle between two bodies as the craft sees them."""

    def value(pictures: Instants) -> Vector:
        a, b = (pictures.motion.body(name, pictures.t) - pictures.host[:, :3] for name in (first, second))
        return angle_between(a, b)

    return value


def distance_to(name: str) -> Callable[[Instants], Vector]:
    """Return the function of the distance from the craft to a body's centre, m."""
    return lambda pictures: np.linalg.norm(pictures.motion.body(name, pictures.t) - pictures.host[:, :3], axis=-1)


def range_to_craft(pictures: Instants) -> Vector:
    """Return the distances (N,) from the camera to the craft's origin, m."""
    return np.asarray(np.linalg.norm(pictures.relative, axis=-1))


def altitude(pictures: Instants) -> Vector:
    """Return the heights (N,) of the craft above the ellipsoid straight below it, m, along the radius."""
    position = pictures.fixed(pictures.host[:, :3])
    radii = np.array(pictures.motion.resolved.body.radii_m)
    return np.asarray(np.linalg.norm(position, axis=-1) * (1.0 - 1.0 / np.linalg.norm(position / radii, axis=-1)))


def latitude(pictures: Instants) -> Vector:
    """Return the planetocentric latitudes (N,) of the craft, rad."""
    x, y, z = np.moveaxis(pictures.fixed(pictures.host[:, :3]), -1, 0)
    return np.asarray(np.arctan2(z, np.hypot(x, y)))


def craft_outline(pictures: Instants, outline: Vector) -> Vector:
    """Return the vectors (N, K, 3), ICRF axes, from the camera to points (K, 3) of the craft, body axes."""
    return np.asarray(outline @ pictures.attitude - pictures.relative[:, None])


def craft_whole(text: str, outline: Vector) -> Every:
    """Return the condition that all points (K, 3) of the craft, body axes, are in the picture."""

    def edge(number: int) -> Leaf:
        def evaluate(pictures: Instants) -> Vector:
            def all_margins() -> Vector:
                return _least_outline_margins(pictures, outline)

            return np.asarray(pictures.once("craft edges", all_margins)[:, number])

        return Leaf(text, evaluate, COMFORT_RAD, "deg")

    return Every(tuple(edge(number) for number in range(4)))


def _least_outline_margins(pictures: Instants, outline: Vector) -> Vector:
    """Return the least angles (N, 4) of the craft's points inside the picture's edges."""
    camera = pictures.lens.camera
    if camera.distortion is not None:
        return np.asarray(inside_margins(pictures, craft_outline(pictures, outline)).min(axis=1))
    # The planes are turned to body axes, once for all points: matrix products, and one arcsine.
    to_camera = pictures.icrf_to_camera @ np.swapaxes(pictures.attitude, -1, -2)
    offset = pictures.to_camera(-pictures.relative)
    planes = _edge_planes(camera, WHOLE)
    heights = (planes @ to_camera) @ outline.T + (offset @ planes.T)[..., None]
    along = np.einsum("nij,ni->nj", to_camera, offset) @ outline.T
    squared = (outline**2).sum(axis=1) + 2.0 * along + (offset**2).sum(axis=1)[:, None]
    sines = heights / np.sqrt(squared)[:, None]
    return np.asarray(np.arcsin(np.clip(sines.min(axis=-1), -1.0, 1.0)))


def craft_fill(outline: Vector) -> Callable[[Instants], Vector]:
    """Return the function of the craft's size in the picture.

    It is the width or height of the craft's bounding box as a share of the picture's own, whichever is more; a craft
    that is partly behind the camera fills it ten times over.
    """

    def value(pictures: Instants) -> Vector:
        camera = pictures.lens.camera
        pixels = camera.project(pictures.to_camera(craft_outline(pictures, outline)))
        share = (pixels.max(axis=1) - pixels.min(axis=1)) / [camera.width, camera.height]
        return np.asarray(np.nan_to_num(share.max(axis=-1), nan=10.0))

    return value


def frame_rays(pictures: Instants, columns: int, rows: int) -> Vector:
    """Return rays (N, columns x rows, 3), body-fixed axes, through a grid over the picture, its edges included."""
    camera = pictures.lens.camera
    x = np.linspace(0.0, camera.width - 1.0, columns)
    y = np.linspace(0.0, camera.height - 1.0, rows)
    rays = camera.unproject(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    rays = rays[np.isfinite(rays).all(axis=-1)]
    return pictures.fixed(np.asarray(rays @ pictures.icrf_to_camera))


def ray_margin(pictures: Instants, rays: Vector) -> Vector:
    """Return the angles (N, M) by which rays, body-fixed axes, meet the planet, in space scaled to its unit sphere."""
    radii = np.array(pictures.motion.resolved.body.radii_m)
    eye = pictures.fixed(pictures.camera_position) / radii
    distance = np.linalg.norm(eye, axis=-1, keepdims=True)
    return np.asarray(np.arcsin(np.minimum(1.0 / distance, 1.0)) - angle_between(rays / radii, -eye[:, None]))


def limb_in_frame(text: str) -> Every:
    """Return the condition that both sky and planet are in the picture.

    Disc and picture are convex: all corners on the planet mean no sky, and a planet that no edge crosses is in the
    picture only if its centre is.
    """

    def border(pictures: Instants) -> Vector:
        def compute() -> Vector:
            rays = frame_rays(pictures, _EDGE_POINTS, _EDGE_POINTS)
            if rays.shape[1] == _EDGE_POINTS**2:
                grid = np.arange(_EDGE_POINTS**2).reshape(_EDGE_POINTS, _EDGE_POINTS)
                rays = rays[:, np.unique(np.concatenate([grid[0], grid[-1], grid[:, 0], grid[:, -1]]))]
            return ray_margin(pictures, rays)

        return np.asarray(pictures.once("border", compute))

    def planet(pictures: Instants) -> Vector:
        centre = inside_margins(pictures, -pictures.camera_position[:, None])[:, 0].min(axis=-1)
        return np.asarray(np.maximum(border(pictures).max(axis=-1), centre))

    sky = Leaf(text, lambda pictures: -border(pictures).min(axis=-1), COMFORT_RAD, "deg")
    return Every((Leaf(text, planet, COMFORT_RAD, "deg"), sky))


def sky_share(pictures: Instants) -> Vector:
    """Return the share (N,) of the picture that is sky, from a grid of rays, each counted by how far it misses."""
    columns, rows = 16, 9
    margins = ray_margin(pictures, frame_rays(pictures, columns, rows))
    cell = pictures.lens.camera.horizontal_fov / columns
    return np.asarray(np.clip(0.5 - margins / cell, 0.0, 1.0).mean(axis=-1))


def no_sunlit_ground(text: str) -> Leaf:
    """Return the condition that no ground in the picture is brighter than civil twilight: the Sun 6 degrees down."""

    def evaluate(pictures: Instants) -> Vector:
        radii = np.array(pictures.motion.resolved.body.radii_m)
        rays = frame_rays(pictures, 9, 5)
        eye = (pictures.fixed(pictures.camera_position) / radii)[:, None]
        ray = rays / radii
        a, b, c = (ray * ray).sum(-1), (eye * ray).sum(-1), (eye * eye).sum(-1) - 1.0
        root = b * b - a * c
        hits = (root >= 0.0) & (b < 0.0)
        points = (eye + ((-b - np.sqrt(np.maximum(root, 0.0))) / a)[..., None] * ray) * radii
        normals = unit(points / radii**2)
        height = np.arcsin(np.clip((normals * pictures.fixed(pictures.sun)[:, None]).sum(-1), -1.0, 1.0))
        return np.asarray(-np.radians(6.0) - np.where(hits, height, -0.5 * np.pi).max(axis=-1))

    return Leaf(text, evaluate, COMFORT_RAD, "deg")
