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
    FEWEST_CUTS,
    MOST_CUTS,
    Crop,
    Cut,
    around,
    averaged,
    crop_round,
    cut_for,
    times_finer,
)
from selfiesim.render.common.lens_remap import between, shares
from selfiesim.render.common.radiance import QUALITIES, Preview, Progress, Radiance
from selfiesim.render.common.subframes import MOST_PASSES, PASSES, Subframe, moments, planet_shifts, subframes
from selfiesim.render.common.truth import Drawn, Truth, part_numbers, truth_of
from selfiesim.render.gl import opengl_check
from selfiesim.render.gl.framebuffer import Framebuffer, Frames
from selfiesim.render.gl.shader_program import shaders_compiled
from selfiesim.render.gl.shadow_map import SUN_SIZE
from selfiesim.render.gl.window import new_scene, new_window, projection
from selfiesim.render.layers.composite import add_backdrop, laid_over, shown_over, with_sky
from selfiesim.render.layers.craft_group import COLOUR, GLOSS, GRAIN, RADIANCE, SURFACE
from selfiesim.render.layers.craft_layer import NEAREST_M, CraftLayer
from selfiesim.render.layers.ground_layer import GroundLayer, fit_to_vehicles
from selfiesim.render.layers.planet_layer import PlanetLayer
from selfiesim.render.light.ground_radiosity import pass_light_on
from selfiesim.render.light.radiosity import is_available
from selfiesim.render.light.reflection_rays import Seen
from selfiesim.render.raster.shadow_maps import Lights

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

_GL_BLEND = 0x0BE2
_Pass = TypeVar("_Pass")
Image = NDArray[np.float32]
_Light = tuple[Image, Image]


@dataclass(frozen=True)
class _Stage:
    """What one view is drawn with: ``crop`` is where its craft are, at depths from ``near`` to ``far``, m.

    They may be drawn ``times`` finer each way, since they are so small.
    """

    planet: PlanetLayer | None
    crafts: list[CraftLayer]
    buffer: Framebuffer
    crop: Crop | None
    near: float
    far: float
    times: int


