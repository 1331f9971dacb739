"""What can be seen from a craft in its own body axes: its own parts in the light, and the planet. Traced by Embree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit
from selfiesim.render.light.brdf_sampling import GgxSampler, ggx_brdf, isotropic_gloss, schlick
from selfiesim.render.light.foil import crumple_normals
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.light.radiosity import MAX_SHARP_ALPHA, InterreflectedLight, RadiosityMesh

if TYPE_CHECKING:
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.render.light.planetshine import Planetshine
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]

MAX_BOUNCES = 3
"""How often a ray goes on from metal to metal."""
_MAX_FACET_ALPHA = 0.03  # roughness, squared, of gloss in which the facets of foil are seen
_MIN_TRACED_F0 = 0.2  # share mirrored from which on a ray goes on
_DECORRELATION = np.array([97.137, 61.713])  # turns two numbers into two that have little to do with them
_DISC_PX = 192  # pixels across the planet's picture
_LIMB_MARGIN_RAD = 0.04  # rad of air beside the disc that are in it


@dataclass(frozen=True)
class RayTracer:
    """What can be seen from a craft in its own body axes: itself, lit, and the planet.

    Attributes
    ----------
    radiosity_mesh : Skin
        Its surface; ``normals`` (N, 3) and the ``scene`` for Embree are as its joints stand.
    sun, irradiance : (3,) array
        Direction to it, and its light face-on, W m^-2 nm^-1.
    interreflected : Passed
        The light that parts pass on to each other.
    sun_f0 : (N, 3) array
        Share of sunlight that the gloss of each vertex sends on.
    background : callable
        Radiance (N, 3) of what is behind the craft, along unit vectors (N, 3).
    eye : (3,) array
        Where the camera is; ``pixel_angle`` is what a pixel takes of its view, rad.
    further : Surroundings, optional
        What rays see that go on from gloss, where that is another.
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
    further: RayTracer | None = None

    def seen(
        self, origins: Floats, rays: Floats, min_alpha: Floats, randoms: Floats, bounces_left: int = MAX_BOUNCES
    ) -> Floats:
        """Radiance (N, 3) that comes to ``origins`` (N, 3) against unit vectors ``rays`` (N, 3).

        What they meet is seen no sharper than lobes so ``min_alpha`` (N,) are, roughness squared. Rays that meet gloss go on
        from there, ``bounces_left`` times in all, ``randoms`` (N, 2) tell where to; after that gloss counts as matt.
        """
        return self.shade_hits(self.intersect(origins, rays), origins, rays, min_alpha, randoms, bounces_left)

    def intersect(self, origins: Floats, rays: Floats) -> dict[str, NDArray[Any]]:
        """What rays (N, 3) from ``origins`` (N, 3) meet first, as Embree tells it: ``primID`` is -1 for nothing."""
        return dict(self.scene.run(origins.astype(np.float32), rays.astype(np.float32), output=True))

    def shade_hits(
        self,
        found: dict[str, NDArray[Any]],
        origins: Floats,
        rays: Floats,
        min_alpha: Floats,
        randoms: Floats,
        bounces_left: int,
    ) -> Floats:
        """The same as :meth:`seen` where what rays meet is ``found`` already."""
        met = found["primID"] >= 0
        light = np.zeros((len(rays), 3))
        light[~met] = self.background(rays[~met])
        if met.any():
            at = origins[met] + found["tfar"][met, None].astype(float) * rays[met]
            corners = self.radiosity_mesh.faces[found["primID"][met]]
            there = SurfaceHits(self, corners, _barycentric(found)[met], at, -rays[met], min_alpha[met])
            light[met] = there.sun_radiance() + there.ambient_radiance(randoms[met], bounces_left - 1)
        return light

    def caustics(self, points: Floats) -> Floats:
        """What ``points`` (N, 3) of the craft that the eye sees get (N, 3) of sunlight by sharp gloss."""
        found = self.intersect(np.broadcast_to(self.eye, points.shape), unit(points - self.eye))
        light = (
            _barycentric(found)[..., None] * self.interreflected.caustics[self.radiosity_mesh.faces[found["primID"]]]
        ).sum(axis=1)
        return np.where((found["primID"] >= 0)[:, None], light, 0.0)

    def without_background(self) -> RayTracer:
        """The same to rays that are sent out: black sky, and no glints of sharp gloss, which sites get from the Sun.

        Rays that go on from what those meet find all.
        """
        sun_f0 = np.where((self.radiosity_mesh.glance < MAX_SHARP_ALPHA)[:, None], 0.0, self.radiosity_mesh.mirrored)
        return replace(self, background=_black, sun_f0=sun_f0, further=self)


