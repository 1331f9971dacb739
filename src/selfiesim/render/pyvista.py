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
from selfiesim.frames import rotation_about
from selfiesim.render import graphics
from selfiesim.render.base import QUALITIES, Radiance
from selfiesim.render.craft_layer import CraftLayer
from selfiesim.render.framebuffer import Framebuffer
from selfiesim.render.planet_layer import PlanetLayer
from selfiesim.render.shadow import SIZE as SHADOW_SIZE
from selfiesim.render.shadow import SunCamera

if TYPE_CHECKING:
    from selfiesim.view import CraftPose, View

SAMPLES = 4
PASSES = {"draft": 1, "final": 16}


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
        self._shadow_buffer = Framebuffer(self._window, SHADOW_SIZE, SHADOW_SIZE)
        self._buffers: tuple[Framebuffer, Framebuffer] | None = None
        self._planet: PlanetLayer | None = None
        self._craft: CraftLayer | None = None
        self._shadow_key: bytes = b""

    @property
    def engine(self) -> str:
        """What draws, for the record: versions and device."""
        from importlib.metadata import version

        return f"pyvista {version('pyvista')}, VTK {version('vtk')}, {self.graphics.device}"

    def render(self, view: View, quality: str) -> Radiance:
        """Draw ``view`` as ``"draft"`` or ``"final"``.

        Raises
        ------
        GraphicsError
            When the picture does not fit into the graphics memory.
        """
        if quality not in QUALITIES:
            raise ValueError(f"quality {quality!r}: must be one of {', '.join(QUALITIES)}")
        stage = self._set(view)
        count = PASSES[quality]
        total = self._draw(stage, view, *_subframe(view, 0, count))
        for index in range(1, count):
            total += self._draw(stage, view, *_subframe(view, index, count))
        rgb = np.ascontiguousarray(total[::-1, :, :3])
        if count > 1:
            rgb /= np.float32(count)
        return Radiance(rgb, view, quality, self.engine, self)

    def depth(self, view: View) -> NDArray[np.float32]:
        """Metres along the camera's axis at each pixel's centre, (H, W); infinite for sky."""
        from selfiesim.render.depth import planet_depth

        stage = self._set(view)
        near, far = self._aim(stage, view, (0.0, 0.0))
        if stage.planet:
            stage.planet.actor.VisibilityOff()
        with stage.plain.bound():
            self._scene.Render()
        if stage.planet:
            stage.planet.actor.VisibilityOn()
        window_depth = stage.plain.depth()[::-1]
        craft = near * far / (far - window_depth * (far - near))
        return np.where(window_depth < 1.0, craft, planet_depth(view)).astype(np.float32)

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
            # Removing the last actor that carried it, VTK has freed the shadow map too.
            self._shadow_buffer = Framebuffer(self._window, SHADOW_SIZE, SHADOW_SIZE)
        if self._planet:
            self._scene.RemoveActor(self._planet.actor)  # added again, behind the new craft
        self._shadow_key = b""
        self._craft = CraftLayer(view.craft, self._shadow_buffer)
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
        size = max(width, SHADOW_SIZE), max(height, SHADOW_SIZE)
        if tuple(self._window.GetSize()) != size:
            self._window.SetSize(*size)
        self._scene.SetViewport(0.0, 0.0, width / size[0], height / size[1])
        self._shadow_scene.SetViewport(0.0, 0.0, SHADOW_SIZE / size[0], SHADOW_SIZE / size[1])
        self._buffers = None
        try:
            self._buffers = Framebuffer(self._window, width, height, SAMPLES), Framebuffer(self._window, width, height)
        except MemoryError as error:
            raise GraphicsError(f"{error}; choose a smaller picture (--size)") from error
        return self._buffers

    def _draw(
        self, stage: _Stage, view: View, jitter: tuple[float, float], sun: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """One pass: (H, W, 4), row 0 at the bottom. ``sun`` is a direction in body axes."""
        self._draw_shadow(stage.craft, view.craft, sun)
        self._aim(stage, view, jitter)
        with stage.sampled.bound():
            self._scene.Render()
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
        eye = SunCamera.around(craft.bounds, sun)
        camera = self._shadow_scene.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetParallelScale(eye.half_width)
        camera.SetPosition(*eye.position)
        camera.SetFocalPoint(*eye.target)
        camera.SetViewUp(*eye.up)
        camera.SetClippingRange(0.0, eye.depth)
        with self._shadow_buffer.bound():
            self._shadow_scene.Render()
        craft.set_sun(sun, eye)


def _new_window() -> Any:
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (importing it puts OpenGL behind vtkRenderWindow)
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetSize(SHADOW_SIZE, SHADOW_SIZE)
    window.SetMultiSamples(0)
    return window


def _new_scene(window: Any) -> Any:
    from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

    scene = vtkRenderer()
    scene.SetBackground(0.0, 0.0, 0.0)
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


def _subframe(view: View, index: int, count: int) -> tuple[tuple[float, float], NDArray[np.float64]]:
    """Shift of the pixel grid (pixels) and the point on the Sun's disc (direction, body axes) of one pass.

    The shifts are a lattice whose mean is zero, so that nothing moves between draft and final; the points on the disc
    follow Roberts' R2 sequence. Both are the same every time.
    """
    sun = view.craft.body_to_camera.T @ view.sun.direction
    if count == 1:
        return (0.0, 0.0), sun
    g = 1.32471795724474602596
    # Each row and column of the lattice holds one point: 5 shares no factor with the number of passes.
    u, v = (index + 0.5) / count, (5 * index % count + 0.5) / count
    s, t = (0.5 + (index + 0.5) / g**2) % 1.0, (0.5 + (index + 0.5) / g) % 1.0
    across = np.cross(sun, np.eye(3)[int(np.argmin(np.abs(sun)))])
    off_axis = rotation_about(across, view.sun.angular_radius * np.sqrt(s)) @ sun
    return (u - 0.5, v - 0.5), rotation_about(sun, 2.0 * np.pi * t) @ off_axis
