"""Lenses that bend: the picture is drawn through a few pinholes, then looked up along the ray of each pixel.

A pinhole wastes pixels off its axis, the more the wider it sees. So a wide picture is shared out to several, each aimed
at the middle of its share and cut to it: side by side up to 150 degrees, beyond that the faces of a cube; a panorama
no higher than a pinhole sees, side by side all round.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.distortion import Panorama
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import GraphicsError
from selfiesim.core.vectors import Matrix, unit

MAX_PINHOLE_FOV_RAD = float(np.radians(95.0))
"""One pinhole sees no farther across or down."""
MAX_SIDE_BY_SIDE_FOV_RAD = float(np.radians(150.0))
OVERSAMPLING = 1.25
"""Pixels drawn for one of the lens, each way, so that looking up between four of them blurs little."""
_MAX_DENSITY_RATIO = (
    1.5  # density at most over that of the middle of a share: where a lens folds up it would be without end
)
_MARGIN = 2  # pixels round what is needed
MAX_SIDE_PX = 16_384

# From the lens' axes to each face's: forward, right, left, down, up, back.
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
    """A pinhole's share of a bent picture.

    Attributes
    ----------
    camera : Camera
        The pinhole. All those of a lens have one picture size.
    lens_to_pinhole : (3, 3) array
        From the lens' axes to the pinhole's.
    pixels : (N,) array of int
        Pixels of the bent picture that it serves, counted row by row.
    pinhole_pixels : (N, 2) array of float32
        Where each is in the pinhole's picture, pixels.
    """

    camera: Camera
    lens_to_pinhole: Matrix
    pixels: NDArray[np.int64]
    pinhole_pixels: NDArray[np.float32]


@lru_cache(maxsize=4)
def pinhole_views(camera: Camera) -> tuple[PinholeView, ...]:
    """The pinholes that together see what ``camera`` sees.

    Raises
    ------
    GraphicsError
        When one of them would be too large to draw.
    """
    x, y = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    centres = np.stack([x, y], axis=-1).reshape(-1, 2).astype(float)
    rays = camera.unproject(centres)
    seen = np.flatnonzero(np.isfinite(rays[:, 0]))
    rotations = _pinhole_rotations(camera)
    nearest = np.argmax([rays[seen] @ lens_to_pinhole[2] for lens_to_pinhole in rotations], axis=0)
    parts = []
    for number, lens_to_pinhole in enumerate(rotations):
        pixels = seen[nearest == number]
        if len(pixels):
            local = rays[pixels] @ lens_to_pinhole.T
            focal = OVERSAMPLING * _density(camera, centres[pixels], lens_to_pinhole)
            parts.append((focal, lens_to_pinhole, pixels, focal * local[:, :2] / local[:, 2:]))
    low = np.array([np.floor(pinhole_pixels.min(axis=0)) - _MARGIN for _, _, _, pinhole_pixels in parts])
    high = np.array([np.ceil(pinhole_pixels.max(axis=0)) + _MARGIN for _, _, _, pinhole_pixels in parts])
    width, height = ((high - low).max(axis=0) + 1).astype(int).tolist()
    if max(width, height) > MAX_SIDE_PX:
        raise GraphicsError(
            f"this lens has to be drawn from {width}x{height} pixels; choose a smaller picture (--size)"
        )
    return tuple(
        PinholeView(
            Camera(width, height, focal, focal, *-corner),
            lens_to_pinhole,
            pixels,
            (pinhole_pixels - corner).astype(np.float32),
        )
        for (focal, lens_to_pinhole, pixels, pinhole_pixels), corner in zip(parts, low, strict=True)
    )


def _pinhole_rotations(camera: Camera) -> list[Matrix]:
    """From the lens' axes to those of each pinhole."""
    fields = camera.horizontal_fov, camera.vertical_fov
    across, down = (int(np.ceil(field / MAX_PINHOLE_FOV_RAD - 1e-9)) for field in fields)
    # A panorama's one row of pinholes goes all round.
    in_a_row = isinstance(camera.distortion, Panorama) and down == 1
    if max(fields) > MAX_SIDE_BY_SIDE_FOV_RAD and not in_a_row:
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
    """Pixels of the lens per unit of the pinhole's tangent plane, where they lie densest."""
    some = centres[:: max(1, len(centres) // 500)]
    moves = []
    for step in (np.array([0.5, 0.0]), np.array([0.0, 0.5])):
        start, end = (camera.unproject(some + side * step) @ lens_to_pinhole.T for side in (-1.0, 1.0))
        moves.append(end[:, :2] / end[:, 2:] - start[:, :2] / start[:, 2:])
    (ax, ay), (bx, by) = (move.T for move in moves)
    dense = 1.0 / np.sqrt(np.abs(ax * by - ay * bx))
    dense = dense[np.isfinite(dense)]
    return float(min(dense.max(), _MAX_DENSITY_RATIO * np.median(dense)))


def sample_bilinear(picture: NDArray[np.float32], pinhole_pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """``picture`` (H, W, C) at ``pinhole_pixels`` (N, 2), pixels inside it, between the four nearest pixels: (N, C)."""
    corner = pinhole_pixels.astype(np.int64)
    x, y = (pinhole_pixels - corner).T[..., None]
    left, top = corner.T
    upper = picture[top, left] * (1 - x) + picture[top, left + 1] * x
    lower = picture[top + 1, left] * (1 - x) + picture[top + 1, left + 1] * x
    return np.asarray(upper * (1 - y) + lower * y)
