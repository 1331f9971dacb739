"""The light that parts of a craft pass on to each other: radiosity by traced rays, and the Sun's glance off gloss.

Some thousand sites stand for the surface. From each, rays go out into its half of space; where one meets the craft
again, the site there sends on what it has from Sun, planet and other sites. Which site sees which is kept for as long
as no joint moves much: a new Sun costs far less than a new shape. Rays are traced by Embree, which has no wheels for
some machines; there this light is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit
from selfiesim.render.light.brdf_sampling import GgxSampler, isotropic_gloss, schlick
from selfiesim.render.light.surface_samples import (
    SURFELS_ACROSS,
    Surfels,
    build_embree_scene,
    build_surfels,
    cosine_rays,
)

if TYPE_CHECKING:
    from selfiesim.craft.model import Material
    from selfiesim.render.light.planetshine import Planetshine
    from selfiesim.view.poses import CraftPose

MIN_EDGES_ACROSS = 24
"""No edge of a triangle is longer than this part of the craft's longest side: light is worked out at corners."""
SUN_RAYS = 300_000
"""Rays that go on from where the Sun meets gloss."""
BOUNCES = 4
_RAY_OFFSET = 2e-4  # of the craft's size: where rays start above their site
_STEP_RAD = np.radians(2.0)  # joints within one such step cast the same light on each other
MAX_SHARP_ALPHA = 0.02
"""Roughness, squared, of gloss below which rays hardly ever find the Sun in it."""
CLEARCOAT_F0 = 0.04
"""What a clear coat mirrors straight on."""
_METAL_ALBEDO = 0.9  # of a metal's colour: what comes back in all directions together
_FINE_STEP_RAD = 2e-4  # within one such step mirrors show the same: 0.7 mm at the tip of a wing
_SUN_STEP = 1e-3  # of the Sun's direction: from second to second its glints stay where they are
_MIN_GLINT_CELLS = 0.4  # of the cell that a site stands for: glints that fall nearer are left out
_FOIL_ALPHA = 0.35  # what foil's facets add to the width of its gloss
_MIN_ALPHA = 0.1  # gloss narrower than this would show the single rays


_Value = TypeVar("_Value")


def is_available() -> bool:
    """Whether rays can be traced here."""
    from importlib.util import find_spec

    return find_spec("embreex") is not None


class _LastValueCache(Generic[_Value]):
    """The last thing that was made, and for what; no more than that one: a sequence moves on."""

    def __init__(self) -> None:
        self._entry: tuple[Any, _Value] | None = None

    def get_or_make(self, key: Any, make: Callable[[], _Value]) -> _Value:
        """What is kept for ``key``, or else made for it."""
        if self._entry is None or self._entry[0] != key:
            self._entry = key, make()
        return self._entry[1]


@dataclass(frozen=True)
class InterreflectedLight:
    """Light that each vertex has from other parts.

    Attributes
    ----------
    irradiance : (N, 3) array
        Of all of it, W m^-2 nm^-1.
    caustics : (N, 3) array
        Of the sunlight in it that comes straight from sharp gloss.
    planet_visibility : (N,) array
        Share of the planet's light that other parts leave.
    """

    irradiance: NDArray[np.float32]
    caustics: NDArray[np.float32]
    planet_visibility: NDArray[np.float32]


