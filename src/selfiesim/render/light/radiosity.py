"""Interreflection between the parts of a craft: radiosity by traced rays, and the Sun's glints from gloss.

A few thousand surfels represent the surface. From each, rays go into its hemisphere; where one hits the craft again,
the surfel there reflects the light it receives from the Sun, the planet and other surfels. Which surfel sees which is
kept until a joint moves: a new position of the Sun costs far less than a new shape. Rays are traced by Embree, which
has no wheels for some platforms; there this light is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.vectors import unit
from selfiesim.planet.light.photometry import lambert_share
from selfiesim.render.light.brdf_sampling import GgxSampler, isotropic_gloss, schlick
from selfiesim.render.light.foil import FOIL_VARIANCE, widen_alpha
from selfiesim.render.light.surface_samples import (
    SURFELS_ACROSS,
    Surfels,
    build_embree_scene,
    build_surfels,
    cosine_rays,
    uniform_barycentric,
)

if TYPE_CHECKING:
    from selfiesim.craft.model import Material
    from selfiesim.render.light.planetshine import Planetshine
    from selfiesim.view.poses import CraftPose

MIN_EDGES_ACROSS = 24
"""No triangle's edge is longer than this fraction of the craft's longest side: light is computed at vertices."""
SUN_RAYS = 300_000
"""Rays that gloss reflects from the Sun."""
BOUNCES = 4
_RAY_OFFSET = 2e-4  # of the craft's size: height above a surface at which rays start
_STEP_RAD = np.radians(2.0)  # joints within one such step share their interreflection
MAX_SHARP_ALPHA = 0.02
"""Roughness squared of gloss below which rays almost never find the Sun in it."""
CLEARCOAT_F0 = 0.04
"""Reflectance of a clear coat at normal incidence."""
_METAL_ALBEDO = 0.9  # of a metal's colour: light reflected in all directions together
_FINE_STEP_RAD = 2e-4  # joints within one such step share their reflections: 0.7 mm at the tip of a wing
_SUN_STEP = 1e-3  # of the Sun's direction: glints stay in place within one such step
_MIN_GLINT_CELLS = 0.4  # of a surfel's cell: glints that fall nearer are left out
_MIN_HIT_OPACITY = 0.5  # of surfaces that rays hit
_MIN_ALPHA = 0.1  # narrower lobes would show single rays


_Value = TypeVar("_Value")


def is_available() -> bool:
    """Return whether Embree is installed."""
    from importlib.util import find_spec

    return find_spec("embreex") is not None


class _LastValueCache(Generic[_Value]):
    """The last value made, and its key; only one, because a sequence of pictures moves on."""

    def __init__(self) -> None:
        self._entry: tuple[Any, _Value] | None = None

    def get_or_make(self, key: Any, make: Callable[[], _Value]) -> _Value:
        """Return the value for ``key``, made if it is not the last one."""
        if self._entry is None or self._entry[0] != key:
            self._entry = key, make()
        return self._entry[1]


@dataclass(frozen=True)
class InterreflectedLight:
    """Light at each vertex from other parts.

    Attributes
    ----------
    irradiance : (N, 3) array
        All of it, W m^-2 nm^-1.
    caustics : (N, 3) array
        The part of it that is sunlight directly from sharp gloss.
    planet_visibility : (N,) array
        Fraction of the planet's light that other parts leave.
    """

    irradiance: NDArray[np.float32]
    caustics: NDArray[np.float32]
    planet_visibility: NDArray[np.float32]


@dataclass
class RadiosityMesh:
    """The surface of a craft with what interreflection needs of its materials; joints at zero, body axes, m.

    Attributes
    ----------
    points, normals : (N, 3) array
        Vertices.
    faces : (M, 3) array of int
        Triangles.
    joints : (N,) array of int
        Index into ``joint_names`` of the joint that moves each vertex.
    albedo, diffuse : (N, 3) array
        Total and diffuse reflectance.
    specular_f0 : (N, 3) array
        Reflectance of the gloss, including a clear coat, at normal incidence.
    alpha, alpha_without_foil : (N,) array
        Roughness squared of the gloss, with and without the facets of foil.
    sun_alpha : (N,) array
        Roughness squared that reflects sunlight: of the clear coat where there is one.
    crumple, crumple_scale : (N,) array
        Strength of the foil's crumpling, and size of its facets, m.
    ray_offset : float
        Height above a surface at which rays start, m.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    faces: NDArray[np.int64]
    joints: NDArray[np.int64]
    joint_names: list[str | None]
    albedo: NDArray[np.float64]
    diffuse: NDArray[np.float64]
    specular_f0: NDArray[np.float64]
    alpha: NDArray[np.float64]
    alpha_without_foil: NDArray[np.float64]
    sun_alpha: NDArray[np.float64]
    crumple: NDArray[np.float64]
    crumple_scale: NDArray[np.float64]
    ray_offset: float = field(init=False)
    surfels: Surfels = field(init=False)
    _size: float = field(init=False)
    _last_surfels: _LastValueCache[PosedSurfels] = field(default_factory=_LastValueCache, init=False)
    _last_pose: _LastValueCache[tuple[Any, NDArray[np.float64]]] = field(default_factory=_LastValueCache, init=False)
    _last_glints: _LastValueCache[NDArray[np.float64]] = field(default_factory=_LastValueCache, init=False)

    def __post_init__(self) -> None:
        self._size = float(np.ptp(self.points, axis=0).max())
        self.ray_offset = _RAY_OFFSET * self._size
        self.surfels = build_surfels(self.points, self.normals, self.faces, self.joints)

    def solve_radiosity(
        self, pose: CraftPose, sun: NDArray[np.float64], irradiance: NDArray[np.float64], shine: Planetshine
    ) -> InterreflectedLight:
        """Compute the light that each vertex receives from other parts.

        Parameters
        ----------
        pose : CraftPose
            Joint angles.
        sun : (3,) array
            Direction to the Sun, body axes.
        irradiance : (3,) array
            The Sun's normal irradiance, W m^-2 nm^-1.
        shine : Planetshine
            The planet's light.
        """
        surfels = self.posed_surfels(pose)
        mu0 = np.maximum(surfels.normals @ sun, 0.0)
        facing = np.flatnonzero(mu0 > 0.0)
        if len(facing) and irradiance.any():
            mu0[facing[surfels.hit_triangles(surfels.ray_origins[facing], sun) >= 0]] = 0.0
        albedo = self.at_surfels(self.albedo)
        planet_visibility = surfels.planet_visibility_at(shine)
        planet_irradiance = planet_visibility[:, None] * shine.irradiance(surfels.normals)
        direct = self.at_surfels(self.diffuse) * mu0[:, None] * irradiance + albedo * planet_irradiance
        glints = self._sun_glints(pose, sun) * irradiance
        indirect = solve_indirect(gather_irradiance(direct, surfels.hits) + glints.sum(axis=0), albedo, surfels.hits)
        to_vertices = self.surfels.interpolate_to_vertices
        return InterreflectedLight(
            to_vertices(indirect), to_vertices(glints[0]), to_vertices(planet_visibility[:, None])[:, 0]
        )

    def _sun_glints(self, pose: CraftPose, sun: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return :meth:`_trace_glints`, kept while neither joints nor the Sun move much."""
        step = np.round(sun / _SUN_STEP) * _SUN_STEP
        key = _joint_key(pose.quantize_joints(_STEP_RAD)), step.tobytes()
        return self._last_glints.get_or_make(key, lambda: self._trace_glints(self.posed_surfels(pose), unit(step)))

    # One ray's path from the Sun by way of gloss to a surfel, step by step over the same arrays.
    def _trace_glints(self, posed: PosedSurfels, sun: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sunlight (2, S, 3) on each surfel by sharp and by other gloss, over the Sun's irradiance.

        Points are sampled on the surface in proportion to the sunlight they reflect. From each sunlit point one ray
        follows the lobe of its gloss (Heitz 2018) and lights the surfel that it hits.
        """
        corners = posed.corners
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        lit = 0.5 * np.abs(across @ sun)
        share = lit * self.specular_f0[self.faces[:, 0]].max(axis=1)
        light = np.zeros((2, self.surfels.count, 3))
        if share.sum() <= 0.0:
            return light
        randoms = _sun_ray_samples()
        face = np.searchsorted(np.cumsum(share) / share.sum(), randoms[:, 0]).clip(0, len(share) - 1)
        flux = share.sum() / len(randoms) / share[face] * lit[face]
        place = (uniform_barycentric(randoms[:, 1], randoms[:, 2])[..., None] * corners[face]).sum(axis=1)
        normal = unit(across[face])
        normal *= np.sign(normal @ sun)[:, None]
        origins = place + self.ray_offset * normal
        sunlit = posed.hit_triangles(origins, sun) < 0
        vertex, origins, normal = self.faces[face[sunlit], 0], origins[sunlit], normal[sunlit]
        gloss = isotropic_gloss(origins, normal, normal, np.sqrt(self.sun_alpha[vertex]))
        rays, weight, cosine = GgxSampler(gloss, np.broadcast_to(sun, normal.shape)).rays(randoms[sunlit, 3:])
        hits = posed.scene.run(origins.astype(np.float32), rays.astype(np.float32), output=True)
        # Each corner of a triangle represents the third of it that is nearest.
        corner = np.stack([1.0 - hits["u"] - hits["v"], hits["u"], hits["v"]], axis=-1).argmax(axis=-1)
        surfel = self.surfels.of_vertex[self.faces[hits["primID"], corner]]
        # A glint from a knob onto the panel below it would be spread over a whole surfel.
        is_far = hits["tfar"] > _MIN_GLINT_CELLS * self._size / SURFELS_ACROSS
        arrives = (hits["primID"] >= 0) & (weight > 0.0) & is_far
        power = (flux[sunlit] * weight)[:, None] * schlick(self.specular_f0[vertex], cosine[:, None])
        for which, k in product((0, 1), range(3)):
            counted = arrives & ((self.sun_alpha[vertex] < MAX_SHARP_ALPHA) == (which == 0))
            light[which, :, k] = np.bincount(surfel[counted], power[counted, k], self.surfels.count)
        return light / self.surfels.areas[:, None]

    def posed_mesh(self, pose: CraftPose) -> tuple[Any, NDArray[np.float64]]:
        """Return Embree's scene of the posed triangles and the vertices' normals (N, 3); kept until a joint moves."""
        pose = pose.quantize_joints(_FINE_STEP_RAD)
        return self._last_pose.get_or_make(_joint_key(pose), lambda: self._transform_joints(pose)[::2])

    def _transform_joints(self, pose: CraftPose) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
        points, normals = self.points.copy(), self.normals.copy()
        for number, name in enumerate(self.joint_names):
            matrix, own = pose.joint_matrix(name), self.joints == number
            points[own] = points[own] @ matrix[:3, :3].T + matrix[:3, 3]
            normals[own] = normals[own] @ matrix[:3, :3].T
        return build_embree_scene(points[self.faces]), points, normals

    def at_surfels(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the vertices' ``values`` (N, ...) at the surfels (S, ...)."""
        return values[self.surfels.vertices]

    def posed_surfels(self, pose: CraftPose) -> PosedSurfels:
        """Return the posed surfels and what their rays hit; kept while no joint moves much."""
        pose = pose.quantize_joints(_STEP_RAD)
        return self._last_surfels.get_or_make(_joint_key(pose), lambda: self._trace_surfels(pose))

    def _trace_surfels(self, pose: CraftPose) -> PosedSurfels:
        scene, points, normals = self._transform_joints(pose)
        bounds = np.array([points.min(axis=0), points.max(axis=0)])
        corners = points[self.faces]
        normals = normals[self.surfels.vertices]
        ray_origins = points[self.surfels.vertices] + self.ray_offset * normals
        rays = cosine_rays(normals)
        of_face = self.surfels.of_vertex[self.faces[:, 0]]
        posed = PosedSurfels(scene, corners, of_face, bounds, ray_origins, normals, rays, np.empty(0, np.int64))
        hits = np.stack([posed.hit_surfels(ray_origins, ray) for ray in rays], axis=1)
        return replace(posed, hits=hits)


@dataclass(frozen=True)
class PosedSurfels:
    """A posed craft's surfels, body axes, m.

    Attributes
    ----------
    scene : object
        Embree's scene of the craft's triangles.
    corners : (M, 3, 3) array
        Corners of the triangles.
    surfel_of_face : (M,) array of int
        The surfel that represents each triangle.
    bounds : (2, 3) array
        Bounding box.
    ray_origins, normals : (S, 3) array
        Points just above the surfels, where rays start, and the surfels' normals.
    rays : (K, S, 3) array
        Cosine-distributed directions from each surfel.
    hits : (S, K) array of int
        The surfel that each ray hits; S for none, S + 1 for the back of a surface.
    """

    scene: Any
    corners: NDArray[np.float64]
    surfel_of_face: NDArray[np.int64]
    bounds: NDArray[np.float64]
    ray_origins: NDArray[np.float64]
    normals: NDArray[np.float64]
    rays: NDArray[np.float32]
    hits: NDArray[np.int64]

    def hit_triangles(self, origins: NDArray[np.float64], directions: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """Return the first triangle (N,) that each ray hits, or -1."""
        rays = np.broadcast_to(directions, origins.shape)
        found = self.scene.run(np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(rays, np.float32))
        return np.asarray(found, np.int64)

    def planet_visibility_at(self, shine: Planetshine) -> NDArray[np.float64]:
        """Return the fraction (S,) of the planet's light that other parts leave to each surfel."""
        light = shine.radiance(self.rays)
        visible = np.where(len(self.normals) == self.hits.T, light, 0.0).sum(axis=0)
        total = light.sum(axis=0)
        return np.asarray(np.where(total > 0.0, visible / np.maximum(total, 1e-30), 1.0))

    def hit_surfels(self, origins: NDArray[np.float64], directions: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """Return the first surfel (N,) that each ray hits, coded as in ``hits``."""
        face = self.hit_triangles(origins, directions)
        surfel = self.surfel_of_face[face]
        behind = (directions * self.normals[surfel]).sum(axis=1) > 0.0
        return np.where(face < 0, len(self.normals), np.where(behind, len(self.normals) + 1, surfel))


def build_radiosity_mesh(groups: Sequence[Any]) -> RadiosityMesh:
    """Return the surface of a craft's groups of parts, each a mesh with a material and a joint."""
    joint_names: list[str | None] = list(dict.fromkeys(group.joint for group in groups))
    sizes = [group.mesh.n_points for group in groups]
    offsets = np.cumsum([0, *sizes[:-1]])
    pairs = list(zip(groups, sizes, strict=True))
    # Through what stops less than half of the light, rays pass; but a craft of glass alone still has a surface.
    opaque = [k for k, group in enumerate(groups) if group.mean_opacity >= _MIN_HIT_OPACITY] or range(len(groups))
    materials = [scattering_parameters(group.material) for group in groups]
    of_vertices = {
        name: np.concatenate([np.tile(each[name], (size, 1)) for each, size in zip(materials, sizes, strict=True)])
        for name in materials[0]
    }
    of_vertices |= {name: values[:, 0] for name, values in of_vertices.items() if values.shape[1] == 1}
    return RadiosityMesh(
        points=np.concatenate([group.mesh.points for group in groups]).astype(float),
        normals=np.concatenate([group.mesh.point_data.active_normals for group in groups]).astype(float),
        faces=np.concatenate([groups[k].mesh.regular_faces + offsets[k] for k in opaque]),
        joints=np.concatenate([np.full(size, joint_names.index(group.joint)) for group, size in pairs]),
        joint_names=joint_names,
        **of_vertices,
    )


def _joint_key(pose: CraftPose) -> str:
    return repr(sorted(pose.joint_angles.items()))


def scattering_parameters(material: Material) -> dict[str, NDArray[np.float64]]:
    """Return the fields of :class:`RadiosityMesh` that a material determines, averaged over its textures."""
    base = np.array(material.base_color, float)
    texture = material.textures.get("base")
    if texture is not None:
        code = texture[..., :3].reshape(-1, 3)[:: max(1, texture[..., 0].size // 100_000)] / 255.0
        base *= linear_from_srgb(code).mean(axis=0)
    metallic, roughness = material.metallic, material.roughness
    if "rough" in material.textures:
        roughness *= float(material.textures["rough"][..., 1].mean()) / 255.0
        metallic *= float(material.textures["rough"][..., 2].mean()) / 255.0
    coat = np.minimum(material.f0_reflectance, 1.0) * material.specular
    # Creases of foil scatter, as in craft.glsl.
    creases = metallic * material.crumple
    diffuse = base * ((1.0 - metallic) * (1.0 - creases) * (1.0 - coat.max()) + 0.4 * creases)
    diffuse *= lambert_share(material.law) if material.law else 1.0
    specular_f0 = metallic * base + (1.0 - metallic) * coat * (roughness < 0.95)
    alpha = float(widen_alpha(np.array(roughness**2), np.array(FOIL_VARIANCE * material.crumple**2)))
    sun_alpha = material.clearcoat_roughness**2 if material.clearcoat > 0.0 else alpha
    return {
        "albedo": np.minimum(metallic * _METAL_ALBEDO * base + diffuse + (1.0 - metallic) * coat, 1.0),
        "diffuse": diffuse,
        "specular_f0": specular_f0 + material.clearcoat * CLEARCOAT_F0,
        "alpha": np.array([max(alpha, _MIN_ALPHA)]),
        "alpha_without_foil": np.array([max(roughness**2, _MIN_ALPHA)]),
        "sun_alpha": np.array([max(sun_alpha, 0.003)]),
        "crumple": np.array([material.crumple]),
        "crumple_scale": np.array([material.crumple_scale_m]),
    }


@cache
def _sun_ray_samples() -> NDArray[np.float64]:
    """Return five random numbers (N, 5) in 0 to 1 for each ray of the Sun, the first of them stratified."""
    randoms = np.random.default_rng(11).random((SUN_RAYS, 5))
    randoms[:, 0] = (np.arange(SUN_RAYS) + randoms[:, 0]) / SUN_RAYS
    return np.asarray(randoms)


def gather_irradiance(radiosity: NDArray[np.float64], hits: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the irradiance (S, 3) of each surfel by the ``radiosity`` (S, 3) of the surfels that its rays hit."""
    # Two more rows for rays that hit nothing, or the back of a surface.
    return np.asarray(np.concatenate([radiosity, np.zeros((2, 3))])[hits].mean(axis=1))


def solve_indirect(
    first: NDArray[np.float64], albedo: NDArray[np.float64], hits: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the indirect irradiance (S, 3) after :data:`BOUNCES`, from that of the first bounce (S, 3)."""
    indirect = first
    for _ in range(BOUNCES - 1):
        indirect = first + gather_irradiance(albedo * indirect, hits)
    return indirect
