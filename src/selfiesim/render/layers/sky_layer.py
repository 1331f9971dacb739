"""The sky, added to the rendered image: the Sun's disc, moons, planets, stars.

It is computed in numpy, only on the pixels concerned. Bodies wider than a pixel are supersampled; stars and smaller
bodies are splatted to 3x3 pixels with a fixed kernel that preserves their flux and centroid. Nearer objects occlude
them: the craft by the fraction of each pixel that it covers, the planet and nearer bodies by ray intersection. The
planet's air does not dim them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.camera.pinhole import Camera
from selfiesim.core.vectors import Vector, perpendicular, unit
from selfiesim.sky.solar_disc import disc_radiance

if TYPE_CHECKING:
    from selfiesim.sky.sunlit_globes import SkyBody
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]
Image = NDArray[np.float32]
RadianceFunction = Callable[[Floats], tuple[Floats, Floats]]
"""From rays (N, 3) to the radiance (N, 3) of a body along them, and whether they hit it (N,), 0 or 1."""

_MIN_RESOLVED_PX = 1.5  # minimum diameter of a body to be rendered as a disc
_DISC_SAMPLES_ACROSS = 40  # samples across a disc, within these limits of samples a pixel each way:
_MIN_SUBSAMPLES, _MAX_SUBSAMPLES = 2, 8
_CHUNK_SIZE = 2**18  # samples computed at a time


@dataclass(frozen=True)
class _PointSources:
    """Unresolved sources: rays (N, 3) in camera axes, irradiance (N, 3), solid angle (N,) in sr, distance (N,) in m."""

    rays: Floats
    light: Floats
    solid_angle: Floats
    distance: Floats


class _SkyCanvas:
    """The image the sky is added to, and the objects that may occlude the sky."""

    def __init__(self, rgb: Image, cover: Image, view: View, behind: Sequence[Image]) -> None:
        self.rgb, self.cover, self.view, self.camera = rgb, cover, view, view.camera
        self._behind = (rgb, *behind)
        # A shape model hides the sky as a craft does.
        self.planet: PlanetPose | None = None if view.planet is None or view.planet.shape else view.planet
        self.planet_distance = np.inf if self.planet is None else float(np.linalg.norm(self.planet.position))
        sky = view.sky
        self.globes = sorted(
            (g for g in sky.globes if _is_in_frame(self.camera, self.axes @ g.position, g.angular_radius)),
            key=lambda globe: -globe.distance,
        )

    @property
    def axes(self) -> Floats:
        """Rotation from ICRF to camera axes."""
        return self.view.icrf_to_camera

    def is_resolved(self, globe: SkyBody) -> bool:
        """Return whether a body is rendered as a disc."""
        return 2.0 * globe.angular_radius >= _MIN_RESOLVED_PX * self.camera.pixel_angle

    def dim(self, where: tuple[Any, Any], share: Image) -> None:
        """Multiply the light of the pixels ``where`` by ``share``, in every image behind."""
        for image in self._behind:
            image[where] *= share

    def visibility(self, rays: Floats, distance: float, toward: Vector | None = None, reach: float = 0.0) -> Floats:
        """Return 1 where neither planet nor globes occlude a source at ``distance`` m along rays (N, 3), else 0: (N,).

        With ``toward``, a unit vector, only globes within ``reach`` rad of it count.
        """
        visible = np.isfinite(rays[:, 0])
        if self.planet is not None and distance > self.planet_distance:
            rotation = self.planet.camera_to_bodyfixed
            eye = -rotation @ self.planet.position
            visible &= np.isnan(intersect_ellipsoid(eye, rays @ rotation.T, self.planet.body)[:, 0])
        for globe in self.globes:
            if globe.distance >= distance or (toward is None and not self.is_resolved(globe)):
                continue
            if toward is not None and not _is_within(self.axes @ globe.position, toward, reach + globe.angular_radius):
                continue
            visible &= ~globe.shade(rays @ self.axes)[1]
        return visible.astype(float)


def add_sky(rgb: Image, cover: Image, view: View, behind: Sequence[Image] = ()) -> None:
    """Add the sky of ``view`` to its image in place.

    Parameters
    ----------
    rgb : (H, W, 3) float32
        Radiance of planet and craft.
    cover : (H, W) float32
        Fraction of each pixel that the craft covers.
    view : View
        The view, with its sky.
    behind : sequence of (H, W, 3) float32
        More images, which globes in front of the planet hide as they do ``rgb``.
    """
    canvas = _SkyCanvas(rgb, cover, view, behind)
    # Globes in front of the planet come first: they occlude its light, already in the image, and that of no other body.
    for globe in canvas.globes:
        if globe.distance < canvas.planet_distance:
            _add_globe(canvas, globe)
    if view.sky.sun:
        _add_sun(canvas)
    for globe in canvas.globes:
        if globe.distance >= canvas.planet_distance:
            _add_globe(canvas, globe)
    stars = view.sky.star_directions @ canvas.axes.T
    count = len(stars)
    _splat_points(canvas, _PointSources(stars, view.sky.star_irradiance, np.zeros(count), np.full(count, np.inf)))


def _add_globe(canvas: _SkyCanvas, globe: SkyBody) -> None:
    if not globe.disc_integrals[1] > 0.0:
        return
    position = canvas.axes @ globe.position
    if not canvas.is_resolved(globe):
        light, solid_angle = globe.irradiance[None], np.array([globe.disc_integrals[1]])
        _splat_points(canvas, _PointSources(unit(position)[None], light, solid_angle, np.array([globe.distance])))
        return

    def radiance(rays: Floats) -> tuple[Floats, Floats]:
        brightness, hit = globe.shade(rays @ canvas.axes)
        return brightness[:, None] * globe.radiance_scale, hit.astype(float)

    _add_disc(canvas, unit(position), globe.angular_radius, globe.distance, radiance)


def _add_sun(canvas: _SkyCanvas) -> None:
    sun = canvas.view.sun
    size = np.sin(sun.angular_radius)
    if 2.0 * sun.angular_radius < _MIN_RESOLVED_PX * canvas.camera.pixel_angle:
        rays, light, solid_angle = sun.direction[None], sun.irradiance[None], np.array([np.pi * size**2])
        _splat_points(canvas, _PointSources(rays, light, solid_angle, np.array([sun.distance])))
        return

    def radiance(rays: Floats) -> tuple[Floats, Floats]:
        off_center = np.linalg.norm(np.cross(rays, sun.direction), axis=-1) / size
        hit = ((off_center < 1.0) & (rays @ sun.direction > 0.0)).astype(float)
        mu = np.sqrt(np.maximum(1.0 - off_center * off_center, 0.0))
        return disc_radiance(sun.irradiance, sun.angular_radius, mu) * hit[:, None], hit

    _add_disc(canvas, sun.direction, sun.angular_radius, sun.distance, radiance)


def _add_disc(canvas: _SkyCanvas, toward: Vector, radius: float, distance: float, radiance: RadianceFunction) -> None:
    """Add a body of angular ``radius``, rad, in the direction ``toward`` (3,), camera axes, supersampled."""
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
        light, hit = radiance(rays)
        visible = np.zeros(len(rays))
        on_disc = hit > 0.0
        visible[on_disc] = canvas.visibility(rays[on_disc], distance, toward, radius)
        shape = (stop - start, right - left, len(shift))
        light = np.where(visible[:, None] > 0.0, light, 0.0).reshape(*shape, 3).mean(axis=2)
        hit = (visible * hit).reshape(shape).mean(axis=2)
        where = slice(start, stop), slice(left, right)
        uncovered = 1.0 - canvas.cover[where][..., None]
        if distance < canvas.planet_distance < np.inf:
            canvas.dim(where, (1.0 - hit[..., None] * uncovered).astype(np.float32))
        canvas.rgb[where] += (light * uncovered).astype(np.float32)


def _splat_points(canvas: _SkyCanvas, points: _PointSources) -> None:
    """Splat each source to 3x3 pixels with quadratic B-spline weights, which preserve flux and centroid."""
    camera = canvas.camera
    height, width = canvas.cover.shape
    positions = camera.project(points.rays)
    with np.errstate(invalid="ignore"):
        in_frame = ((positions > -1.5) & (positions < (width + 0.5, height + 0.5))).all(axis=1)
    if not in_frame.any():
        return
    positions, light = positions[in_frame], points.light[in_frame]
    distance = float(points.distance[in_frame].max())
    nearest = np.floor(positions + 0.5).astype(int)
    weight_x, weight_y = (_bspline_weights(positions[:, k] - nearest[:, k]) for k in (0, 1))
    step = np.arange(-1, 2)
    x = (nearest[:, 0, None, None] + step[None, None, :]).repeat(3, axis=1).reshape(-1)
    y = (nearest[:, 1, None, None] + step[None, :, None]).repeat(3, axis=2).reshape(-1)
    weight = (weight_y[:, :, None] * weight_x[:, None, :]).reshape(-1)
    light, solid_angle = light.repeat(9, axis=0), points.solid_angle[in_frame].repeat(9)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y, weight, light, solid_angle = (each[inside] for each in (x, y, weight, light, solid_angle))
    pixels = np.stack([x, y], axis=-1).astype(float)
    visibility = weight * (1.0 - canvas.cover[y, x]) * _sky_visibility(canvas, pixels, distance)
    pixel_sr = _solid_angle(camera, pixels)
    if distance < canvas.planet_distance < np.inf:
        canvas.dim((y, x), (1.0 - np.minimum(visibility * solid_angle / pixel_sr, 1.0))[:, None].astype(np.float32))
    added = np.where(visibility[:, None] > 0.0, light * (visibility / pixel_sr)[:, None], 0.0)
    np.add.at(canvas.rgb, (y, x), added.astype(np.float32))


def _sky_visibility(canvas: _SkyCanvas, pixels: Floats, distance: float) -> Floats:
    """Return the fraction (N,) of pixels (N, 2) not occluded by planet and resolved globes, from four rays a pixel."""
    offsets = np.array([[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [0.25, 0.25]])
    rays = canvas.camera.unproject((pixels[:, None] + offsets).reshape(-1, 2))
    return np.asarray(canvas.visibility(rays, distance).reshape(-1, 4).mean(axis=1))


def _bspline_weights(offset: Floats) -> Floats:
    """Return the weights (N, 3) of the pixels before, at and after the nearest one; offsets (N,) from -0.5 to 0.5."""
    return np.stack([0.5 * (0.5 - offset) ** 2, 0.75 - offset**2, 0.5 * (0.5 + offset) ** 2], axis=-1)


def _solid_angle(camera: Camera, pixels: Floats) -> Floats:
    """Return the solid angle (N,) of pixels (N, 2), sr; infinite where the lens shows nothing."""
    half = np.array([0.5, 0.0])
    sides = np.cross(_across_pixels(camera, pixels, half), _across_pixels(camera, pixels, half[::-1]))
    size = np.linalg.norm(sides, axis=-1)
    # At a pole of a panorama a pixel has no width.
    return np.asarray(np.where(np.isfinite(size), np.maximum(size, 1e-6 * camera.pixel_angle**2), np.inf))


def _across_pixels(camera: Camera, pixels: Floats, half: Floats) -> Floats:
    """Return the change of the ray (N, 3) across pixels; twice that to the middle in a pixel that the lens ends in."""
    before, middle, after = (camera.unproject(pixels + side * half) for side in (-1.0, 0.0, 1.0))
    before = np.where(np.isfinite(before), before, 2.0 * middle - after)
    after = np.where(np.isfinite(after), after, 2.0 * middle - before)
    return np.asarray(after - before)


def _pixel_bounds(camera: Camera, toward: Vector, radius: float) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom (past the end) of the pixels a disc may touch; None outside the image."""
    across = perpendicular(toward)
    azimuth = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)[:, None]
    rim = np.cos(azimuth) * across + np.sin(azimuth) * np.cross(toward, across)
    points = np.concatenate([toward[None], np.cos(radius) * toward + np.sin(radius) * rim])
    pixels = camera.project(points)
    pixels = pixels[np.isfinite(pixels[:, 0])]
    if not len(pixels):
        return None
    size = np.array([camera.width, camera.height])
    low = np.clip(np.floor(pixels.min(axis=0)) - 1, 0, size).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 2, 0, size).astype(int)
    if (low >= high).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _is_in_frame(camera: Camera, position: Vector, radius: float) -> bool:
    return _pixel_bounds(camera, unit(position), max(radius, 1.5 * camera.pixel_angle)) is not None


def _is_within(position: Vector, toward: Vector, reach: float) -> bool:
    return bool(unit(position) @ toward > np.cos(min(reach, np.pi)))