@dataclass
class RadiosityMesh:
    """The surface of a craft as the light between its parts sees it; joints at zero, body axes, m.

    Attributes
    ----------
    points, normals : (N, 3) array
        Of all vertices.
    faces : (M, 3) array
        Of those.
    joints : (N,) array of int
        Number in ``joint_names`` of what each vertex hangs on.
    albedo, diffuse : (N, 3) array
        Shares of the light that the surface there scatters in all, and evenly to all sides.
    mirrored : (N, 3) array
        Share of the light that its gloss sends back straight on, with that of a clear coat.
    gloss : (N,) array
        Roughness of that, squared, the facets of foil taken in.
    sharp : (N,) array
        The same without them.
    glance : (N,) array
        That by which sunlight goes on: of the clear coat where there is one.
    crumple, crumple_scale : (N,) array
        How strongly foil is crumpled, and how large its facets are, m.
    ray_offset : float
        How far above a surface rays start from it, m.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    faces: NDArray[np.int64]
    joints: NDArray[np.int64]
    joint_names: list[str | None]
    albedo: NDArray[np.float64]
    diffuse: NDArray[np.float64]
    mirrored: NDArray[np.float64]
    gloss: NDArray[np.float64]
    sharp: NDArray[np.float64]
    glance: NDArray[np.float64]
    crumple: NDArray[np.float64]
    crumple_scale: NDArray[np.float64]
    ray_offset: float = field(init=False)
    surfels: Surfels = field(init=False)
    _size: float = field(init=False)
    _last_shape: _LastValueCache[PosedSurfels] = field(default_factory=_LastValueCache, init=False)
    _last_pose: _LastValueCache[tuple[Any, NDArray[np.float64]]] = field(default_factory=_LastValueCache, init=False)
    _last_glints: _LastValueCache[NDArray[np.float64]] = field(default_factory=_LastValueCache, init=False)

    def __post_init__(self) -> None:
        self._size = float(np.ptp(self.points, axis=0).max())
        self.ray_offset = _RAY_OFFSET * self._size
        self.surfels = build_surfels(self.points, self.normals, self.faces, self.joints)

    def light(
        self, pose: CraftPose, sun: NDArray[np.float64], irradiance: NDArray[np.float64], shine: Planetshine
    ) -> InterreflectedLight:
        """What each vertex gets from other parts.

        ``sun`` (3,) is the direction to it, body axes; ``irradiance`` (3,) its light on a surface that faces it.
        """
        shape = self.shape(pose)
        lit = np.maximum(shape.normals @ sun, 0.0)
        asked = np.flatnonzero(lit > 0.0)
        if len(asked) and irradiance.any():
            lit[asked[shape.met(shape.ray_origins[asked], sun) >= 0]] = 0.0
        albedo = self.at_surfels(self.albedo)
        open_ = shape.planet_visibility_at(shine)
        soft = open_[:, None] * shine.irradiance(shape.normals)
        direct = self.at_surfels(self.diffuse) * lit[:, None] * irradiance + albedo * soft
        glints = self._sun_glints(pose, sun) * irradiance
        first = gather_irradiance(direct, shape.hits) + glints.sum(axis=0)
        indirect = first
        for _ in range(BOUNCES - 1):
            indirect = first + gather_irradiance(albedo * indirect, shape.hits)
        interpolate_to_vertices = self.surfels.interpolate_to_vertices
        return InterreflectedLight(
            interpolate_to_vertices(indirect),
            interpolate_to_vertices(glints[0]),
            interpolate_to_vertices(open_[:, None])[:, 0],
        )

    def _sun_glints(self, pose: CraftPose, sun: NDArray[np.float64]) -> NDArray[np.float64]:
        """As :meth:`_trace_glints`, kept while neither joints nor the Sun move much."""
        step = np.round(sun / _SUN_STEP) * _SUN_STEP
        key = _joint_key(pose.quantize_joints(_STEP_RAD)), step.tobytes()
        return self._last_glints.get_or_make(key, lambda: self._trace_glints(self.shape(pose), unit(step)))

    def _trace_glints(self, shape: PosedSurfels, sun: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each site gets of sunlight by sharp gloss and by other (2, S, 3), over the Sun's irradiance.

        Points are thrown onto the surface, as thick as it faces the Sun; from those that it reaches one ray goes on as
        gloss scatters it (Heitz 2018), and lights the site that it meets.
        """
        corners = shape.corners
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        lit = 0.5 * np.abs(across @ sun)
        share = lit * self.mirrored[self.faces[:, 0]].max(axis=1)
        light = np.zeros((2, self.surfels.count, 3))
        if share.sum() <= 0.0:
            return light
        randoms = _sun_ray_samples()
        face = np.searchsorted(np.cumsum(share) / share.sum(), randoms[:, 0]).clip(0, len(share) - 1)
        flux = share.sum() / len(randoms) / share[face] * lit[face]
        root = np.sqrt(randoms[:, 1])
        weight = np.stack([1.0 - root, root * (1.0 - randoms[:, 2]), root * randoms[:, 2]], axis=-1)
        place = (weight[..., None] * corners[face]).sum(axis=1)
        normal = unit(across[face])
        normal *= np.sign(normal @ sun)[:, None]
        above = place + self.ray_offset * normal
        free = shape.met(above, sun) < 0
        own = self.faces[face[free], 0]
        gloss = isotropic_gloss(above[free], normal[free], normal[free], np.sqrt(self.glance[own]))
        ray, kept, cosine = GgxSampler(gloss, np.broadcast_to(sun, normal[free].shape)).rays(randoms[free, 3:])
        found = shape.scene.run(above[free].astype(np.float32), ray.astype(np.float32), output=True)
        # Each corner of a triangle stands for the third of it that is nearest.
        near = np.stack([1.0 - found["u"] - found["v"], found["u"], found["v"]], axis=-1).argmax(axis=-1)
        surfel = self.surfels.of_vertex[self.faces[found["primID"], near]]
        # What a knob throws onto the panel it stands on would be spread over a whole site.
        there = (found["primID"] >= 0) & (kept > 0.0) & (found["tfar"] > _MIN_GLINT_CELLS * self._size / SURFELS_ACROSS)
        power = (flux[free] * kept)[:, None] * schlick(self.mirrored[own], cosine[:, None])
        for which, k in product((0, 1), range(3)):
            counted = there & ((self.glance[own] < MAX_SHARP_ALPHA) == (which == 0))
            light[which, :, k] = np.bincount(surfel[counted], power[counted, k], self.surfels.count)
        return light / self.surfels.areas[:, None]

    def posed_mesh(self, pose: CraftPose) -> tuple[Any, NDArray[np.float64]]:
        """The triangles as the joints stand, for Embree, and the vertices' normals (N, 3); kept until a joint moves."""
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
        """Those of the vertices' ``values`` (N, ...) that the sites have."""
        return values[self.surfels.vertices]

    def shape(self, pose: CraftPose) -> PosedSurfels:
        """The sites and what they see of the craft, kept while no joint moves much."""
        pose = pose.quantize_joints(_STEP_RAD)
        return self._last_shape.get_or_make(_joint_key(pose), lambda: self._trace_surfels(pose))

    def _trace_surfels(self, pose: CraftPose) -> PosedSurfels:
        scene, points, normals = self._transform_joints(pose)
        bounds = np.array([points.min(axis=0), points.max(axis=0)])
        corners = points[self.faces]
        normals = normals[self.surfels.vertices]
        ray_origins = points[self.surfels.vertices] + self.ray_offset * normals
        rays = cosine_rays(normals)
        of_face = self.surfels.of_vertex[self.faces[:, 0]]
        shape = PosedSurfels(scene, corners, of_face, bounds, ray_origins, normals, rays, np.empty(0, np.int64))
        hits = np.stack([shape.hit_surfels(ray_origins, ray) for ray in rays], axis=1)
        return replace(shape, hits=hits)


