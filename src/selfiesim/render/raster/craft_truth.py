"""Renders the ground truth of the craft: two more outputs of its shader, and the depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.render.common.crop import Crop
from selfiesim.render.common.lens_remap import pinhole_views
from selfiesim.render.common.truth import CraftTruth
from selfiesim.render.layers.craft_group import COLOUR, DITHERED, RADIANCE, SURFACE

if TYPE_CHECKING:
    from selfiesim.render.raster.stage import Stage
    from selfiesim.view.view import View

_MIN_OPACITY = 0.5  # of the surfaces that the truth shows: it looks through those that stop less of the light


def render_craft_truth(stage: Stage, view: View) -> CraftTruth:
    """Return the ground truth of the craft at each pixel centre, without antialiasing."""
    camera = view.camera
    if camera.distortion is None:
        return _render_pinhole(stage, view)
    size = camera.width * camera.height
    surface, colour = np.zeros((size, 4), np.float32), np.zeros((size, 4), np.float32)
    depth = np.full(size, np.inf, np.float32)
    for view_part in pinhole_views(camera):
        truth = _render_pinhole(stage, view.turned(view_part.lens_to_pinhole, view_part.camera))
        # Truth cannot be interpolated: take the nearest pixel, and convert its depth along the ray of this one.
        x, y = np.round(view_part.pinhole_pixels).astype(int).T
        rays = view_part.camera.unproject(view_part.pinhole_pixels.astype(float))
        surface[view_part.pixels], colour[view_part.pixels] = truth.surface[y, x], truth.colour[y, x]
        along = truth.depth[y, x] / rays[:, 2] * (rays @ view_part.lens_to_pinhole[:, 2])
        depth[view_part.pixels] = np.where(np.isfinite(truth.depth[y, x]), along, np.inf)
    shape = (camera.height, camera.width)
    return CraftTruth(surface.reshape(*shape, 4), colour.reshape(*shape, 4), depth.reshape(shape))


def _render_pinhole(stage: Stage, view: View) -> CraftTruth:
    prepared = stage.prepare(view)
    stage.shadow_maps.dither = 0.0, _MIN_OPACITY
    stage.shadow_maps.render_sun_maps(prepared.crafts, view.sun.direction, view.sun.angular_radius)
    stage.shadow_maps.render_far_map(prepared.crafts, view.sun.direction)
    for craft in prepared.crafts:
        craft.set_passes(1)
    whole = Crop(0, 0, view.camera.width, view.camera.height)
    stage.aim(prepared, whole.crop_camera(view.camera), (0.0, 0.0))
    surface, colour = (stage.render_output(prepared, whole, output, _MIN_OPACITY) for output in (SURFACE, COLOUR))
    stage.shadow_maps.dither = 0.0, DITHERED
    for craft in prepared.crafts:
        craft.set_output(RADIANCE)
    return CraftTruth(surface, colour, stage.read_depth(prepared, whole))


def render_part_numbers(stage: Stage, view: View) -> NDArray[np.int32]:
    """Return the number of the part (H, W) at each pixel centre; 0 off the craft."""
    camera = view.camera
    if camera.distortion is None:
        prepared = stage.prepare(view)
        whole = Crop(0, 0, camera.width, camera.height)
        stage.aim(prepared, whole.crop_camera(camera), (0.0, 0.0))
        surface = stage.render_output(prepared, whole, SURFACE, _MIN_OPACITY)
        for craft in prepared.crafts:
            craft.set_output(RADIANCE)
        return np.round(surface[..., 3]).astype(np.int32)
    numbers = np.zeros(camera.width * camera.height, np.int32)
    for view_part in pinhole_views(camera):
        part = render_part_numbers(stage, view.turned(view_part.lens_to_pinhole, view_part.camera))
        x, y = np.round(view_part.pinhole_pixels).astype(int).T
        numbers[view_part.pixels] = part[y, x]
    return numbers.reshape(camera.height, camera.width)
