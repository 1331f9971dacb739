"""Interreflection between vehicles and the ground below them.

The light that open ground and the sky send to each craft is part of the craft's ambient light already
(:mod:`selfiesim.render.light.sky_light`). This module computes what the vehicles change: their shadows on the ground,
the sky that they hide from the ground and from themselves, and the light that they reflect onto the ground and each
other. Cells of level ground around each vehicle join the surfels of all vehicles in one radiosity solution.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.ground.mesh import ground_tints
from selfiesim.render.light.brdf_sampling import ggx_brdf
from selfiesim.render.light.ground_patch import Patch, make_ground_patch
from selfiesim.render.light.radiosity import (
    PosedSurfels,
    RadiosityMesh,
    gather_irradiance,
    is_available,
    solve_indirect,
)
from selfiesim.render.light.surface_samples import cosine_rays

if TYPE_CHECKING:
    from selfiesim.core.vectors import Matrix
    from selfiesim.planet.light.dust_sky import DustSky
    from selfiesim.render.layers.craft_layer import CraftLayer
    from selfiesim.view.ground import Ground
    from selfiesim.view.view import View

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SUN_SAMPLE_OFFSETS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # in a cell, for its sunlight
_RAY_OFFSET = np.array([0.0, 0.0, 0.002])  # m: rays start above the ground
_MIN_OPEN_FRACTION = 0.02  # of a surfel's rays that leave its own craft, below which the surfel is covered
_NORMAL_WEIGHT = 0.1  # of the craft's size: a difference of unit normals counts as so large a distance
_VISIBILITY_FLOOR = 0.015  # of all light; a surface that sees less ground, or sky, reflects it as if in the open


def update_indirect_light(crafts: list[CraftLayer], view: View, previous_key: bytes = b"") -> bytes:
    """Compute the interreflection of all craft and the ground, for the passes to come.

    Parameters
    ----------
    crafts : list of CraftLayer
        Vehicles, and the ground if the view has one.
    view : View
        The scene at an instant.
    previous_key : bytes
        The key of the last call: vehicles on a ground keep their light while it does not change.

    Returns
    -------
    bytes
        Key of everything that the light depends on; empty without a ground.
    """
    if view.ground is None or not is_available():
        for craft in crafts:
            craft.update_indirect_light(view)
        return b""
    vehicles, grounds = ([c for c in crafts if c.pose.is_ground == is_ground] for is_ground in (False, True))
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
    """Return a key of what the light around a vehicle depends on: itself, its pose, its joints and the Sun."""
    body_to_site = np.round(craft.pose.transform_to_body(ground.pose), 6)
    sun = np.round([ground.pose.body_to_camera.T @ view.sun.direction, view.sun.irradiance], 6)
    joints = repr(sorted(craft.pose.joint_angles.items())).encode()
    return b"|".join([str(id(craft)).encode(), body_to_site.tobytes(), sun.tobytes(), joints])


@dataclass(frozen=True)
class _SurfelSet:
    """Points that receive and reflect light, site axes, m: a vehicle's surfels, or the cells of a patch of ground.

    Attributes
    ----------
    points, normals : (N, 3)
        Positions and normals.
    rays : (K, N, 3)
        Cosine-distributed directions from each.
    albedo, diffuse, specular_f0 : (N, 3)
        As in :class:`selfiesim.render.light.radiosity.RadiosityMesh`.
    alpha : (N,)
        Likewise.
    """

    points: Floats
    normals: Floats
    rays: NDArray[np.float32]
    albedo: Floats
    diffuse: Floats
    specular_f0: Floats
    alpha: Floats

    @classmethod
    def of_vehicle(cls, mesh: RadiosityMesh, posed: PosedSurfels, body_to_site: Matrix) -> _SurfelSet:
        """Return the surfels of a vehicle; ``body_to_site`` (4, 4) is from its body axes."""
        rotation = body_to_site[:3, :3].T
        points, normals = posed.ray_origins @ rotation + body_to_site[:3, 3], posed.normals @ rotation
        material = (mesh.at_surfels(each) for each in (mesh.albedo, mesh.diffuse, mesh.specular_f0, mesh.alpha))
        return cls(points, normals, posed.rays @ rotation.astype(np.float32), *material)

    @classmethod
    def of_patch(cls, patch: Patch, ground: Ground) -> _SurfelSet:
        """Return the cells of a patch: level and diffuse."""
        points = patch.cell_centers()
        x, y, _ = points.T
        albedo = ground_tints(ground.recipe, x, y, np.full(len(x), patch.cell)) * np.array(ground.recipe.reflectance)
        normals = np.tile([0.0, 0.0, 1.0], (len(x), 1))
        black = np.zeros_like(albedo)
        ray_origins = points + _RAY_OFFSET
        return cls(ray_origins, normals, cosine_rays(normals), albedo, albedo, black, np.ones(len(x)))

    @classmethod
    def concatenate(cls, parts: list[_SurfelSet]) -> _SurfelSet:
        """Return one set of all parts."""
        arrays = {each.name: [getattr(part, each.name) for part in parts] for each in fields(cls)}
        return cls(**{name: np.concatenate(each, axis=1 if name == "rays" else 0) for name, each in arrays.items()})


@dataclass(frozen=True)
class _SurfelLight:
    """Light that each surfel receives.

    Attributes
    ----------
    from_parts : (N, 3)
        Irradiance from parts of vehicles, W m^-2 nm^-1.
    ambient_visibility : (N, 4)
        Irradiance from the ground, per band, and from the sky, relative to that in the open.
    """

    from_parts: Floats
    ambient_visibility: Floats


class _GroundRadiosity:
    """Radiosity of the surfels of all vehicles, followed by the cells of all patches of ground; site axes."""

    def __init__(self, vehicles: list[CraftLayer], ground_layer: CraftLayer, view: View) -> None:
        ground = view.ground
        assert ground is not None
        self.sun = ground_layer.pose.body_to_camera.T @ view.sun.direction
        self.sun_irradiance = view.sun.irradiance * view.craft.sun_visible_fraction
        self.radiosity_meshes = [each.radiosity_mesh for each in vehicles]
        self.posed = [each.radiosity_mesh.posed_surfels(each.pose) for each in vehicles]
        self.body_to_site = [each.pose.transform_to_body(ground_layer.pose) for each in vehicles]
        self.patches = [
            make_ground_patch(posed.bounds, body_to_site, self.sun, ground.recipe)
            for posed, body_to_site in zip(self.posed, self.body_to_site, strict=True)
        ]
        parts = [
            _SurfelSet.of_vehicle(*each)
            for each in zip(self.radiosity_meshes, self.posed, self.body_to_site, strict=True)
        ]
        parts += [_SurfelSet.of_patch(patch, ground) for patch in self.patches]
        self.ends = np.cumsum([0, *(len(part.points) for part in parts)])
        self.surfels = _SurfelSet.concatenate(parts)
        self.count, self.vehicle_count = int(self.ends[-1]), int(self.ends[len(vehicles)])
        self.sky, self.irradiance_above_air = ground.sky, view.sun.extraterrestrial_irradiance
        # Radiosity of ground far from all vehicles.
        self.open_ground_radiosity = (
            self.sky.ground * self.sky.ground_irradiance_fraction * self.sky.sun_cosine * self.irradiance_above_air
        )

    def solve(self) -> _SurfelLight:
        """Return the light on all surfels."""
        surfels = self.surfels
        hits, mu0 = self._hits(), self._sun_cosines()
        environment, sky_visibility = self._environment_light(hits)
        direct = surfels.diffuse * mu0[:, None] * self.sun_irradiance + surfels.albedo * environment
        glints = self._sun_glints(mu0, hits) * self.sun_irradiance
        indirect = solve_indirect(gather_irradiance(direct, hits) + glints, surfels.albedo, hits)
        radiosity = direct + surfels.albedo * indirect
        is_part = (np.arange(self.count) < self.vehicle_count)[:, None]
        from_parts = gather_irradiance(np.where(is_part, radiosity, 0.0), hits) + glints
        down = (surfels.rays[..., 2] < 0.0).T
        hits_ground = (down & (hits <= self.count) & (hits >= self.vehicle_count)).mean(axis=1)
        ground = hits_ground[:, None] + gather_irradiance(
            np.where(is_part, 0.0, radiosity / self.open_ground_radiosity - 1.0), hits
        )
        ground_visibility = (ground + _VISIBILITY_FLOOR) / (down.mean(axis=1)[:, None] + _VISIBILITY_FLOOR)
        return _SurfelLight(from_parts, np.concatenate([ground_visibility, sky_visibility[:, None]], axis=1))

    def _sun_glints(self, mu0: Floats, hits: Ints) -> Floats:
        """Return the sunlight (N, 3) on each surfel by the gloss of others, over the Sun's irradiance.

        ``mu0`` (N,) is the cosine of incidence, 0 in shadow; ``hits`` (N, K) are the surfels that rays hit.
        """
        surfels = self.surfels
        total = np.zeros_like(surfels.specular_f0)
        for ray, hit in zip(surfels.rays, hits.T, strict=True):
            which = np.flatnonzero(hit < self.count)
            which = which[mu0[hit[which]] > 0.0]
            source, outgoing = hit[which], -ray[which].astype(float)
            brdf = ggx_brdf(
                surfels.specular_f0[source], surfels.alpha[source], surfels.normals[source], self.sun, outgoing
            )
            total[which] += mu0[source, None] * brdf
        return np.asarray(np.pi * total / len(surfels.rays))

    def of_vehicle(self, number: int, light: _SurfelLight) -> dict[str, NDArray[np.float32]]:
        """Return the vertex attributes of a vehicle."""
        own, mesh = slice(*self.ends[number : number + 2]), self.radiosity_meshes[number]
        substitutes = _nearest_uncovered(self.posed[number])
        values = {"vertexIndirect": light.from_parts, "vertexAmbientVisibility": light.ambient_visibility}
        return {name: mesh.surfels.interpolate_to_vertices(each[own][substitutes]) for name, each in values.items()}

    def of_ground(self, points: Floats, light: _SurfelLight) -> dict[str, NDArray[np.float32]]:
        """Return the vertex attributes of the ground's vertices at ``points`` (N, 3)."""
        indirect, sky_visibility = np.zeros((len(points), 3), np.float32), np.ones(len(points), np.float32)
        remaining = np.ones(len(points), bool)
        for number, patch in enumerate(self.patches, len(self.radiosity_meshes)):
            here = np.flatnonzero(remaining & patch.contains(points[:, :2]))
            own = slice(*self.ends[number : number + 2])
            indirect[here] = patch.interpolate(light.from_parts[own], points[here, :2])
            sky_visibility[here] = patch.interpolate(light.ambient_visibility[own, 3:], points[here, :2])[:, 0]
            remaining[here] = False
        return {"vertexIndirect": indirect, "vertexSkyVisibility": sky_visibility}

    def _hits(self) -> Ints:
        """Return the surfel (N, K) that each ray hits: ``count`` for none, one more for the back of a surface."""
        hits = np.full((self.count, len(self.surfels.rays)), self.count)
        for number, posed in enumerate(self.posed):
            start, own = self.ends[number], len(posed.normals)
            hits[start : start + own] = np.where(posed.hits < own, posed.hits + start, posed.hits - own + self.count)
        for k, rays in enumerate(self.surfels.rays):
            self._intersect_vehicles(hits[:, k], rays)
            self._intersect_ground(hits[:, k], rays)
        return hits

    def _intersect_vehicles(self, hits: Ints, rays: NDArray[np.float32]) -> None:
        """Update ``hits`` (N,) of rays (N, 3) that hit nothing yet with the vehicles on which they do not start."""
        for number, posed in enumerate(self.posed):
            start, end = self.ends[number : number + 2]
            free = hits == self.count
            free[start:end] = False
            which, origins, directions = self._rays_near_vehicle(number, np.flatnonzero(free), rays[free])
            surfel = posed.hit_surfels(origins, directions)
            own = len(posed.normals)
            hits[which] = np.where(surfel < own, surfel + start, surfel - own + self.count)

    def _intersect_ground(self, hits: Ints, rays: NDArray[np.float32]) -> None:
        """Update ``hits`` (N,) of rays (N, 3) that hit nothing yet with the cells of ground."""
        for number, patch in enumerate(self.patches, len(self.radiosity_meshes)):
            which = np.flatnonzero((hits == self.count) & (rays[:, 2] < 0.0))
            points, down = self.surfels.points[which], rays[which].astype(float)
            # A surfel that has sunk into the ground a little still sees it.
            length = np.maximum((patch.height - points[:, 2]) / down[:, 2], 0.0)
            places = points[:, :2] + length[:, None] * down[:, :2]
            inside = patch.contains(places)
            hits[which[inside]] = self.ends[number] + patch.cell_indices(places[inside])

    def _rays_near_vehicle(
        self, number: int, which: NDArray[np.intp], rays: NDArray[np.float32], origins: Floats | None = None
    ) -> tuple[NDArray[np.intp], Floats, Floats]:
        """Select the surfels ``which`` whose ray may hit a vehicle; also origins and directions in its body axes."""
        body_to_site, bounds = self.body_to_site[number], self.posed[number].bounds
        points = self.surfels.points[which] if origins is None else origins
        start, toward = (points - body_to_site[:3, 3]) @ body_to_site[:3, :3], rays.astype(float) @ body_to_site[:3, :3]
        middle, radius = bounds.mean(axis=0), 0.5 * float(np.linalg.norm(np.ptp(bounds, axis=0)))
        along = ((middle - start) * toward).sum(axis=1)
        squared_miss = ((middle - start) ** 2).sum(axis=1) - np.maximum(along, 0.0) ** 2
        near = squared_miss < radius**2
        return which[near], start[near], toward[near]

    def _sun_cosines(self) -> Floats:
        """Return the cosine of incidence of sunlight at each surfel (N,), 0 in a vehicle's shadow."""
        mu0 = np.maximum(self.surfels.normals @ self.sun, 0.0)
        mu0[: self.vehicle_count] *= self._sun_visibility(self.surfels.points[: self.vehicle_count])
        for number, patch in enumerate(self.patches, len(self.radiosity_meshes)):
            own = slice(*self.ends[number : number + 2])
            places = (patch.cell_centers(offset) + _RAY_OFFSET for offset in _SUN_SAMPLE_OFFSETS)
            mu0[own] *= np.mean([self._sun_visibility(each) for each in places], axis=0)
        return mu0

    def _sun_visibility(self, points: Floats) -> Floats:
        """Return 1 where the Sun is visible from ``points`` (N, 3), else 0."""
        visible = np.ones(len(points))
        rays = np.broadcast_to(self.sun.astype(np.float32), points.shape)
        for number, posed in enumerate(self.posed):
            near, origins, directions = self._rays_near_vehicle(number, np.arange(len(points)), rays, points)
            visible[near[posed.hit_triangles(origins, directions) >= 0]] = 0.0
        return visible

    def _environment_light(self, hits: Ints) -> tuple[Floats, Floats]:
        """Return the irradiance (N, 3) by sky and by ground beyond all patches, and the visible fraction of the sky."""
        total = np.zeros((self.count, 3))
        sky, visible_sky = np.zeros(self.count), np.zeros(self.count)
        table = _SkyTable(self.sky, self.irradiance_above_air)
        for k, rays in enumerate(self.surfels.rays):
            free, up = hits[:, k] == self.count, np.flatnonzero(rays[:, 2] >= 0.0)
            light = table.radiosity(rays[up])
            mean = light.mean(axis=1)
            total[up] += light * free[up, None]
            total[free & (rays[:, 2] < 0.0)] += self.open_ground_radiosity
            sky[up] += mean
            visible_sky[up] += mean * free[up]
        floor = _VISIBILITY_FLOOR * len(self.surfels.rays) * self.open_ground_radiosity.mean()
        return total / len(self.surfels.rays), (visible_sky + floor) / (sky + floor)


