"""The surroundings of a point of the craft, in its body axes: its own lit parts, and the planet. Traced by Embree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import perpendicular, unit
from selfiesim.render.light.brdf_sampling import GgxSampler, ggx_brdf, isotropic_gloss, schlick
from selfiesim.render.light.foil import crumple_normals, widen_alpha
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.light.radiosity import MAX_SHARP_ALPHA, InterreflectedLight, RadiosityMesh

if TYPE_CHECKING:
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.render.light.planetshine import Planetshine
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]

MAX_BOUNCES = 3
"""Reflections from metal to metal along a ray."""
_MAX_FACET_ALPHA = 0.03  # roughness squared of gloss in which single facets of foil are visible
_MIN_TRACED_F0 = 0.2  # reflectance above which a ray is reflected
_DECORRELATION = np.array([97.137, 61.713])  # maps two random numbers to two that are nearly independent of them
_DISC_PX = 192  # pixels across the picture of the planet
_LIMB_MARGIN_RAD = 0.04  # rad of air around the disc in that picture


@dataclass(frozen=True)
class RayTracer:
    """The craft, lit, and the planet in its sky; body axes.

    Attributes
    ----------
    radiosity_mesh : RadiosityMesh
        The craft's surface.
    normals : (N, 3) array
        Normals of its vertices in the pose.
    scene : object
        Embree's scene of it in the pose.
    sun, irradiance : (3,) array
        Direction to the Sun, and its normal irradiance, W m^-2 nm^-1.
    shine : Planetshine
        The planet's light.
    interreflected : InterreflectedLight
        Light of the parts at each vertex.
    sun_f0 : (N, 3) array
        Reflectance of each vertex's gloss for sunlight.
    background : callable
        Radiance (N, 3) behind the craft along unit vectors (N, 3).
    eye : (3,) array
        Position of the camera, m.
    pixel_angle : float
        Angle that a pixel spans, rad.
    next_tracer : RayTracer, optional
        Traces the rays that gloss reflects, if not this one.
    """

    radiosity_mesh: RadiosityMesh
    normals: Floats
    scene: Any
    sun: Floats
    irradiance: Floats
    shine: Planetshine
    interreflected: InterreflectedLight
    sun_f0: Floats
    background: Callable[[Floats], Floats]
    eye: Floats
    pixel_angle: float
    next_tracer: RayTracer | None = None

    def trace_radiance(
        self, origins: Floats, rays: Floats, min_alpha: Floats, randoms: Floats, bounces_left: int = MAX_BOUNCES
    ) -> Floats:
        """Return the radiance (N, 3) that arrives along rays.

        Parameters
        ----------
        origins, rays : (N, 3) array
            Points, m, and unit vectors from them.
        min_alpha : (N,) array
            Least roughness squared of the gloss that each ray hits, so that few rays give little noise.
        randoms : (N, 2) array
            Numbers in 0 to 1, which choose the directions of reflected rays.
        bounces_left : int
            How many times a ray is reflected by gloss; after that, gloss counts as diffuse.
        """
        return self.shade_hits(self.intersect(origins, rays), origins, rays, min_alpha, randoms, bounces_left)

    def intersect(self, origins: Floats, rays: Floats) -> dict[str, NDArray[Any]]:
        """Return Embree's first hits of rays (N, 3) from ``origins`` (N, 3); ``primID`` is -1 for none."""
        return dict(self.scene.run(origins.astype(np.float32), rays.astype(np.float32), output=True))

    def shade_hits(
        self,
        hits: dict[str, NDArray[Any]],
        origins: Floats,
        rays: Floats,
        min_alpha: Floats,
        randoms: Floats,
        bounces_left: int,
    ) -> Floats:
        """Return the radiance (N, 3) for known ``hits``; the rest is as in :meth:`trace_radiance`."""
        hit = hits["primID"] >= 0
        light = np.zeros((len(rays), 3))
        light[~hit] = self.background(rays[~hit])
        if hit.any():
            points = origins[hit] + hits["tfar"][hit, None].astype(float) * rays[hit]
            corners = self.radiosity_mesh.faces[hits["primID"][hit]]
            surface = SurfaceHits(self, corners, _barycentric(hits)[hit], points, -rays[hit], min_alpha[hit])
            light[hit] = surface.sun_radiance() + surface.ambient_radiance(randoms[hit], bounces_left - 1)
        return light

    def caustics(self, points: Floats) -> Floats:
        """Return the irradiance (N, 3) of ``points`` (N, 3), visible to the camera, by sunlight from sharp gloss."""
        hits = self.intersect(np.broadcast_to(self.eye, points.shape), unit(points - self.eye))
        corners = self.radiosity_mesh.faces[hits["primID"]]
        light = (_barycentric(hits)[..., None] * self.interreflected.caustics[corners]).sum(axis=1)
        return np.where((hits["primID"] >= 0)[:, None], light, 0.0)

    def without_background(self) -> RayTracer:
        """Return a tracer with a black sky and without the Sun's glints in sharp gloss, which the surfels provide.

        Rays that gloss reflects see both.
        """
        mesh = self.radiosity_mesh
        sun_f0 = np.where((mesh.sun_alpha < MAX_SHARP_ALPHA)[:, None], 0.0, mesh.specular_f0)
        return replace(self, background=_black, sun_f0=sun_f0, next_tracer=self)


