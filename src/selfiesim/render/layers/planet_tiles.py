"""Which parts of the picture show what of the planet, so that each gets a shader with no more in it than it needs.

llvmpipe pays for every line of a shader, taken or not. Most of a picture is ground far from the limb, within one of the
three maps: there the air above the limb, the choice among maps and a good part of the trigonometry can be left out. And
where there is sky alone, nothing need run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera

TILE = 32  # pixels a side; llvmpipe works on blocks of 64 made of 4x4
_MARGIN = 1.0  # pixels a tile reaches over its edge: the pixel grid is moved by less from pass to pass
_MIN_REGION_PX = 150_000  # pixels that make up for one more shader to compile
_TILT = 0.02  # of the plane through a cap's rim: flattening makes little of a difference
_MIN_DISC_TILES = 8  # tiles that the disc's radius must span for its parts to be told apart

EDGE, GLOBE, NORTH, SOUTH = "edge", "globe", "north", "south"
REGIONS = (EDGE, GLOBE, NORTH, SOUTH)
"""Limb, sky with air in it and seams between maps; ground on the globe's map alone; on a polar patch alone."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Caps:
    """Where the maps end, sines of planetocentric latitude: the globe below ``globe``, patches above ``patch``."""

    globe: float
    patch: float


def classify_tiles(
    camera: Camera,
    principal: tuple[float, float],
    eye: NDArray[np.float64],
    camera_to_scaled: NDArray[np.float64],
    radii: NDArray[np.float64],
    air: float,
    caps: Caps,
) -> dict[str, NDArray[np.float64]]:
    """Rectangles (N, 4) of the picture a region: left, bottom, right, top in pixels from its lower left corner.

    Parameters
    ----------
    camera
        A pinhole.
    principal
        Where its axis meets the picture, from the lower left corner.
    eye : (3,) array
        The camera in units of the planet's semi-axes ("scaled").
    camera_to_scaled : (3, 3) array
        From camera axes to scaled ones.
    radii : (3,) array
        Semi-axes, in any unit.
    air
        How high air or haze reaches, in planet radii.
    caps
        Of the maps.
    """
    left, bottom = (np.arange(0, size, TILE, dtype=float) for size in (camera.width, camera.height))
    right, top = np.minimum(left + TILE, camera.width), np.minimum(bottom + TILE, camera.height)
    rays = _corner_rays(camera, principal, camera_to_scaled, (left, right), (bottom, top))
    distance = float(np.linalg.norm(eye))
    along = -(rays @ eye)
    square = distance**2 - along**2
    hit = (along > 0.0) & (square < 1.0)
    ground = np.asarray(hit.all(axis=-1))
    labels = np.where(_is_sky(rays, eye, 1.0 + air), -1, REGIONS.index(EDGE))
    if _disc_radius_tiles(camera, distance) > _MIN_DISC_TILES:
        met = eye + (along - np.sqrt(np.maximum(1.0 - square, 0.0)))[..., None] * rays
        direction = met * radii
        sine = direction[..., 2] / np.linalg.norm(direction, axis=-1)
        for region, inside in _single_map_tiles(ground, sine, float(eye[2]), caps).items():
            if inside.sum() * TILE**2 > _MIN_REGION_PX:
                labels[inside] = REGIONS.index(region)
    return {
        region: np.array(
            [(left[a], bottom[b], right[c - 1], top[d - 1]) for a, b, c, d in _merge_tiles(labels == index)]
        )
        for index, region in enumerate(REGIONS)
    }


def _corner_rays(
    camera: Camera,
    principal: tuple[float, float],
    camera_to_scaled: NDArray[np.float64],
    across: tuple[NDArray[np.float64], NDArray[np.float64]],
    up: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Unit rays (rows, columns, 4, 3), scaled axes, through the corners of the tiles, widened by the margin."""
    x = (np.stack([across[0] - _MARGIN, across[1] + _MARGIN], axis=-1) - principal[0]) / camera.fx
    y = (np.stack([up[0] - _MARGIN, up[1] + _MARGIN], axis=-1) - principal[1]) / -camera.fy
    corner = np.ones((len(y), len(x), 2, 2, 3))
    corner[..., 0], corner[..., 1] = x[None, :, None, :], y[:, None, :, None]
    rays = corner.reshape(len(y), len(x), 4, 3) @ camera_to_scaled.T
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


def _is_sky(rays: NDArray[np.float64], eye: NDArray[np.float64], shell: float) -> Bools:
    """Whether nothing of a sphere of radius ``shell`` is in a tile: by cones round the tiles' middles."""
    distance = float(np.linalg.norm(eye))
    if distance <= shell:
        return np.zeros(rays.shape[:2], bool)
    middle = rays.sum(axis=2)
    middle /= np.linalg.norm(middle, axis=-1, keepdims=True)
    half = np.arccos(np.clip((rays @ middle[..., None])[..., 0].min(axis=-1), -1.0, 1.0))
    away = np.arccos(np.clip(-(middle @ eye) / distance, -1.0, 1.0))
    return np.asarray(away - half > np.arcsin(shell / distance))


def _disc_radius_tiles(camera: Camera, distance: float) -> float:
    """How many tiles the disc's radius is long, about."""
    slope = 1.0 / np.sqrt(max(distance**2 - 1.0, 1e-12))
    return float(slope * camera.fx / TILE)


def _single_map_tiles(ground: Bools, sine: NDArray[np.float64], eye_z: float, caps: Caps) -> dict[str, Bools]:
    """Tiles that show ground of one map only.

    Seen from above its plane a cap is convex, so a tile with its corners in the cap is in it. Outside, a cap might
    bulge into a tile between corners: there the tiles around must be outside too.
    """
    north = ground & (sine > caps.patch).all(axis=-1) & (eye_z > caps.patch + _TILT)
    south = ground & (sine < -caps.patch).all(axis=-1) & (eye_z < -caps.patch - _TILT)
    outside = ground & (np.abs(sine) < caps.globe).all(axis=-1)
    padded = np.pad(outside | ~ground, 1, constant_values=True)
    rows, columns = outside.shape
    around = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return {GLOBE: outside & np.logical_and.reduce(around), NORTH: north, SOUTH: south}


def _merge_tiles(wanted: Bools) -> list[tuple[int, int, int, int]]:
    """Large rectangles that make up a set of tiles: first column, first row, and the ones past the last.

    Large, because pixels along a rectangle's diagonal are worked out for both of its triangles.
    """
    left = wanted.copy()
    rows, columns = left.shape
    out = []
    for row in range(rows):
        column = 0
        while column < columns:
            if not left[row, column]:
                column += 1
                continue
            stop = column + int(np.argmin(left[row, column:])) if not left[row, column:].all() else columns
            last = row + 1
            while last < rows and left[last, column:stop].all():
                last += 1
            left[row:last, column:stop] = False
            out.append((column, row, stop, last))
            column = stop
    return out
