"""The renderer: PyVista and VTK draw the planet and the craft into one floating-point picture.

Three draws a frame, all camera-centred: the craft's depth from the Sun (only when Sun or craft moved), the craft, and
behind it the planet as one quad whose fragment shader meets each pixel's ray with the ellipsoid. The planet has no
depth of its own to fight with: it stands behind everything. Edges are antialiased by multisampling;
``final`` averages many such pictures with the pixel grid and the point on the Sun's disc moved a little each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.errors import GraphicsError
from selfiesim.render import graphics
from selfiesim.render.base import QUALITIES, Progress, Radiance
from selfiesim.render.craft_layer import COLOUR, RADIANCE, SURFACE, CraftLayer
from selfiesim.render.framebuffer import Framebuffer
from selfiesim.render.lens import between, shares
from selfiesim.render.planet_layer import PlanetLayer
from selfiesim.render.shadow import SHINE_SIZE, SUN_SIZE, LightCamera
from selfiesim.render.sky_layer import add_sky
from selfiesim.render.subframes import MOST_PASSES, PASSES, Subframe, subframes
from selfiesim.render.truth import Drawn, Truth, truth_of

if TYPE_CHECKING:
    from selfiesim.planet.maps import PlanetMaps
    from selfiesim.view import CraftPose, View

SAMPLES = 4
_MANY = 16  # passes that antialias edges by themselves: sampled besides, edges would blur over two pixels
_GL_BLEND = 0x0BE2


@dataclass(frozen=True)
class _Stage:
    """What one view is drawn with."""

    planet: PlanetLayer | None
    craft: CraftLayer
    sampled: Framebuffer
    plain: Framebuffer


class PyVistaRenderer:
    """Keeps its window, meshes and maps from one frame to the next; rebuilds only what changed."""

    def __init__(self) -> None:
        self.graphics = graphics.require()
        # The window of a pyvista.Plotter would do as well, but pyvista.plotting takes 0.4 s to import.
        self._window = _new_window()
        self._scene = _new_scene(self._window)
        self._shadow_scene = _new_scene(self._window)
        self._window.Start()
        self._shadow_buffer, self._beam_buffer = self._light_buffers()
        self._buffers: tuple[Framebuffer, Framebuffer] | None = None
        self._planet: PlanetLayer | None = None
        self._craft: CraftLayer | None = None
        self._shadow_key: bytes = b""

    @property
    def engine(self) -> str:
        """What draws, for the record: versions and device."""
        from importlib.metadata import version

        return f"pyvista {version('pyvista')}, VTK {version('vtk')}, {self.graphics.device}"

    def render(
        self, view: View, quality: str, samples: int | None = None, progress: Progress | None = None
    ) -> Radiance:
        """Draw ``view``: see :class:`selfiesim.render.base.Renderer`.

        Raises
        ------
        GraphicsError
            When the picture does not fit into the graphics memory.
        ValueError
            For an unknown quality, or samples out of range.
        """
        if quality not in QUALITIES:
            raise ValueError(f"quality {quality!r}: must be one of {', '.join(QUALITIES)}")
        count = PASSES[quality] if samples is None else samples
        if not 1 <= count <= MOST_PASSES:
            raise ValueError(f"{count} samples: give a number from 1 to {MOST_PASSES}")
        tell = progress or (lambda done, of: None)
        light = self._light(view, count, tell) if view.camera.distortion is None else self._bent(view, count, tell)
        rgb = np.ascontiguousarray(light[..., :3])
        add_sky(rgb, light[..., 3], view)
        return Radiance(rgb, view, quality, self.engine, self, count)

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

    def _light(self, view: View, count: int, tell: Progress) -> NDArray[np.float32]:
        """Radiance and share covered by the craft (H, W, 4) through a pinhole: the mean of ``count`` passes."""
        stage = self._set(view)
        stage.craft.set_passes(count)
        total: NDArray[np.float32] | None = None
        for done, subframe in enumerate(subframes(view, count, stage.craft.shine)):
            tell(done, count)
            light = self._draw(stage, view, subframe, count < _MANY)
            total = light if total is None else np.add(total, light, out=total)
        assert total is not None
        if count > 1:
            total /= np.float32(count)
            np.maximum(total, 0.0, out=total)  # the planet's shade is an estimate: full shade may come out below 0
        return total[::-1]

    def _bent(self, view: View, count: int, tell: Progress) -> NDArray[np.float32]:
        """Radiance and cover (H, W, 4) through a lens that bends; black beyond its limit."""
        camera = view.camera
        light = np.zeros((camera.width * camera.height, 4), np.float32)
        parts = shares(camera)
        for number, share in enumerate(parts):

            def tell_all(done: int, of: int, before: int = number * count) -> None:
                tell(before + done, len(parts) * of)

            part = self._light(view.turned(share.turn, share.camera), count, tell_all)
            light[share.pixels] = between(part, share.places)
        return light.reshape(camera.height, camera.width, 4)

    def _drawn(self, view: View) -> Drawn:
        """The craft's truths, through a pinhole."""
        stage = self._set(view)
        stage.craft.set_passes(1)
        self._draw_shadow(stage.craft, view.craft, view.craft.body_to_camera.T @ view.sun.direction)
        near, far = self._aim(stage, view, (0.0, 0.0))
        if stage.planet:
            stage.planet.actor.VisibilityOff()
        surface, colour = (self._shown(stage, what) for what in (SURFACE, COLOUR))
        stage.craft.show(RADIANCE)
        if stage.planet:
            stage.planet.actor.VisibilityOn()
        window_depth = stage.plain.depth()[::-1]
        depth = near * far / (far - window_depth * (far - near))
        return Drawn(surface, colour, np.where(window_depth < 1.0, depth, np.inf).astype(np.float32))

    def _shown(self, stage: _Stage, what: float) -> NDArray[np.float32]:
        """One of the craft's truths as it is written: the fourth number is no opacity."""
        stage.craft.show(what)
        with stage.plain.bound():
            self._render_unblended()
        return stage.plain.color()[::-1]

    def _render_unblended(self) -> None:
        """Draw so that the fourth number is kept as it is written, and is no opacity."""
        state = self._window.GetState()
        state.vtkglDisable(_GL_BLEND)
        self._scene.Render()
        state.vtkglEnable(_GL_BLEND)

    def _maps(self, view: View) -> PlanetMaps | None:
        planet = self._planet_layer(view)
        return planet.maps if planet else None

    def _set(self, view: View) -> _Stage:
        """Bring actors, framebuffers and uniforms in line with ``view``; what did not change stays as it is."""
        craft = self._craft_layer(view)
        planet = self._planet_layer(view)
        sampled, plain = self._framebuffers(view.camera.width, view.camera.height)
        if planet:
            planet.update(view)
        craft.update(view, planet.maps if planet else None)
        return _Stage(planet, craft, sampled, plain)

    def _craft_layer(self, view: View) -> CraftLayer:
        if self._craft and self._craft.shows(view.craft):
            return self._craft
        if self._craft:
            self._craft.remove_from(self._scene, self._shadow_scene)
            # Removing the last actor that carried them, VTK has freed the lights' maps too.
            self._shadow_buffer, self._beam_buffer = self._light_buffers()
        if self._planet:
            self._scene.RemoveActor(self._planet.actor)  # added again, behind the new craft
        self._shadow_key = b""
        self._craft = CraftLayer(view.craft, self._shadow_buffer, self._beam_buffer)
        self._craft.add_to(self._scene, self._shadow_scene)
        return self._craft

    def _planet_layer(self, view: View) -> PlanetLayer | None:
        """The planet, the last of the actors: no pixel of it is worked out behind the craft. None in deep space."""
        from selfiesim.planet.surface import surface_maps

        if view.planet is None:
            if self._planet:
                self._scene.RemoveActor(self._planet.actor)
            return None
        maps = surface_maps(view.planet.surface)
        if self._planet is None or self._planet.maps is not maps:
            if self._planet:
                self._scene.RemoveActor(self._planet.actor)
            self._planet = PlanetLayer(maps)
        if not self._scene.HasViewProp(self._planet.actor):
            self._scene.AddActor(self._planet.actor)
        return self._planet

    def _framebuffers(self, width: int, height: int) -> tuple[Framebuffer, Framebuffer]:
        """To draw in and to read from, of the picture's size; the window no smaller (VTK clips viewports to it)."""
        if self._buffers and (self._buffers[0].width, self._buffers[0].height) == (width, height):
            return self._buffers
        for buffer in self._buffers or ():
            buffer.release()
        size = max(width, SUN_SIZE), max(height, SUN_SIZE)
        if tuple(self._window.GetSize()) != size:
            self._window.SetSize(*size)
        self._scene.SetViewport(0.0, 0.0, width / size[0], height / size[1])
        self._buffers = None
        try:
            self._buffers = Framebuffer(self._window, width, height, SAMPLES), Framebuffer(self._window, width, height)
        except MemoryError as error:
            raise GraphicsError(f"{error}; choose a smaller picture (--size)") from error
        return self._buffers

    def _draw(self, stage: _Stage, view: View, subframe: Subframe, sampled: bool = True) -> NDArray[np.float32]:
        """One pass: (H, W, 4), row 0 at the bottom; ``sampled`` several times a pixel at edges."""
        self._draw_shadow(stage.craft, view.craft, subframe.sun)
        if subframe.beam is None:
            stage.craft.unset_beam()
        else:
            eye = self._cast(stage.craft, self._beam_buffer, subframe.beam.direction)
            stage.craft.set_beam(subframe.beam, eye)
        self._aim(stage, view, subframe.shift)
        with (stage.sampled if sampled else stage.plain).bound():
            self._render_unblended()
        if sampled:
            stage.sampled.resolve_into(stage.plain)
        return stage.plain.color()

    def _aim(self, stage: _Stage, view: View, jitter: tuple[float, float]) -> tuple[float, float]:
        """Point VTK's camera; returns its near and far distance, close round the craft."""
        from pyvista import vtkmatrix_from_array

        near, far = stage.craft.depth_range(view)
        camera = self._scene.GetActiveCamera()
        camera.SetPosition(0.0, 0.0, 0.0)
        camera.SetFocalPoint(0.0, 0.0, 1.0)
        camera.SetViewUp(0.0, -1.0, 0.0)
        camera.SetUseExplicitProjectionTransformMatrix(True)
        camera.SetExplicitProjectionTransformMatrix(vtkmatrix_from_array(_projection(view, jitter, near, far)))
        if stage.planet:
            stage.planet.aim(view, jitter)
        return near, far

    def _draw_shadow(self, craft: CraftLayer, pose: CraftPose, sun: NDArray[np.float64]) -> None:
        """The Sun's view of the craft from ``sun`` (direction, body axes), unless it is the one drawn last."""
        key = sun.tobytes() + repr(sorted(pose.joint_angles.items())).encode()
        if key == self._shadow_key:
            return
        self._shadow_key = key
        craft.set_sun(sun, self._cast(craft, self._shadow_buffer, sun))

    def _cast(self, craft: CraftLayer, buffer: Framebuffer, light: NDArray[np.float64]) -> LightCamera:
        """Draw the craft's depths as seen from a light, ``light`` a direction in body axes."""
        eye = LightCamera.around(craft.bounds, light, buffer.width)
        width, height = self._window.GetSize()
        self._shadow_scene.SetViewport(0.0, 0.0, buffer.width / width, buffer.height / height)
        camera = self._shadow_scene.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetParallelScale(eye.half_width)
        camera.SetPosition(*eye.position)
        camera.SetFocalPoint(*eye.target)
        camera.SetViewUp(*eye.up)
        camera.SetClippingRange(0.0, eye.depth)
        with buffer.bound():
            self._shadow_scene.Render()
        return eye

    def _light_buffers(self) -> tuple[Framebuffer, Framebuffer]:
        """To keep the depths from the Sun, and from the planet's light, in."""
        sun, shine = (Framebuffer(self._window, size, size) for size in (SUN_SIZE, SHINE_SIZE))
        return sun, shine