class PyVistaRenderer:
    """Keeps window, meshes and maps from frame to frame; ``thin`` draws craft far off by coarser meshes."""

    def __init__(self, thin: bool = True) -> None:
        self.graphics = opengl_check.require()
        self._thin = thin
        # The window of a pyvista.Plotter would do as well, but pyvista.plotting takes 0.4 s to import.
        self._window = new_window()
        self._scene, self._backdrop = new_scene(self._window), new_scene(self._window)
        self._backdrop.SetActiveCamera(self._scene.GetActiveCamera())
        self._window.Start()
        self._lights = Lights(self._window, new_scene(self._window))
        self._frames = Frames(self._window, SUN_SIZE)
        self._planet: PlanetLayer | None = None
        self._crafts: list[CraftLayer] = []
        self._passed = b""  # what the light that the vertices hold was worked out for

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
        open_s: float = 0.0,
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
        if not 1 <= count <= MOST_PASSES:
            raise ValueError(f"{count} samples: give a number from 1 to {MOST_PASSES}")
        if not 0.0 <= open_s <= 3600.0:
            raise ValueError(f"open_s {open_s}: give seconds from 0 to 3600")
        tell = progress or (lambda done, of: None)
        view = view.refined(quality)
        later = (view.later(open_s * share).refined(quality) for share in moments(count))
        views = [view] if open_s == 0.0 else list(later)
        if view.camera.distortion is None:
            show = preview and partial(self._preview, preview, view, quality)
            rgb, cover = self._light(views, quality, count, tell, show)
        else:
            rgb, cover = self._bent(views, quality, count, tell)
        if len(views) > 1:
            rgb = self._mean(views, partial(with_sky, rgb, cover))
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
            return truth_of(view, self._drawn(view), self._maps(view))
        size = camera.width * camera.height
        surface, colour = np.zeros((size, 4), np.float32), np.zeros((size, 4), np.float32)
        depth = np.full(size, np.inf, np.float32)
        for share in shares(camera):
            part = self._drawn(view.turned(share.turn, share.camera))
            # Nothing lies between two truths: that of the nearest pixel, put on the ray of this one.
            x, y = np.round(share.places).astype(int).T
            rays = share.camera.unproject(share.places.astype(float))
            surface[share.pixels], colour[share.pixels] = part.surface[y, x], part.colour[y, x]
            along = part.depth[y, x] / rays[:, 2] * (rays @ share.turn[:, 2])
            depth[share.pixels] = np.where(np.isfinite(part.depth[y, x]), along, np.inf)
        frame = (camera.height, camera.width)
        drawn = Drawn(surface.reshape(*frame, 4), colour.reshape(*frame, 4), depth.reshape(frame))
        return truth_of(view, drawn, self._maps(view))

    def _light(
        self,
        views: list[View],
        quality: str,
        count: int,
        tell: Progress,
        show: Callable[[Image, Image, int], None] | None = None,
        most: int = MOST_CUTS,
    ) -> _Light:
        """Radiance (H, W, 3) and share covered by the craft (H, W) through a pinhole: the mean of ``count`` passes.

        ``views`` are one for all passes, or one for each. ``show`` is given both after 1, 2, 4 ... passes.
        A draft cuts no pixel into more than ``most``.
        """
        first = views[0]
        shifts = planet_shifts(count)
        stages = [self._set(view) for view in views] if len(views) > 1 else []
        stage = self._set(first, len(shifts))
        size = first.camera.height, first.camera.width
        cover = np.zeros(size, np.float32)
        if stage.planet:
            sparse = views[:: max(1, len(views) // len(shifts))]
            rgb = self._mean(_paired(shifts, sparse), partial(self._ground, stage, len(shifts)))
            rgb = np.ascontiguousarray(rgb)
        else:
            rgb = np.zeros((*size, 3), np.float32)
        crop = around([each.crop for each in stages or [stage]])
        if crop:
            triangles = sum(craft.triangles for craft in stage.crafts)
            cut = cut_for(count, stage.times, crop, triangles, most if quality == "draft" else 1)
            if len(views) > 1:
                cut = Cut(count)
            count = cut.passes
            for craft in stage.crafts:
                craft.set_passes(cut.sharpness)
            if quality == "final":
                self._passed = pass_light_on(stage.crafts, first, self._passed)
                self._trace(stage, crop, first)
            else:
                self._lights.cast_overhead(stage.crafts)
            for craft in stage.crafts:
                craft.share_out(count)
            passes = _told(subframes(first, quality, count), count, tell)
            drawn = self._mean(
                _paired(passes, views),
                partial(self._craft, stage, crop, cut),
                show and partial(shown_over, show, rgb, cover, crop),
            )
            laid_over(rgb, cover, drawn, crop)
        return rgb, cover

    def _trace(self, stage: _Stage, crop: Crop, view: View) -> None:
        """Find by rays what parts send to each pixel in the passes to come; over a ground there are none."""
        if view.ground is not None or not is_available():
            return
        lens = crop.of(view.camera)
        self._lights.cast_sun(stage.crafts, view.sun.direction, view.sun.angular_radius)
        self._aim(stage, lens, (0.0, 0.0))
        surface, gloss = (self._shown(stage, crop, what) for what in (SURFACE, GLOSS))
        brushed = any(craft.is_brushed for craft in stage.crafts)
        grain = self._shown(stage, crop, GRAIN) if brushed else np.zeros_like(gloss)
        depth = self._depth(stage, crop)
        part = np.where(np.isfinite(depth), np.round(surface[..., 3]), 0.0).astype(np.int64)
        seen = Seen(
            depth, part, surface[..., :3], gloss[..., :3], gloss[..., 3] - 1.0, grain[..., :3], lens.pixel_angle
        )
        for craft in stage.crafts:
            craft.show(RADIANCE)
            craft.trace(view, stage.planet.maps if stage.planet else None, lens, seen, len(stage.crafts) == 1)

    def _depth(self, stage: _Stage, crop: Crop) -> NDArray[np.float32]:
        """Depth (H, W) of what was drawn last, m; infinite for nothing."""
        window_depth = stage.buffer.depth(crop.width, crop.height)[::-1]
        depth = stage.near * stage.far / (stage.far - window_depth * (stage.far - stage.near))
        return np.where(window_depth < 1.0, depth, np.inf).astype(np.float32)

    def _mean(
        self,
        passes: Iterable[_Pass],
        draw: Callable[[_Pass], Image],
        so_far: Callable[[Image, int], None] | None = None,
    ) -> Image:
        """Of what ``draw`` gives for each pass; ``so_far`` is given it after 1, 2, 4 ... of them."""
        total, count = None, 0
        for each in passes:
            light, count = draw(each), count + 1
            total = light if total is None else np.add(total, light, out=total)
            if so_far and count & (count - 1) == 0:
                so_far(total * np.float32(1.0 / count), count)
        assert total is not None
        return total if count == 1 else np.multiply(total, np.float32(1.0 / count), out=total)

    def _bent(self, views: list[View], quality: str, count: int, tell: Progress) -> _Light:
        """As :meth:`_light` through a lens that bends; black beyond its limit."""
        camera = views[0].camera
        rgb, cover = (np.zeros((camera.width * camera.height, n), np.float32) for n in (3, 1))
        parts = shares(camera)
        for number, share in enumerate(parts):

            def tell_all(done: int, of: int, before: int = number * count) -> None:
                tell(before + done * count // of, len(parts) * count)

            turned = [view.turned(share.turn, share.camera) for view in views]
            part = self._light(turned, quality, count, tell_all, most=FEWEST_CUTS)
            rgb[share.pixels] = between(part[0], share.places)
            cover[share.pixels] = between(part[1][..., None], share.places)
        return rgb.reshape(camera.height, camera.width, 3), cover.reshape(camera.height, camera.width)

    def _drawn(self, view: View) -> Drawn:
        """The craft's truths, through a pinhole."""
        stage = self._set(view)
        self._lights.cast_sun(stage.crafts, view.sun.direction, view.sun.angular_radius)
        self._lights.cast_far(stage.crafts, view.sun.direction)
        for craft in stage.crafts:
            craft.set_passes(1)
        whole = Crop(0, 0, view.camera.width, view.camera.height)
        self._aim(stage, whole.of(view.camera), (0.0, 0.0))
        surface, colour = (self._shown(stage, whole, what) for what in (SURFACE, COLOUR))
        for craft in stage.crafts:
            craft.show(RADIANCE)
        return Drawn(surface, colour, self._depth(stage, whole))

    def _shown(self, stage: _Stage, whole: Crop, what: float) -> NDArray[np.float32]:
        """One of the craft's truths as it is written: the fourth number is no opacity."""
        for craft in stage.crafts:
            craft.show(what)
        return self._read(self._scene, stage.buffer, whole)

    def _read(self, scene: Any, buffer: Framebuffer, crop: Crop, count: int = 4) -> NDArray[np.float32]:
        """Draw a scene in as many pixels as ``crop`` has: (H, W, ``count``), a fourth number as written, no opacity."""
        state = self._window.GetState()
        width, height = self._window.GetSize()
        scene.SetViewport(0.0, 0.0, crop.width / width, crop.height / height)
        with buffer.bound(), shaders_compiled():
            state.vtkglDisable(_GL_BLEND)
            scene.Render()
            state.vtkglEnable(_GL_BLEND)
        return buffer.color(crop.width, crop.height, count)[::-1]

    def _maps(self, view: View) -> PlanetMaps | None:
        planet = self._planet_layer(view)
        return planet.maps if planet else None

    def _set(self, view: View, planet_passes: int = 1) -> _Stage:
        """Bring actors, framebuffers and uniforms in line with ``view``; what did not change stays as it is."""
        crafts = self._craft_layers(view)
        planet = self._planet_layer(view)
        if planet:
            planet.update(view, planet_passes)
        for craft, pose in zip(crafts, view.crafts, strict=True):
            craft.update(view, pose, planet.maps if planet else None)
            craft.choose_level(view.camera if self._thin else None)
        fit_to_vehicles(crafts)
        corners = np.concatenate([craft.corners() for craft in crafts])
        near, far = _depth_range(corners[:, 2])
        times = times_finer(corners, view.camera, NEAREST_M)
        buffer = self._frames.of(view.camera.width, view.camera.height)
        return _Stage(planet, crafts, buffer, crop_round(corners, view.camera, NEAREST_M), near, far, times)

    def _craft_layers(self, view: View) -> list[CraftLayer]:
        """One for each craft of the view, those of the last view where they are the same."""
        wanted = list(zip(view.crafts, part_numbers(view), strict=True))
        kept: list[CraftLayer] = []
        for pose, numbers in wanted:
            here = self._crafts[len(kept)] if len(kept) < len(self._crafts) else None
            if here is None or not here.shows(pose, numbers, _stands(view, pose)):
                break
            kept.append(here)
        if len(kept) == len(wanted) == len(self._crafts):
            return kept
        for craft in self._crafts[len(kept) :]:
            craft.remove_from(self._scene, self._lights.scene)
        for pose, numbers in wanted[len(kept) :]:
            layer = GroundLayer if pose.is_ground else CraftLayer
            kept.append(layer(pose, self._window, numbers, _stands(view, pose)))
            kept[-1].add_to(self._scene, self._lights.scene)
        self._crafts = kept
        self._passed = b""
        self._lights.forget()
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

    def _craft(self, stage: _Stage, crop: Crop, cut: Cut, each: tuple[Subframe, View, bool]) -> NDArray[np.float32]:
        """One pass of the craft before nothing: (H, W, 4) of the crop."""
        subframe, view, is_new = each
        if is_new:
            stage = self._set(view)
            for craft in stage.crafts:
                craft.share_out(cut.passes)
        self._lights.cast_sun(stage.crafts, subframe.sun, view.sun.angular_radius, view.sun.direction)
        self._lights.cast_far(stage.crafts, view.sun.direction)
        self._lights.cast_beams(stage.crafts, subframe.beam)
        if subframe.beam is None:
            for craft in stage.crafts:
                craft.set_looks(cut, subframe.number)
        self._aim(stage, crop.finer(view.camera, cut), subframe.shift)
        fine = crop.cut(cut)
        return averaged(self._read(self._scene, self._frames.holding(fine.width, fine.height), fine), cut)

    def _ground(self, stage: _Stage, passes: int, each: tuple[tuple[float, float], View, bool]) -> NDArray[np.float32]:
        """One of the planet's ``passes``: (H, W, 3)."""
        shift, view, is_new = each
        planet = stage.planet
        assert planet is not None
        if is_new:
            planet.update(view, passes)
        planet.aim(view, shift)
        return self._read(self._backdrop, stage.buffer, Crop(0, 0, view.camera.width, view.camera.height), 3)

    def _aim(self, stage: _Stage, lens: Camera, shift: tuple[float, float]) -> None:
        """Point VTK's camera."""
        from pyvista import vtkmatrix_from_array

        camera = self._scene.GetActiveCamera()
        camera.SetPosition(0.0, 0.0, 0.0)
        camera.SetFocalPoint(0.0, 0.0, 1.0)
        camera.SetViewUp(0.0, -1.0, 0.0)
        camera.SetUseExplicitProjectionTransformMatrix(True)
        matrix = projection(lens, shift, stage.near, stage.far)
        camera.SetExplicitProjectionTransformMatrix(vtkmatrix_from_array(matrix))


def _stands(view: View, pose: CraftPose) -> bool:
    """Whether a craft stands on a ground that is drawn."""
    return view.ground is not None and not pose.is_ground


def _told(passes: Iterable[Subframe], count: int, tell: Progress) -> Iterator[Subframe]:
    for done, each in enumerate(passes):
        tell(done, count)
        yield each


def _paired(passes: Iterable[_Pass], views: list[View]) -> Iterator[tuple[_Pass, View, bool]]:
    """Each pass with its view, one for all or one for each, and whether that is another than before."""
    for number, each in enumerate(passes):
        yield each, views[number % len(views)], len(views) > 1


def _depth_range(depths: NDArray[np.float64]) -> tuple[float, float]:
    """Nearest and farthest depth to draw, m: close round what stands before the camera."""
    return max(float(depths.min()) * 0.999, NEAREST_M), max(float(depths.max()) * 1.001, 2.0 * NEAREST_M)