class SurfaceHits:
    """Points of the craft that rays have hit, and the light they send back.

    Parameters
    ----------
    tracer : RayTracer
        The craft.
    corners : (N, 3) array of int
        Vertices of the triangle that each ray hit.
    barycentric : (N, 3) array
        Coordinates of the point in it.
    points : (N, 3) array
        The points, m.
    outgoing : (N, 3) array
        Unit vectors back along the rays.
    min_alpha : (N,) array
        Least roughness squared of the gloss: to few rays, facets and narrow glints are noise.
    """

    def __init__(
        self,
        tracer: RayTracer,
        corners: NDArray[np.int64],
        barycentric: Floats,
        points: Floats,
        outgoing: Floats,
        min_alpha: Floats,
    ) -> None:
        self.tracer, self.radiosity_mesh, self.outgoing = tracer, tracer.radiosity_mesh, outgoing
        self.corners, self.barycentric = corners, barycentric[..., None]
        self.material_vertex = corners[:, 0]  # a triangle has one material
        normals = unit((self.barycentric * tracer.normals[corners]).sum(axis=1))
        self.normals = normals * np.where((normals * outgoing).sum(axis=1) < 0.0, -1.0, 1.0)[:, None]
        self.origins = points + self.radiosity_mesh.ray_offset * self.normals
        self.shading = self.normals.copy()
        mesh, vertex = self.radiosity_mesh, self.material_vertex
        sharp = min_alpha < _MAX_FACET_ALPHA
        self.alpha = np.where(sharp, mesh.alpha_without_foil[vertex], np.maximum(mesh.alpha[vertex], min_alpha))
        foil = np.flatnonzero((mesh.crumple[vertex] > 0.0) & sharp)
        if len(foil):
            pixel_m = tracer.pixel_angle * np.linalg.norm(points[foil] - tracer.eye, axis=1)
            material = mesh.crumple[vertex[foil]], mesh.crumple_scale[vertex[foil]]
            self.shading[foil], unresolved = crumple_normals(self.normals[foil], points[foil], *material, pixel_m)
            self.alpha[foil] = widen_alpha(self.alpha[foil], unresolved)

    def sun_radiance(self) -> Floats:
        """Return the radiance (N, 3) along ``outgoing`` by direct sunlight."""
        mesh, sun = self.radiosity_mesh, self.tracer.sun
        mu0 = np.where(self.normals @ sun > 0.0, np.maximum(self.shading @ sun, 0.0), 0.0)
        lit = np.flatnonzero(mu0 > 0.0)
        light = np.zeros((len(mu0), 3))
        if len(lit):
            rays = np.ascontiguousarray(np.broadcast_to(sun, (len(lit), 3)), np.float32)
            lit = lit[self.tracer.scene.run(self.origins[lit].astype(np.float32), rays) < 0]
        vertex = self.material_vertex[lit]
        glint = ggx_brdf(self.tracer.sun_f0[vertex], self.alpha[lit], self.shading[lit], sun, self.outgoing[lit])
        light[lit] = (mesh.diffuse[vertex] / np.pi + glint) * mu0[lit, None] * self.tracer.irradiance
        return light

    def ambient_radiance(self, randoms: Floats, bounces_left: int) -> Floats:
        """Return the radiance (N, 3) along ``outgoing`` by light of the planet and of other parts."""
        mesh, tracer = self.radiosity_mesh, self.tracer
        interreflected = tracer.interreflected
        visibility = (self.barycentric[..., 0] * interreflected.planet_visibility[self.corners]).sum(axis=1)
        irradiance = visibility[:, None] * tracer.shine.irradiance(self.normals)
        irradiance += (self.barycentric * interreflected.irradiance[self.corners]).sum(axis=1)
        f0 = mesh.specular_f0[self.material_vertex]
        reflecting = np.flatnonzero((f0.max(axis=1) > _MIN_TRACED_F0) & (bounces_left > 0))
        diffuse = mesh.albedo[self.material_vertex]
        diffuse[reflecting] = mesh.diffuse[self.material_vertex[reflecting]]
        light = np.asarray(diffuse / np.pi * irradiance, float)
        if len(reflecting):
            light[reflecting] += self._reflected_radiance(reflecting, f0[reflecting], randoms, bounces_left)
        return light

    def _reflected_radiance(self, which: NDArray[np.intp], f0: Floats, randoms: Floats, bounces_left: int) -> Floats:
        """Return the radiance (M, 3) that the gloss of the points ``which`` (M,) reflects along ``outgoing``."""
        alpha, tracer = self.alpha[which], self.tracer
        gloss = isotropic_gloss(self.origins[which], self.normals[which], self.shading[which], np.sqrt(alpha))
        next_randoms = (randoms[which] * _DECORRELATION) % 1.0
        rays, weight, cosine = GgxSampler(gloss, self.outgoing[which]).rays(next_randoms)
        weight[(rays * gloss.normals).sum(axis=1) <= 0.0] = 0.0
        share = weight[:, None] * schlick(f0, cosine[:, None])
        return share * (tracer.next_tracer or tracer).trace_radiance(
            gloss.points, rays, alpha, next_randoms, bounces_left
        )


