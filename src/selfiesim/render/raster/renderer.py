"""The renderer: PyVista and VTK draw the planet and the craft into one floating-point picture.

Three draws a frame, all camera-centred: the craft's depth from the Sun (only when Sun or craft moved), the craft, and
the planet as quads whose fragment shader meets each pixel's ray with the ellipsoid. The planet has no depth of its own
to fight with: the craft is laid over it by the share of each pixel that it covers. Edges are smooth because a picture
is the mean of several passes with the pixel grid moved a little each time; ``final`` moves the point on the Sun's disc
as well. Multisampling would do for the edges, but software OpenGL then shades what is hidden too, at five times the
cost of a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfiesim.render.common.crop import (
    MAX_SUBPIXELS,
    MAX_SUBPIXELS_DISTORTED,
    Crop,
    SampleGrid,
    choose_sample_grid,
    crop_around,
    crop_union,
    downsample,
    supersampling_factor,
)
from selfiesim.render.common.lens_remap import pinhole_views, sample_bilinear
from selfiesim.render.common.radiance import QUALITIES, Preview, Progress, Radiance
from selfiesim.render.common.subframes import MAX_PASSES, PASSES, Subframe, planet_shifts, shutter_fractions, subframes
from selfiesim.render.common.truth import DrawnTruth, Truth, assemble_truth, part_numbers
from selfiesim.render.gl import opengl_check
from selfiesim.render.gl.framebuffer import Framebuffer, FramebufferPool
from selfiesim.render.gl.shader_program import raise_shader_errors
from selfiesim.render.gl.shadow_map import SUN_MAP_SIZE
from selfiesim.render.gl.window import new_scene, new_window, projection
from selfiesim.render.layers.composite import add_backdrop, composite_over, copy_with_sky, preview_over
from selfiesim.render.layers.craft_group import COLOUR, GLOSS, GRAIN, RADIANCE, SURFACE
from selfiesim.render.layers.craft_layer import NEAR_CLIP_M, CraftLayer
from selfiesim.render.layers.ground_layer import GroundLayer, fit_shadow_maps
from selfiesim.render.layers.planet_layer import PlanetLayer
from selfiesim.render.light.ground_radiosity import update_indirect_light
from selfiesim.render.light.radiosity import is_available
from selfiesim.render.light.reflection_rays import GBuffer
from selfiesim.render.raster.shadow_maps import ShadowMaps

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

_GL_BLEND = 0x0BE2
_Pass = TypeVar("_Pass")
Image = NDArray[np.float32]
_RadianceAndCover = tuple[Image, Image]


@dataclass(frozen=True)
class _PreparedView:
    """What one view is drawn with: ``crop`` is where its craft are, at depths from ``near`` to ``far``, m.

    They may be drawn ``supersampling`` finer each way, since they are so small.
    """

    planet: PlanetLayer | None
    crafts: list[CraftLayer]
    buffer: Framebuffer
    crop: Crop | None
    near: float
    far: float
    supersampling: int


class PyVistaRenderer:
    """Keeps window, meshes and maps from frame to frame; ``thin`` draws craft far off by coarser meshes."""

    def __init__(self, thin: bool = True) -> None:
        self.graphics = opengl_check.require()
        self._use_lod = thin
        # The window of a pyvista.Plotter would do as well, but pyvista.plotting takes 0.4 s to import.
        self._window = new_window()
        self._scene, self._backdrop = new_scene(self._window), new_scene(self._window)
        self._backdrop.SetActiveCamera(self._scene.GetActiveCamera())
        self._window.Start()
        self._shadow_maps = ShadowMaps(self._window, new_scene(self._window))
        self._frames = FramebufferPool(self._window, SUN_MAP_SIZE)
        self._planet: PlanetLayer | None = None
        self._crafts: list[CraftLayer] = []
        self._indirect_light_key = b""  # what the light that the vertices hold was worked out for

    @property
    def engine(self) -> str:
        """What draws, for the record: versions and device."""
        from importlib.metadata import version

        return f"pyvista {version('pyvista')}, VTK {version('vtk')}, {self.graphics.device}"

    def render(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        shutter_open_s: float = 0.0,
        preview: Preview | None = None,
    ) -> Radiance:
        """Draw ``view``: see :class:`selfiesim.render.common.radiance.Renderer`.

        Raises
        ------
        GraphicsError
            When the picture does not fit into the graphics memory, or the driver does not compile a shader.
        ValueError
            For an unknown quality, samples out of range, or a negative time.
        """
        if quality not in QUALITIES:
            raise ValueError(f"quality {quality!r}: must be one of {', '.join(QUALITIES)}")
        count = PASSES[quality] if samples is None else samples
        if not 1 <= count <= MAX_PASSES:
            raise ValueError(f"{count} samples: give a number from 1 to {MAX_PASSES}")
        if not 0.0 <= shutter_open_s <= 3600.0:
            raise ValueError(f"shutter_open_s {shutter_open_s}: give seconds from 0 to 3600")
        report = progress or (lambda done, of: None)
        view = view.with_quality(quality)
        later = (view.later(shutter_open_s * share).with_quality(quality) for share in shutter_fractions(count))
        views = [view] if shutter_open_s == 0.0 else list(later)
        if view.camera.distortion is None:
            show = preview and partial(self._preview, preview, view, quality)
            rgb, cover = self._render_pinhole(views, quality, count, report, show)
        else:
            rgb, cover = self._render_distorted(views, quality, count, report)
        if len(views) > 1:
            rgb = self._average_passes(views, partial(copy_with_sky, rgb, cover))
        else:
            add_backdrop(rgb, cover, view)
        return Radiance(rgb, view, quality, self.engine, self, count)

    def _preview(self, preview: Preview, view: View, quality: str, rgb: Image, cover: Image, done: int) -> None:
        """Show what ``done`` passes make."""
        add_backdrop(rgb, cover, view)
        preview(Radiance(rgb, view, quality, self.engine, self, done))

    def truth(self, view: View) -> Truth:
        """What each pixel's centre sees, without antialiasing."""
        camera = view.camera
        if camera.distortion is None:
            return assemble_truth(view, self._draw_truth(view), self._maps(view))
        size = camera.width * camera.height
        surface, colour = np.zeros((size, 4), np.float32), np.zeros((size, 4), np.float32)
        depth = np.full(size, np.inf, np.float32)
        for share in pinhole_views(camera):
            part = self._draw_truth(view.turned(share.lens_to_pinhole, share.camera))
            # Nothing lies between two truths: that of the nearest pixel, put on the ray of this one.
            x, y = np.round(share.pinhole_pixels).astype(int).T
            rays = share.camera.unproject(share.pinhole_pixels.astype(float))
            surface[share.pixels], colour[share.pixels] = part.surface[y, x], part.colour[y, x]
            along = part.depth[y, x] / rays[:, 2] * (rays @ share.lens_to_pinhole[:, 2])
            depth[share.pixels] = np.where(np.isfinite(part.depth[y, x]), along, np.inf)
        frame = (camera.height, camera.width)
        drawn = DrawnTruth(surface.reshape(*frame, 4), colour.reshape(*frame, 4), depth.reshape(frame))
        return assemble_truth(view, drawn, self._maps(view))

    def _render_pinhole(
        self,
        views: list[View],
        quality: str,
        count: int,
        report: Progress,
        show: Callable[[Image, Image, int], None] | None = None,
        max_subpixels: int = MAX_SUBPIXELS,
    ) -> _RadianceAndCover:
        """Radiance (H, W, 3) and share covered by the craft (H, W) through a pinhole: the mean of ``count`` passes.

        ``views`` are one for all passes, or one for each. ``show`` is given both after 1, 2, 4 ... passes.
        A draft cuts no pixel into more than ``max_subpixels``.
        """
        first = views[0]
        shifts = planet_shifts(count)
        prepared_views = [self._prepare(view) for view in views] if len(views) > 1 else []
        prepared = self._prepare(first, len(shifts))
        size = first.camera.height, first.camera.width
        cover = np.zeros(size, np.float32)
        if prepared.planet:
            sparse = views[:: max(1, len(views) // len(shifts))]
            rgb = self._average_passes(
                _pair_with_views(shifts, sparse), partial(self._draw_planet_pass, prepared, len(shifts))
            )
            rgb = np.ascontiguousarray(rgb)
        else:
            rgb = np.zeros((*size, 3), np.float32)
        crop = crop_union([each.crop for each in prepared_views or [prepared]])
        if crop:
            triangle_count = sum(craft.triangle_count for craft in prepared.crafts)
            cut = choose_sample_grid(
                count, prepared.supersampling, crop, triangle_count, max_subpixels if quality == "draft" else 1
            )
            if len(views) > 1:
                cut = SampleGrid(count)
            count = cut.passes
            for craft in prepared.crafts:
                craft.set_passes(cut.texture_samples)
            if quality == "final":
                self._indirect_light_key = update_indirect_light(prepared.crafts, first, self._indirect_light_key)
                self._trace(prepared, crop, first)
            else:
                self._shadow_maps.draw_overhead_maps(prepared.crafts)
            for craft in prepared.crafts:
                craft.split_planetshine(count)
            passes = _report_passes(subframes(first, quality, count), count, report)
            drawn = self._average_passes(
                _pair_with_views(passes, views),
                partial(self._draw_craft_pass, prepared, crop, cut),
                show and partial(preview_over, show, rgb, cover, crop),
            )
            composite_over(rgb, cover, drawn, crop)
        return rgb, cover

    def _trace(self, prepared: _PreparedView, crop: Crop, view: View) -> None:
        """Find by rays what parts send to each pixel in the passes to come; over a ground there are none."""
        if view.ground is not None or not is_available():
            return
        lens = crop.of(view.camera)
        self._shadow_maps.draw_sun_maps(prepared.crafts, view.sun.direction, view.sun.angular_radius)
        self._aim(prepared, lens, (0.0, 0.0))
        surface, gloss = (self._draw_output(prepared, crop, what) for what in (SURFACE, GLOSS))
        brushed = any(craft.is_anisotropic for craft in prepared.crafts)
        grain = self._draw_output(prepared, crop, GRAIN) if brushed else np.zeros_like(gloss)
        depth = self._depth(prepared, crop)
        part = np.where(np.isfinite(depth), np.round(surface[..., 3]), 0.0).astype(np.int64)
        gbuffer = GBuffer(
            depth, part, surface[..., :3], gloss[..., :3], gloss[..., 3] - 1.0, grain[..., :3], lens.pixel_angle
        )
        for craft in prepared.crafts:
            craft.show(RADIANCE)
            craft.trace(
                view, prepared.planet.maps if prepared.planet else None, lens, gbuffer, len(prepared.crafts) == 1
            )

    def _depth(self, prepared: _PreparedView, crop: Crop) -> NDArray[np.float32]:
        """Depth (H, W) of what was drawn last, m; infinite for nothing."""
        window_depth = prepared.buffer.depth(crop.width, crop.height)[::-1]
        depth = prepared.near * prepared.far / (prepared.far - window_depth * (prepared.far - prepared.near))
        return np.where(window_depth < 1.0, depth, np.inf).astype(np.float32)

    def _average_passes(
        self,
        passes: Iterable[_Pass],
        draw: Callable[[_Pass], Image],
        on_running_mean: Callable[[Image, int], None] | None = None,
    ) -> Image:
        """Of what ``draw`` gives for each pass; ``on_running_mean`` is given it after 1, 2, 4 ... of them."""
        total, count = None, 0
        for each in passes:
            light, count = draw(each), count + 1
            total = light if total is None else np.add(total, light, out=total)
            if on_running_mean and count & (count - 1) == 0:
                on_running_mean(total * np.float32(1.0 / count), count)
        assert total is not None
        return total if count == 1 else np.multiply(total, np.float32(1.0 / count), out=total)

    def _render_distorted(self, views: list[View], quality: str, count: int, report: Progress) -> _RadianceAndCover:
        """As :meth:`_render_pinhole` through a lens that bends; black beyond its limit."""
        camera = views[0].camera
        rgb, cover = (np.zeros((camera.width * camera.height, n), np.float32) for n in (3, 1))
        parts = pinhole_views(camera)
        for number, share in enumerate(parts):

            def report_view(done: int, of: int, before: int = number * count) -> None:
                report(before + done * count // of, len(parts) * count)

            turned = [view.turned(share.lens_to_pinhole, share.camera) for view in views]
            part = self._render_pinhole(turned, quality, count, report_view, max_subpixels=MAX_SUBPIXELS_DISTORTED)
            rgb[share.pixels] = sample_bilinear(part[0], share.pinhole_pixels)
            cover[share.pixels] = sample_bilinear(part[1][..., None], share.pinhole_pixels)
        return rgb.reshape(camera.height, camera.width, 3), cover.reshape(camera.height, camera.width)

    def _draw_truth(self, view: View) -> DrawnTruth:
        """The craft's truths, through a pinhole."""
        prepared = self._prepare(view)
        self._shadow_maps.draw_sun_maps(prepared.crafts, view.sun.direction, view.sun.angular_radius)
        self._shadow_maps.draw_far_map(prepared.crafts, view.sun.direction)
        for craft in prepared.crafts:
            craft.set_passes(1)
        whole = Crop(0, 0, view.camera.width, view.camera.height)
        self._aim(prepared, whole.of(view.camera), (0.0, 0.0))
        surface, colour = (self._draw_output(prepared, whole, what) for what in (SURFACE, COLOUR))
        for craft in prepared.crafts:
            craft.show(RADIANCE)
        return DrawnTruth(surface, colour, self._depth(prepared, whole))

    def _draw_output(self, prepared: _PreparedView, whole: Crop, what: float) -> NDArray[np.float32]:
        """One of the craft's truths as it is written: the fourth number is no opacity."""
        for craft in prepared.crafts:
            craft.show(what)
        return self._draw_and_read(self._scene, prepared.buffer, whole)

    def _draw_and_read(self, scene: Any, buffer: Framebuffer, crop: Crop, count: int = 4) -> NDArray[np.float32]:
        """Draw a scene in as many pixels as ``crop`` has: (H, W, ``count``), a fourth number as written, no opacity."""
        state = self._window.GetState()
        width, height = self._window.GetSize()
        scene.SetViewport(0.0, 0.0, crop.width / width, crop.height / height)
        with buffer.bound(), raise_shader_errors():
            state.vtkglDisable(_GL_BLEND)
            scene.Render()
            state.vtkglEnable(_GL_BLEND)
        return buffer.color(crop.width, crop.height, count)[::-1]

    def _maps(self, view: View) -> PlanetMaps | None:
        planet = self._planet_layer(view)
        return planet.maps if planet else None

    def _prepare(self, view: View, planet_passes: int = 1) -> _PreparedView:
        """Bring actors, framebuffers and uniforms in line with ``view``; what did not change stays as it is."""
        crafts = self._craft_layers(view)
        planet = self._planet_layer(view)
        if planet:
            planet.update(view, planet_passes)
        for craft, pose in zip(crafts, view.crafts, strict=True):
            craft.update(view, pose, planet.maps if planet else None)
            craft.choose_lod(view.camera if self._use_lod else None)
        fit_shadow_maps(crafts)
        corners = np.concatenate([craft.corners() for craft in crafts])
        near, far = _depth_range(corners[:, 2])
        supersampling = supersampling_factor(corners, view.camera, NEAR_CLIP_M)
        buffer = self._frames.of(view.camera.width, view.camera.height)
        return _PreparedView(
            planet, crafts, buffer, crop_around(corners, view.camera, NEAR_CLIP_M), near, far, supersampling
        )

    def _craft_layers(self, view: View) -> list[CraftLayer]:
        """One for each craft of the view, those of the last view where they are the same."""
        wanted = list(zip(view.crafts, part_numbers(view), strict=True))
        kept: list[CraftLayer] = []
        for pose, numbers in wanted:
            here = self._crafts[len(kept)] if len(kept) < len(self._crafts) else None
            if here is None or not here.is_reusable_for(pose, numbers, _is_on_ground(view, pose)):
                break
            kept.append(here)
        if len(kept) == len(wanted) == len(self._crafts):
            return kept
        for craft in self._crafts[len(kept) :]:
            craft.remove_from(self._scene, self._shadow_maps.scene)
        for pose, numbers in wanted[len(kept) :]:
            layer = GroundLayer if pose.is_ground else CraftLayer
            kept.append(layer(pose, self._window, numbers, _is_on_ground(view, pose)))
            kept[-1].add_to(self._scene, self._shadow_maps.scene)
        self._crafts = kept
        self._indirect_light_key = b""
        self._shadow_maps.invalidate()
        return kept

    def _planet_layer(self, view: View) -> PlanetLayer | None:
        """None in deep space, and under a ground, which hides it."""
        from selfiesim.planet.maps.surface import surface_maps

        if view.planet is None or view.ground is not None:
            return None
        maps = surface_maps(view.planet.surface)
        if self._planet is None or self._planet.maps is not maps:
            if self._planet:
                self._backdrop.RemoveActor(self._planet.actor)
            self._planet = PlanetLayer(maps)
            self._backdrop.AddActor(self._planet.actor)
        return self._planet

    def _draw_craft_pass(
        self, prepared: _PreparedView, crop: Crop, cut: SampleGrid, each: tuple[Subframe, View, bool]
    ) -> NDArray[np.float32]:
        """One pass of the craft before nothing: (H, W, 4) of the crop."""
        subframe, view, is_new = each
        if is_new:
            prepared = self._prepare(view)
            for craft in prepared.crafts:
                craft.split_planetshine(cut.passes)
        self._shadow_maps.draw_sun_maps(prepared.crafts, subframe.sun, view.sun.angular_radius, view.sun.direction)
        self._shadow_maps.draw_far_map(prepared.crafts, view.sun.direction)
        self._shadow_maps.draw_beam_maps(prepared.crafts, subframe.beam)
        if subframe.beam is None:
            for craft in prepared.crafts:
                craft.set_sample_grid(cut, subframe.number)
        self._aim(prepared, crop.supersampled_camera(view.camera, cut), subframe.shift)
        fine = crop.cut(cut)
        return downsample(self._draw_and_read(self._scene, self._frames.at_least(fine.width, fine.height), fine), cut)

    def _draw_planet_pass(
        self, prepared: _PreparedView, passes: int, each: tuple[tuple[float, float], View, bool]
    ) -> NDArray[np.float32]:
        """One of the planet's ``passes``: (H, W, 3)."""
        shift, view, is_new = each
        planet = prepared.planet
        assert planet is not None
        if is_new:
            planet.update(view, passes)
        planet.aim(view, shift)
        return self._draw_and_read(
            self._backdrop, prepared.buffer, Crop(0, 0, view.camera.width, view.camera.height), 3
        )

    def _aim(self, prepared: _PreparedView, lens: Camera, shift: tuple[float, float]) -> None:
        """Point VTK's camera."""
        from pyvista import vtkmatrix_from_array

        camera = self._scene.GetActiveCamera()
        camera.SetPosition(0.0, 0.0, 0.0)
        camera.SetFocalPoint(0.0, 0.0, 1.0)
        camera.SetViewUp(0.0, -1.0, 0.0)
        camera.SetUseExplicitProjectionTransformMatrix(True)
        matrix = projection(lens, shift, prepared.near, prepared.far)
        camera.SetExplicitProjectionTransformMatrix(vtkmatrix_from_array(matrix))


def _is_on_ground(view: View, pose: CraftPose) -> bool:
    """Whether a craft stands on a ground that is drawn."""
    return view.ground is not None and not pose.is_ground


def _report_passes(passes: Iterable[Subframe], count: int, report: Progress) -> Iterator[Subframe]:
    for done, each in enumerate(passes):
        report(done, count)
        yield each


def _pair_with_views(passes: Iterable[_Pass], views: list[View]) -> Iterator[tuple[_Pass, View, bool]]:
    """Each pass with its view, one for all or one for each, and whether that is another than before."""
    for number, each in enumerate(passes):
        yield each, views[number % len(views)], len(views) > 1


def _depth_range(depths: NDArray[np.float64]) -> tuple[float, float]:
    """Nearest and farthest depth to draw, m: close round what stands before the camera."""
    return max(float(depths.min()) * 0.999, NEAR_CLIP_M), max(float(depths.max()) * 1.001, 2.0 * NEAR_CLIP_M)
