"""What is in the picture, from the geometry alone: the craft, the planet, a place on it, the Sun."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.camera.pinhole import Camera
from selfiesim.core.vectors import unit
from selfiesim.motion.events import CAP_EDGE_DEG
from selfiesim.view.poses import PlanetPose
from selfiesim.view.view import View

_RAY_GRID = (48, 27)  # columns and rows of rays that sample the picture


@dataclass(frozen=True)
class Framing:
    """What is in the picture of a view.

    Attributes
    ----------
    craft_box_px : tuple of float
        Bounding box of the craft, pixels: left, top, right, bottom; NaN when part of the craft is behind the camera.
    craft_px : float
        Longer side of that box.
    craft_in_frame : bool
        Whether the whole craft is in the picture.
    sky_share, planet_share : float
        Shares of the picture with sky and with the planet, as if the craft were not there.
    sunlit_share : float
        Share of the visible planet that is in daylight.
    cap_share : float
        Share of the picture with ground north of 80 degrees north.
    sun_in_frame : bool
        Whether the centre of the Sun is in the picture.
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
        """Whether the planet's limb is in the picture: both sky and planet are."""
        return 0.0 < self.planet_share < 1.0


def framing(view: View) -> Framing:
    """Determine what is in the picture of ``view``."""
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
    """Bounding box of the craft, pixels: left, top, right, bottom; NaN when part of it is behind the camera."""
    pixels = view.camera.project(view.craft.outline())
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _is_in_frame(view: View, pixels: NDArray[np.float64]) -> bool:
    width, height = view.camera.width, view.camera.height
    inside = (pixels > -0.5) & (pixels < np.array([width, height]) - 0.5)
    return bool(np.all(inside))  # False for NaN, which is behind the camera


def _planet_fractions(view: View, planet: PlanetPose) -> tuple[float, float, float]:
    """Share of the picture with the planet, share of that in daylight, and share of the picture with the polar cap."""
    ground, mu0 = _ground_hits(view, planet)
    hit = np.isfinite(ground[:, 0])
    latitude = np.degrees(np.arcsin(np.clip(ground[:, 2], -1.0, 1.0)))
    sunlit = float((mu0[hit] > 0.0).mean()) if hit.any() else 0.0
    return float(hit.mean()), sunlit, float((latitude[hit] > CAP_EDGE_DEG).sum() / len(hit))


def _ground_hits(view: View, planet: PlanetPose) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cast a grid of rays: body-fixed directions (N, 3) of the ground, NaN for sky, and cosine of the solar zenith."""
    rays = _ray_grid(view.camera) @ planet.camera_to_bodyfixed.T
    points = intersect_ellipsoid(-planet.camera_to_bodyfixed @ planet.position, rays, planet.body)
    normals = unit(points / np.array(planet.body.radii_m) ** 2)
    sun = planet.camera_to_bodyfixed @ view.sun.direction
    return unit(points), normals @ sun


@lru_cache(maxsize=4)
def _ray_grid(camera: Camera) -> NDArray[np.float64]:
    """Return rays (N, 3) in camera axes that sample the picture evenly; a film asks for those of one lens again."""
    x = (np.arange(_RAY_GRID[0]) + 0.5) / _RAY_GRID[0] * camera.width - 0.5
    y = (np.arange(_RAY_GRID[1]) + 0.5) / _RAY_GRID[1] * camera.height - 0.5
    return camera.unproject(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