class _SkyTable:
    """The sky's radiance times pi in steps of a few degrees: it is smooth, and looked up a million times."""

    _ROWS, _COLUMNS = 30, 60

    def __init__(self, sky: DustSky, irradiance_above_air: Floats) -> None:
        z, azimuth = np.meshgrid(
            (np.arange(self._ROWS) + 0.5) / self._ROWS,
            (np.arange(self._COLUMNS) + 0.5) * (2.0 * np.pi / self._COLUMNS),
            indexing="ij",
        )
        level = np.sqrt(1.0 - z * z)
        rays = np.stack([level * np.cos(azimuth), level * np.sin(azimuth), z], axis=-1)
        self._table = sky.radiance(rays, glow=False) * irradiance_above_air

    def radiosity(self, rays: NDArray[np.float32]) -> Floats:
        """Return the values (N, 3) for upward rays (N, 3)."""
        row = np.minimum((rays[:, 2] * self._ROWS).astype(int), self._ROWS - 1)
        azimuth = np.arctan2(rays[:, 1], rays[:, 0]) % (2.0 * np.pi)
        column = np.minimum((azimuth * (self._COLUMNS / (2.0 * np.pi))).astype(int), self._COLUMNS - 1)
        return np.asarray(self._table[row, column])


def _nearest_uncovered(posed: PosedSurfels) -> NDArray[np.intp]:
    """Return, for each surfel that other parts cover, the nearest uncovered one with a similar normal; else itself.

    A covered surfel sees only its own craft and is not visible from outside: it is inside or close behind another part.
    But triangles extend from there into view, and would be rendered with its darkness.
    """
    from scipy.spatial import cKDTree

    is_open = (posed.hits == len(posed.normals)).mean(axis=1) > _MIN_OPEN_FRACTION
    reach = _NORMAL_WEIGHT * float(np.ptp(posed.bounds, axis=0).max())
    places = np.concatenate([posed.ray_origins, reach * posed.normals], axis=1)
    chosen = np.arange(len(is_open))
    if is_open.any():
        chosen[~is_open] = np.flatnonzero(is_open)[cKDTree(places[is_open]).query(places[~is_open])[1]]
    return chosen
