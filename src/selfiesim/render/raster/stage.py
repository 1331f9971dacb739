"""The VTK scenes of a renderer, kept from view to view: window, framebuffers, layers of craft and planet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.render.common.crop import Crop, crop_around, supersampling_factor
from selfiesim.render.common.truth import part_numbers
from selfiesim.render.gl.framebuffer import Framebuffer, FramebufferPool
from selfiesim.render.gl.shader_program import raise_shader_errors
from selfiesim.render.gl.shadow_map import SUN_MAP_SIZE
from selfiesim.render.gl.window import new_scene, new_window, projection
from selfiesim.render.layers.craft_layer import NEAR_CLIP_M, CraftLayer
from selfiesim.render.layers.ground_layer import GroundLayer, fit_shadow_maps
from selfiesim.render.layers.planet_layer import PlanetLayer
from selfiesim.render.raster.shadow_maps import ShadowMaps

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

_GL_BLEND = 0x0BE2


@dataclass(frozen=True)
class PreparedView:
    """The layers, framebuffer and clipping distances to render one view with.

    Attributes
    ----------
    planet : PlanetLayer or None
        The planet, if it is visible.
    crafts : list of CraftLayer
        The craft, and the ground as one of them.
    buffer : Framebuffer
        A framebuffer of the size of the image.
    crop : Crop or None
        The pixels that may show craft.
    near, far : float
        Clipping distances of the craft, m.
    supersampling : int
        Subpixels each way with which the craft are rendered: more than 1 if they are small.
    """

    planet: PlanetLayer | None
    crafts: list[CraftLayer]
    buffer: Framebuffer
    crop: Crop | None
    near: float
    far: float
    supersampling: int

    @property
    def maps(self) -> PlanetMaps | None:
        """Maps of the visible planet."""
        return self.planet.maps if self.planet else None


class Stage:
    """Window, scenes and layers, reused where a view needs the same ones.

    Attributes
    ----------
    scene, backdrop : vtkRenderer
        The scenes of the craft and of the planet.
    shadow_maps : ShadowMaps
        Renders the shadow maps of the craft.
    framebuffers : FramebufferPool
        Framebuffers of images and supersampled crops.
    crafts : list of CraftLayer
        Layers of the last view.
    planet : PlanetLayer or None
        The planet that was visible last.
    indirect_light_key : bytes
        Identifies the indirect light that the vertices of ``crafts`` hold.
    """

    def __init__(self, use_lod: bool, window: str) -> None:
        self._use_lod = use_lod
        # The window of a pyvista.Plotter would do as well, but pyvista.plotting takes 0.4 s to import.
        self._window = new_window(window)
        self.scene, self.backdrop = new_scene(self._window), new_scene(self._window)
        self.backdrop.SetActiveCamera(self.scene.GetActiveCamera())
        self._window.Start()
        self.shadow_maps = ShadowMaps(self._window, new_scene(self._window))
        self.framebuffers = FramebufferPool(self._window, SUN_MAP_SIZE)
        self.planet: PlanetLayer | None = None
        self.crafts: list[CraftLayer] = []
        self.indirect_light_key = b""

    def make_current(self) -> None:
        """Make the OpenGL context of the window the current one of this thread."""
        self._window.MakeCurrent()

    def prepare(self, view: View, planet_passes: int = 1) -> PreparedView:
        """Update actors, framebuffers and uniforms for ``view``; the planet for an average of ``planet_passes``."""
        crafts = self._craft_layers(view)
        planet = self.planet_layer(view)
        if planet:
            planet.update(view, planet_passes)
        for craft, pose in zip(crafts, view.crafts, strict=True):
            craft.update(view, pose, planet.maps if planet else None)
            craft.choose_lod(view.camera if self._use_lod else None)
        fit_shadow_maps(crafts)
        corners = np.concatenate([craft.corners() for craft in crafts])
        near, far = _depth_range(corners[:, 2])
        return PreparedView(
            planet=planet,
            crafts=crafts,
            buffer=self.framebuffers.exact_size(view.camera.width, view.camera.height),
            crop=crop_around(corners, view.camera, NEAR_CLIP_M),
            near=near,
            far=far,
            supersampling=supersampling_factor(corners, view.camera, NEAR_CLIP_M),
        )

    def _craft_layers(self, view: View) -> list[CraftLayer]:
        """Return a layer for each craft of the view; those of the last view where they still fit."""
        wanted = list(zip(view.crafts, part_numbers(view), strict=True))
        layers: list[CraftLayer] = []
        for pose, numbers in wanted:
            layer = self.crafts[len(layers)] if len(layers) < len(self.crafts) else None
            if layer is None or not layer.is_reusable_for(pose, numbers, _is_on_ground(view, pose)):
                break
            layers.append(layer)
        if len(layers) == len(wanted) == len(self.crafts):
            return layers
        for craft in self.crafts[len(layers) :]:
            craft.remove_from(self.scene, self.shadow_maps.scene)
        for pose, numbers in wanted[len(layers) :]:
            layer_class = GroundLayer if pose.is_ground else CraftLayer
            layers.append(layer_class(pose, self._window, numbers, _is_on_ground(view, pose)))
            layers[-1].add_to(self.scene, self.shadow_maps.scene)
        self.crafts = layers
        self.indirect_light_key = b""
        self.shadow_maps.invalidate()
        return layers

    def planet_layer(self, view: View) -> PlanetLayer | None:
        """Return the layer of the planet; None in deep space, and where a mesh takes its place: a ground, a shape."""
        from selfiesim.planet.maps.surface import surface_maps

        if view.planet is None or view.ground is not None or view.planet.shape is not None:
            return None
        maps = surface_maps(view.planet.surface)
        if self.planet is None or self.planet.maps is not maps:
            if self.planet:
                self.backdrop.RemoveActor(self.planet.actor)
            self.planet = PlanetLayer(maps, self.backdrop)
            self.backdrop.AddActor(self.planet.actor)
        return self.planet

    def aim(self, prepared: PreparedView, lens: Camera, shift: tuple[float, float]) -> None:
        """Set VTK's camera to the pinhole ``lens``, its pixel grid shifted by ``shift`` pixels, right and down."""
        from pyvista import vtkmatrix_from_array

        camera = self.scene.GetActiveCamera()
        camera.SetPosition(0.0, 0.0, 0.0)
        camera.SetFocalPoint(0.0, 0.0, 1.0)
        camera.SetViewUp(0.0, -1.0, 0.0)
        camera.SetUseExplicitProjectionTransformMatrix(True)
        matrix = projection(lens, shift, prepared.near, prepared.far)
        camera.SetExplicitProjectionTransformMatrix(vtkmatrix_from_array(matrix))

    def render_scene(self, scene: Any, buffer: Framebuffer, crop: Crop, channels: int = 4) -> NDArray[np.float32]:
        """Render a scene in as many pixels as ``crop`` has: (H, W, ``channels``), written without blending."""
        state = self._window.GetState()
        width, height = self._window.GetSize()
        scene.SetViewport(0.0, 0.0, crop.width / width, crop.height / height)
        with buffer.bound(), raise_shader_errors():
            state.vtkglDisable(_GL_BLEND)
            scene.Render()
            state.vtkglEnable(_GL_BLEND)
        return buffer.read_colour(crop.width, crop.height, channels)[::-1]

    def render_output(
        self, prepared: PreparedView, crop: Crop, output: float, min_opacity: float
    ) -> NDArray[np.float32]:
        """Render another output of the craft's shader than radiance: (H, W, 4).

        Blended surfaces are drawn where they are at least ``min_opacity`` opaque.
        """
        for craft in prepared.crafts:
            craft.set_output(output, min_opacity)
        return self.render_scene(self.scene, prepared.buffer, crop)

    def read_depth(self, prepared: PreparedView, crop: Crop) -> NDArray[np.float32]:
        """Return the depth (H, W) of the last render along the camera axis, m; infinite for the background."""
        window_depth = prepared.buffer.read_depth(crop.width, crop.height)[::-1]
        depth = prepared.near * prepared.far / (prepared.far - window_depth * (prepared.far - prepared.near))
        return np.where(window_depth < 1.0, depth, np.inf).astype(np.float32)


def _is_on_ground(view: View, pose: CraftPose) -> bool:
    """Return whether a craft is on a rendered ground."""
    return view.ground is not None and not pose.is_ground


def _depth_range(depths: NDArray[np.float64]) -> tuple[float, float]:
    """Return near and far clipping distance, m, close around the craft."""
    return max(float(depths.min()) * 0.999, NEAR_CLIP_M), max(float(depths.max()) * 1.001, 2.0 * NEAR_CLIP_M)
