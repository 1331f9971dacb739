"""Lines on a body's ellipsoid: the ground track, and the footprint of the picture.

Lines are arrays (N, 2) of planetocentric latitude and east longitude in degrees; a row of NaN separates two pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.astro.ellipsoid import intersect_ellipsoid, limb_points
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.camera.pinhole import Camera
from selfiesim.core.vectors import Vector
from selfiesim.view.geometry import ViewGeometry
from selfiesim.view.in_frame import project_places
from selfiesim.view.view import View

_BORDER_POINTS = 240  # along each side of the picture
LIMB_STEPS = 1440
_BISECTIONS = 44  # from a side of the picture to the point at which it leaves the planet


def lonlat_deg(points: Vector) -> Vector:
    """Latitude and longitude (..., 2), degrees, of directions or positions (..., 3) in body-fixed axes."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.asarray(np.degrees(np.stack([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)], axis=-1)))


def eye_bodyfixed(view: ViewGeometry) -> Vector:
    """Position (3,) of the camera from the planet's centre, m, body-fixed; the view must have a planet."""
    assert view.planet is not None
    return np.asarray(-view.planet.camera_to_bodyfixed @ view.planet.position)


def sun_bodyfixed(view: ViewGeometry) -> Vector:
    """Unit vector (3,) toward the Sun, body-fixed; the view must have a planet."""
    assert view.planet is not None
    return np.asarray(view.planet.camera_to_bodyfixed @ view.sun.direction)


def ground_track(positions: Vector, epochs: Sequence[Epoch], body: Body) -> Vector:
    """Points (N, 2) below positions (N, 3), m, ICRF axes from the body's centre, at their epochs."""
    fixed = [icrf_to_bodyfixed(body, epoch) @ position for position, epoch in zip(positions, epochs, strict=True)]
    return lonlat_deg(np.array(fixed))


def border_pixels(camera: Camera) -> Vector:
    """Points (N, 2) along the edge of the picture, closed, pixels; clockwise from the upper left corner."""
    left, top, right, bottom = -0.5, -0.5, camera.width - 0.5, camera.height - 0.5
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
    share = np.linspace(0.0, 1.0, _BORDER_POINTS, endpoint=False)[:, None]
    sides = [start + share * (end - start) for start, end in pairwise(corners)]
    return np.concatenate([*sides, corners[-1:]])


def footprint_outline(view: View) -> Vector:
    """Outline (N, 2) of the ground in the picture: its edge where that meets the planet, and the limb in the picture.

    Parameters
    ----------
    view : View
        A view with a planet. The craft is ignored.

    Returns
    -------
    (N, 2) array
        Latitude and longitude, degrees, with NaN between pieces; empty where the picture shows no ground.
    """
    planet = view.planet
    assert planet is not None
    eye = eye_bodyfixed(view)

    def hit(pixels: Vector) -> Vector:
        rays = view.camera.unproject(pixels) @ planet.camera_to_bodyfixed.T
        return intersect_ellipsoid(eye, rays, planet.body)

    edge = lonlat_deg(hit(_refined(border_pixels(view.camera), hit)))
    limb = limb_points(eye, planet.body, LIMB_STEPS)
    pixels = view.camera.project((limb - eye) @ planet.camera_to_bodyfixed)
    size = np.array([view.camera.width, view.camera.height])
    outside = (~((pixels >= -0.5) & (pixels <= size - 0.5))).any(axis=-1)
    horizon = lonlat_deg(limb)
    horizon[outside] = np.nan
    if not (np.isfinite(edge).any() or np.isfinite(horizon).any()):
        return np.empty((0, 2))
    return np.concatenate([edge, np.full((1, 2), np.nan), horizon])


def _refined(pixels: Vector, hit: Callable[[Vector], Vector]) -> Vector:
    """The same line of pixels with points added toward each place at which it leaves the planet.

    On the ground the last step before the limb is long: it grows with the square root of the angle.
    """
    on_ground = np.asarray(np.isfinite(hit(pixels)[:, 0]))
    pieces = [pixels[:1]]
    for k in range(len(pixels) - 1):
        if on_ground[k] != on_ground[k + 1]:
            inner, outer = (pixels[k], pixels[k + 1]) if on_ground[k] else (pixels[k + 1], pixels[k])
            found = []
            for _ in range(_BISECTIONS):
                middle = 0.5 * (inner + outer)
                if np.isfinite(hit(middle[None])[0, 0]):
                    inner = middle
                    found.append(middle)
                else:
                    outer = middle
            if found:
                added = np.array(found)
                pieces.append(added if on_ground[k] else added[::-1])
        pieces.append(pixels[k + 1 : k + 2])
    return np.concatenate(pieces)


def footprint_mask(view: View, latitude: Vector, longitude: Vector) -> Vector:
    """Whether places (...), degrees, are in the picture and not beyond the limb; the craft is ignored."""
    pixels = project_places(view, np.radians(latitude).ravel(), np.radians(longitude).ravel())
    return np.isfinite(pixels[:, 0]).reshape(np.shape(latitude))
