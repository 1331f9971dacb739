"""What matt surfaces get from other parts of the craft, by rays from each pixel into the half of space before it.

Sites (``sites.py``) stand for too much surface each to tell what a strut throws onto the panel beside it. In a final
picture rays go out from the pixels themselves, and what they meet shines as it does there. What sharp gloss makes of
the Sun they would hardly ever meet: that comes from the sites, which rays from the Sun have found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.low_discrepancy import r2_points
from selfiesim.core.vectors import unit
from selfiesim.render.common.denoise import FilterGuide, atrous_filter

if TYPE_CHECKING:
    from selfiesim.render.light.ray_scene import RayTracer
    from selfiesim.render.light.reflection_rays import GBuffer

Floats = NDArray[np.float64]

MIN_RAYS = 200_000
"""Of a picture, and no fewer than one a pixel on average."""
MIN_RAYS_PER_PIXEL, MAX_RAYS_PER_PIXEL = 4, 16  # of a pixel that has any
MAX_BOUNCES = 2
"""How often a ray goes on from metal to metal."""
MIN_DIFFUSE = 0.01
"""Share scattered evenly from which on a surface is asked."""
_MANY_RAYS = 6  # rays of a pixel from which on glints are seen as sharp as they are
_MIN_ALPHA = 0.3  # what they are at least otherwise: roughness, squared
_MIN_NORMAL_COSINE = 0.95  # between normals of one smooth surface
_MAX_PLANE_OFFSET_PX = 2.0  # pixels by which it may bend between neighbours


def choose_pixels(which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """As many of the pixels ``which`` (H, W) as there are rays for, strewn evenly (Roberts' R2 sequence)."""
    share = max(MIN_RAYS / max(int(which.sum()), 1), 1.0) / MIN_RAYS_PER_PIXEL
    rows, columns = np.indices(which.shape)
    return which & ((columns * 0.7548776662466927 + rows * 0.5698402909980532) % 1.0 < share)


@dataclass(frozen=True)
class DiffuseLight:
    """What points (N,) get.

    Attributes
    ----------
    irradiance : (N, 3) array
        From the craft's parts, W m^-2 nm^-1.
    visible_planetshine, total_planetshine : (N,) array
        Of the planet's light that would get there, what parts leave of it, and all of it.
    """

    irradiance: NDArray[np.float32]
    visible_planetshine: NDArray[np.float32]
    total_planetshine: NDArray[np.float32]


def trace_diffuse(tracer: RayTracer, points: Floats, normals: Floats) -> DiffuseLight:
    """What ``points`` (N, 3) of the craft that face ``normals`` (N, 3) get."""
    without_background = tracer.without_background()
    each = int(np.clip(MIN_RAYS // max(len(points), 1), MIN_RAYS_PER_PIXEL, MAX_RAYS_PER_PIXEL))
    origins, min_alpha = (
        points + tracer.radiosity_mesh.ray_offset * normals,
        np.full(len(points), 0.0 if each > _MANY_RAYS else _MIN_ALPHA),
    )
    total, left, total_planetshine = np.zeros((len(points), 3)), np.zeros(len(points)), np.zeros(len(points))
    for dice in r2_points(len(points), each):
        rays = _cosine_rays(normals, dice)
        found = without_background.intersect(origins, rays)
        total += without_background.shade_hits(found, origins, rays, min_alpha, dice, MAX_BOUNCES)
        shine = tracer.shine.radiance(rays)
        left += np.where(found["primID"] < 0, shine, 0.0)
        total_planetshine += shine
    irradiance = np.pi / each * total + tracer.caustics(points)
    return DiffuseLight(*(np.asarray(values, np.float32) for values in (irradiance, left, total_planetshine)))


def diffuse_pictures(
    gathered: DiffuseLight, asked: NDArray[np.bool_], points: Floats, own: NDArray[np.bool_], gbuffer: GBuffer
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What pixels ``asked`` (H, W) have ``gathered`` as pictures (H, W, 4), without the noise of single rays.

    Irradiance from parts, and the share of the planet's light that they leave; the fourth number is what a pixel
    counts. Spread over those that are ``own`` (H, W), whose ``points`` (M, 3), body axes, m, are known.
    """
    values, here = np.zeros((len(points), 6), np.float32), asked[own]
    values[here] = np.column_stack(
        [gathered.irradiance, gathered.visible_planetshine, gathered.total_planetshine, np.ones(here.sum())]
    )
    everywhere = np.ones(len(points), np.float32)
    plane_tolerance = (_MAX_PLANE_OFFSET_PX * gbuffer.pixel_angle * gbuffer.depth[own]).astype(np.float32)
    places = points.astype(np.float32)
    guide = FilterGuide(
        own,
        gbuffer.part[own],
        gbuffer.normal[own],
        _MIN_NORMAL_COSINE * everywhere,
        everywhere,
        places,
        plane_tolerance,
    )
    # Pixels between those that are averaged.
    values = atrous_filter(values, guide, (1, 2, 4) if _MANY_RAYS * here.sum() < MIN_RAYS else (1, 2, 4, 8, 16))
    left, total_planetshine, count = values[:, 3], values[:, 4], values[:, 5]
    share = np.where(total_planetshine > 0.0, left / np.maximum(total_planetshine, 1e-30), 1.0) * (count > 0.0)
    from_parts, open_ = (np.zeros((*own.shape, 4), np.float32) for _ in range(2))
    from_parts[own] = values[:, [0, 1, 2, 5]]
    open_[own] = np.column_stack([share, share, share, count > 0.0])
    return from_parts, open_


def _cosine_rays(normals: Floats, dice: Floats) -> Floats:
    """Rays (N, 3) before ``normals`` (N, 3), as many as light from there counts (Lambert)."""
    z, turn = 1.0 - 2.0 * dice[:, 0], 2.0 * np.pi * dice[:, 1]
    flat = np.sqrt(1.0 - z * z)
    ball = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=-1)
    return np.asarray(unit(ball + (1.0 + 1e-9) * normals))
