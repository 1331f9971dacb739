"""Vehicles on the ground: their axes in the model file, and shapes that the spacecraft do not need.

Body axes of every ground vehicle: x forward, y left, z up, the origin on the ground below the vehicle's centre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.builders.assembly import GLTF_FROM_BODY, ModelBuilder
from selfiesim.craft.builders.shapes import Outline, prism, tube
from selfiesim.craft.builders.solid import Solid
from selfiesim.craft.materials import Finish

# glTF is Y up with the front toward +Z, so its +X points left: glTF (x, y, z) are body (y, z, x).
GLTF_FROM_SURFACE = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])


class SurfaceModelBuilder(ModelBuilder):
    """A model in the axes of a ground vehicle, upright in the glTF file."""

    def glb(self, finishes: Mapping[str, Finish]) -> bytes:
        """Return the model as the bytes of a binary glTF file, with the ``finishes`` as its materials."""
        rotation = GLTF_FROM_BODY.T @ GLTF_FROM_SURFACE  # the base class writes the axes of a spacecraft
        out = ModelBuilder(self.name)
        for name, origin in self.joint_origins_m.items():
            out.joint(name, rotation @ origin)
        for (group, material), solids in self.solids().items():
            rotated = [replace(solid, vertices=solid.vertices @ rotation.T) for solid in solids]
            out.add(group, material, *rotated, joint=self._parents[group])
        return out.glb(finishes)


def mirror_y(solid: Solid) -> Solid:
    """The solid mirrored in the xz plane."""
    uv = None if solid.uv is None else solid.uv[:, ::-1]
    return replace(solid, vertices=solid.vertices * (1.0, -1.0, 1.0), faces=solid.faces[:, ::-1], uv=uv)


def catmull_rom_path(points: ArrayLike, steps: int = 6) -> NDArray[np.float64]:
    """A smooth path (K, 3) through all ``points`` (N, 3), ``steps`` per segment (Catmull and Rom 1974)."""
    p = np.asarray(points, dtype=float)
    padded = np.concatenate([[2.0 * p[0] - p[1]], p, [2.0 * p[-1] - p[-2]]])
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        offset = (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        pieces.append(b + 0.5 * offset)
    return np.concatenate([*pieces, p[-1:]])


def hose(points: ArrayLike, radius_m: float, segments: int = 10, steps: int = 6) -> Solid:
    """A bent cable or pipe through ``points`` (N, 3)."""
    return tube(catmull_rom_path(points, steps), radius_m, segments)


def extrude_x(profile: Outline, length_m: float, bevel_m: float = 0.0) -> Solid:
    """A prism along x, centred on x = 0, over a convex outline of (y, z), counter-clockwise seen from the front."""
    return prism(profile, length_m, bevel_m).aimed((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def extrude_y(profile: Outline, length_m: float, bevel_m: float = 0.0) -> Solid:
    """A prism along y, centred on y = 0, over a convex outline of (x, z), clockwise seen from the left."""
    flipped = [(-x, z) for x, z in profile]
    return prism(flipped, length_m, bevel_m).aimed((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)).outward()


def project_uv(solid: Solid, size_m: ArrayLike, corner_m: ArrayLike) -> Solid:
    """Project a texture of ``size_m`` (x, y) onto a flat solid's upper side, its lower left corner at ``corner_m``.

    Faces that do not point up take the colour of the texture's border.
    """
    corners = solid.vertices[solid.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    is_upper = normal[:, 2] > 0.9 * np.linalg.norm(normal, axis=1)
    fraction = (corners[..., :2] - np.asarray(corner_m)) / np.asarray(size_m)
    # glTF texture coordinates: (0, 0) is the upper left corner of the image.
    uv = np.stack([fraction[..., 0], 1.0 - fraction[..., 1]], axis=-1)
    uv[~is_upper] = 0.002
    return replace(solid, uv=uv)
