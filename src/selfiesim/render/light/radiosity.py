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
from selfiesim.render.light.brdf_sampling import Lobes, even, schlick
from selfiesim.render.light.surface_samples import SITES_ACROSS, Sites, rays_about, sites_of, traced_scene

if TYPE_CHECKING:
    from selfiesim.craft.model import Material
    from selfiesim.render.light.planetshine import Planetshine
    from selfiesim.view.poses import CraftPose

EDGES_ACROSS = 24
"""No edge of a triangle is longer than this part of the craft's longest side: light is worked out at corners."""
GLINTS = 300_000
"""Rays that go on from where the Sun meets gloss."""
BOUNCES = 4
_LIFT = 2e-4  # of the craft's size: where rays start above their site
_STEP_RAD = np.radians(2.0)  # joints within one such step cast the same light on each other
SHARP = 0.02
"""Roughness, squared, of gloss below which rays hardly ever find the Sun in it."""
GLASS = 0.04
"""What a clear coat mirrors straight on."""
_METAL = 0.9  # of a metal's colour: what comes back in all directions together
_FINE_STEP_RAD = 2e-4  # within one such step mirrors show the same: 0.7 mm at the tip of a wing
_SUN_STEP = 1e-3  # of the Sun's direction: from second to second its glints stay where they are
_NEAR = 0.4  # of the cell that a site stands for: glints that fall nearer are left out
_CREASED = 0.35  # what foil's facets add to the width of its gloss
_SHARPEST = 0.1  # gloss narrower than this would show the single rays


_Made = TypeVar("_Made")


def is_available() -> bool:
    """Whether rays can be traced here."""
    from importlib.util import find_spec

    return find_spec("embreex") is not None


class _Last(Generic[_Made]):
    """The last thing that was made, and for what; no more than that one: a sequence moves on."""

    def __init__(self) -> None:
        self._kept: tuple[Any, _Made] | None = None

    def of(self, key: Any, make: Callable[[], _Made]) -> _Made:
        """What is kept for ``key``, or else made for it."""
        if self._kept is None or self._kept[0] != key:
            self._kept = key, make()
        return self._kept[1]


@dataclass(frozen=True)
class Passed:
    """Light that each vertex has from other parts.

    Attributes
    ----------
    irradiance : (N, 3) array
        Of all of it, W m^-2 nm^-1.
    caustics : (N, 3) array
        Of the sunlight in it that comes straight from sharp gloss.
    open : (N,) array
        Share of the planet's light that other parts leave.
    """

    irradiance: NDArray[np.float32]
    caustics: NDArray[np.float32]
    open: NDArray[np.float32]