class SurfaceHits:
    """Points of the craft that rays have met, ``share`` (N, 3) of the way to each of their triangle's ``corners``.

    What a lobe ``min_alpha`` (N,) looks at is seen no sharper than that: to few rays facets and narrow glints are noise.
    """

    def __init__(
        self,
        tracer: RayTracer,
        corners: NDArray[np.int64],
        share: Floats,
        points: Floats,
        outgoing: Floats,
        min_alpha: Floats,
    ) -> None:
        self.tracer, self.radiosity_mesh, self.outgoing = tracer, tracer.radiosity_mesh, outgoing
        self.corners, self.share = corners, share[..., None]
        self.material_vertex = corners[:, 0]  # a triangle is of one material
        normals = unit((self.share * tracer.normals[corners]).sum(axis=1))
        self.normals = normals * np.where((normals * outgoing).sum(axis=1) < 0.0, -1.0, 1.0)[:, None]
        self.above = points + self.radiosity_mesh.ray_offset * self.normals
        self.shading = self.normals.copy()
        sharp = min_alpha < _MAX_FACET_ALPHA
        radiosity_mesh, own = self.radiosity_mesh, self.material_vertex
        self.alpha = np.where(sharp, radiosity_mesh.sharp[own], np.maximum(radiosity_mesh.gloss[own], min_alpha))
        foil = np.flatnonzero((radiosity_mesh.crumple[own] > 0.0) & sharp)
        if len(foil):
            pixel = tracer.pixel_angle * np.linalg.norm(points[foil] - tracer.eye, axis=1)
            look = radiosity_mesh.crumple[own[foil]], radiosity_mesh.crumple_scale[own[foil]]
            self.shading[foil] = crumple_normals(self.normals[foil], points[foil], *look, pixel)

    def sun_radiance(self) -> Floats:
        """Radiance (N, 3) toward where the rays came from, of sunlight."""
        radiosity_mesh, sun = self.radiosity_mesh, self.tracer.sun
        lit = np.where(self.normals @ sun > 0.0, np.maximum(self.shading @ sun, 0.0), 0.0)
        asked = np.flatnonzero(lit > 0.0)
        light = np.zeros((len(lit), 3))
        if len(asked):
            rays = np.ascontiguousarray(np.broadcast_to(sun, (len(asked), 3)), np.float32)
            asked = asked[self.tracer.scene.run(self.above[asked].astype(np.float32), rays) < 0]
        own = self.material_vertex[asked]
        glint = ggx_brdf(self.tracer.sun_f0[own], self.alpha[asked], self.shading[asked], sun, self.outgoing[asked])
        light[asked] = (radiosity_mesh.diffuse[own] / np.pi + glint) * lit[asked, None] * self.tracer.irradiance
        return light

    def ambient_radiance(self, randoms: Floats, bounces_left: int) -> Floats:
        """The same, of the light of planet and parts."""
        radiosity_mesh, tracer = self.radiosity_mesh, self.tracer
        interreflected = tracer.interreflected
        open_ = (self.share[..., 0] * interreflected.planet_visibility[self.corners]).sum(axis=1)
        soft = open_[:, None] * tracer.shine.irradiance(self.normals)
        soft += (self.share * interreflected.irradiance[self.corners]).sum(axis=1)
        mirrored = radiosity_mesh.mirrored[self.material_vertex]
        continued = np.flatnonzero((mirrored.max(axis=1) > _MIN_TRACED_F0) & (bounces_left > 0))
        spread = radiosity_mesh.albedo[self.material_vertex]
        spread[continued] = radiosity_mesh.diffuse[self.material_vertex[continued]]
        light = np.asarray(spread / np.pi * soft, float)
        if len(continued):
            alpha = self.alpha[continued]
            gloss = isotropic_gloss(
                self.above[continued], self.normals[continued], self.shading[continued], np.sqrt(alpha)
            )
            further = (randoms[continued] * _DECORRELATION) % 1.0
            rays, weight, cosine = GgxSampler(gloss, self.outgoing[continued]).rays(further)
            weight[(rays * gloss.normals).sum(axis=1) <= 0.0] = 0.0
            share = weight[:, None] * schlick(mirrored[continued], cosine[:, None])
            light[continued] += share * (tracer.further or tracer).seen(
                gloss.points, rays, alpha, further, bounces_left
            )
        return light


