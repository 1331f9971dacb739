"""Interreflection on diffuse surfaces, by rays from each pixel into the hemisphere above it.

Surfels (:mod:`selfiesim.render.light.surface_samples`) are too coarse to resolve the light that a strut reflects onto
the panel next to it. In a final picture rays start at the pixels themselves and return the radiance of what they hit.
Such rays almost never find the Sun in sharp gloss; those caustics come from the surfels, by rays from the Sun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.low_discrepancy import R2_STEP, r2_points
from selfiesim.core.vectors import unit
from selfiesim.render.common.denoise import FilterGuide, atrous_filter

if TYPE_CHECKING:
    from selfiesim.render.light.ray_scene import RayTracer
    from selfiesim.render.light.reflection_rays import GBuffer

Floats = NDArray[np.float64]

MIN_RAYS = 200_000
"""Rays in a picture, which has at least one per pixel on average."""
MIN_RAYS_PER_PIXEL, MAX_RAYS_PER_PIXEL = 4, 16  # of a pixel that has any
MAX_BOUNCES = 2
"""Reflections from metal to metal along a ray."""
MIN_DIFFUSE = 0.01
"""Diffuse reflectance below which a surface gets no rays."""
_MANY_RAYS = 6  # rays per pixel above which glints are traced at their true sharpness
_MIN_ALPHA = 0.3  # roughness squared of glints otherwise
_MIN_NORMAL_COSINE = 0.95  # between the normals of one smooth surface
_MAX_PLANE_OFFSET_PX = 2.0  # by which such a surface may bend between neighbouring pixels


def choose_pixels(which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return an evenly spread subset of the pixels ``which`` (H, W), as many as there are rays for."""
    share = max(MIN_RAYS / max(int(which.sum()), 1), 1.0) / MIN_RAYS_PER_PIXEL
    rows, columns = np.indices(which.shape)
    return np.asarray(which & ((columns * R2_STEP[0] + rows * R2_STEP[1]) % 1.0 < share))


@dataclass(frozen=True)
class DiffuseLight:
    """Light that arrives at points of the craft.

    Attributes
    ----------
    irradiance : (N, 3) array
        From the craft's parts, W m^-2 nm^-1.
    visible_planetshine, total_planetshine : (N,) array
        The planet's light that the parts leave, and the light without them.
    """

    irradiance: NDArray[np.float32]
    visible_planetshine: NDArray[np.float32]
    total_planetshine: NDArray[np.float32]


def trace_diffuse(tracer: RayTracer, points: Floats, normals: Floats) -> DiffuseLight:
    """Trace the light that arrives at ``points`` (N, 3) of the craft with ``normals`` (N, 3)."""
    parts_only = tracer.without_background()
    count = int(np.clip(MIN_RAYS // max(len(points), 1), MIN_RAYS_PER_PIXEL, MAX_RAYS_PER_PIXEL))
    origins = points + tracer.radiosity_mesh.ray_offset * normals
    min_alpha = np.full(len(points), 0.0 if count > _MANY_RAYS else _MIN_ALPHA)
    total, visible_planetshine, total_planetshine = (
        np.zeros((len(points), 3)),
        np.zeros(len(points)),
        np.zeros(len(points)),
    )
    for randoms in r2_points(len(points), count):
        rays = _cosine_rays(normals, randoms)
        hits = parts_only.intersect(origins, rays)
        total += parts_only.shade_hits(hits, origins, rays, min_alpha, randoms, MAX_BOUNCES)
        planetshine = tracer.shine.radiance(rays)
        visible_planetshine += np.where(hits["primID"] < 0, planetshine, 0.0)
        total_planetshine += planetshine
    irradiance = np.pi / count * total + tracer.caustics(points)
    light = irradiance, visible_planetshine, total_planetshine
    return DiffuseLight(*(np.asarray(values, np.float32) for values in light))


# Long by its docstring.
def diffuse_pictures(
    light: DiffuseLight, traced: NDArray[np.bool_], points: Floats, own: NDArray[np.bool_], gbuffer: GBuffer
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Denoise the light of some pixels and spread it over all pixels of the craft.

    Parameters
    ----------
    light : DiffuseLight
        The light of the pixels ``traced``.
    traced, own : (H, W) array of bool
        Pixels that were traced, and those of the craft.
    points : (M, 3) array
        Points of the pixels ``own``, body axes, m.
    gbuffer : GBuffer
        Depths, normals and parts.

    Returns
    -------
    from_parts : (H, W, 4) array
        Irradiance from parts; the fourth component is the weight of a pixel.
    visibility : (H, W, 4) array
        Fraction of the planet's light that the parts leave, likewise.
    """
    values, is_traced = np.zeros((len(points), 6), np.float32), traced[own]
    values[is_traced] = np.column_stack(
        [light.irradiance, light.visible_planetshine, light.total_planetshine, np.ones(is_traced.sum())]
    )
    ones = np.ones(len(points), np.float32)
    plane_tolerance = (_MAX_PLANE_OFFSET_PX * gbuffer.pixel_angle * gbuffer.depth[own]).astype(np.float32)
    guide = FilterGuide(
        own,
        gbuffer.part[own],
        gbuffer.normal[own],
        _MIN_NORMAL_COSINE * ones,
        ones,
        points.astype(np.float32),
        plane_tolerance,
    )
    # Steps, in pixels, between the samples of each filter pass.
    values = atrous_filter(values, guide, (1, 2, 4) if _MANY_RAYS * is_traced.sum() < MIN_RAYS else (1, 2, 4, 8, 16))
    visible, total, weight = values[:, 3], values[:, 4], values[:, 5]
    fraction = np.where(total > 0.0, visible / np.maximum(total, 1e-30), 1.0) * (weight > 0.0)
    from_parts, visibility = (np.zeros((*own.shape, 4), np.float32) for _ in range(2))
    from_parts[own] = values[:, [0, 1, 2, 5]]
    visibility[own] = np.column_stack([fraction, fraction, fraction, weight > 0.0])
    return from_parts, visibility


def _cosine_rays(normals: Floats, randoms: Floats) -> Floats:
    """Return a cosine-distributed ray (N, 3) around each of ``normals`` (N, 3), by random numbers (N, 2) in 0 to 1."""
    z, azimuth = 1.0 - 2.0 * randoms[:, 0], 2.0 * np.pi * randoms[:, 1]
    flat = np.sqrt(1.0 - z * z)
    on_sphere = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), z], axis=-1)
    return np.asarray(unit(on_sphere + (1.0 + 1e-9) * normals))
