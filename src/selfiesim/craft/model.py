"""The loaded craft: parts with materials, joints and mounts, in body axes and metres; and queries of its geometry."""

from __future__ import annotations

import secrets
import weakref
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.description import Joint, Mount

DEFAULT_GREY = (0.5, 0.5, 0.5)
_MOUNT_CLEARANCE_M = 0.2
TEXTURE_SLOTS = ("base", "rough", "normal", "occlusion", "glow", "specular", "specular_color")
"""Textures that a material may have."""
WRAPS = ("repeat", "clamp", "mirror")
Wrap = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Material:
    """A surface material: glTF's metallic-roughness model, plus the crumpling of foil. Both sides render.

    Attributes
    ----------
    base_color : (3,) float
        Reflectance in the bands; multiplies the texture ``base``.
    metallic, roughness : float
        0 to 1; multiply the blue and green channels of the texture ``rough``.
    textures : dict of (H, W, 3 or 4) uint8
        By slot, see :data:`TEXTURE_SLOTS`; row 0 at v = 1. ``base``, ``glow`` and ``specular_color`` are bands coded
        with sRGB's transfer curve (:mod:`selfiesim.craft.colours`); ``rough``, ``normal``, ``occlusion`` and
        ``specular`` are linear.
    glow : (3,) float
        Emitted light, cd/m2; multiplies the texture ``glow``.
    opacity : float
        0 to 1; multiplies the alpha of the texture ``base`` and a part's own opacity. Without ``alpha_cutoff`` or
        ``blend`` it has no effect.
    alpha_cutoff : float, optional
        Where that product is below, there is a hole. None: no holes.
    blend : bool
        The product is the share of light that the surface stops; the rest passes unchanged.
    wrap : (2,) str
        What the textures do beyond 0 to 1 along u and v: :data:`WRAPS`.
    second_uv, second_wrap : tuple of str
        Slots of the textures that use a part's second texture coordinates, and what those do beyond 0 to 1.
    normal_scale, occlusion_strength : float
        Strength of those textures.
    crumple : float
        0 to 1: how strongly the renderer bends the normals into facets of ``crumple_scale_m`` metres.
    clearcoat, clearcoat_roughness : float
        0 to 1: weight and roughness of a clear layer of varnish or glass on top (KHR_materials_clearcoat).
    anisotropy, anisotropy_rotation : float
        -1 to 1, and rad: stretch of highlights along the direction of growing u, rotated by the angle towards that of
        growing v (KHR_materials_anisotropy); negative stretches across it.
    ior : float
        Refractive index of the dielectric part (KHR_materials_ior); 0 reflects all light.
    specular, specular_color : float, (3,) float
        Weight of the dielectric's specular reflection, and its colour at normal incidence (KHR_materials_specular);
        multiply the alpha of the texture ``specular`` and the texture ``specular_color``.
    law : str, optional
        Reflection law of sunlight on regolith instead of Lambert's, a key of
        :data:`selfiesim.planet.light.photometry.LAWS`. The base colour stays that of the Lambertian sphere of the same
        geometric albedo, 3/2 of it.
    """

    name: str = "default"
    base_color: tuple[float, float, float] = DEFAULT_GREY
    metallic: float = 0.0
    roughness: float = 0.6
    textures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    glow: tuple[float, float, float] = (0.0, 0.0, 0.0)
    opacity: float = 1.0
    alpha_cutoff: float | None = None
    blend: bool = False
    wrap: Wrap = ("repeat", "repeat")
    second_uv: tuple[str, ...] = ()
    second_wrap: Wrap = ("repeat", "repeat")
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
    law: str | None = None

    @property
    def f0_reflectance(self) -> NDArray[np.float64]:
        """Reflectance (3,) of the dielectric part at normal incidence by Fresnel's formula, without ``specular``."""
        return np.asarray(((self.ior - 1.0) / (self.ior + 1.0)) ** 2 * np.array(self.specular_color))


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh of one material.

    Attributes
    ----------
    name : str
    node : str
        The node of the mesh file that it comes from.
    material : Material
    vertices, normals : (N, 3) float32
        Body axes, m, joints at zero.
    uv : (N, 2) float32, optional
        Texture coordinates, origin lower left.
    faces : (M, 3) int32
    joint : str, optional
        The joint that carries it.
    tint : (N, 3) float32, optional
        Vertex colours in the bands, which multiply the base colour.
    opacity : (N,) float32, optional
        Opacity of the vertices, which multiplies the material's.
    uv2 : (N, 2) float32, optional
        Second texture coordinates, for the textures that the material's ``second_uv`` names.
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
    opacity: NDArray[np.float32] | None = None
    uv2: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        carried = f", carried by {self.joint}" if self.joint else ""
        return f"<Part {self.name}: {len(self.faces)} triangles of {self.material.name}{carried}>"