def _new_window() -> Any:
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (importing it puts OpenGL behind vtkRenderWindow)
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetSize(SUN_SIZE, SUN_SIZE)
    window.SetMultiSamples(0)
    return window


def _new_scene(window: Any) -> Any:
    from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

    scene = vtkRenderer()
    scene.SetBackground(0.0, 0.0, 0.0)
    scene.SetBackgroundAlpha(0.0)
    scene.GetCullers().RemoveAllItems()
    # Our shaders do the lighting, but VTK hands normals on only where it finds a light.
    light = vtkLight()
    light.SetLightTypeToHeadlight()
    scene.AddLight(light)
    window.AddRenderer(scene)
    return scene


def _projection(view: View, jitter: tuple[float, float], near: float, far: float) -> NDArray[np.float64]:
    """OpenGL's projection (4, 4) of a pinhole, for a VTK camera that looks along z with y down turned up."""
    camera = view.camera
    cx, cy = camera.cx + 0.5 + jitter[0], camera.cy + 0.5 + jitter[1]
    return np.array(
        [
            [2.0 * camera.fx / camera.width, 0.0, 1.0 - 2.0 * cx / camera.width, 0.0],
            [0.0, 2.0 * camera.fy / camera.height, 2.0 * cy / camera.height - 1.0, 0.0],
            [0.0, 0.0, -(far + near) / (far - near), -2.0 * far * near / (far - near)],
            [0.0, 0.0, -1.0, 0.0],
        ]
    )
