"""The raster renderer: PyVista and VTK render the planet and the craft to one floating-point image.

A frame takes three renders, all in camera axes: the craft's depth from the Sun (only if Sun or craft moved), the craft,
and the planet as quads whose fragment shader intersects each pixel's ray with the ellipsoid. The planet has no depth
buffer that the craft could conflict with: the craft is composited over it by the fraction of each pixel that it covers.
Edges are antialiased because an image is the mean of several passes with shifted pixel grids; ``final`` also moves the
point on the Sun's disc. Multisampling would serve for the edges, but software OpenGL then shades hidden surfaces too,
at five times the cost of a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.render import render_thread
from selfiesim.render.common.crop import (
    MAX_SUBPIXELS,
    MAX_SUBPIXELS_DISTORTED,
    Crop,
    SampleGrid,
    choose_sample_grid,
    crop_union,
    downsample,
)
from selfiesim.render.common.lens_remap import pinhole_views, sample_bilinear
from selfiesim.render.common.radiance import LIGHTS, Preview, Progress, Radiance
from selfiesim.render.common.subframes import PASSES, Subframe, pass_count, planet_shifts, subframes
from selfiesim.render.common.truth import Truth, assemble_truth
from selfiesim.render.gl import opengl_check
from selfiesim.render.layers.composite import (
    add_backdrop,
    add_sky_to_lights,
    composite_lights_over,
    composite_over,
    copy_with_sky,
    preview_over,
)
from selfiesim.render.layers.craft_group import CRAFT_LIGHTS, DITHERED, GLOSS, GRAIN, RADIANCE, SURFACE
from selfiesim.render.light.ground_radiosity import update_indirect_light
from selfiesim.render.light.radiosity import is_available
from selfiesim.render.light.reflection_rays import GBuffer
from selfiesim.render.raster.coverage import Coverage, render_coverage
from selfiesim.render.raster.craft_truth import render_craft_truth
from selfiesim.render.raster.passes import average_passes, pair_with_views, report_passes
from selfiesim.render.raster.stage import PreparedView, Stage

if TYPE_CHECKING:
    from selfiesim.view.view import View

Image = NDArray[np.float32]
_RadianceAndCover = tuple[Image, Image]

_OPAQUE = 2.0  # least opacity of the surfaces at which light is traced: blended ones are left out
_BLENDED_SAMPLES = {"draft": 16, "final": 48}
"""Samples of craft with blended surfaces by default: their opacity is a mean over the samples."""


class PyVistaRenderer:
    """The raster renderer; it keeps window, meshes and maps from frame to frame. Any thread may call it.

    Parameters
    ----------
    use_lod : bool
        Render distant craft with coarser meshes.
    """

    def __init__(self, use_lod: bool = True) -> None:
        self.graphics = opengl_check.require()
        self._stages = render_thread.Owned(partial(Stage, use_lod, self.graphics.window))

    @property
    def _stage(self) -> Stage:
        """Window and layers; only for the render thread."""
        stage = self._stages.get()
        stage.make_current()  # another renderer, or a render in a callback, may have used its own meanwhile
        return stage

    @cached_property
    def engine(self) -> str:
        """Versions and device, for the record."""
        from importlib.metadata import version

        return f"pyvista {version('pyvista')}, VTK {version('vtk')}, {self.graphics.device}"

    def render(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        moving: Sequence[View] = (),
        preview: Preview | None = None,
    ) -> Radiance:
        """Render ``view``; for the parameters see :class:`selfiesim.render.common.radiance.Renderer`.

        Raises
        ------
        GraphicsError
            If the image does not fit into the graphics memory, or the driver does not compile a shader.
        ValueError
            For an unknown quality, or samples out of range.
        """
        count = pass_count(quality, samples)
        view = view.with_quality(quality)
        views = [each.with_quality(quality) for each in moving] or [view]
        show = preview and partial(self._preview, render_thread.in_caller(preview), view, quality)
        rgb = render_thread.call(self._render, views, quality, count, render_thread.in_caller(progress), show)
        return Radiance(rgb, view, quality, self.engine, count, tuple(moving))

    def lights(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        moving: Sequence[View] = (),
    ) -> dict[str, Image]:
        """Render ``view`` once for each kind of light: images (H, W, 3) by the names in :data:`LIGHTS`.

        Their sum is what :meth:`render` returns, up to rounding. For the parameters see there.
        """
        count = pass_count(quality, samples)
        views = [each.with_quality(quality) for each in moving] or [view.with_quality(quality)]
        stack = render_thread.call(self._render_lights, views, quality, count, render_thread.in_caller(progress))
        return {name: stack[..., 3 * k : 3 * k + 3] for k, name in enumerate(LIGHTS)}

    def _render_lights(self, views: list[View], quality: str, count: int, report: Progress) -> Image:
        """Return all kinds of light as one image (H, W, 3 n)."""
        render_light = self._render_pinhole if views[0].camera.distortion is None else self._render_distorted
        stack, cover = render_light(views, quality, count, report, lights=True)
        return average_passes(views, partial(add_sky_to_lights, stack, cover))

    def coverage(self, view: View, count: int, moving: Sequence[View] = ()) -> Coverage:
        """Return which parts each pixel shows, and how much of it each covers, from ``count`` samples a pixel."""
        return render_thread.call(lambda: render_coverage(self._stage, list(moving) or [view], count))

    def _render(
        self,
        views: list[View],
        quality: str,
        count: int,
        report: Progress,
        show: Callable[[Image, Image, int], None] | None,
    ) -> Image:
        """Return the radiance (H, W, 3) through the lens, the mean of ``count`` passes."""
        if views[0].camera.distortion is None:
            rgb, cover = self._render_pinhole(views, quality, count, report, show)
        else:
            rgb, cover = self._render_distorted(views, quality, count, report)
        if len(views) > 1:
            return average_passes(views, partial(copy_with_sky, rgb, cover))
        add_backdrop(rgb, cover, views[0])
        return rgb

    def _preview(self, preview: Preview, view: View, quality: str, rgb: Image, cover: Image, done: int) -> None:
        """Call ``preview`` with the radiance after ``done`` passes."""
        add_backdrop(rgb, cover, view)
        preview(Radiance(rgb, view, quality, self.engine, done))

    def truth(self, view: View) -> Truth:
        """Return the ground truth at each pixel centre, without antialiasing."""
        return render_thread.call(self._truth, view)

    def _truth(self, view: View) -> Truth:
        craft = render_craft_truth(self._stage, view)
        planet = self._stage.planet_layer(view)
        return assemble_truth(view, craft, planet.maps if planet else None)

    def _render_pinhole(
        self,
        views: list[View],
        quality: str,
        count: int,
        report: Progress,
        show: Callable[[Image, Image, int], None] | None = None,
        max_subpixels: int = MAX_SUBPIXELS,
        lights: bool = False,
    ) -> _RadianceAndCover:
        """Render through a pinhole; return radiance (H, W, 3) and the fraction of each pixel that craft cover (H, W).

        Both are means of ``count`` passes. ``views`` are one for all passes or one for each. ``show`` is called with
        both after 1, 2, 4 ... passes. A draft splits a pixel into ``max_subpixels`` at most. With ``lights`` the
        radiance is that of each kind of light but the sky's, side by side: (H, W, 3 n).
        """
        shifts = planet_shifts(count)
        prepared_views = [self._stage.prepare(view) for view in views] if len(views) > 1 else []
        prepared = self._stage.prepare(views[0], len(shifts))
        rgb = self._render_planet(prepared, views, shifts)
        if lights:
            rgb = self._split_planet(prepared, views, shifts, rgb)
        cover = np.zeros(rgb.shape[:2], np.float32)
        crop = crop_union([each.crop for each in prepared_views or [prepared]])
        if crop:
            sample_grid = SampleGrid(count)
            if len(views) == 1:
                triangle_count = sum(craft.triangle_count for craft in prepared.crafts)
                limit = max_subpixels if quality == "draft" else 1
                samples = count
                if count == PASSES[quality] and any(craft.is_blended for craft in prepared.crafts):
                    samples = _BLENDED_SAMPLES[quality]
                sample_grid = choose_sample_grid(samples, prepared.supersampling, crop, triangle_count, limit)
            on_running_mean = show and partial(preview_over, show, rgb, cover, crop)
            outputs = tuple(CRAFT_LIGHTS.values()) if lights else (RADIANCE,)
            craft = self._render_crafts(prepared, views, crop, sample_grid, quality, report, on_running_mean, outputs)
            (composite_lights_over if lights else composite_over)(rgb, cover, craft, crop)
        return rgb, cover

    def _render_planet(self, prepared: PreparedView, views: list[View], shifts: list[tuple[float, float]]) -> Image:
        """Return the radiance (H, W, 3) of the planet, the mean of a pass for each of ``shifts``; 0 without planet."""
        if prepared.planet is None:
            return np.zeros((views[0].camera.height, views[0].camera.width, 3), np.float32)
        sparse = views[:: max(1, len(views) // len(shifts))]
        render_pass = partial(self._render_planet_pass, prepared, len(shifts))
        return np.ascontiguousarray(average_passes(pair_with_views(shifts, sparse), render_pass))

    def _split_planet(
        self, prepared: PreparedView, views: list[View], shifts: list[tuple[float, float]], total: Image
    ) -> Image:
        """Return the kinds of light of the planet, (H, W, 3 n), whose sum is ``total``; 0 for those of the craft."""
        stack = np.zeros((*total.shape[:2], 3 * (len(LIGHTS) - 1)), np.float32)
        if prepared.planet is not None:
            prepared.planet.show_ground(0.0)
            air = self._render_planet(prepared, views, shifts)
            prepared.planet.show_ground(1.0)
            stack[..., -6:] = np.concatenate([total - air, air], axis=-1)
        return stack

    def _render_crafts(
        self,
        prepared: PreparedView,
        views: list[View],
        crop: Crop,
        sample_grid: SampleGrid,
        quality: str,
        report: Progress,
        on_running_mean: Callable[[Image, int], None] | None,
        outputs: Sequence[float],
    ) -> Image:
        """Return premultiplied radiance and coverage (h, w, 4) of the craft in ``crop``, the mean of all passes.

        Of several ``outputs`` of the shader it is (h, w, 3 n + 1), with zeros for the kinds of light of the planet.
        """
        stage, first, count = self._stage, views[0], sample_grid.passes
        for craft in prepared.crafts:
            craft.set_passes(sample_grid.texture_samples, is_draft=quality == "draft")
        if quality == "final":
            # These take as long as many passes, and a caller may end the render by an error in "report".
            report(0, count)
            stage.indirect_light_key = update_indirect_light(prepared.crafts, first, stage.indirect_light_key)
            report(0, count)
            self._trace(prepared, crop, first)
        else:
            stage.shadow_maps.render_overhead_maps(prepared.crafts)
        for craft in prepared.crafts:
            craft.split_planetshine(count)
        render_pass = partial(self._render_craft_pass, prepared, crop, sample_grid)
        if len(outputs) == 1:
            passes = report_passes(subframes(first, quality, count), count, report)
            return average_passes(pair_with_views(passes, views), render_pass, on_running_mean)
        stack = np.zeros((crop.height, crop.width, 3 * (len(LIGHTS) - 1) + 1), np.float32)
        for number, output in enumerate(outputs):
            for craft in prepared.crafts:
                craft.set_output(output)
            passes = subframes(first, quality, count)
            image = average_passes(pair_with_views(passes, views), render_pass)
            stack[..., 3 * number : 3 * number + 3], stack[..., -1] = image[..., :3], image[..., 3]
            report(count * number // len(outputs), count)
        for craft in prepared.crafts:
            craft.set_output(RADIANCE)
        return stack

    def _trace(self, prepared: PreparedView, crop: Crop, view: View) -> None:
        """Trace the light that parts send to each pixel, for the next passes; not over a ground."""
        if view.ground is not None or not is_available():
            return
        stage, lens = self._stage, crop.crop_camera(view.camera)
        stage.shadow_maps.render_sun_maps(prepared.crafts, view.sun.direction, view.sun.angular_radius)
        stage.aim(prepared, lens, (0.0, 0.0))
        surface, gloss = (stage.render_output(prepared, crop, output, _OPAQUE) for output in (SURFACE, GLOSS))
        is_anisotropic = any(craft.is_anisotropic for craft in prepared.crafts)
        grain = stage.render_output(prepared, crop, GRAIN, _OPAQUE) if is_anisotropic else np.zeros_like(gloss)
        depth = stage.read_depth(prepared, crop)
        gbuffer = GBuffer(
            depth=depth,
            part=np.where(np.isfinite(depth), np.round(surface[..., 3]), 0.0).astype(np.int64),
            normal=surface[..., :3],
            shading=gloss[..., :3],
            roughness=gloss[..., 3] - 1.0,
            grain=grain[..., :3],
            pixel_angle=lens.pixel_angle,
        )
        for craft in prepared.crafts:
            craft.set_output(RADIANCE)
            craft.trace(view, prepared.maps, lens, gbuffer, alone=len(prepared.crafts) == 1)

    def _render_distorted(
        self, views: list[View], quality: str, count: int, report: Progress, lights: bool = False
    ) -> _RadianceAndCover:
        """Render through a distorting lens, as :meth:`_render_pinhole`; black beyond the lens's field of view."""
        camera = views[0].camera
        bands = 3 * (len(LIGHTS) - 1) if lights else 3
        rgb, cover = (np.zeros((camera.width * camera.height, n), np.float32) for n in (bands, 1))
        view_parts = pinhole_views(camera)
        for number, view_part in enumerate(view_parts):

            def report_part(done: int, total: int, before: int = number * count) -> None:
                report(before + done * count // total, len(view_parts) * count)

            turned = [view.turned(view_part.lens_to_pinhole, view_part.camera) for view in views]
            part_rgb, part_cover = self._render_pinhole(
                turned, quality, count, report_part, max_subpixels=MAX_SUBPIXELS_DISTORTED, lights=lights
            )
            rgb[view_part.pixels] = sample_bilinear(part_rgb, view_part.pinhole_pixels)
            cover[view_part.pixels] = sample_bilinear(part_cover[..., None], view_part.pinhole_pixels)
        return rgb.reshape(camera.height, camera.width, bands), cover.reshape(camera.height, camera.width)

    def _render_craft_pass(
        self, prepared: PreparedView, crop: Crop, sample_grid: SampleGrid, each: tuple[Subframe, View, bool]
    ) -> Image:
        """Render one pass of the craft: (h, w, 4) in ``crop``."""
        stage, (subframe, view, is_new) = self._stage, each
        if is_new:
            prepared = stage.prepare(view)
            for craft in prepared.crafts:
                craft.split_planetshine(sample_grid.passes)
        maps = stage.shadow_maps
        maps.dither = float(subframe.number), DITHERED
        for craft in prepared.crafts:
            craft.set_dither(subframe.number)
        maps.render_sun_maps(prepared.crafts, subframe.sun, view.sun.angular_radius, view.sun.direction)
        maps.render_far_map(prepared.crafts, view.sun.direction)
        maps.render_beam_maps(prepared.crafts, subframe.beam)
        if subframe.beam is None:
            for craft in prepared.crafts:
                craft.set_sample_grid(sample_grid, subframe.number)
        stage.aim(prepared, crop.supersampled_camera(view.camera, sample_grid), subframe.shift)
        fine = crop.supersampled(sample_grid)
        buffer = stage.framebuffers.at_least(fine.width, fine.height)
        return downsample(stage.render_scene(stage.scene, buffer, fine), sample_grid)

    def _render_planet_pass(
        self, prepared: PreparedView, passes: int, each: tuple[tuple[float, float], View, bool]
    ) -> Image:
        """Render one of the planet's ``passes``: (H, W, 3)."""
        shift, view, is_new = each
        planet = prepared.planet
        assert planet is not None
        if is_new:
            planet.update(view, passes)
        planet.aim(view, shift)
        whole = Crop(0, 0, view.camera.width, view.camera.height)
        return self._stage.render_scene(self._stage.backdrop, prepared.buffer, whole, 3)
