"""A craft as the renderer and the geometry see it: parts with materials, joints, mounts; body axes, metres."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.description import Joint, Mount

DEFAULT_GREY = (0.5, 0.5, 0.5)
_MOUNT_CLEARANCE_M = 0.2
TEXTURE_SLOTS = ("base", "rough", "normal", "occlusion", "glow", "specular", "specular_color")
"""What a material may have pictures of."""


@dataclass(frozen=True, eq=False)
class Material:
    """How a surface looks: glTF's metallic-roughness terms, and the crumpling of foil. Both sides are drawn.

    Attributes
    ----------
    base_color : (3,) tuple of float
        Linear light; multiplies the texture ``base``.
    metallic, roughness : float
        0 to 1; multiply the blue and green of the texture ``rough``.
    textures : dict of (H, W, 3 or 4) uint8
        Row 0 at v = 1: ``base``, ``glow`` and ``specular_color`` (sRGB), ``rough``, ``normal``, ``occlusion`` and
        ``specular`` (plain numbers).
    glow : (3,) tuple of float
        Light the surface gives off, cd/m2; multiplies the texture ``glow``.
    alpha_cutoff : float, optional
        Where the fourth channel of ``base`` is below, there is a hole. None: no holes.
    normal_scale, occlusion_strength : float
        How strongly those textures work.
    crumple : float
        0 to 1: how strongly the renderer bends the normals into facets of ``crumple_scale_m`` metres.
    clearcoat, clearcoat_roughness : float
        0 to 1: a thin clear layer of varnish or glass on top, and how rough that is (KHR_materials_clearcoat).
    anisotropy, anisotropy_rotation : float
        -1 to 1, rad: how much longer highlights are along the direction in which u grows, turned by the angle towards
        that in which v grows (KHR_materials_anisotropy); negative across it.
    ior : float
        Refractive index of what is no metal (KHR_materials_ior); 0 mirrors all light.
    specular, specular_color : float, (3,) tuple of float
        Share of that mirrored light, and its colour square to the surface (KHR_materials_specular); multiply the fourth
        channel of the texture ``specular`` and the texture ``specular_color``.
    """

    name: str = "default"
    base_color: tuple[float, float, float] = DEFAULT_GREY
    metallic: float = 0.0
    roughness: float = 0.6
    textures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    glow: tuple[float, float, float] = (0.0, 0.0, 0.0)
    alpha_cutoff: float | None = None
    normal_scale: float = 1.0
    occlusion_strength: float = 1.0
    crumple: float = 0.0
    crumple_scale_m: float = 0.1
    clearcoat: float = 0.0
    clearcoat_roughness: float = 0.0
    anisotropy: float = 0.0
    anisotropy_rotation: float = 0.0
    ior: float = 1.5
    specular: float = 1.0
    specular_color: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def f0_reflectance(self) -> NDArray[np.float64]:
        """What light square to it the part that is no metal mirrors (3,), ``specular`` left out: Fresnel's formula."""
        return np.asarray(((self.ior - 1.0) / (self.ior + 1.0)) ** 2 * np.array(self.specular_color))


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh of one material: vertices, normals (N, 3) float32 in body axes with joints at zero, faces (M, 3) int32.

    ``uv`` (N, 2) float32 has its origin at the lower left of the texture. ``tint`` (N, 3) float32, linear light,
    multiplies the base colour. ``joint`` names the joint that carries it.
    """

    name: str
    node: str
    material: Material
    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32] | None
    faces: NDArray[np.int32]
    joint: str | None = None
    tint: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        moved = f", turns with {self.joint}" if self.joint else ""
        return f"<Part {self.name}: {len(self.faces)} triangles of {self.material.name}{moved}>"


@dataclass(frozen=True, eq=False)
class Craft:
    """A spacecraft, ready to be placed in a view.

    ``repairs`` tells what of its file was put right, ``warnings`` what a person should know of it: a line each.
    ``files`` is all that it was read from: the mesh, its description, buffers and textures.
    """

    name: str
    parts: tuple[Part, ...]
    mounts: dict[str, Mount]
    joints: dict[str, Joint]
    source: Path
    mass_kg: float | None = None
    assumed: dict[str, str] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def bounds_m(self) -> NDArray[np.float64]:
        """Lower and upper corner of the box round all parts, (2, 3), joints at zero."""
        low = np.min([part.vertices.min(axis=0) for part in self.parts], axis=0)
        high = np.max([part.vertices.max(axis=0) for part in self.parts], axis=0)
        return np.stack([low, high]).astype(np.float64)

    @property
    def triangle_count(self) -> int:
        """Triangles in all parts."""
        return sum(len(part.faces) for part in self.parts)

    def __repr__(self) -> str:
        size = " x ".join(f"{v:.2f}" for v in np.diff(self.bounds_m, axis=0)[0])
        lines = [f"<Craft {self.name}: {self.triangle_count} triangles in {len(self.parts)} parts, {size} m (x, y, z)"]
        lines += [f"  joint {name}: follows {joint.tracks}" for name, joint in self.joints.items()]
        lines += [f"  mount {name}: at {mount.position_m} m" for name, mount in self.mounts.items()]
        return "\n".join(lines) + f"\n  from {self.source}>"


@lru_cache(maxsize=8)
def convex_hull_by_joint(craft: Craft, hidden_nodes: tuple[str, ...] = ()) -> dict[str | None, NDArray[np.float64]]:
    """Corners (N, 3) of the convex hull of what each joint carries, joints at zero; key None for what does not turn.

    Parts whose node's name begins with one of ``hidden_nodes`` are left out. A hull's corners give the same outline as all
    vertices, and there are some hundred of them instead of a hundred thousand.
    """
    carried: dict[str | None, list[NDArray[np.float32]]] = {}
    for part in craft.parts:
        if not part.node.startswith(hidden_nodes):
            carried.setdefault(part.joint, []).append(part.vertices)
    return {joint: convex_hull_points(np.concatenate(vertices).astype(float)) for joint, vertices in carried.items()}


def convex_hull_points(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners (M, 3) of the convex hull of ``points`` (N, 3)."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:  # flat or a line: no hull, and few points
        return np.unique(points, axis=0)


@lru_cache(maxsize=64)
def first_ray_hit(
    craft: Craft,
    start: tuple[float, float, float],
    axis: tuple[float, float, float],
    hidden_nodes: tuple[str, ...] = (),
) -> tuple[str, float] | None:
    """What a point that leaves ``start`` along the unit vector ``axis`` hits first, and after how many metres.

    Body axes, joints at zero; None when the way is clear. Parts whose node's name begins with one of ``hidden_nodes`` are left
    out, and so is whatever lies within 0.2 m of the start, where the mount itself is. Moeller and Trumbore's test
    (1997).
    """
    nearest: tuple[str, float] | None = None
    for part in craft.parts:
        if part.node.startswith(hidden_nodes):
            continue
        corner = part.vertices[part.faces].astype(float)
        one, other = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        p_vector = np.cross(axis, other)
        determinant = (one * p_vector).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            away = np.asarray(start) - corner[:, 0]
            u = (away * p_vector).sum(axis=1) / determinant
            turned = np.cross(away, one)
            v = turned @ np.asarray(axis) / determinant
            distance = (turned * other).sum(axis=1) / determinant
            hit = (u >= 0.0) & (v >= 0.0) & (u + v <= 1.0) & (distance > _MOUNT_CLEARANCE_M)
        if hit.any() and (nearest is None or distance[hit].min() < nearest[1]):
            nearest = part.node, float(distance[hit].min())
    return nearest
