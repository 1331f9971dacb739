"""What is in the picture, told from the geometry alone: the craft, the planet, a place on it, the Sun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.core.vectors import unit
from selfiesim.motion.events import CAP_EDGE_DEG
from selfiesim.view.poses import PlanetPose
from selfiesim.view.view import View

_RAY_GRID = (48, 27)  # across and down, for shares of the picture


@dataclass(frozen=True)
class Framing:
    """What a view holds.

    Attributes
    ----------
    craft_box_px : tuple of float
        Left, top, right, bottom of the craft's outline, pixels; NaN where part of it is behind the camera.
    craft_px : float
        The longer side of that box.
    craft_in_frame : bool
        Whether all of the craft is in the picture.
    sky_share, planet_share : float
        Shares of the picture without and with the planet behind, the craft left aside.
    sunlit_share : float
        Share of the planet's part in daylight.
    cap_share : float
        Share of the picture that shows ground north of 80 degrees north.
    sun_in_frame : bool
        Whether the middle of the Sun's disc is in the picture.
    """

    craft_box_px: tuple[float, float, float, float]
    craft_px: float
    craft_in_frame: bool
    sky_share: float
    planet_share: float
    sunlit_share: float
    cap_share: float
    sun_in_frame: bool

    @property
    def limb_in_frame(self) -> bool:
        """Whether the picture holds both sky and planet."""
        return 0.0 < self.planet_share < 1.0


def framing(view: View) -> Framing:
    """Look at what ``view`` holds."""
    box = craft_bounding_box(view)
    planet, sunlit, cap = (0.0, 0.0, 0.0) if view.planet is None else _planet_fractions(view, view.planet)
    return Framing(
        craft_box_px=box,
        craft_px=max(box[2] - box[0], box[3] - box[1]),
        craft_in_frame=_is_in_frame(view, np.array(box).reshape(2, 2)),
        sky_share=1.0 - planet,
        planet_share=planet,
        sunlit_share=sunlit,
        cap_share=cap,
        sun_in_frame=_is_in_frame(view, view.camera.project(view.sun.direction)),
    )


def craft_bounding_box(view: View) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the craft's outline, pixels; NaN when part of it is behind the camera."""
    pixels = view.camera.project(view.craft.outline())
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def project_lonlat(view: View, latitude: float, longitude: float) -> NDArray[np.float64] | None:
    """Pixel (2,) of a place on the planet (planetocentric, rad), or None when it is hidden or outside the picture."""
    planet = view.planet
    if planet is None:
        return None
    squared = np.array(planet.body.radii_m) ** 2
    across = np.cos(latitude)
    direction = np.array([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])
    point = direction / np.sqrt((direction**2 / squared).sum())
    normal = planet.camera_to_bodyfixed.T @ (point / squared)
    seen = planet.position + planet.camera_to_bodyfixed.T @ point
    if normal @ seen >= 0.0:
        return None  # beyond the horizon
    pixel = view.camera.project(seen)
    return pixel if _is_in_frame(view, pixel) else None


def _is_in_frame(view: View, pixels: NDArray[np.float64]) -> bool:
    width, height = view.camera.width, view.camera.height
    within = (pixels > -0.5) & (pixels < np.array([width, height]) - 0.5)
    return bool(np.all(within))  # NaN, behind the camera, is not within


def _planet_fractions(view: View, planet: PlanetPose) -> tuple[float, float, float]:
    """Shares: of the planet in the picture, of daylight on that, of the polar cap in the picture."""
    ground, mu0 = _ground_hits(view, planet)
    hit = np.isfinite(ground[:, 0])
    latitude = np.degrees(np.arcsin(np.clip(ground[:, 2], -1.0, 1.0)))
    sunlit = float((mu0[hit] > 0.0).mean()) if hit.any() else 0.0
    return float(hit.mean()), sunlit, float((latitude[hit] > CAP_EDGE_DEG).sum() / len(hit))


def _ground_hits(view: View, planet: PlanetPose) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Body-fixed directions (N, 3) an even grid of rays meets, NaN for sky, and cosines of the Sun's zenith angle."""
    camera = view.camera
    x = (np.arange(_RAY_GRID[0]) + 0.5) / _RAY_GRID[0] * camera.width - 0.5
    y = (np.arange(_RAY_GRID[1]) + 0.5) / _RAY_GRID[1] * camera.height - 0.5
    rays = camera.unproject(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)) @ planet.camera_to_bodyfixed.T
    points = intersect_ellipsoid(-planet.camera_to_bodyfixed @ planet.position, rays, planet.body)
    normals = unit(points / np.array(planet.body.radii_m) ** 2)
    sun = planet.camera_to_bodyfixed @ view.sun.direction
    return unit(points), normals @ sun
