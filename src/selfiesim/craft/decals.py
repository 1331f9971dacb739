"""Pictures stuck onto a craft: a flag, an emblem, a user's logo, flat on the wall at a mount."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.textures import UnreadableImageError, open_image, read_pixels
from selfiesim.craft.model import Craft, Material, Part

MAX_BYTES = 64 * 1024 * 1024
MAX_SIDE = 2048
"""Pixels that a picture is reduced to, where it has more."""
_SURFACE_OFFSET_M = 0.003  # over the highest fold: more than depth is unsure by, less than what is seen
_MAX_RELIEF = 0.2  # of the width: on what is rounder than that, a flat picture does not lie
_GRID_POINTS = 41
_MAX_MOUNT_DISTANCE_M = 0.3  # how far from its mount the wall may lie
_ROUGHNESS = 0.55  # print under varnish (assumed)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Decal:
    """A picture file to stick on at a mount, ``width_m`` wide; ``up``, body axes, is upward in it.

    ``stamp`` is the file's size and time of change, and ``key`` where it was asked for.
    """

    mount: str
    image: Path
    width_m: float
    up: tuple[float, float, float] | None = None
    key: str = "decals"
    stamp: tuple[int, int] = (0, 0)


def file_stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file; zeros where there is none."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=8)
def apply_decals(craft: Craft, decals: tuple[Decal, ...]) -> Craft:
    """The craft with each picture as a part of its own, flat over what lies under it.

    Raises
    ------
    ModelError
        Names the key: no such mount, no picture, one too large, nothing under it, or a wall too round for it.
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
    picture = _load_image(decal)
    half = 0.5 * decal.width_m * np.array([1.0, picture.shape[0] / picture.shape[1]])
    mount = craft.mounts[decal.mount]
    origin = np.array(mount.position_m)
    axes = _decal_axes(np.array(mount.axis), decal)
    height, joint = _fit_to_surface(craft, origin, axes, half, decal)
    flat = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners = origin + np.c_[flat, np.full(4, height + _SURFACE_OFFSET_M)] @ axes
    has_alpha = picture.shape[2] == 4 and bool((picture[..., 3] < 128).any())
    return Part(
        name=f"decal {number + 1}: {decal.image.name}",
        node=f"decal {number + 1}",
        material=Material(
            name=f"decal {number + 1}",
            base_color=(1.0, 1.0, 1.0),
            roughness=_ROUGHNESS,
            textures={"base": picture},
            alpha_cutoff=0.5 if has_alpha else None,
        ),
        vertices=corners.astype(np.float32),
        normals=np.tile(axes[2], (4, 1)).astype(np.float32),
        uv=np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32),
        faces=np.array([(0, 1, 2), (0, 2, 3)], np.int32),
        joint=joint,
    )


def _load_image(decal: Decal) -> NDArray[np.uint8]:
    """Pixels (H, W, 3 or 4), no side over :data:`MAX_SIDE`."""
    label = f"{decal.key}.image: {decal.image.name}"
    try:
        if decal.image.stat().st_size > MAX_BYTES:
            raise ModelError(f"{label} is over {MAX_BYTES >> 20} MB; save it smaller")
        content = decal.image.read_bytes()
    except OSError as error:
        raise ModelError(f"{label} cannot be read ({error.strerror}); put it beside the scene") from error
    try:
        return read_pixels(open_image(content, label), MAX_SIDE, label)
    except UnreadableImageError as error:
        raise ModelError(f"{label} is no picture that can be read; save it as PNG") from error


def _decal_axes(outward: Floats, decal: Decal) -> Floats:
    """Rows (3, 3): to the right of the picture, upward, outward; body axes."""
    ups = [decal.up] if decal.up else [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)]
    for each in ups:
        up = np.array(each, float) / np.linalg.norm(each)
        across = up - outward * (up @ outward)
        if np.linalg.norm(across) > 0.05:
            across /= np.linalg.norm(across)
            return np.array([np.cross(across, outward), across, outward])
    raise ModelError(f"{decal.key}.up: {list(decal.up or ())} is along the mount's axis; give a direction in the wall")


def _fit_to_surface(craft: Craft, origin: Floats, axes: Floats, half: Floats, decal: Decal) -> tuple[float, str | None]:
    """How high over the mount the wall's highest fold under the picture is, m, and what joint carries the wall."""
    x, y = (np.linspace(-each, each, _GRID_POINTS) for each in half)
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    top, carrier, bumps = np.full(len(grid), -np.inf), np.full(len(grid), -1), []
    for number, part in enumerate(craft.parts):
        points = (part.vertices.astype(float) - origin) @ axes.T
        bumps.append(points[np.all(np.abs(points[:, :2]) <= half, axis=1), 2])
        found = _surface_heights(points[part.faces], grid, half)
        carrier = np.where(found > top, number, carrier)
        top = np.maximum(top, found)
    hit = np.isfinite(top)
    if not hit[len(grid) // 2]:
        raise ModelError(
            f"{decal.key}: no wall within {_MAX_MOUNT_DISTANCE_M:g} m of the mount {decal.mount!r} to put it on"
        )
    low, high = float(top[hit].min()), float(top[hit].max())
    if not hit.all() or high - low > _MAX_RELIEF * decal.width_m + _SURFACE_OFFSET_M:
        raise ModelError(
            f"{decal.key}: the wall at the mount {decal.mount!r} is no flat {2 * half[0]:.3g} x {2 * half[1]:.3g} m; "
            "make width_m smaller"
        )
    folds = np.concatenate(bumps)
    folds = folds[(folds <= high + _MAX_RELIEF * decal.width_m) & (folds >= low)]
    return max(high, float(folds.max(initial=low))), craft.parts[carrier[len(grid) // 2]].joint


def _surface_heights(corners: Floats, grid: Floats, half: Floats) -> Floats:
    """The highest of the triangles (M, 3, 3) over each of the grid's points (N, 2); minus infinity over none."""
    inside = (corners[..., :2].min(axis=1) <= half).all(axis=1) & (corners[..., :2].max(axis=1) >= -half).all(axis=1)
    inside &= np.abs(corners[..., 2]).min(axis=1) <= _MAX_MOUNT_DISTANCE_M
    best = np.full(len(grid), -np.inf)
    for a, b, c in corners[inside]:
        double = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(double) < 1e-14:
            continue
        away = grid - a[:2]
        v = (away[:, 0] * (c[1] - a[1]) - away[:, 1] * (c[0] - a[0])) / double
        w = (away[:, 1] * (b[0] - a[0]) - away[:, 0] * (b[1] - a[1])) / double
        over = (v >= -1e-9) & (w >= -1e-9) & (v + w <= 1.0 + 1e-9)
        z = a[2] + v * (b[2] - a[2]) + w * (c[2] - a[2])
        best = np.where(over & (np.abs(z) <= _MAX_MOUNT_DISTANCE_M), np.maximum(best, z), best)
    return best
