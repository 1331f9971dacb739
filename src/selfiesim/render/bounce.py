"""The light that parts of a craft pass on to each other: radiosity by traced rays, and the Sun's glance off gloss.

Some thousand sites stand for the surface. From each, rays go out into its half of space; where one meets the craft
again, the site there sends on what it has from Sun, planet and other sites. Which site sees which is kept for as long
as no joint moves much: a new Sun costs far less than a new shape. Rays are traced by Embree, which has no wheels for
some machines; there this light is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.frames import unit
from selfiesim.render.lobes import Lobes, even, schlick

if TYPE_CHECKING:
    from selfiesim.craft.craft import Material
    from selfiesim.render.planetshine import Planetshine
    from selfiesim.view import CraftPose

SITES_ACROSS = 64  # of the craft's longest side
EDGES_ACROSS = 24
"""No edge of a triangle is longer than this part of the craft's longest side: light is worked out at corners."""
MOST_SITES = 8000
RAYS = 64
GLINTS = 300_000
"""Rays that go on from where the Sun meets gloss."""
BOUNCES = 4
_NEIGHBOURS = 6
_LIFT = 2e-4  # of the craft's size: where rays start above their site
_STEP_RAD = np.radians(2.0)  # joints within one such step cast the same light on each other
GLASS = 0.04
"""What a clear coat mirrors straight on."""
_METAL = 0.9  # of a metal's colour: what comes back in all directions together
_CREASED = 0.35  # what foil's facets add to the width of its gloss
_SHARPEST = 0.1  # gloss narrower than this would show the single rays


