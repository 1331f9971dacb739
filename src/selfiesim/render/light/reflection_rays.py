"""Reflections on glossy surfaces: other parts of the craft, and the planet behind them. Traced by Embree.

From each pixel of the craft a few rays follow the lobe of its gloss. A ray that hits the craft returns the radiance
there, lit by the Sun and by interreflection; one that misses returns the planet's, or black sky. The means form a
picture that the passes of a final render sample.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.low_discrepancy import r2_points
from selfiesim.core.vectors import unit
from selfiesim.render.common.denoise import FilterGuide, atrous_filter
from selfiesim.render.light.brdf_sampling import GgxSampler, GlossyPoints, isotropic_gloss, schlick
from selfiesim.render.light.radiosity import CLEARCOAT_F0, scattering_parameters

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.craft.model import Part
    from selfiesim.render.light.ray_scene import RayTracer

Floats = NDArray[np.float64]

MIN_RAYS = 300_000
"""Rays in a picture, which has at least :data:`MIN_RAYS_PER_PIXEL` per pixel on average."""
MIN_RAYS_PER_PIXEL, MAX_RAYS_PER_PIXEL = 2, 32
_MIN_REFLECTANCE = 0.02  # pixels that reflect less get no fewer rays
_MAX_ROUGHNESS = 0.9  # rougher surfaces count as diffuse
_DENOISE_FROM_ROUGHNESS, _DENOISE_FULL_ROUGHNESS = 0.1, 0.3  # the strength of the filter grows between these
_MANY_RAYS = 6  # rays per pixel above which a filter over the nearest neighbours is enough
_NORMAL_TOLERANCE = 0.5  # of a lobe's width: how much the normals of one smooth surface may differ


@dataclass(frozen=True)
class Finish:
    """Gloss of the materials, indexed by part number (P,).

    Attributes
    ----------
    coat : (P,) array
        Roughness of the clear coat, NaN without one.
    f0 : (P, 3) array
        Reflectance at normal incidence.
    diffuse : (P,) array
        Diffuse reflectance, the largest of the bands.
    stretch : (P,) array
        How much longer highlights are along the grain, 0 to 1.
    """

    coat: Floats
    f0: Floats
    diffuse: Floats
    stretch: Floats


@dataclass(frozen=True)
class GBuffer:
    """What the centre of each pixel sees.

    Attributes
    ----------
    depth, part, roughness : (H, W) array
        Depth, m, infinite for sky; part number; roughness of the gloss.
    normal, shading, grain : (H, W, 3) array
        Normal of the mesh, normal bent by foil or a normal map, and direction of the grain; body axes.
    pixel_angle : float
        Angle that a pixel spans, rad.
    """

    depth: NDArray[np.float32]
    part: NDArray[np.int64]
    normal: NDArray[np.float32]
    shading: NDArray[np.float32]
    roughness: NDArray[np.float32]
    grain: NDArray[np.float32]
    pixel_angle: float

    def gloss(self, which: NDArray[np.bool_], points: Floats, finish: Finish) -> GlossyPoints:
        """Return the gloss, below any clear coat, of the pixels ``which`` (H, W) at ``points`` (N, 3)."""
        layers = (self.normal, self.shading, self.roughness, self.grain)
        normal, shading, rough, grain = (layer[which].astype(float) for layer in layers)
        return GlossyPoints(points, normal, shading, rough, grain, finish.stretch[self.part[which]])

    def coat(self, which: NDArray[np.bool_], points: Floats, finish: Finish) -> GlossyPoints:
        """Return the gloss of the clear coat, which is as smooth as the mesh; roughness 1 where there is none."""
        normal = self.normal[which].astype(float)
        rough = np.nan_to_num(finish.coat[self.part[which]], nan=1.0)
        return isotropic_gloss(points, normal, normal, rough)


def trace_reflections(tracer: RayTracer, gloss: GlossyPoints, f0: Floats, f90: Floats) -> NDArray[np.float32]:
    """Trace the light that glossy points reflect to the camera.

    Parameters
    ----------
    tracer : RayTracer
        The craft and the planet.
    gloss : GlossyPoints
        N points.
    f0, f90 : (N, 3) array
        The reflectance by which the shader multiplies the result, at normal and at grazing incidence on the surface.

    Returns
    -------
    (N, 3) array
        Mean reflected radiance over that reflectance. The facets themselves follow Schlick's law.
    """
    light = np.zeros((len(gloss.points), 3), np.float32)
    glossy = np.flatnonzero(gloss.roughness < _MAX_ROUGHNESS)
    if not len(glossy):
        return light
    counts = _rays_per_pixel(f0[glossy])
    order = np.argsort(-counts, kind="stable")
    glossy, counts = glossy[order], counts[order]
    gloss, f0, f90 = gloss.select(glossy), f0[glossy], f90[glossy]
    min_alpha = np.where(counts > _MANY_RAYS, 0.0, gloss.roughness**2)
    origins = gloss.points + tracer.radiosity_mesh.ray_offset * gloss.normals
    total = np.zeros((len(glossy), 3))
    lobes = GgxSampler(gloss, unit(tracer.eye - gloss.points))
    shader_reflectance = f0 + (f90 - f0) * (1.0 - lobes.view_cosine[:, None]) ** 5
    for k, randoms in enumerate(r2_points(len(glossy), int(counts[0]))):
        active = int(np.searchsorted(-counts, -k))  # pixels with more than k rays
        rays, weight, cosine = lobes.rays(randoms[:active])
        share = weight[:, None] * schlick(f0[:active], cosine[:, None]) / np.maximum(shader_reflectance[:active], 1e-9)
        # Rays below the surface would hit the surface itself.
        up = np.flatnonzero((rays * gloss.normals[:active]).sum(axis=1) > 0.0)
        total[up] += share[up] * tracer.trace_radiance(origins[up], rays[up], min_alpha[up], randoms[up])
    light[glossy] = total / counts[:, None]
    return light


def denoise_reflections(
    light: NDArray[np.float32], gloss: GlossyPoints, which: NDArray[np.bool_], gbuffer: GBuffer
) -> NDArray[np.float32]:
    """Return a picture (H, W, 4) of the ``light`` (N, 3) of the pixels ``which`` (H, W), whose fourth component is 1.

    The filter removes the noise of few rays: the more, the rougher the gloss, and over a wider neighbourhood, the fewer
    rays a pixel has.
    """
    rough = gloss.roughness
    # One smooth surface: normals within a fraction of the lobe's width.
    min_cosine = 1.0 - 0.5 * (_NORMAL_TOLERANCE * rough**2) ** 2
    strength = (rough - _DENOISE_FROM_ROUGHNESS) / (_DENOISE_FULL_ROUGHNESS - _DENOISE_FROM_ROUGHNESS)
    guide = FilterGuide(
        which,
        gbuffer.part[which],
        gloss.shading.astype(np.float32),
        min_cosine.astype(np.float32),
        strength.clip(0.0, 1.0).astype(np.float32),
    )
    count = int((rough < _MAX_ROUGHNESS).sum())
    mean_rays = _total_rays(count) / max(count, 1)
    steps = (1,) if mean_rays > _MANY_RAYS else (1, 2) if mean_rays > MIN_RAYS_PER_PIXEL else (1, 2, 4, 8)
    picture = np.zeros((*which.shape, 4), np.float32)
    picture[which] = atrous_filter(np.column_stack([light, np.ones(len(light), np.float32)]), guide, steps)
    return picture


def part_finishes(parts: Iterable[Part], numbers: dict[str, int]) -> Finish:
    """Return the gloss of the parts, by the part numbers ``numbers`` of their nodes."""
    count = max(numbers.values(), default=0) + 1
    coat, f0, diffuse, stretch = np.full(count, np.nan), np.zeros((count, 3)), np.zeros(count), np.zeros(count)
    for part in parts:
        number, material = numbers[part.node], part.material
        scattering = scattering_parameters(material)
        f0[number] = scattering["specular_f0"] - CLEARCOAT_F0 * material.clearcoat
        diffuse[number] = scattering["diffuse"].max()
        stretch[number] = abs(material.anisotropy)
        if material.clearcoat > 0.0:
            coat[number] = material.clearcoat_roughness
    return Finish(coat, f0, diffuse, stretch)


def camera_to_texture(lens: Camera) -> NDArray[np.float64]:
    """Return the projection (4, 4) from camera axes to texture coordinates, 0 to 1 from the picture's upper left."""
    return np.array(
        [
            [lens.fx / lens.width, 0.0, (lens.cx + 0.5) / lens.width, 0.0],
            [0.0, lens.fy / lens.height, (lens.cy + 0.5) / lens.height, 0.0],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]
    )


def _total_rays(pixels: int) -> int:
    """Return the number of rays of all pixels together."""
    return max(MIN_RAYS, MIN_RAYS_PER_PIXEL * pixels)


def _rays_per_pixel(f0: Floats) -> NDArray[np.int64]:
    """Return the number of rays (N,) of each pixel: the higher its reflectance ``f0`` (N, 3), the more."""
    strength = np.sqrt(f0.max(axis=1).clip(_MIN_REFLECTANCE))
    return np.asarray(np.rint(_total_rays(len(f0)) / strength.sum() * strength).clip(1, MAX_RAYS_PER_PIXEL), np.int64)
