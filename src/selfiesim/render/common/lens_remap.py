"""Distorting lenses: render through a few pinholes, then resample along the ray of each pixel.

A pinhole wastes pixels off its axis, more so the wider its field of view. A wide image is therefore split among several
pinholes, each aimed at the middle of its part and cropped to it: side by side up to 150 degrees, beyond that the faces
of a cube. A panorama no higher than one pinhole's field of view takes one row of pinholes all the way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.distortion import Panorama
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import GraphicsError
from selfiesim.core.limits import LENS_PIXELS
from selfiesim.core.vectors import Matrix, unit

MAX_PINHOLE_FOV_RAD = float(np.radians(95.0))
"""Maximum horizontal and vertical field of view of one pinhole."""
MAX_SIDE_BY_SIDE_FOV_RAD = float(np.radians(150.0))
"""Maximum field of view split among pinholes side by side; wider lenses take the faces of a cube."""
OVERSAMPLING = 1.25
"""Pinhole pixels per pixel of the lens, each way, so that bilinear interpolation blurs little."""
_MAX_DENSITY_RATIO = 1.5  # maximum over median density of a part: where a lens folds, the density has no limit
_MARGIN = 2  # pixels
_MAX_PIXEL_RATIO, _SMALL_PIXELS = 50, 4_000_000  # pixels of a pinhole over those of the lens; always allowed
MAX_SIDE_PX = 16_384
"""Maximum side of a pinhole image, pixels."""

# Rotations from lens axes to those of each face: forward, right, left, down, up, back.
_CUBE = tuple(
    np.array(rows, float)
    for rows in (
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0, 0, -1], [0, 1, 0], [1, 0, 0]],
        [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
        [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
        [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
        [[-1, 0, 0], [0, 1, 0], [0, 0, -1]],
    )
)


@dataclass(frozen=True)
class PinholeView:
    """The part of a distorted image that one pinhole renders.

    Attributes
    ----------
    camera : Camera
        The pinhole. All pinholes of a lens have the same image size.
    lens_to_pinhole : (3, 3) array
        Rotation from lens axes to pinhole axes.
    pixels : (N,) array of int
        Pixels of the distorted image in this part, counted row by row.
    pinhole_pixels : (N, 2) array of float32
        Position (x, y) of each in the pinhole image, pixels.
    """

    camera: Camera
    lens_to_pinhole: Matrix
    pixels: NDArray[np.int64]
    pinhole_pixels: NDArray[np.float32]


@lru_cache(maxsize=4)
def pinhole_views(camera: Camera) -> tuple[PinholeView, ...]:
    """Return the pinholes that together cover the field of view of ``camera``.

    Raises
    ------
    GraphicsError
        If one of their images would be larger than :data:`MAX_SIDE_PX` or the limit ``lens-pixels``, or much larger
        than that of ``camera``.
    """
    x, y = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    centres = np.stack([x, y], axis=-1).reshape(-1, 2).astype(float)
    rays = camera.unproject(centres)
    visible = np.flatnonzero(np.isfinite(rays[:, 0]))
    rotations = _pinhole_rotations(camera)
    owned = [visible]
    if len(rotations) > 1:
        nearest = np.argmax([rays[visible] @ lens_to_pinhole[2] for lens_to_pinhole in rotations], axis=0)
        owned = [visible[nearest == number] for number in range(len(rotations))]
    parts = []
    for lens_to_pinhole, pixels in zip(rotations, owned, strict=True):
        if len(pixels):
            local = rays[pixels] @ lens_to_pinhole.T
            focal = OVERSAMPLING * _density(camera, centres[pixels], lens_to_pinhole)
            parts.append((focal, lens_to_pinhole, pixels, focal * local[:, :2] / local[:, 2:]))
    low = np.array([np.floor(pinhole_pixels.min(axis=0)) - _MARGIN for _, _, _, pinhole_pixels in parts])
    high = np.array([np.ceil(pinhole_pixels.max(axis=0)) + _MARGIN for _, _, _, pinhole_pixels in parts])
    width, height = ((high - low).max(axis=0) + 1).astype(int).tolist()
    _check_side(width, height, len(centres))
    return tuple(
        PinholeView(
            Camera(width, height, focal, focal, *-corner),
            lens_to_pinhole,
            pixels,
            (pinhole_pixels - corner).astype(np.float32),
        )
        for (focal, lens_to_pinhole, pixels, pinhole_pixels), corner in zip(parts, low, strict=True)
    )


def check_pinholes(camera: Camera, scale: float = 1.0) -> None:
    """Check that the pinholes of a picture ``scale`` times as wide and high as that of ``camera`` are not too large.

    Raises
    ------
    GraphicsError
        As :func:`pinhole_views`.
    """
    pinhole = pinhole_views(camera)[0].camera
    pixels = round(camera.width * camera.height * scale**2)
    _check_side(round(pinhole.width * scale), round(pinhole.height * scale), pixels)


def _check_side(width: int, height: int, pixels: int) -> None:
    """Refuse pinhole images that are too large, or much too large for the ``pixels`` of the distorted image."""
    what = f"this lens needs pinhole images of {width}x{height} pixels"
    if max(width, height) > MAX_SIDE_PX:
        raise GraphicsError(f"{what}; choose a smaller image (--size)")
    if width * height > max(_SMALL_PIXELS, _MAX_PIXEL_RATIO * pixels):
        raise GraphicsError(
            f"{what} for {pixels:,} of its own: it stretches its edges too far; take a smaller field of view"
        )
    LENS_PIXELS.check(width * height, what, GraphicsError, "choose a smaller image (--size)")


def _pinhole_rotations(camera: Camera) -> list[Matrix]:
    """Return the rotations from lens axes to the axes of each pinhole."""
    fovs = camera.horizontal_fov, camera.vertical_fov
    across, down = (int(np.ceil(fov / MAX_PINHOLE_FOV_RAD - 1e-9)) for fov in fovs)
    is_one_row = isinstance(camera.distortion, Panorama) and down == 1
    if max(fovs) > MAX_SIDE_BY_SIDE_FOV_RAD and not is_one_row:
        return list(_CUBE)
    x = (np.arange(across) + 0.5) / across * camera.width - 0.5
    y = (np.arange(down) + 0.5) / down * camera.height - 0.5
    step = np.array([0.5, 0.0])
    rotations = []
    for pixel in np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2):
        before, forward, after = camera.unproject(np.array([pixel - step, pixel, pixel + step]))
        right = unit(after - before - ((after - before) @ forward) * forward)
        rotations.append(np.array([right, np.cross(forward, right), forward]))
    return rotations


def _density(camera: Camera, centres: NDArray[np.float64], lens_to_pinhole: Matrix) -> float:
    """Return the maximum density of lens pixels, per unit of length on the pinhole's tangent plane."""
    sampled = centres[:: max(1, len(centres) // 500)]
    edges = []
    for step in (np.array([0.5, 0.0]), np.array([0.0, 0.5])):
        start, end = (camera.unproject(sampled + side * step) @ lens_to_pinhole.T for side in (-1.0, 1.0))
        edges.append(end[:, :2] / end[:, 2:] - start[:, :2] / start[:, 2:])
    (ax, ay), (bx, by) = (edge.T for edge in edges)
    density = 1.0 / np.sqrt(np.abs(ax * by - ay * bx))
    density = density[np.isfinite(density)]
    return float(min(density.max(), _MAX_DENSITY_RATIO * np.median(density)))


def sample_bilinear(image: NDArray[np.float32], pinhole_pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate ``image`` (H, W, C) bilinearly at positions (x, y) inside it, (N, 2) pixels: (N, C)."""
    corner = pinhole_pixels.astype(np.int64)
    x, y = (pinhole_pixels - corner).T[..., None]
    left, top = corner.T
    upper = image[top, left] * (1 - x) + image[top, left + 1] * x
    lower = image[top + 1, left] * (1 - x) + image[top + 1, left + 1] * x
    return np.asarray(upper * (1 - y) + lower * y)
