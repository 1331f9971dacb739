"""The light that vehicles and the ground they stand on pass on to each other.

Open ground sends its light up to every craft on it, and the sky down; that is in a craft's soft light already
(``sky_light.py``). Worked out here is what the vehicles change about it: their shadows on the ground, the sky they hide
from it and from themselves, what they light on it and on each other. Cells of level ground about each vehicle join the
sites of all vehicles in one radiosity.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.terrain.ground_mesh import ground_tints
from selfiesim.render.light.brdf_sampling import ggx_brdf
from selfiesim.render.light.ground_patch import Patch, make_ground_patch
from selfiesim.render.light.radiosity import BOUNCES, PosedSurfels, RadiosityMesh, gather_irradiance, is_available
from selfiesim.render.light.surface_samples import cosine_rays

if TYPE_CHECKING:
    from selfiesim.core.vectors import Matrix
    from selfiesim.planet.light.dust_sky import DustSky
    from selfiesim.render.layers.craft_layer import CraftLayer
    from selfiesim.view.ground import Ground
    from selfiesim.view.view import View

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SUN_SAMPLE_OFFSETS = (
    (-0.25, -0.25),
    (0.25, -0.25),
    (-0.25, 0.25),
    (0.25, 0.25),
)  # the Sun is looked for from four places a cell
_RAY_OFFSET = np.array([0.0, 0.0, 0.002])  # m: rays start above the ground
_MIN_OPEN_FRACTION = 0.02  # of its rays that get past its own craft: a site with fewer is covered
_NORMAL_WEIGHT = 0.1  # of the craft's size: as far off as that is a site which faces square to another
_VISIBILITY_FLOOR = 0.015  # of all light; a surface that sees less ground, or sky, mirrors it as if in the open


def update_indirect_light(crafts: list[CraftLayer], view: View, previous_key: bytes = b"") -> bytes:
    """Let all that is drawn light each other in the passes to come, as far as that can be worked out here.

    ``previous_key`` is what the last call gave: when nothing has moved, vehicles on a ground keep what they have.
    """
    if view.ground is None or not is_available():
        for craft in crafts:
            craft.update_indirect_light(view)
        return b""
    vehicles, grounds = ([c for c in crafts if c.pose.is_ground == wanted] for wanted in (False, True))
    key = b"|".join([repr(view.ground.recipe).encode(), *(_key(each, grounds[0], view) for each in vehicles)])
    if key == previous_key:
        for craft in crafts:
            craft.set_vertex_light()
        return key
    solver = _GroundRadiosity(vehicles, grounds[0], view)
    light = solver.solve()
    for number, craft in enumerate(vehicles):
        craft.set_vertex_light(**solver.of_vehicle(number, light))
    grounds[0].set_vertex_light(**solver.of_ground(grounds[0].points, light))
    return key


def _key(craft: CraftLayer, ground: CraftLayer, view: View) -> bytes:
    """What the light about a vehicle depends on: itself, its place, its joints, the Sun."""
    body_to_site = np.round(craft.pose.transform_to_body(ground.pose), 6)
    sun = np.round([ground.pose.body_to_camera.T @ view.sun.direction, view.sun.irradiance], 6)
    joints = repr(sorted(craft.pose.joint_angles.items())).encode()
    return b"|".join([str(id(craft)).encode(), body_to_site.tobytes(), sun.tobytes(), joints])


@dataclass(frozen=True)
class _SurfelSet:
    """Places that get light and send it on, site axes, m: of a vehicle, or the cells of the ground about it.

    ``points``, ``normals`` (N, 3); ``rays`` (K, N, 3) from each; ``albedo``, ``diffuse``, ``mirrored`` (N, 3) and
    ``gloss`` (N,) as :class:`selfiesim.render.light.radiosity.RadiosityMesh` has them.
    """

    points: Floats
    normals: Floats
    rays: NDArray[np.float32]
    albedo: Floats
    diffuse: Floats
    mirrored: Floats
    gloss: Floats

    @classmethod
    def of_vehicle(cls, radiosity_mesh: RadiosityMesh, shape: PosedSurfels, body_to_site: Matrix) -> _SurfelSet:
        """``body_to_site`` (4, 4) is from its body axes."""
        turn = body_to_site[:3, :3].T
        points, normals = shape.ray_origins @ turn + body_to_site[:3, 3], shape.normals @ turn
        looks = (
            radiosity_mesh.at_surfels(each)
            for each in (radiosity_mesh.albedo, radiosity_mesh.diffuse, radiosity_mesh.mirrored, radiosity_mesh.gloss)
        )
        return cls(points, normals, shape.rays @ turn.astype(np.float32), *looks)

    @classmethod
    def of_patch(cls, patch: Patch, ground: Ground) -> _SurfelSet:
        """Matt cells, all level."""
        points = patch.cell_centers()
        x, y, _ = points.T
        albedo = ground_tints(ground.recipe, x, y, np.full(len(x), patch.cell)) * np.array(ground.recipe.reflectance)
        normals = np.tile([0.0, 0.0, 1.0], (len(x), 1))
        black = np.zeros_like(albedo)
        ray_origins = points + _RAY_OFFSET
        return cls(ray_origins, normals, cosine_rays(normals), albedo, albedo, black, np.ones(len(x)))

    @classmethod
    def joined(cls, parts: list[_SurfelSet]) -> _SurfelSet:
        """All in one."""
        found = {each.name: [getattr(part, each.name) for part in parts] for each in fields(cls)}
        return cls(**{name: np.concatenate(arrays, axis=1 if name == "rays" else 0) for name, arrays in found.items()})


@dataclass(frozen=True)
class _SurfelLight:
    """What each site gets.

    Attributes
    ----------
    from_parts : (N, 3)
        Light from parts of vehicles, W m^-2 nm^-1.
    ambient_visibility : (N, 4)
        What it gets from the ground, in each band, and from the sky, over what it would in the open.
    """

    from_parts: Floats
    ambient_visibility: Floats


class _GroundRadiosity:
    """All sites of all vehicles, then all cells of ground: what each sees, and what it sends on."""

    def __init__(self, vehicles: list[CraftLayer], ground_layer: CraftLayer, view: View) -> None:
        ground = view.ground
        assert ground is not None
        self.sun = ground_layer.pose.body_to_camera.T @ view.sun.direction
        self.beam = view.sun.irradiance * view.craft.sun_visible_fraction
        self.radiosity_meshes = [each.radiosity_mesh for each in vehicles]
        self.shapes = [each.radiosity_mesh.shape(each.pose) for each in vehicles]
        self.places = [each.pose.transform_to_body(ground_layer.pose) for each in vehicles]
        posed = list(zip(self.shapes, self.places, strict=True))
        self.patches = [
            make_ground_patch(shape.bounds, body_to_site, self.sun, ground.recipe) for shape, body_to_site in posed
        ]
        parts = [
            _SurfelSet.of_vehicle(radiosity_mesh, *each)
            for radiosity_mesh, each in zip(self.radiosity_meshes, posed, strict=True)
        ]
        parts += [_SurfelSet.of_patch(patch, ground) for patch in self.patches]
        self.ends = np.cumsum([0, *(len(part.points) for part in parts)])
        self.surfels = _SurfelSet.joined(parts)
        self.count, self.parts = int(self.ends[-1]), int(self.ends[len(vehicles)])
        self.sky, self.irradiance_above_air = ground.sky, view.sun.extraterrestrial_irradiance
        # Radiosity of ground that nothing stands on.
        self.open_ground_radiosity = (
            self.sky.ground * self.sky.ground_irradiance_fraction * self.sky.sun_cosine * self.irradiance_above_air
        )

    def solve(self) -> _SurfelLight:
        """The light when it has been passed on often enough."""
        surfels = self.surfels
        hits, lit = self._hits(), self._sun_cosines()
        outside, sky_visibility = self._environment_light(hits)
        direct = surfels.diffuse * lit[:, None] * self.beam + surfels.albedo * outside
        glints = self._sun_glints(lit, hits) * self.beam
        first = gather_irradiance(direct, hits) + glints
        indirect = first
        for _ in range(BOUNCES - 1):
            indirect = first + gather_irradiance(surfels.albedo * indirect, hits)
        sent = direct + surfels.albedo * indirect
        is_part = (np.arange(self.count) < self.parts)[:, None]
        from_parts = gather_irradiance(np.where(is_part, sent, 0.0), hits) + glints
        down = (surfels.rays[..., 2] < 0.0).T
        reached = (down & (hits <= self.count) & (hits >= self.parts)).mean(axis=1)
        ground = reached[:, None] + gather_irradiance(
            np.where(is_part, 0.0, sent / self.open_ground_radiosity - 1.0), hits
        )
        ambient_visibility = np.concatenate(
            [(ground + _VISIBILITY_FLOOR) / (down.mean(axis=1)[:, None] + _VISIBILITY_FLOOR), sky_visibility[:, None]],
            axis=1,
        )
        return _SurfelLight(from_parts, ambient_visibility)

    def _sun_glints(self, lit: Floats, hits: Ints) -> Floats:
        """What each site gets (N, 3) of sunlight by the gloss of others, over the Sun's irradiance.

        ``lit`` (N,) is the cosine of the Sun where it shines, ``hits`` (N, K) which site each ray meets.
        """
        surfels = self.surfels
        total = np.zeros_like(surfels.mirrored)
        for ray, hit in zip(surfels.rays, hits.T, strict=True):
            met = np.flatnonzero(hit < self.count)
            met = met[lit[hit[met]] > 0.0]
            there, outgoing = hit[met], -ray[met].astype(float)
            light = ggx_brdf(surfels.mirrored[there], surfels.gloss[there], surfels.normals[there], self.sun, outgoing)
            total[met] += lit[there, None] * light
        return np.asarray(np.pi * total / len(surfels.rays))

    def of_vehicle(self, number: int, light: _SurfelLight) -> dict[str, NDArray[np.float32]]:
        """What a vehicle's vertices are given."""
        own, radiosity_mesh = slice(*self.ends[number : number + 2]), self.radiosity_meshes[number]
        substitutes = _nearest_uncovered(self.shapes[number])
        found = {"vertexIndirect": light.from_parts, "vertexAmbientVisibility": light.ambient_visibility}
        return {
            name: radiosity_mesh.surfels.interpolate_to_vertices(values[own][substitutes])
            for name, values in found.items()
        }

    def of_ground(self, points: Floats, light: _SurfelLight) -> dict[str, NDArray[np.float32]]:
        """What the ground's vertices at ``points`` (N, 3) are given."""
        got, share = np.zeros((len(points), 3), np.float32), np.ones(len(points), np.float32)
        left = np.ones(len(points), bool)
        for number, patch in enumerate(self.patches, len(self.radiosity_meshes)):
            here = np.flatnonzero(left & patch.contains(points[:, :2]))
            own = slice(*self.ends[number : number + 2])
            got[here] = patch.interpolate(light.from_parts[own], points[here, :2])
            share[here] = patch.interpolate(light.ambient_visibility[own, 3:], points[here, :2])[:, 0]
            left[here] = False
        return {"vertexIndirect": got, "vertexSkyVisibility": share}

    def _hits(self) -> Ints:
        """What each ray from each site meets (N, K): the number of a site, ``count`` for none, one more for a back."""
        found = np.full((self.count, len(self.surfels.rays)), self.count)
        for number, shape in enumerate(self.shapes):
            start, own = self.ends[number], len(shape.normals)
            hits = shape.hits
            found[start : start + own] = np.where(hits < own, hits + start, hits - own + self.count)
        for k, rays in enumerate(self.surfels.rays):
            self._intersect_vehicles(found[:, k], rays)
            self._intersect_ground(found[:, k], rays)
        return found

    def _intersect_vehicles(self, hits: Ints, rays: NDArray[np.float32]) -> None:
        """Put in, for rays (N, 3) that have met nothing yet, what they meet of vehicles they do not start from."""
        for number, shape in enumerate(self.shapes):
            start, end = self.ends[number : number + 2]
            free = hits == self.count
            free[start:end] = False
            asked, origins, directions = self._rays_near_vehicle(number, np.flatnonzero(free), rays[free])
            met = shape.hit_surfels(origins, directions)
            own = len(shape.normals)
            hits[asked] = np.where(met < own, met + start, met - own + self.count)

    def _intersect_ground(self, hits: Ints, rays: NDArray[np.float32]) -> None:
        """The same for the cells of ground."""
        for number, patch in enumerate(self.patches, len(self.radiosity_meshes)):
            asked = np.flatnonzero((hits == self.count) & (rays[:, 2] < 0.0))
            points, down = self.surfels.points[asked], rays[asked].astype(float)
            # What has sunk in a little still sees the ground.
            reach = np.maximum((patch.height - points[:, 2]) / down[:, 2], 0.0)
            places = points[:, :2] + reach[:, None] * down[:, :2]
            inside = patch.contains(places)
            hits[asked[inside]] = self.ends[number] + patch.cell_indices(places[inside])

    def _rays_near_vehicle(
        self, number: int, asked: NDArray[np.intp], rays: NDArray[np.float32], origins: Floats | None = None
    ) -> tuple[NDArray[np.intp], Floats, Floats]:
        """Those of the sites ``asked`` whose ray may meet a vehicle; origins and directions, its body axes."""
        body_to_site, bounds = self.places[number], self.shapes[number].bounds
        points = self.surfels.points[asked] if origins is None else origins
        start, toward = (points - body_to_site[:3, 3]) @ body_to_site[:3, :3], rays.astype(float) @ body_to_site[:3, :3]
        middle, radius = bounds.mean(axis=0), 0.5 * float(np.linalg.norm(np.ptp(bounds, axis=0)))
        along = ((middle - start) * toward).sum(axis=1)
        beside = ((middle - start) ** 2).sum(axis=1) - np.maximum(along, 0.0) ** 2
        near = beside < radius**2
        return asked[near], start[near], toward[near]

    def _sun_cosines(self) -> Floats:
        """Cosine of the Sun's angle at each site (N,), none where a vehicle is before it."""
        lit = np.maximum(self.surfels.normals @ self.sun, 0.0)
        lit[: self.parts] *= self._sun_visibility(np.arange(self.parts), self.surfels.points[: self.parts])
        for number, patch in enumerate(self.patches, len(self.radiosity_meshes)):
            own = np.arange(*self.ends[number : number + 2])
            places = (patch.cell_centers(offset) + _RAY_OFFSET for offset in _SUN_SAMPLE_OFFSETS)
            lit[own] *= np.mean([self._sun_visibility(own, each) for each in places], axis=0)
        return lit

    def _sun_visibility(self, asked: NDArray[np.intp], points: Floats) -> Floats:
        """Whether (N,) the Sun shines at points (N, 3)."""
        free = np.ones(len(asked))
        rays = np.broadcast_to(self.sun.astype(np.float32), points.shape)
        for number, shape in enumerate(self.shapes):
            near, origins, directions = self._rays_near_vehicle(number, np.arange(len(asked)), rays, points)
            free[near[shape.met(origins, directions) >= 0]] = 0.0
        return free

    def _environment_light(self, hits: Ints) -> tuple[Floats, Floats]:
        """What each site gets (N, 3) from sky and from ground beyond all cells; which share of its sky is open."""
        total = np.zeros((self.count, 3))
        sky, ambient_visibility = np.zeros(self.count), np.zeros(self.count)
        table = _SkyTable(self.sky, self.irradiance_above_air)
        for k, rays in enumerate(self.surfels.rays):
            free, up = hits[:, k] == self.count, np.flatnonzero(rays[:, 2] >= 0.0)
            light = table.radiosity(rays[up])
            bright = light.mean(axis=1)
            total[up] += light * free[up, None]
            total[free & (rays[:, 2] < 0.0)] += self.open_ground_radiosity
            sky[up] += bright
            ambient_visibility[up] += bright * free[up]
        least = _VISIBILITY_FLOOR * len(self.surfels.rays) * self.open_ground_radiosity.mean()
        return total / len(self.surfels.rays), (ambient_visibility + least) / (sky + least)


