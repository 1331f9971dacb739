"""What gloss mirrors: other parts of the craft, and the planet where they leave it in sight. Traced by Embree.

From each pixel of the craft a few rays go out as its gloss scatters them. One that meets the craft brings the light
that leaves it there, in the Sun and in the light that parts pass on; one that does not brings the planet's, or black
sky. The means are a picture that the passes of a final picture look up.
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
"""Of a picture, and no fewer than :data:`MIN_RAYS_PER_PIXEL` a pixel on average."""
MIN_RAYS_PER_PIXEL, MAX_RAYS_PER_PIXEL = 2, 32
_MIN_REFLECTANCE = 0.02  # share mirrored: what mirrors less gets no fewer rays
_MAX_ROUGHNESS = 0.9  # what is rougher is matt
_DENOISE_FROM_ROUGHNESS, _DENOISE_FULL_ROUGHNESS = 0.1, 0.3  # roughness between which noise is taken out more and more
_MANY_RAYS = 6  # rays from which on the nearest neighbours will do
_NORMAL_TOLERANCE = 0.5  # of a lobe's width: how far normals of one smooth surface may differ


@dataclass(frozen=True)
class Finish:
    """What materials' gloss is like, by the number of the part (P,).

    Attributes
    ----------
    coat : (P,) array
        Roughness of the clear coat, no number where there is none.
    f0 : (P, 3) array
        Share mirrored straight on.
    diffuse : (P,) array
        Share scattered evenly to all sides, of the colour of which it is most.
    stretch : (P,) array
        How much longer highlights are along the grain, 0 to 1.
    """

    coat: Floats
    f0: Floats
    diffuse: Floats
    stretch: Floats


@dataclass(frozen=True)
class GBuffer:
    """What each pixel's centre sees: (H, W) depth in m, infinite for sky, number of the part, roughness of the gloss.

    Normals (H, W, 3) are in body axes; ``shading`` are those bent by foil or a normal map. ``pixel_angle`` is what a
    pixel takes of the view, rad.
    """

    depth: NDArray[np.float32]
    part: NDArray[np.int64]
    normal: NDArray[np.float32]
    shading: NDArray[np.float32]
    roughness: NDArray[np.float32]
    grain: NDArray[np.float32]
    pixel_angle: float

    def gloss(self, which: NDArray[np.bool_], points: Floats, finish: Finish) -> GlossyPoints:
        """That of some pixels (H, W), whose ``points`` (N, 3) are known: of what is under a clear coat."""
        layers = (self.normal, self.shading, self.roughness, self.grain)
        normal, shading, rough, grain = (layer[which].astype(float) for layer in layers)
        return GlossyPoints(points, normal, shading, rough, grain, finish.stretch[self.part[which]])

    def coat(self, which: NDArray[np.bool_], points: Floats, finish: Finish) -> GlossyPoints:
        """That of the clear coat, as smooth as the mesh; rougher than any gloss where there is none."""
        normal = self.normal[which].astype(float)
        rough = np.nan_to_num(finish.coat[self.part[which]], nan=1.0)
        return isotropic_gloss(points, normal, normal, rough)


def trace_reflections(tracer: RayTracer, gloss: GlossyPoints, f0: Floats, f90: Floats) -> NDArray[np.float32]:
    """Mean radiance (N, 3) that the gloss turns toward the eye, over the share that the shader lets it mirror.

    That goes by the angle to the normal: ``f0`` (N, 3) straight on, ``f90`` (N, 3) along the surface. What mirrors are
    facets.
    """
    light = np.zeros((len(gloss.points), 3), np.float32)
    asked = np.flatnonzero(gloss.roughness < _MAX_ROUGHNESS)
    if not len(asked):
        return light
    each = _rays_per_pixel(f0[asked])
    order = np.argsort(-each, kind="stable")
    asked, each = asked[order], each[order]
    gloss, f0, f90 = gloss.select(asked), f0[asked], f90[asked]
    min_alpha = np.where(each > _MANY_RAYS, 0.0, gloss.roughness**2)
    origins = gloss.points + tracer.radiosity_mesh.ray_offset * gloss.normals
    total = np.zeros((len(asked), 3))
    lobes = GgxSampler(gloss, unit(tracer.eye - gloss.points))
    counted = f0 + (f90 - f0) * (1.0 - lobes.view_cosine[:, None]) ** 5
    for k, dice in enumerate(r2_points(len(asked), int(each[0]))):
        some = int(np.searchsorted(-each, -k))  # those with more than k
        rays, weight, cosine = lobes.rays(dice[:some])
        share = weight[:, None] * schlick(f0[:some], cosine[:, None]) / np.maximum(counted[:some], 1e-9)
        # Below the surface there is only itself.
        up = np.flatnonzero((rays * gloss.normals[:some]).sum(axis=1) > 0.0)
        total[up] += share[up] * tracer.seen(origins[up], rays[up], min_alpha[up], dice[up])
    light[asked] = total / each[:, None]
    return light


def denoise_reflections(
    light: NDArray[np.float32], gloss: GlossyPoints, which: NDArray[np.bool_], seen: GBuffer
) -> NDArray[np.float32]:
    """A picture (H, W, 4) of the ``light`` (N, 3) of pixels ``which`` (H, W), the fourth number 1 there.

    The noise of few rays is taken out of it, the more the rougher the gloss is, and over a wider neighbourhood the
    fewer rays a pixel has.
    """
    rough = gloss.roughness
    # One smooth surface: normals within a fraction of the lobe's width.
    least = 1.0 - 0.5 * (_NORMAL_TOLERANCE * rough**2) ** 2
    share = ((rough - _DENOISE_FROM_ROUGHNESS) / (_DENOISE_FULL_ROUGHNESS - _DENOISE_FROM_ROUGHNESS)).clip(0.0, 1.0)
    facing = gloss.shading.astype(np.float32)
    guide = FilterGuide(which, seen.part[which], facing, least.astype(np.float32), share.astype(np.float32))
    count = int((rough < _MAX_ROUGHNESS).sum())
    each = _total_rays(count) / max(count, 1)
    values = np.column_stack([light, np.ones(len(light), np.float32)])
    picture = np.zeros((*which.shape, 4), np.float32)
    picture[which] = atrous_filter(
        values, guide, (1,) if each > _MANY_RAYS else (1, 2) if each > MIN_RAYS_PER_PIXEL else (1, 2, 4, 8)
    )
    return picture


def part_finishes(parts: Iterable[Part], numbers: dict[str, int]) -> Finish:
    """What the gloss of each part is like, by its number."""
    count = max(numbers.values(), default=0) + 1
    coat, f0, diffuse, grain = np.full(count, np.nan), np.zeros((count, 3)), np.zeros(count), np.zeros(count)
    for part in parts:
        number, material = numbers[part.node], part.material
        looks = scattering_parameters(material)
        f0[number], diffuse[number] = looks["mirrored"] - CLEARCOAT_F0 * material.clearcoat, looks["diffuse"].max()
        grain[number] = abs(material.anisotropy)
        if material.clearcoat > 0.0:
            coat[number] = material.clearcoat_roughness
    return Finish(coat, f0, diffuse, grain)


def camera_to_texture(lens: Camera) -> NDArray[np.float64]:
    """From camera axes (x, y, z, 1) to places in the picture, 0 to 1 from its upper left, times the fourth number."""
    return np.array(
        [
            [lens.fx / lens.width, 0.0, (lens.cx + 0.5) / lens.width, 0.0],
            [0.0, lens.fy / lens.height, (lens.cy + 0.5) / lens.height, 0.0],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]
    )


def _total_rays(pixels: int) -> int:
    """How many all pixels have together."""
    return max(MIN_RAYS, MIN_RAYS_PER_PIXEL * pixels)


def _rays_per_pixel(f0: Floats) -> NDArray[np.int64]:
    """Rays (N,) of each pixel, by the share ``f0`` (N, 3) that it mirrors."""
    strength = np.sqrt(f0.max(axis=1).clip(_MIN_REFLECTANCE))
    return np.asarray(np.rint(_total_rays(len(f0)) / strength.sum() * strength).clip(1, MAX_RAYS_PER_PIXEL), np.int64)
