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

PINHOLE_RAD = float(np.radians(95.0))
"""One pinhole sees no farther across or down."""
SIDE_BY_SIDE_RAD = float(np.radians(150.0))
OVERSAMPLING = 1.25
"""Pixels drawn for one of the lens, each way, so that looking up between four of them blurs little."""
_CROWDED = 1.5  # density at most over that of the middle of a share: where a lens folds up it would be without end
_MARGIN = 2  # pixels round what is needed
LARGEST_PX = 16_384

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
class Share:
    """A pinhole's share of a bent picture.

    Attributes
    ----------
    camera : Camera
        The pinhole. All those of a lens have one picture size.
    turn : (3, 3) array
        From the lens' axes to the pinhole's.
    pixels : (N,) array of int
        Pixels of the bent picture that it serves, counted row by row.
    places : (N, 2) array of float32
        Where each is in the pinhole's picture, pixels.
    """

    camera: Camera
    turn: Matrix
    pixels: NDArray[np.int64]
    places: NDArray[np.float32]


@lru_cache(maxsize=4)
def shares(camera: Camera) -> tuple[Share, ...]:
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
    turns = _turns(camera)
    nearest = np.argmax([rays[seen] @ turn[2] for turn in turns], axis=0)
    parts = []
    for number, turn in enumerate(turns):
        pixels = seen[nearest == number]
        if len(pixels):
            local = rays[pixels] @ turn.T
            focal = OVERSAMPLING * _density(camera, centres[pixels], turn)
            parts.append((focal, turn, pixels, focal * local[:, :2] / local[:, 2:]))
    low = np.array([np.floor(places.min(axis=0)) - _MARGIN for _, _, _, places in parts])
    high = np.array([np.ceil(places.max(axis=0)) + _MARGIN for _, _, _, places in parts])
    width, height = ((high - low).max(axis=0) + 1).astype(int).tolist()
    if max(width, height) > LARGEST_PX:
        raise GraphicsError(
            f"this lens has to be drawn from {width}x{height} pixels; choose a smaller picture (--size)"
        )
    return tuple(
        Share(Camera(width, height, focal, focal, *-corner), turn, pixels, (places - corner).astype(np.float32))
        for (focal, turn, pixels, places), corner in zip(parts, low, strict=True)
    )


def _turns(camera: Camera) -> list[Matrix]:
    """From the lens' axes to those of each pinhole."""
    fields = camera.horizontal_fov, camera.vertical_fov
    across, down = (int(np.ceil(field / PINHOLE_RAD - 1e-9)) for field in fields)
    # A panorama's one row of pinholes goes all round.
    in_a_row = isinstance(camera.distortion, Panorama) and down == 1
    if max(fields) > SIDE_BY_SIDE_RAD and not in_a_row:
        return list(_CUBE)
    x = (np.arange(across) + 0.5) / across * camera.width - 0.5
    y = (np.arange(down) + 0.5) / down * camera.height - 0.5
    step = np.array([0.5, 0.0])
    turns = []
    for pixel in np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2):
        before, forward, after = camera.unproject(np.array([pixel - step, pixel, pixel + step]))
        right = unit(after - before - ((after - before) @ forward) * forward)
        turns.append(np.array([right, np.cross(forward, right), forward]))
    return turns


def _density(camera: Camera, centres: NDArray[np.float64], turn: Matrix) -> float:
    """Pixels of the lens per unit of the pinhole's tangent plane, where they lie densest."""
    some = centres[:: max(1, len(centres) // 500)]
    moves = []
    for step in (np.array([0.5, 0.0]), np.array([0.0, 0.5])):
        start, end = (camera.unproject(some + side * step) @ turn.T for side in (-1.0, 1.0))
        moves.append(end[:, :2] / end[:, 2:] - start[:, :2] / start[:, 2:])
    (ax, ay), (bx, by) = (move.T for move in moves)
    dense = 1.0 / np.sqrt(np.abs(ax * by - ay * bx))
    dense = dense[np.isfinite(dense)]
    return float(min(dense.max(), _CROWDED * np.median(dense)))


def between(picture: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float32]:
    """``picture`` (H, W, C) at ``places`` (N, 2), pixels inside it, between the four nearest pixels: (N, C)."""
    corner = places.astype(np.int64)
    x, y = (places - corner).T[..., None]
    left, top = corner.T
    upper = picture[top, left] * (1 - x) + picture[top, left + 1] * x
    lower = picture[top + 1, left] * (1 - x) + picture[top + 1, left + 1] * x
    return np.asarray(upper * (1 - y) + lower * y)