def _barycentric(found: dict[str, NDArray[Any]]) -> Floats:
    """How near (N, 3) what was met lies to each corner of its triangle."""
    u, v = found["u"].astype(float), found["v"].astype(float)
    return np.stack([1.0 - u - v, u, v], axis=-1)


def ray_tracer(
    view: View,
    pose: CraftPose,
    radiosity_mesh: RadiosityMesh,
    interreflected: InterreflectedLight,
    shine: Planetshine,
    maps: PlanetMaps | None,
) -> RayTracer:
    """What is to be seen from a craft of the view."""
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
        sun_f0=radiosity_mesh.mirrored,
        background=_black if maps is None or view.planet is None else _planet_environment(view, pose, maps, shine),
        eye=-to_camera.T @ pose.position,
        pixel_angle=view.camera.pixel_angle,
    )


def _black(rays: Floats) -> Floats:
    return np.zeros((len(rays), 3))


def _planet_environment(
    view: View, pose: CraftPose, maps: PlanetMaps, shine: Planetshine
) -> Callable[[Floats], Floats]:
    """The planet as it stands in the craft's sky, from a small picture: equal areas about its middle."""
    middle = shine.direction
    least = max(-1.0, float(np.cos(min(np.arccos(shine.edge_cosine) + _LIMB_MARGIN_RAD, np.pi))))
    helper = np.eye(3)[int(np.argmin(np.abs(middle)))]
    across = unit(np.cross(middle, helper))
    other = np.cross(middle, across)
    side = (np.arange(_DISC_PX) + 0.5) / _DISC_PX * 2.0 - 1.0
    x, y = np.meshgrid(side, side)
    radius2 = x * x + y * y
    inside = radius2 <= 1.0
    cosine = 1.0 - (1.0 - least) * radius2[inside]
    sine = np.sqrt(np.maximum(1.0 - cosine**2, 0.0) / np.maximum(radius2[inside], 1e-12))
    rays = cosine[:, None] * middle + (sine * x[inside])[:, None] * across + (sine * y[inside])[:, None] * other
    picture = np.zeros((_DISC_PX, _DISC_PX, 3))
    picture[inside] = planet_radiance(view, maps, pose.position, rays @ pose.body_to_camera.T)
    return partial(_lookup_disc, picture, np.stack([across, other, middle]), least)


def _lookup_disc(picture: Floats, axes: Floats, least: float, rays: Floats) -> Floats:
    a, b, along = axes @ rays.T
    radius = np.sqrt(np.maximum(1.0 - along, 0.0) / (1.0 - least))
    off = np.maximum(np.hypot(a, b), 1e-12)
    column, row = (((radius * part / off + 1.0) * 0.5 * _DISC_PX).astype(int).clip(0, _DISC_PX - 1) for part in (a, b))
    return np.asarray(np.where((along > least)[:, None], picture[row, column], 0.0))
