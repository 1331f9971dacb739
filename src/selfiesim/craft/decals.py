"""Decals: images such as a flag, an emblem or a user's logo, placed flat on the surface at a mount."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import ModelError
from selfiesim.core.limits import DECAL_BYTES
from selfiesim.core.shared_cache import shared_cache
from selfiesim.craft.colours import texture_in_bands
from selfiesim.craft.formats.textures import UnreadableImageError, open_image, read_pixels
from selfiesim.craft.model import Craft, Material, Part

MAX_SIDE = 2048
"""Pixels on a side to which a larger image is scaled down."""
_SURFACE_OFFSET_M = 0.003  # above the highest fold: enough to avoid z-fighting, too little to be visible
_MAX_RELIEF = 0.2  # relief of the surface, as a share of the decal's width, beyond which a flat decal does not fit
_GRID_POINTS = 41  # surface samples on a side
_MIN_UP_COMPONENT = 0.05  # of the up direction in the surface: below it, the direction is undefined
_MAX_MOUNT_DISTANCE_M = 0.3  # between a mount and its surface
_ROUGHNESS = 0.55  # print under varnish (assumed)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Decal:
    """An image file to place at a mount.

    Attributes
    ----------
    mount : str
    image : Path
    width_m : float
    up : (3,) float, optional
        Direction of the image's upper edge, body axes.
    key : str
        Where the decal is requested, for messages.
    stamp : (int, int)
        Size and modification time of the file, so that a changed image is not taken from the cache.
    """

    mount: str
    image: Path
    width_m: float
    up: tuple[float, float, float] | None = None
    key: str = "decals"
    stamp: tuple[int, int] = (0, 0)


@shared_cache(maxsize=8)
def apply_decals(craft: Craft, decals: tuple[Decal, ...]) -> Craft:
    """Return the craft with each decal as a part of its own, flat above the surface.

    Raises
    ------
    ModelError
        Names the key: an unknown mount, an unreadable or too large image, no surface at the mount, or a surface that
        is not flat enough.
    """
    parts = [_make_part(craft, decal, number) for number, decal in enumerate(decals)]
    return replace(craft, parts=(*craft.parts, *parts)) if parts else craft


def _make_part(craft: Craft, decal: Decal, number: int) -> Part:
    if decal.mount not in craft.mounts:
        hint = did_you_mean(decal.mount, craft.mounts)
        raise ModelError(
            f"{decal.key}.mount: {craft.name} has no mount {decal.mount!r}{hint}; "
            f"it has: {', '.join(craft.mounts) or 'none'}"
        )
    pixels = _load_image(decal)
    half_size = 0.5 * decal.width_m * np.array([1.0, pixels.shape[0] / pixels.shape[1]])
    mount = craft.mounts[decal.mount]
    origin = np.array(mount.position_m)
    axes = _decal_axes(np.array(mount.axis), decal)
    height, joint = _fit_to_surface(craft, origin, axes, half_size, decal)
    flat = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half_size
    corners = origin + np.c_[flat, np.full(4, height + _SURFACE_OFFSET_M)] @ axes
    has_alpha = pixels.shape[2] == 4 and bool((pixels[..., 3] < 128).any())
    return Part(
        name=f"decal {number + 1}: {decal.image.name}",
        node=f"decal {number + 1}",
        material=Material(
            name=f"decal {number + 1}",
            base_color=(1.0, 1.0, 1.0),
            roughness=_ROUGHNESS,
            textures={"base": pixels},
            alpha_cutoff=0.5 if has_alpha else None,
        ),
        vertices=corners.astype(np.float32),
        normals=np.tile(axes[2], (4, 1)).astype(np.float32),
        uv=np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32),
        faces=np.array([(0, 1, 2), (0, 2, 3)], np.int32),
        joint=joint,
    )


def _load_image(decal: Decal) -> NDArray[np.uint8]:
    """Pixels (H, W, 3 or 4) in bands, no side over :data:`MAX_SIDE`."""
    label = f"{decal.key}.image: {decal.image.name}"
    try:
        if decal.image.exists() and not decal.image.is_file():  # to open a named pipe would wait for its other end
            raise ModelError(f"{label} cannot be read (not a file); put it next to the scene file")
        size = decal.image.stat().st_size
        DECAL_BYTES.check(size, f"{label} has {size >> 20} MB", ModelError, "save it smaller")
        content = decal.image.read_bytes()
    except OSError as error:
        raise ModelError(f"{label} cannot be read ({error.strerror}); put it next to the scene file") from error
    try:
        return texture_in_bands(read_pixels(open_image(content, label), MAX_SIDE, label))
    except UnreadableImageError as error:
        raise ModelError(f"{label} is not a readable image; save it as PNG") from error


def _decal_axes(outward: Floats, decal: Decal) -> Floats:
    """Rows (3, 3): rightward and upward in the image, and outward; body axes."""
    candidates = [decal.up] if decal.up else [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)]
    for candidate in candidates:
        unit_up = np.array(candidate, float) / np.linalg.norm(candidate)
        up = unit_up - outward * (unit_up @ outward)
        if np.linalg.norm(up) > _MIN_UP_COMPONENT:
            up /= np.linalg.norm(up)
            return np.array([np.cross(up, outward), up, outward])
    raise ModelError(
        f"{decal.key}.up: {list(decal.up or ())} is along the mount's axis; give a direction along the surface"
    )


def _fit_to_surface(
    craft: Craft, origin: Floats, axes: Floats, half_size: Floats, decal: Decal
) -> tuple[float, str | None]:
    """Height (m) above the mount of the highest fold under the decal, and the joint that carries the surface."""
    x, y = (np.linspace(-half, half, _GRID_POINTS) for half in half_size)
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    top, carrier, vertex_heights = np.full(len(grid), -np.inf), np.full(len(grid), -1), []
    for index, part in enumerate(craft.parts):
        points = (part.vertices.astype(float) - origin) @ axes.T
        vertex_heights.append(points[np.all(np.abs(points[:, :2]) <= half_size, axis=1), 2])
        heights = _surface_heights(points[part.faces], grid, half_size)
        carrier = np.where(heights > top, index, carrier)
        top = np.maximum(top, heights)
    hit = np.isfinite(top)
    middle = len(grid) // 2
    if not hit[middle]:
        raise ModelError(f"{decal.key}: no surface within {_MAX_MOUNT_DISTANCE_M:g} m of the mount {decal.mount!r}")
    low, high = float(top[hit].min()), float(top[hit].max())
    if not hit.all() or high - low > _MAX_RELIEF * decal.width_m + _SURFACE_OFFSET_M:
        raise ModelError(
            f"{decal.key}: the surface at the mount {decal.mount!r} is not flat over "
            f"{2 * half_size[0]:.3g} x {2 * half_size[1]:.3g} m; make width_m smaller"
        )
    folds = np.concatenate(vertex_heights)
    folds = folds[(folds <= high + _MAX_RELIEF * decal.width_m) & (folds >= low)]
    return max(high, float(folds.max(initial=low))), craft.parts[carrier[middle]].joint


def _surface_heights(corners: Floats, grid: Floats, half_size: Floats) -> Floats:
    """Greatest height (N,) of triangles (M, 3, 3) over grid points (N, 2); minus infinity where there is none."""
    inside = (corners[..., :2].min(axis=1) <= half_size).all(axis=1)
    inside &= (corners[..., :2].max(axis=1) >= -half_size).all(axis=1)
    inside &= np.abs(corners[..., 2]).min(axis=1) <= _MAX_MOUNT_DISTANCE_M
    top = np.full(len(grid), -np.inf)
    for a, b, c in corners[inside]:
        double_area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(double_area) < 1e-14:
            continue
        offset = grid - a[:2]
        v = (offset[:, 0] * (c[1] - a[1]) - offset[:, 1] * (c[0] - a[0])) / double_area
        w = (offset[:, 1] * (b[0] - a[0]) - offset[:, 0] * (b[1] - a[1])) / double_area
        over = (v >= -1e-9) & (w >= -1e-9) & (v + w <= 1.0 + 1e-9)
        z = a[2] + v * (b[2] - a[2]) + w * (c[2] - a[2])
        top = np.where(over & (np.abs(z) <= _MAX_MOUNT_DISTANCE_M), np.maximum(top, z), top)
    return top