_Shape = tuple[Any, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def is_available() -> bool:
    """Whether rays can be traced here."""
    from importlib.util import find_spec

    return find_spec("embreex") is not None


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
    f0, mirrored : (N, 3) array
        Share of the light that its gloss sends back straight on, without and with the clear coat's.
    gloss : (N,) array
        Roughness of that, squared, the facets of foil taken in.
    sharp : (N,) array
        The same without them.
    glance : (N,) array
        That by which sunlight goes on: of the clear coat where there is one.
    crumple, crumple_scale : (N,) array
        How strongly foil is crumpled, and how large its facets are, m.
    size : float
        The longest side of a box round it, m.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    faces: NDArray[np.int64]
    joints: NDArray[np.int64]
    names: list[str | None]
    colours: NDArray[np.float64]
    matt: NDArray[np.float64]
    f0: NDArray[np.float64]
    mirrored: NDArray[np.float64]
    gloss: NDArray[np.float64]
    sharp: NDArray[np.float64]
    glance: NDArray[np.float64]
    crumple: NDArray[np.float64]
    crumple_scale: NDArray[np.float64]
    size: float = field(init=False)
    _sites: NDArray[np.int64] = field(init=False)
    _of_vertex: NDArray[np.int64] = field(init=False)
    _near: NDArray[np.int64] = field(init=False)
    _weight: NDArray[np.float64] = field(init=False)
    _areas: NDArray[np.float64] = field(init=False)
    _seen: dict[bytes, Any] = field(default_factory=dict, init=False)
    _posed: dict[bytes, tuple[Any, NDArray[np.float64]]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.size = float(np.ptp(self.points, axis=0).max())
        self._sites, self._of_vertex = _clusters(self.points, self.normals, self.joints, self.size)
        self._near, self._weight = _neighbours(self)
        corners = self.points[self.faces]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas = np.repeat(np.linalg.norm(across, axis=1) / 6.0, 3)
        self._areas = np.bincount(self._of_vertex[self.faces.ravel()], areas, len(self._sites)).clip(1e-12)

    def light(
        self, pose: CraftPose, sun: NDArray[np.float64], irradiance: NDArray[np.float64], shine: Planetshine
    ) -> NDArray[np.float32]:
        """Irradiance (N, 3) that each vertex gets from other parts, W m^-2 nm^-1.

        ``sun`` (3,) is the direction to it, body axes; ``irradiance`` (3,) its light on a surface that faces it.
        """
        scene, corners, points, normals, hits = self._shape(pose)
        lit = np.maximum(normals @ sun, 0.0)
        asked = np.flatnonzero(lit > 0.0)
        if len(asked) and irradiance.any():
            lit[asked[_first(scene, points[asked] + self.size * _LIFT * normals[asked], sun) >= 0]] = 0.0
        colours = self.colours[self._sites]
        direct = self.matt[self._sites] * lit[:, None] * irradiance + colours * shine.irradiance(normals)
        first = _gathered(direct, hits) + self._glinted(scene, corners, sun) * irradiance
        passed = first
        for _ in range(BOUNCES - 1):
            passed = first + _gathered(colours * passed, hits)
        return np.asarray((self._weight[..., None] * passed[self._near]).sum(axis=1), np.float32)

    def _glinted(self, scene: Any, corners: NDArray[np.float64], sun: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each site gets (N, 3) of sunlight by the gloss of others, over the Sun's irradiance.

        Points are thrown onto the surface, as thick as it faces the Sun; from those that it reaches one ray goes on as
        gloss scatters it (Heitz 2018), and lights the site that it meets.
        """
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        lit = 0.5 * np.abs(across @ sun)
        share = lit * self.mirrored[self.faces[:, 0]].max(axis=1)
        light = np.zeros((len(self._sites), 3))
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
        above = place + self.size * _LIFT * normal
        free = _first(scene, above, sun) < 0
        own = self.faces[face[free], 0]
        gloss = even(above[free], normal[free], normal[free], np.sqrt(self.glance[own]))
        ray, kept, cosine = Lobes(gloss, np.broadcast_to(sun, normal[free].shape)).rays(dice[free, 3:])
        found = scene.run(above[free].astype(np.float32), ray.astype(np.float32), output=True)
        # Each corner of a triangle stands for the third of it that is nearest.
        near = np.stack([1.0 - found["u"] - found["v"], found["u"], found["v"]], axis=-1).argmax(axis=-1)
        site = self._of_vertex[self.faces[found["primID"], near]]
        there = (found["primID"] >= 0) & (kept > 0.0)
        power = (flux[free] * kept)[:, None] * schlick(self.mirrored[own], cosine[:, None])
        for k in range(3):
            light[:, k] = np.bincount(site[there], power[there, k], len(light))
        return light / self._areas[:, None]

    def posed(self, pose: CraftPose) -> tuple[Any, NDArray[np.float64]]:
        """The triangles as the joints stand, for Embree, and the vertices' normals (N, 3); kept until a joint moves."""
        key = repr(sorted(pose.joint_angles.items())).encode()
        if key not in self._posed:
            scene, _points, normals = self._turned_by(pose)
            self._posed = {key: (scene, normals)}
        return self._posed[key]

    def _turned_by(self, pose: CraftPose) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
        points, normals = self.points.copy(), self.normals.copy()
        for number, name in enumerate(self.names):
            matrix, own = pose.joint_matrix(name), self.joints == number
            points[own] = points[own] @ matrix[:3, :3].T + matrix[:3, 3]
            normals[own] = normals[own] @ matrix[:3, :3].T
        return _scene(points[self.faces]), points, normals

    def _shape(self, pose: CraftPose) -> _Shape:
        """As :meth:`_traced`, kept while no joint moves much."""
        pose = pose.stepped(_STEP_RAD)
        key = repr(sorted(pose.joint_angles.items())).encode()
        if key not in self._seen:
            self._seen = {key: self._traced(pose)}  # the last one only: a sequence moves on
        return self._seen[key]  # type: ignore[no-any-return]

    def _traced(self, pose: CraftPose) -> _Shape:
        """The posed triangles for Embree, and their corners (M, 3, 3); of the sites places and normals (N, 3), and
        what their rays meet (N, K).
        """
        scene, points, normals = self._turned_by(pose)
        corners = points[self.faces]
        points, normals = points[self._sites], normals[self._sites]
        hits = np.empty((len(points), RAYS), np.int64)
        away = points + self.size * _LIFT * normals
        rays = np.stack([_turned(normals, ray) for ray in _half_space(RAYS)]).astype(np.float32)
        for k, ray in enumerate(rays):
            met = _first(scene, away, ray)
            site = self._of_vertex[self.faces[met, 0]]
            behind = (ray * normals[site]).sum(axis=1) > 0.0
            hits[:, k] = np.where((met < 0) | behind, len(points), site)
        return scene, corners, points, normals, hits


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
    f0 = metallic * base + (1.0 - metallic) * coat * (roughness < 0.95)
    creased = max(roughness**2, _CREASED * material.crumple)
    glance = material.clearcoat_roughness**2 if material.clearcoat > 0.0 else creased
    return {
        "colours": np.minimum(metallic * _METAL * base + matt + (1.0 - metallic) * coat, 1.0),
        "matt": matt,
        "f0": f0,
        "mirrored": f0 + material.clearcoat * GLASS,
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


def _gathered(sent: NDArray[np.float64], hits: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each site gets (N, 3) when each sends ``sent`` (N, 3) to all sides alike."""
    # One more row for rays that meet nothing, or something from behind.
    return np.asarray(np.concatenate([sent, np.zeros((1, 3))])[hits].mean(axis=1))


def _clusters(
    points: NDArray[np.float64], normals: NDArray[np.float64], joints: NDArray[np.int64], size: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vertices that stand for those around them that face the same way, and which of them stands for each vertex."""
    facing = np.abs(normals).argmax(axis=1)
    facing = 2 * facing + (np.take_along_axis(normals, facing[:, None], axis=1)[:, 0] < 0.0)
    cell = size / SITES_ACROSS
    while True:
        place = np.floor(points / cell).astype(np.int64)
        place -= place.min(axis=0)
        keys = np.ravel_multi_index((*place.T, facing, joints), (*(place.max(axis=0) + 1), 6, int(joints.max()) + 1))
        _, which = np.unique(keys, return_inverse=True)
        count = int(which.max()) + 1
        if count <= MOST_SITES:
            break
        cell *= 1.2
    sums = np.stack([np.bincount(which, points[:, k], count) for k in range(3)], axis=-1)
    middle = np.asarray(sums / np.bincount(which, minlength=count)[:, None], float)
    order = np.lexsort([np.linalg.norm(points - middle[which], axis=1), which])
    first = np.searchsorted(which[order], np.arange(count))
    return order[first], which


def _neighbours(skin: Skin) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each vertex some sites near it (N, K) and their weights, which add up to 1: those that face as it does."""
    from scipy.spatial import cKDTree

    points, normals = skin.points[skin._sites], skin.normals[skin._sites]
    # A site that faces the other way is as far off as one two cells away.
    reach = 2.0 * skin.size / SITES_ACROSS
    tree = cKDTree(np.concatenate([points, reach * normals], axis=1))
    count = min(_NEIGHBOURS, len(points))
    distance, near = tree.query(np.concatenate([skin.points, reach * skin.normals], axis=1), count)
    distance, near = distance.reshape(-1, count), near.reshape(-1, count)
    alike = np.maximum((normals[near] * skin.normals[:, None]).sum(axis=-1), 0.01) ** 2
    weight = alike / (distance**2 + (0.25 * reach) ** 2)
    return near, weight / weight.sum(axis=1, keepdims=True)


def _half_space(count: int) -> NDArray[np.float64]:
    """Directions (count, 3) about +z, as many as light from there counts (Lambert): a Fibonacci spiral."""
    k = np.arange(count) + 0.5
    radius, turn = np.sqrt(k / count), np.pi * (1.0 + np.sqrt(5.0)) * k
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), np.sqrt(1.0 - radius**2)], axis=-1)


def _turned(normals: NDArray[np.float64], ray: NDArray[np.float64]) -> NDArray[np.float64]:
    """``ray`` (3,), told about +z, about each of ``normals`` (N, 3)."""
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    across = unit(np.cross(helper, normals))
    return np.asarray(ray[0] * across + ray[1] * np.cross(normals, across) + ray[2] * normals)


def _scene(triangles: NDArray[np.float64]) -> Any:
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    TriangleMesh(scene, triangles.astype(np.float32))
    return scene


def _first(scene: Any, origins: NDArray[np.float64], directions: NDArray[np.float64]) -> NDArray[np.int64]:
    """The triangle (N,) that each ray meets first, or -1."""
    rays = np.broadcast_to(directions, origins.shape)
    found = scene.run(np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(rays, np.float32))
    return np.asarray(found, np.int64)
