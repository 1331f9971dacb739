"""Classifies tiles of the image by what they show of the planet, so that each gets a shader with only what it needs.

llvmpipe executes every branch of a shader. Most of an image is ground far from the limb, within one of the three maps:
there the air above the limb, the choice among maps and much of the trigonometry can be left out. Tiles with nothing
but sky are not shaded at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera

TILE = 32  # side in pixels; llvmpipe works on blocks of 64 made of 4x4
_MARGIN = 1.0  # pixels by which tiles are widened: more than the shifts of the pixel grid between passes
_MIN_REGION_PX = 150_000  # pixels for which it pays to compile one more shader
_TILT = 0.02  # margin, as a sine, for the eye above the plane of a cap's rim, which flattening tilts little
_MIN_DISC_TILES = 8  # minimum radius of the disc, in tiles, for regions to be distinguished

EDGE, SEAM, GLOBE, NORTH, SOUTH = "edge", "seam", "globe", "north", "south"
REGIONS = (EDGE, SEAM, GLOBE, NORTH, SOUTH)
"""Limb and air; ground on any map; on the globe's map alone; on the north or south patch alone."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Caps:
    """Limits of the maps, as sines of planetocentric latitude: the globe below ``globe``, patches above ``patch``."""

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
    """Divide the image into the regions of the planet.

    Parameters
    ----------
    camera : Camera
        A pinhole.
    principal : (2,) tuple of float
        Its principal point, pixels from the lower left corner.
    eye : (3,) array
        Position of the camera in units of the planet's semi-axes ("scaled").
    camera_to_scaled : (3, 3) array
        From camera axes to scaled axes.
    radii : (3,) array
        Semi-axes, in any unit.
    air : float
        Top of air and haze, planet radii.
    caps : Caps
        Limits of the maps.

    Returns
    -------
    dict of str to (N, 4) array
        Rectangles of each region: left, bottom, right, top in pixels from the lower left corner.
    """
    left, bottom = (np.arange(0, size, TILE, dtype=float) for size in (camera.width, camera.height))
    right, top = np.minimum(left + TILE, camera.width), np.minimum(bottom + TILE, camera.height)
    rays = _corner_rays(camera, principal, camera_to_scaled, (left, right), (bottom, top))
    labels = np.where(_is_sky(rays, eye, 1.0 + air), -1, REGIONS.index(EDGE))
    if _disc_radius_tiles(camera, float(np.linalg.norm(eye))) > _MIN_DISC_TILES:
        # Seams come last: they take what has too few tiles for a shader of its own.
        for region, inside in _ground_tiles(rays, eye, radii, caps).items():
            free = inside & (labels == REGIONS.index(EDGE))
            if free.sum() * TILE**2 > _MIN_REGION_PX:
                labels[free] = REGIONS.index(region)
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
    """Return unit rays (rows, columns, 4, 3), scaled axes, through the corners of the tiles, widened by the margin."""
    x = (np.stack([across[0] - _MARGIN, across[1] + _MARGIN], axis=-1) - principal[0]) / camera.fx
    y = (np.stack([up[0] - _MARGIN, up[1] + _MARGIN], axis=-1) - principal[1]) / -camera.fy
    corner = np.ones((len(y), len(x), 2, 2, 3))
    corner[..., 0], corner[..., 1] = x[None, :, None, :], y[:, None, :, None]
    rays = corner.reshape(len(y), len(x), 4, 3) @ camera_to_scaled.T
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


def _is_sky(rays: NDArray[np.float64], eye: NDArray[np.float64], shell: float) -> Bools:
    """Return whether a tile misses the sphere of radius ``shell``, by a cone around the axis of each tile."""
    distance = float(np.linalg.norm(eye))
    if distance <= shell:
        return np.zeros(rays.shape[:2], bool)
    axis = rays.sum(axis=2)
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    half_angle = np.arccos(np.clip((rays @ axis[..., None])[..., 0].min(axis=-1), -1.0, 1.0))
    off_center = np.arccos(np.clip(-(axis @ eye) / distance, -1.0, 1.0))
    return np.asarray(off_center - half_angle > np.arcsin(shell / distance))


def _disc_radius_tiles(camera: Camera, distance: float) -> float:
    """Return the approximate radius of the planet's disc, in tiles."""
    slope = 1.0 / np.sqrt(max(distance**2 - 1.0, 1e-12))
    return float(slope * camera.fx / TILE)


def _ground_tiles(
    rays: NDArray[np.float64], eye: NDArray[np.float64], radii: NDArray[np.float64], caps: Caps
) -> dict[str, Bools]:
    """Return the tiles that show nothing but ground, and those of them that show one map only, by region.

    Seen from above its plane a cap is convex, so a tile with its corners in the cap is in it. Outside, a cap might
    bulge into a tile between corners: there the tiles around must be outside too.
    """
    ground, sine = _intersect_ground(rays, eye, radii)
    north = ground & (sine > caps.patch).all(axis=-1) & (eye[2] > caps.patch + _TILT)
    south = ground & (sine < -caps.patch).all(axis=-1) & (eye[2] < -caps.patch - _TILT)
    outside = ground & (np.abs(sine) < caps.globe).all(axis=-1)
    padded = np.pad(outside | ~ground, 1, constant_values=True)
    rows, columns = outside.shape
    around = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return {GLOBE: outside & np.logical_and.reduce(around), NORTH: north, SOUTH: south, SEAM: ground}


def _intersect_ground(
    rays: NDArray[np.float64], eye: NDArray[np.float64], radii: NDArray[np.float64]
) -> tuple[Bools, NDArray[np.float64]]:
    """Return whether all corners of a tile hit the ground, and the sine of the latitude at each corner."""
    along = -(rays @ eye)
    impact = float(np.linalg.norm(eye)) ** 2 - along**2  # square of the impact parameter
    hit = (along > 0.0) & (impact < 1.0)
    direction = (eye + (along - np.sqrt(np.maximum(1.0 - impact, 0.0)))[..., None] * rays) * radii
    return np.asarray(hit.all(axis=-1)), direction[..., 2] / np.linalg.norm(direction, axis=-1)


def _merge_tiles(tiles: Bools) -> list[tuple[int, int, int, int]]:
    """Cover a set of tiles with large rectangles: first column, first row, and those past the last.

    Large, because pixels along a rectangle's diagonal are shaded for both of its triangles.
    """
    left = tiles.copy()
    rows, columns = left.shape
    rectangles = []
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
            rectangles.append((column, row, stop, last))
            column = stop
    return rectangles