@dataclass(frozen=True, eq=False)
class Craft:
    """A spacecraft, ready to be placed in a view.

    Attributes
    ----------
    name : str
    parts : tuple of Part
    mounts : dict of Mount
        By name.
    joints : dict of Joint
        By name.
    source : Path
        The mesh file.
    mass_kg : float, optional
    assumed : dict of str
        Assumed properties, with the reason for each value.
    repairs : tuple of str
        Repairs of the mesh, one line per kind.
    warnings : tuple of str
        What the user should know about the mesh file, one line each.
    units : str
        The unit of the mesh file, and why it is believed to be that.
    files : tuple of Path
        All files that it was read from: the mesh, its description, buffers and textures.
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
    units: str = ""
    files: tuple[Path, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        # With a token, so that copies sent to another process again and again are one object there: its layers in the
        # renderer, its coarser meshes and its clearance are kept by object.
        token = _tokens.setdefault(self, secrets.token_hex(16))
        _by_token.setdefault(token, self)
        return _restore, (token, {each.name: getattr(self, each.name) for each in fields(self)})

    @property
    def bounds_m(self) -> NDArray[np.float64]:
        """Lower and upper corner (2, 3) of the bounding box of all parts, joints at zero."""
        low = np.min([part.vertices.min(axis=0) for part in self.parts], axis=0)
        high = np.max([part.vertices.max(axis=0) for part in self.parts], axis=0)
        return np.stack([low, high]).astype(np.float64)

    @property
    def triangle_count(self) -> int:
        """Number of triangles in all parts."""
        return sum(len(part.faces) for part in self.parts)

    def __repr__(self) -> str:
        size = " x ".join(f"{v:.2f}" for v in np.diff(self.bounds_m, axis=0)[0])
        lines = [f"<Craft {self.name}: {self.triangle_count} triangles in {len(self.parts)} parts, {size} m (x, y, z)"]
        lines += [f"  joint {name}: follows {joint.tracks}" for name, joint in self.joints.items()]
        lines += [f"  mount {name}: at {mount.position_m} m" for name, mount in self.mounts.items()]
        return "\n".join(lines) + f"\n  from {self.source}>"


_tokens: weakref.WeakKeyDictionary[Craft, str] = weakref.WeakKeyDictionary()
_by_token: weakref.WeakValueDictionary[str, Craft] = weakref.WeakValueDictionary()


def _restore(token: str, values: dict[str, Any]) -> Craft:
    """Return the craft that was pickled with a token: the one that is here already, or a new one."""
    craft = _by_token.setdefault(token, Craft(**values))
    _tokens.setdefault(craft, token)
    return craft


@lru_cache(maxsize=8)
def convex_hull_by_joint(craft: Craft, hidden_nodes: tuple[str, ...] = ()) -> dict[str | None, NDArray[np.float64]]:
    """Convex hull vertices (N, 3) of what each joint carries, joints at zero; key None for the fixed parts.

    A hull has the same outline as all vertices, with some hundred points instead of a hundred thousand. Parts whose
    node name starts with one of ``hidden_nodes`` are left out.
    """
    by_joint: dict[str | None, list[NDArray[np.float32]]] = {}
    for part in craft.parts:
        if not part.node.startswith(hidden_nodes):
            by_joint.setdefault(part.joint, []).append(part.vertices)
    return {joint: convex_hull_points(np.concatenate(vertices).astype(float)) for joint, vertices in by_joint.items()}


def convex_hull_points(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vertices (M, 3) of the convex hull of ``points`` (N, 3)."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:  # coplanar or collinear points have no hull, and are few
        return np.unique(points, axis=0)


@lru_cache(maxsize=64)
def first_ray_hit(
    craft: Craft,
    start: tuple[float, float, float],
    axis: tuple[float, float, float],
    hidden_nodes: tuple[str, ...] = (),
) -> tuple[str, float] | None:
    """Find the first surface that a ray hits, by the Moeller-Trumbore test (1997).

    Parameters
    ----------
    craft : Craft
        Joints at zero.
    start, axis : (3,) float
        Origin and unit direction of the ray, body axes. Hits within 0.2 m, of the mount itself, are ignored.
    hidden_nodes : tuple of str
        Parts whose node name starts with one of these are left out.

    Returns
    -------
    tuple of str and float, optional
        Node and distance (m) of the hit; None if the ray hits nothing.
    """
    nearest: tuple[str, float] | None = None
    for part in craft.parts:
        if part.node.startswith(hidden_nodes):
            continue
        distance, hit = _intersect(part, np.asarray(start, float), np.asarray(axis, float))
        hit &= distance > _MOUNT_CLEARANCE_M
        if hit.any() and (nearest is None or distance[hit].min() < nearest[1]):
            nearest = part.node, float(distance[hit].min())
    return nearest


def farthest_surface_point(craft: Craft, axis: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the point (3,) where a line from the craft's middle along a unit vector leaves its surface, body axes, m.

    Where the line misses every triangle, it is the vertex that is farthest along ``axis``.
    """
    middle, direction = craft.bounds_m.mean(axis=0), np.asarray(axis, float)
    farthest = -np.inf
    for part in craft.parts:
        distance, hit = _intersect(part, middle, direction)
        farthest = max(farthest, float(distance[hit].max(initial=-np.inf)))
    if farthest >= 0.0:
        return np.asarray(middle + farthest * direction)
    vertices = np.concatenate([part.vertices for part in craft.parts]).astype(float)
    return np.asarray(vertices[np.argmax(vertices @ direction)])