def _barycentric(hits: dict[str, NDArray[Any]]) -> Floats:
    """Return the barycentric coordinates (N, 3) of Embree's hits."""
    u, v = hits["u"].astype(float), hits["v"].astype(float)
    return np.stack([1.0 - u - v, u, v], axis=-1)


def ray_tracer(
    view: View,
    pose: CraftPose,
    radiosity_mesh: RadiosityMesh,
    interreflected: InterreflectedLight,
    shine: Planetshine,
    maps: PlanetMaps | None,
) -> RayTracer:
    """Return the tracer for a craft of the view, with the light ``interreflected`` and ``shine`` on it."""
    to_camera = pose.body_to_camera
    scene, normals = radiosity_mesh.posed_mesh(pose)
    return RayTracer(
        radiosity_mesh=radiosity_mesh,
        normals=normals,
        scene=scene,
        sun=to_camera.T @ view.sun.direction,
        irradiance=view.sun.irradiance * pose.sunlight_fraction,
        shine=shine,
        interreflected=interreflected,
        sun_f0=radiosity_mesh.specular_f0,
        background=_black if maps is None or view.planet is None else _planet_environment(view, pose, maps, shine),
        eye=-to_camera.T @ pose.position,
        pixel_angle=view.camera.pixel_angle,
    )


def _black(rays: Floats) -> Floats:
    return np.zeros((len(rays), 3))


def _planet_environment(
    view: View, pose: CraftPose, maps: PlanetMaps, shine: Planetshine
) -> Callable[[Floats], Floats]:
    """Render the planet in the craft's sky into a small equal-area picture; return the function that samples it."""
    middle = shine.direction
    min_cosine = max(-1.0, float(np.cos(min(np.arccos(shine.edge_cosine) + _LIMB_MARGIN_RAD, np.pi))))
    across = perpendicular(middle)
    other = np.cross(middle, across)
    side = (np.arange(_DISC_PX) + 0.5) / _DISC_PX * 2.0 - 1.0
    x, y = np.meshgrid(side, side)
    radius2 = x * x + y * y
    inside = radius2 <= 1.0
    cosine = 1.0 - (1.0 - min_cosine) * radius2[inside]
    sine = np.sqrt(np.maximum(1.0 - cosine**2, 0.0) / np.maximum(radius2[inside], 1e-12))
    rays = cosine[:, None] * middle + (sine * x[inside])[:, None] * across + (sine * y[inside])[:, None] * other
    picture = np.zeros((_DISC_PX, _DISC_PX, 3))
    picture[inside] = planet_radiance(view, maps, pose.position, rays @ pose.body_to_camera.T)
    return partial(_lookup_disc, picture, np.stack([across, other, middle]), min_cosine)


def _lookup_disc(picture: Floats, axes: Floats, min_cosine: float, rays: Floats) -> Floats:
    a, b, along = axes @ rays.T
    radius = np.sqrt(np.maximum(1.0 - along, 0.0) / (1.0 - min_cosine))
    flat = np.maximum(np.hypot(a, b), 1e-12)
    column, row = (((radius * part / flat + 1.0) * 0.5 * _DISC_PX).astype(int).clip(0, _DISC_PX - 1) for part in (a, b))
    return np.asarray(np.where((along > min_cosine)[:, None], picture[row, column], 0.0))