class _SkyTable:
    """The sky's radiance times pi in steps of a few degrees: it is smooth, and asked for a million times."""

    _ROWS, _COLUMNS = 30, 60

    def __init__(self, sky: DustSky, irradiance_above_air: Floats) -> None:
        z, turn = np.meshgrid(
            (np.arange(self._ROWS) + 0.5) / self._ROWS,
            (np.arange(self._COLUMNS) + 0.5) * (2.0 * np.pi / self._COLUMNS),
            indexing="ij",
        )
        level = np.sqrt(1.0 - z * z)
        self._table = (
            sky.radiance(np.stack([level * np.cos(turn), level * np.sin(turn), z], axis=-1), glow=False)
            * irradiance_above_air
        )

    def radiosity(self, rays: NDArray[np.float32]) -> Floats:
        """For rays (N, 3) that go up: (N, 3)."""
        row = np.minimum((rays[:, 2] * self._ROWS).astype(int), self._ROWS - 1)
        turn = np.arctan2(rays[:, 1], rays[:, 0]) % (2.0 * np.pi)
        column = np.minimum((turn * (self._COLUMNS / (2.0 * np.pi))).astype(int), self._COLUMNS - 1)
        return np.asarray(self._table[row, column])


def _nearest_uncovered(shape: PosedSurfels) -> NDArray[np.intp]:
    """For each site itself, or where it sees nothing but its own craft, the nearest that faces the same way and does.

    From outside such a site is not seen either: it lies in or close behind another part. But triangles reach from there
    to where they are seen, and would be drawn with its darkness.
    """
    from scipy.spatial import cKDTree

    is_open = (shape.hits == len(shape.normals)).mean(axis=1) > _MIN_OPEN_FRACTION
    reach = _NORMAL_WEIGHT * float(np.ptp(shape.bounds, axis=0).max())
    places = np.concatenate([shape.ray_origins, reach * shape.normals], axis=1)
    chosen = np.arange(len(is_open))
    if is_open.any():
        chosen[~is_open] = np.flatnonzero(is_open)[cKDTree(places[is_open]).query(places[~is_open])[1]]
    return chosen