@dataclass(frozen=True)
class PosedSurfels:
    """A posed craft's sites, body axes, m.

    Attributes
    ----------
    scene : object
        Embree's, of its triangles.
    corners : (M, 3, 3) array
        Of those.
    surfel_of_face : (M,) array of int
        Which site stands for each.
    bounds : (2, 3) array
        The box round all.
    ray_origins, normals : (S, 3) array
        Places where rays start, just above the sites, and which way the sites face.
    rays : (K, S, 3) array
        Directions from each, as many as light from there counts.
    hits : (S, K) array of int
        Which site each meets; S when none, S + 1 when one from behind.
    """

    scene: Any
    corners: NDArray[np.float64]
    surfel_of_face: NDArray[np.int64]
    bounds: NDArray[np.float64]
    ray_origins: NDArray[np.float64]
    normals: NDArray[np.float64]
    rays: NDArray[np.float32]
    hits: NDArray[np.int64]

    def met(self, origins: NDArray[np.float64], directions: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """The triangle (N,) that each ray meets first, or -1."""
        rays = np.broadcast_to(directions, origins.shape)
        found = self.scene.run(np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(rays, np.float32))
        return np.asarray(found, np.int64)

    def planet_visibility_at(self, shine: Planetshine) -> NDArray[np.float64]:
        """Share (S,) of the planet's light that other parts leave to each site."""
        light = shine.radiance(self.rays)
        left = np.where(len(self.normals) == self.hits.T, light, 0.0).sum(axis=0)
        whole = light.sum(axis=0)
        return np.asarray(np.where(whole > 0.0, left / np.maximum(whole, 1e-30), 1.0))

    def hit_surfels(self, origins: NDArray[np.float64], directions: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """The site (N,) that each ray meets first; as ``hits`` has it."""
        face = self.met(origins, directions)
        surfel = self.surfel_of_face[face]
        behind = (directions * self.normals[surfel]).sum(axis=1) > 0.0
        return np.where(face < 0, len(self.normals), np.where(behind, len(self.normals) + 1, surfel))


def build_radiosity_mesh(groups: Sequence[Any]) -> RadiosityMesh:
    """The surface of a craft's groups of parts, each a mesh with a material and a joint."""
    joint_names: list[str | None] = list(dict.fromkeys(group.joint for group in groups))
    sizes = [group.mesh.n_points for group in groups]
    offsets = np.cumsum([0, *sizes[:-1]])
    pairs = list(zip(groups, sizes, strict=True))
    looks = [scattering_parameters(group.material) for group in groups]
    spread = {
        name: np.concatenate([np.tile(look[name], (size, 1)) for look, size in zip(looks, sizes, strict=True)])
        for name in looks[0]
    }
    spread |= {name: spread[name][:, 0] for name in ("gloss", "sharp", "glance", "crumple", "crumple_scale")}
    return RadiosityMesh(
        points=np.concatenate([group.mesh.points for group in groups]).astype(float),
        normals=np.concatenate([group.mesh.point_data.active_normals for group in groups]).astype(float),
        faces=np.concatenate([g.mesh.regular_faces + offset for g, offset in zip(groups, offsets, strict=True)]),
        joints=np.concatenate([np.full(size, joint_names.index(group.joint)) for group, size in pairs]),
        joint_names=joint_names,
        **spread,
    )


def _joint_key(pose: CraftPose) -> str:
    return repr(sorted(pose.joint_angles.items()))


def scattering_parameters(material: Material) -> dict[str, NDArray[np.float64]]:
    """The numbers of :class:`RadiosityMesh` for a material, over all of its pictures."""
    base = np.array(material.base_color, float)
    picture = material.textures.get("base")
    if picture is not None:
        code = picture[..., :3].reshape(-1, 3)[:: max(1, picture[..., 0].size // 100_000)] / 255.0
        base *= np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).mean(axis=0)
    metallic, roughness = material.metallic, material.roughness
    if "rough" in material.textures:
        roughness *= float(material.textures["rough"][..., 1].mean()) / 255.0
        metallic *= float(material.textures["rough"][..., 2].mean()) / 255.0
    coat = np.minimum(material.f0_reflectance, 1.0) * material.specular
    # Creases of foil scatter, as craft.glsl has it.
    creases = metallic * material.crumple
    diffuse = base * ((1.0 - metallic) * (1.0 - creases) * (1.0 - coat.max()) + 0.4 * creases)
    mirrored = metallic * base + (1.0 - metallic) * coat * (roughness < 0.95)
    creased = max(roughness**2, _FOIL_ALPHA * material.crumple)
    glance = material.clearcoat_roughness**2 if material.clearcoat > 0.0 else creased
    return {
        "albedo": np.minimum(metallic * _METAL_ALBEDO * base + diffuse + (1.0 - metallic) * coat, 1.0),
        "diffuse": diffuse,
        "mirrored": mirrored + material.clearcoat * CLEARCOAT_F0,
        "gloss": np.array([max(creased, _MIN_ALPHA)]),
        "sharp": np.array([max(roughness**2, _MIN_ALPHA)]),
        "glance": np.array([max(glance, 0.003)]),
        "crumple": np.array([material.crumple]),
        "crumple_scale": np.array([material.crumple_scale_m]),
    }


@cache
def _sun_ray_samples() -> NDArray[np.float64]:
    """Five numbers (N, 5) in 0 to 1 for each ray of the Sun, the first of them spread evenly."""
    randoms = np.random.default_rng(11).random((SUN_RAYS, 5))
    randoms[:, 0] = (np.arange(SUN_RAYS) + randoms[:, 0]) / SUN_RAYS
    return np.asarray(randoms)


def gather_irradiance(sent: NDArray[np.float64], hits: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each site gets (N, 3) when each sends ``sent`` (N, 3) to all sides alike."""
    # Two more rows for rays that meet nothing, or something from behind.
    return np.asarray(np.concatenate([sent, np.zeros((2, 3))])[hits].mean(axis=1))