def _intersect(
    part: Part, start: NDArray[np.float64], axis: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Signed distance to each triangle's plane along a line, and whether it hits the triangle, (M,) each."""
    corners = part.vertices[part.faces].astype(float)
    edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p_vector = np.cross(axis, edge2)
    determinant = (edge1 * p_vector).sum(axis=1)
    # A line along the triangle's plane, or nearly so, misses it: the quotients are infinite or not numbers.
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        t_vector = start - corners[:, 0]
        u = (t_vector * p_vector).sum(axis=1) / determinant
        q_vector = np.cross(t_vector, edge1)
        v = q_vector @ axis / determinant
        distance = (q_vector * edge2).sum(axis=1) / determinant
        hit = (u >= 0.0) & (v >= 0.0) & (u + v <= 1.0) & np.isfinite(distance)
    return distance, hit


def swept_bounds(craft: Craft) -> NDArray[np.float64]:
    """Return a bounding box (2, 3) that holds for all joint angles."""
    low, high = np.array(craft.bounds_m, float)
    for part in craft.parts:
        if part.joint:
            origin = np.array(craft.joints[part.joint].origin_m)
            reach = float(np.linalg.norm(part.vertices - origin, axis=1).max())
            axes = np.array(craft.joints[part.joint].axes)
            # Rotation about a single axis does not move anything along it: a wing sweeps less than a sphere.
            span = reach * (np.sqrt(np.maximum(0.0, 1.0 - axes[0] ** 2)) if len(axes) == 1 else np.ones(3))
            low, high = np.minimum(low, origin - span), np.maximum(high, origin + span)
    return np.array([low, high])