@dataclass
class Skin:
    """The surface of a craft as the light between its parts sees it; joints at zero, body axes, m.

    Attributes
    ----------
    points, normals : (N, 3) array
        Of all vertices.
    faces : (M, 3) array
        Of those.
    joints : (N,) array of int
        Number in ``names`` of what each vertex hangs on.
    colours, matt : (N, 3) array
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
    lift : float
        How far above a surface rays start from it, m.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    faces: NDArray[np.int64]
    joints: NDArray[np.int64]
    names: list[str | None]
    colours: NDArray[np.float64]
    matt: NDArray[np.float64]
    mirrored: NDArray[np.float64]
    gloss: NDArray[np.float64]
    sharp: NDArray[np.float64]
    glance: NDArray[np.float64]
    crumple: NDArray[np.float64]
    crumple_scale: NDArray[np.float64]
    lift: float = field(init=False)
    sites: Sites = field(init=False)
    _size: float = field(init=False)
    _last_shape: _Last[Shape] = field(default_factory=_Last, init=False)
    _last_pose: _Last[tuple[Any, NDArray[np.float64]]] = field(default_factory=_Last, init=False)
    _last_glints: _Last[NDArray[np.float64]] = field(default_factory=_Last, init=False)

    def __post_init__(self) -> None:
        self._size = float(np.ptp(self.points, axis=0).max())
        self.lift = _LIFT * self._size
        self.sites = sites_of(self.points, self.normals, self.faces, self.joints)

    def light(
        self, pose: CraftPose, sun: NDArray[np.float64], irradiance: NDArray[np.float64], shine: Planetshine
    ) -> Passed:
        """What each vertex gets from other parts.

        ``sun`` (3,) is the direction to it, body axes; ``irradiance`` (3,) its light on a surface that faces it.
        """
        shape = self.shape(pose)
        lit = np.maximum(shape.normals @ sun, 0.0)
        asked = np.flatnonzero(lit > 0.0)
        if len(asked) and irradiance.any():
            lit[asked[shape.met(shape.lifted[asked], sun) >= 0]] = 0.0
        colours = self.of_sites(self.colours)
        open_ = shape.open_to(shine)
        soft = open_[:, None] * shine.irradiance(shape.normals)
        direct = self.of_sites(self.matt) * lit[:, None] * irradiance + colours * soft
        glints = self._glints(pose, sun) * irradiance
        first = gathered(direct, shape.hits) + glints.sum(axis=0)
        passed = first
        for _ in range(BOUNCES - 1):
            passed = first + gathered(colours * passed, shape.hits)
        at_vertices = self.sites.at_vertices
        return Passed(at_vertices(passed), at_vertices(glints[0]), at_vertices(open_[:, None])[:, 0])

    def _glints(self, pose: CraftPose, sun: NDArray[np.float64]) -> NDArray[np.float64]:
        """As :meth:`_glinted`, kept while neither joints nor the Sun move much."""
        step = np.round(sun / _SUN_STEP) * _SUN_STEP
        key = _joints(pose.stepped(_STEP_RAD)), step.tobytes()
        return self._last_glints.of(key, lambda: self._glinted(self.shape(pose), unit(step)))

    def _glinted(self, shape: Shape, sun: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each site gets of sunlight by sharp gloss and by other (2, S, 3), over the Sun's irradiance.

        Points are thrown onto the surface, as thick as it faces the Sun; from those that it reaches one ray goes on as
        gloss scatters it (Heitz 2018), and lights the site that it meets.
        """
        corners = shape.corners
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        lit = 0.5 * np.abs(across @ sun)
        share = lit * self.mirrored[self.faces[:, 0]].max(axis=1)
        light = np.zeros((2, self.sites.count, 3))
        if share.sum() <= 0.0:
            return light
        dice = _strewn()
        face = np.searchsorted(np.cumsum(share) / share.sum(), dice[:, 0]).clip(0, len(share) - 1)
        flux = share.sum() / len(dice) / share[face] * lit[face]
        root = np.sqrt(dice[:, 1])
        weight = np.stack([1.0 - root, root * (1.0 - dice[:, 2]), root * dice[:, 2]], axis=-1)
        place = (weight[..., None] * corners[face]).sum(axis=1)
        normal = unit(across[face])
        normal *= np.sign(normal @ sun)[:, None]
        above = place + self.lift * normal
        free = shape.met(above, sun) < 0
        own = self.faces[face[free], 0]
        gloss = even(above[free], normal[free], normal[free], np.sqrt(self.glance[own]))
        ray, kept, cosine = Lobes(gloss, np.broadcast_to(sun, normal[free].shape)).rays(dice[free, 3:])
        found = shape.scene.run(above[free].astype(np.float32), ray.astype(np.float32), output=True)
        # Each corner of a triangle stands for the third of it that is nearest.
        near = np.stack([1.0 - found["u"] - found["v"], found["u"], found["v"]], axis=-1).argmax(axis=-1)
        site = self.sites.of_vertex[self.faces[found["primID"], near]]
        # What a knob throws onto the panel it stands on would be spread over a whole site.
        there = (found["primID"] >= 0) & (kept > 0.0) & (found["tfar"] > _NEAR * self._size / SITES_ACROSS)
        power = (flux[free] * kept)[:, None] * schlick(self.mirrored[own], cosine[:, None])
        for which, k in product((0, 1), range(3)):
            counted = there & ((self.glance[own] < SHARP) == (which == 0))
            light[which, :, k] = np.bincount(site[counted], power[counted, k], self.sites.count)
        return light / self.sites.areas[:, None]

    def posed(self, pose: CraftPose) -> tuple[Any, NDArray[np.float64]]:
        """The triangles as the joints stand, for Embree, and the vertices' normals (N, 3); kept until a joint moves."""
        pose = pose.stepped(_FINE_STEP_RAD)
        return self._last_pose.of(_joints(pose), lambda: self._turned_by(pose)[::2])

    def _turned_by(self, pose: CraftPose) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
        points, normals = self.points.copy(), self.normals.copy()
        for number, name in enumerate(self.names):
            matrix, own = pose.joint_matrix(name), self.joints == number
            points[own] = points[own] @ matrix[:3, :3].T + matrix[:3, 3]
            normals[own] = normals[own] @ matrix[:3, :3].T
        return traced_scene(points[self.faces]), points, normals

    def of_sites(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Those of the vertices' ``values`` (N, ...) that the sites have."""
        return values[self.sites.vertices]

    def shape(self, pose: CraftPose) -> Shape:
        """The sites and what they see of the craft, kept while no joint moves much."""
        pose = pose.stepped(_STEP_RAD)
        return self._last_shape.of(_joints(pose), lambda: self._traced(pose))

    def _traced(self, pose: CraftPose) -> Shape:
        scene, points, normals = self._turned_by(pose)
        bounds = np.array([points.min(axis=0), points.max(axis=0)])
        corners = points[self.faces]
        normals = normals[self.sites.vertices]
        lifted = points[self.sites.vertices] + self.lift * normals
        rays = rays_about(normals)
        of_face = self.sites.of_vertex[self.faces[:, 0]]
        shape = Shape(scene, corners, of_face, bounds, lifted, normals, rays, np.empty(0, np.int64))
        hits = np.stack([shape.sites_met(lifted, ray) for ray in rays], axis=1)
        return replace(shape, hits=hits)


@dataclass(frozen=True)
class Shape:
    """A posed craft's sites, body axes, m.

    Attributes
    ----------
    scene : object
        Embree's, of its triangles.
    corners : (M, 3, 3) array
        Of those.
    site_of_face : (M,) array of int
        Which site stands for each.
    bounds : (2, 3) array
        The box round all.
    lifted, normals : (S, 3) array
        Places where rays start, just above the sites, and which way the sites face.
    rays : (K, S, 3) array
        Directions from each, as many as light from there counts.
    hits : (S, K) array of int
        Which site each meets; S when none, S + 1 when one from behind.
    """

    scene: Any
    corners: NDArray[np.float64]
    site_of_face: NDArray[np.int64]
    bounds: NDArray[np.float64]
    lifted: NDArray[np.float64]
    normals: NDArray[np.float64]
    rays: NDArray[np.float32]
    hits: NDArray[np.int64]

    def met(self, origins: NDArray[np.float64], directions: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """The triangle (N,) that each ray meets first, or -1."""
        rays = np.broadcast_to(directions, origins.shape)
        found = self.scene.run(np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(rays, np.float32))
        return np.asarray(found, np.int64)

    def open_to(self, shine: Planetshine) -> NDArray[np.float64]:
        """Share (S,) of the planet's light that other parts leave to each site."""
        light = shine.radiance(self.rays)
        left = np.where(len(self.normals) == self.hits.T, light, 0.0).sum(axis=0)
        whole = light.sum(axis=0)
        return np.asarray(np.where(whole > 0.0, left / np.maximum(whole, 1e-30), 1.0))

    def sites_met(self, origins: NDArray[np.float64], directions: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """The site (N,) that each ray meets first; as ``hits`` has it."""
        face = self.met(origins, directions)
        site = self.site_of_face[face]
        behind = (directions * self.normals[site]).sum(axis=1) > 0.0
        return np.where(face < 0, len(self.normals), np.where(behind, len(self.normals) + 1, site))


def skin_of(groups: Sequence[Any]) -> Skin:
    """The surface of a craft's groups of parts, each a mesh with a material and a joint."""
    names: list[str | None] = list(dict.fromkeys(group.joint for group in groups))
    sizes = [group.mesh.n_points for group in groups]
    offsets = np.cumsum([0, *sizes[:-1]])
    pairs = list(zip(groups, sizes, strict=True))
    looks = [scattering(group.material) for group in groups]
    spread = {
        name: np.concatenate([np.tile(look[name], (size, 1)) for look, size in zip(looks, sizes, strict=True)])
        for name in looks[0]
    }
    spread |= {name: spread[name][:, 0] for name in ("gloss", "sharp", "glance", "crumple", "crumple_scale")}
    return Skin(
        points=np.concatenate([group.mesh.points for group in groups]).astype(float),
        normals=np.concatenate([group.mesh.point_data.active_normals for group in groups]).astype(float),
        faces=np.concatenate([g.mesh.regular_faces + offset for g, offset in zip(groups, offsets, strict=True)]),
        joints=np.concatenate([np.full(size, names.index(group.joint)) for group, size in pairs]),
        names=names,
        **spread,
    )


def _joints(pose: CraftPose) -> str:
    return repr(sorted(pose.joint_angles.items()))


def scattering(material: Material) -> dict[str, NDArray[np.float64]]:
    """The numbers of :class:`Skin` for a material, over all of its pictures."""
    base = np.array(material.base_color, float)
    picture = material.textures.get("base")
    if picture is not None:
        code = picture[..., :3].reshape(-1, 3)[:: max(1, picture[..., 0].size // 100_000)] / 255.0
        base *= np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).mean(axis=0)
    metallic, roughness = material.metallic, material.roughness
    if "rough" in material.textures:
        roughness *= float(material.textures["rough"][..., 1].mean()) / 255.0
        metallic *= float(material.textures["rough"][..., 2].mean()) / 255.0
    coat = np.minimum(material.square_on, 1.0) * material.specular
    # Creases of foil scatter, as craft.glsl has it.
    creases = metallic * material.crumple
    matt = base * ((1.0 - metallic) * (1.0 - creases) * (1.0 - coat.max()) + 0.4 * creases)
    mirrored = metallic * base + (1.0 - metallic) * coat * (roughness < 0.95)
    creased = max(roughness**2, _CREASED * material.crumple)
    glance = material.clearcoat_roughness**2 if material.clearcoat > 0.0 else creased
    return {
        "colours": np.minimum(metallic * _METAL * base + matt + (1.0 - metallic) * coat, 1.0),
        "matt": matt,
        "mirrored": mirrored + material.clearcoat * GLASS,
        "gloss": np.array([max(creased, _SHARPEST)]),
        "sharp": np.array([max(roughness**2, _SHARPEST)]),
        "glance": np.array([max(glance, 0.003)]),
        "crumple": np.array([material.crumple]),
        "crumple_scale": np.array([material.crumple_scale_m]),
    }


@cache
def _strewn() -> NDArray[np.float64]:
    """Five numbers (N, 5) in 0 to 1 for each ray of the Sun, the first of them spread evenly."""
    dice = np.random.default_rng(11).random((GLINTS, 5))
    dice[:, 0] = (np.arange(GLINTS) + dice[:, 0]) / GLINTS
    return np.asarray(dice)


def gathered(sent: NDArray[np.float64], hits: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each site gets (N, 3) when each sends ``sent`` (N, 3) to all sides alike."""
    # Two more rows for rays that meet nothing, or something from behind.
    return np.asarray(np.concatenate([sent, np.zeros((2, 3))])[hits].mean(axis=1))
