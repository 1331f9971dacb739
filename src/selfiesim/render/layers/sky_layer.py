"""The sky, added to the finished picture: the Sun's disc, moons, planets, stars.

In numpy, and only on the pixels concerned. Bodies wider than a pixel are sampled several times a pixel; stars and
smaller bodies are spread over 3x3 pixels by a fixed kernel that keeps their light and their place. Nothing shines
through what stands in front: the craft by the share of each pixel that it covers, the planet by meeting its ellipsoid,
nearer bodies likewise. The planet's air does not dim them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.camera.pinhole import Camera
from selfiesim.core.vectors import Vector, unit
from selfiesim.sky.solar_disc import disc_radiance

if TYPE_CHECKING:
    from selfiesim.sky.sunlit_globes import SkyBody
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]
Picture = NDArray[np.float32]
RadianceFunction = Callable[[Floats], tuple[Floats, Floats]]
"""From rays (N, 3) to the radiance (N, 3) of a body along them, and whether they meet it (N,), 0 or 1."""

_MIN_RESOLVED_PX = 1.5  # bodies at least so wide are drawn as discs
_DISC_SAMPLES_ACROSS = 40  # samples across a disc, where that takes no more than _MOST a pixel each way
_MIN_SUBSAMPLES, _MAX_SUBSAMPLES = 2, 8
_CHUNK_SIZE = 2**18  # samples worked on at a time


@dataclass(frozen=True)
class _PointSources:
    """Lights without width: rays (N, 3) in camera axes, irradiance (N, 3), solid angle (N,), distance (N,) in m."""

    rays: Floats
    light: Floats
    solid_angle: Floats
    distance: Floats


class _SkyCanvas:
    """What the sky is drawn on, and what stands in front of it."""

    def __init__(self, rgb: Picture, cover: Picture, view: View) -> None:
        self.rgb, self.cover, self.view, self.camera = rgb, cover, view, view.camera
        self.planet: PlanetPose | None = view.planet
        self.planet_distance = np.inf if self.planet is None else float(np.linalg.norm(self.planet.position))
        sky = view.sky
        self.globes = sorted(
            (g for g in sky.globes if _is_in_frame(self.camera, self.axes @ g.position, g.angular_radius)),
            key=lambda globe: -globe.distance,
        )
        self.wide = [globe for globe in self.globes if self.is_resolved(globe)]

    @property
    def axes(self) -> Floats:
        """ICRF to camera."""
        return self.view.icrf_to_camera

    def is_resolved(self, globe: SkyBody) -> bool:
        """Whether it is drawn as a disc."""
        return 2.0 * globe.angular_radius >= _MIN_RESOLVED_PX * self.camera.pixel_angle

    def visibility(self, rays: Floats, distance: float, toward: Vector | None = None, reach: float = 0.0) -> Floats:
        """1 where nothing but the craft stands before ``distance`` m along rays (N, 3), else 0: (N,).

        With ``toward``, a unit vector, only globes that come within ``reach`` rad of it are asked.
        """
        shown = np.isfinite(rays[:, 0])
        if self.planet is not None and distance > self.planet_distance:
            turn = self.planet.camera_to_bodyfixed
            shown &= np.isnan(intersect_ellipsoid(-turn @ self.planet.position, rays @ turn.T, self.planet.body)[:, 0])
        for globe in self.globes:
            if globe.distance >= distance or (toward is None and not self.is_resolved(globe)):
                continue
            if toward is not None and not _is_within(self.axes @ globe.position, toward, reach + globe.angular_radius):
                continue
            shown &= ~globe.shade(rays @ self.axes)[1]
        return shown.astype(float)


def add_sky(rgb: Picture, cover: Picture, view: View) -> None:
    """Add what stands in the sky of ``view`` to its picture, in place.

    Parameters
    ----------
    rgb : (H, W, 3) float32
        Radiance of planet and craft.
    cover : (H, W) float32
        Share of each pixel that the craft covers.
    """
    canvas = _SkyCanvas(rgb, cover, view)
    # What stands in front of the planet first: it takes the planet's light away, and no other body's.
    for globe in canvas.globes:
        if globe.distance < canvas.planet_distance:
            _draw_globe(canvas, globe)
    if view.sky.sun:
        _draw_sun(canvas)
    for globe in canvas.globes:
        if globe.distance >= canvas.planet_distance:
            _draw_globe(canvas, globe)
    stars = view.sky.star_directions @ canvas.axes.T
    count = len(stars)
    _splat_points(canvas, _PointSources(stars, view.sky.star_irradiance, np.zeros(count), np.full(count, np.inf)))


def _draw_globe(canvas: _SkyCanvas, globe: SkyBody) -> None:
    if not globe.disc_integrals[1] > 0.0:
        return
    middle = canvas.axes @ globe.position
    if not canvas.is_resolved(globe):
        light, width = globe.irradiance[None], np.array([globe.disc_integrals[1]])
        _splat_points(canvas, _PointSources(unit(middle)[None], light, width, np.array([globe.distance])))
        return

    def look(rays: Floats) -> tuple[Floats, Floats]:
        brightness, met = globe.shade(rays @ canvas.axes)
        return brightness[:, None] * globe.radiance_scale, met.astype(float)

    _draw_disc(canvas, unit(middle), globe.angular_radius, globe.distance, look)


def _draw_sun(canvas: _SkyCanvas) -> None:
    sun = canvas.view.sun
    size = np.sin(sun.angular_radius)
    if 2.0 * sun.angular_radius < _MIN_RESOLVED_PX * canvas.camera.pixel_angle:
        width = np.array([np.pi * size**2])
        _splat_points(canvas, _PointSources(sun.direction[None], sun.irradiance[None], width, np.array([sun.distance])))
        return

    def look(rays: Floats) -> tuple[Floats, Floats]:
        off = np.linalg.norm(np.cross(rays, sun.direction), axis=-1) / size
        on = ((off < 1.0) & (rays @ sun.direction > 0.0)).astype(float)
        mu = np.sqrt(np.maximum(1.0 - off * off, 0.0))
        return disc_radiance(sun.irradiance, sun.angular_radius, mu) * on[:, None], on

    _draw_disc(canvas, sun.direction, sun.angular_radius, sun.distance, look)


def _draw_disc(canvas: _SkyCanvas, toward: Vector, radius: float, distance: float, look: RadianceFunction) -> None:
    """Draw a body of angular ``radius`` round ``toward`` (3,), camera axes, by several looks a pixel."""
    box = _pixel_bounds(canvas.camera, toward, radius)
    if box is None:
        return
    left, top, right, bottom = box
    width_px = 2.0 * radius / canvas.camera.pixel_angle
    side = int(np.clip(np.ceil(_DISC_SAMPLES_ACROSS / width_px), _MIN_SUBSAMPLES, _MAX_SUBSAMPLES))
    steps = (np.arange(side) + 0.5) / side - 0.5
    shift = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    rows = max(1, _CHUNK_SIZE // ((right - left) * len(shift)))
    for start in range(top, bottom, rows):
        stop = min(start + rows, bottom)
        x, y = np.meshgrid(np.arange(left, right), np.arange(start, stop))
        pixels = np.stack([x, y], axis=-1).reshape(-1, 1, 2) + shift
        rays = canvas.camera.unproject(pixels.reshape(-1, 2))
        light, met = look(rays)
        shown = np.zeros(len(rays))
        asked = met > 0.0
        shown[asked] = canvas.visibility(rays[asked], distance, toward, radius)
        part = (stop - start, right - left, len(shift))
        light = np.where(shown[:, None] > 0.0, light, 0.0).reshape(*part, 3).mean(axis=2)
        met = (shown * met).reshape(part).mean(axis=2)
        rgb, open_share = canvas.rgb[start:stop, left:right], 1.0 - canvas.cover[start:stop, left:right, None]
        if distance < canvas.planet_distance < np.inf:
            rgb *= (1.0 - met[..., None] * open_share).astype(np.float32)
        rgb += (light * open_share).astype(np.float32)


def _splat_points(canvas: _SkyCanvas, points: _PointSources) -> None:
    """Spread each light over 3x3 pixels: quadratic B-spline weights, whose sum and centroid are those of the point."""
    camera = canvas.camera
    height, width = canvas.cover.shape
    places = camera.project(points.rays)
    with np.errstate(invalid="ignore"):
        seen = ((places > -1.5) & (places < (width + 0.5, height + 0.5))).all(axis=1)
    if not seen.any():
        return
    places, light = places[seen], points.light[seen]
    far = float(points.distance[seen].max())
    nearest = np.floor(places + 0.5).astype(int)
    weight_x, weight_y = (_bspline_weights(places[:, k] - nearest[:, k]) for k in (0, 1))
    step = np.arange(-1, 2)
    x = (nearest[:, 0, None, None] + step[None, None, :]).repeat(3, axis=1).reshape(-1)
    y = (nearest[:, 1, None, None] + step[None, :, None]).repeat(3, axis=2).reshape(-1)
    weight = (weight_y[:, :, None] * weight_x[:, None, :]).reshape(-1)
    light, width_sr = light.repeat(9, axis=0), points.solid_angle[seen].repeat(9)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y, weight, light, width_sr = x[inside], y[inside], weight[inside], light[inside], width_sr[inside]
    pixels = np.stack([x, y], axis=-1).astype(float)
    visibility = weight * (1.0 - canvas.cover[y, x]) * _sky_visibility(canvas, pixels, far)
    angle = _solid_angle(camera, pixels)
    if far < canvas.planet_distance < np.inf:
        canvas.rgb[y, x] *= (1.0 - np.minimum(visibility * width_sr / angle, 1.0))[:, None].astype(np.float32)
    added = np.where(visibility[:, None] > 0.0, light * (visibility / angle)[:, None], 0.0)
    np.add.at(canvas.rgb, (y, x), added.astype(np.float32))


def _sky_visibility(canvas: _SkyCanvas, pixels: Floats, distance: float) -> Floats:
    """Share (N,) of pixels (N, 2) in which planet and wide globes leave the sky open: four looks a pixel."""
    looks = np.array([[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [0.25, 0.25]])
    rays = canvas.camera.unproject((pixels[:, None] + looks).reshape(-1, 2))
    return np.asarray(canvas.visibility(rays, distance).reshape(-1, 4).mean(axis=1))


def _bspline_weights(offset: Floats) -> Floats:
    """Of the pixels before, at and after the nearest one (N, 3), for an offset (N,) from it, -0.5 to 0.5."""
    return np.stack([0.5 * (0.5 - offset) ** 2, 0.75 - offset**2, 0.5 * (0.5 + offset) ** 2], axis=-1)


def _solid_angle(camera: Camera, pixels: Floats) -> Floats:
    """Solid angle (N,) in sr that pixels (N, 2) span; not a number beyond the lens."""
    half = np.array([0.5, 0.0])
    across = camera.unproject(pixels + half) - camera.unproject(pixels - half)
    down = camera.unproject(pixels + half[::-1]) - camera.unproject(pixels - half[::-1])
    return np.asarray(np.linalg.norm(np.cross(across, down), axis=-1))


def _pixel_bounds(camera: Camera, toward: Vector, radius: float) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom (past the end) of the pixels that a disc may touch; None outside the picture."""
    across = unit(np.cross(toward, np.eye(3)[int(np.argmin(np.abs(toward)))]))
    turns = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)[:, None]
    rim = np.cos(turns) * across + np.sin(turns) * np.cross(toward, across)
    points = np.concatenate([toward[None], np.cos(radius) * toward + np.sin(radius) * rim])
    places = camera.project(points)
    places = places[np.isfinite(places[:, 0])]
    if not len(places):
        return None
    size = np.array([camera.width, camera.height])
    low = np.clip(np.floor(places.min(axis=0)) - 1, 0, size).astype(int)
    high = np.clip(np.ceil(places.max(axis=0)) + 2, 0, size).astype(int)
    if (low >= high).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _is_in_frame(camera: Camera, position: Vector, radius: float) -> bool:
    return _pixel_bounds(camera, unit(position), max(radius, 1.5 * camera.pixel_angle)) is not None


def _is_within(position: Vector, toward: Vector, reach: float) -> bool:
    return bool(unit(position) @ toward > np.cos(min(reach, np.pi)))
