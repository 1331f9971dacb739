"""Images of the light that rays find on a craft: reflections, interreflection, and the visible part of planetshine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.render.light.diffuse_rays import MIN_DIFFUSE, choose_pixels, diffuse_pictures, trace_diffuse
from selfiesim.render.light.radiosity import CLEARCOAT_F0
from selfiesim.render.light.reflection_rays import GBuffer, denoise_reflections, trace_reflections

if TYPE_CHECKING:
    from selfiesim.render.light.brdf_sampling import GlossyPoints
    from selfiesim.render.light.ray_scene import RayTracer
    from selfiesim.render.light.reflection_rays import Finish

Floats = NDArray[np.float64]
Image = NDArray[np.float32]

TRACED_MAPS = ("reflectionMap", "coatReflectionMap", "indirectMap", "planetVisibilityMap")
"""Samplers of the craft's shader for these images."""


def trace_maps(
    tracer: RayTracer, gbuffer: GBuffer, own: NDArray[np.bool_], points: Floats, finish: Finish
) -> dict[str, Image]:
    """Trace what the parts of a craft send to the pixels that show it.

    Parameters
    ----------
    tracer : RayTracer
        The lit craft and its surroundings.
    gbuffer : GBuffer
        What each pixel shows.
    own : (H, W) array of bool
        The N pixels that show the craft.
    points : (N, 3) array
        Their points, body axes, m.
    finish : Finish
        Finish of each part.

    Returns
    -------
    dict of str to (H, W, 4) array
        An image for each of :data:`TRACED_MAPS`.
    """
    gloss, coat, f0 = (
        gbuffer.gloss(own, points, finish),
        gbuffer.coat(own, points, finish),
        finish.f0[gbuffer.part[own]],
    )
    f90 = np.maximum(1.0 - gloss.roughness[:, None], f0)
    sampled = own.copy()
    sampled[own] = finish.diffuse[gbuffer.part[own]] > MIN_DIFFUSE
    sampled = choose_pixels(sampled)

    def trace_on_diffuse() -> tuple[Image, Image]:
        light = trace_diffuse(tracer, points[sampled[own]], gbuffer.normal[sampled].astype(float))
        return diffuse_pictures(light, sampled, points, own, gbuffer)

    def trace_on_gloss(layer: GlossyPoints, f0: Floats, f90: Floats) -> Image:
        return denoise_reflections(trace_reflections(tracer, layer, f0, f90), layer, own, gbuffer)

    # Embree and numpy release the GIL.
    with ThreadPoolExecutor(max_workers=3) as pool:
        on_diffuse = pool.submit(trace_on_diffuse)
        on_gloss = pool.submit(trace_on_gloss, gloss, f0, f90)
        on_coat = pool.submit(trace_on_gloss, coat, np.full_like(f0, CLEARCOAT_F0), np.ones_like(f0))
        indirect, planet_visibility = on_diffuse.result()
        images = (on_gloss.result(), on_coat.result(), indirect, planet_visibility)
    return dict(zip(TRACED_MAPS, images, strict=True))
