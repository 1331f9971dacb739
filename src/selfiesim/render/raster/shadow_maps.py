"""Shadow maps: each craft has its own, in which all craft cast shadows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.ground.mesh import NEAR_RADIUS_M
from selfiesim.render.gl.shader_program import raise_shader_errors
from selfiesim.render.gl.shadow_map import LightCamera
from selfiesim.render.layers.craft_group import DITHERED

if TYPE_CHECKING:
    from selfiesim.render.gl.framebuffer import Framebuffer
    from selfiesim.render.layers.craft_layer import CraftLayer

# Decimals of light directions: a millionth of a metre on a craft of 100 m, so that maps are not rendered each second.
_DECIMALS = 8
# A craft that covers less than this fraction of a light's disc casts no visible shadow.
_MIN_COVERED_FRACTION = 0.01
FAR_MAP_RANGE_M = 150.0
"""Range from the lens within which objects on a ground cast shadows, m."""
_FAR_MAP_KEY = -1  # key of that map, next to the indices of craft


class ShadowMaps:
    """Renders the shadow maps from a scene with all shadow casters; the Sun's maps only if something moved.

    Attributes
    ----------
    window : vtkRenderWindow
        Provides the OpenGL context.
    scene : vtkRenderer
        The shadow casters.
    dither : (2,) tuple of float
        The number of the pass, and the least opacity of what casts a shadow, or :data:`DITHERED`.
    """

    def __init__(self, window: Any, scene: Any) -> None:
        self.window, self.scene = window, scene
        self.dither = 0.0, DITHERED
        self._keys: dict[int, bytes] = {}
        self._light_cameras: dict[int, LightCamera] = {}
        self._overhead_keys: dict[int, bytes] = {}  # likewise for overhead maps, which share the buffers of beam maps

    def invalidate(self) -> None:
        """Render all maps again, for other craft."""
        self._keys.clear()
        self._overhead_keys.clear()

    def render_sun_maps(
        self,
        crafts: list[CraftLayer],
        sun: NDArray[np.float64],
        radius: float,
        center: NDArray[np.float64] | None = None,
    ) -> None:
        """Render the shadow maps of the Sun.

        Parameters
        ----------
        crafts : list of CraftLayer
            All craft of the view.
        sun : (3,) array
            Direction to a point on the Sun's disc, camera axes.
        radius : float
            Angular radius of the disc, rad.
        center : (3,) array, optional
            Direction to the centre of the disc. Where penumbras are too narrow to be visible, shadows are cast from
            there, so that one map serves all passes.
        """
        for number, craft in enumerate(crafts):
            light = np.round(craft.pose.body_to_camera.T @ sun, _DECIMALS)
            occluders = _find_occluders(craft, crafts, sun, radius)
            cast_direction = light
            if center is not None and craft.is_shadow_sharp(radius) and not occluders:
                cast_direction = np.round(craft.pose.body_to_camera.T @ center, _DECIMALS)
            key = self._map_key(craft, cast_direction, occluders)
            if self._keys.get(number) != key:
                self._keys[number] = key
                self._light_cameras[number] = self._render_fitted(craft, craft.shadow_map, cast_direction, occluders)
            craft.set_sun(light, self._light_cameras[number])

    def render_far_map(self, crafts: list[CraftLayer], sun: NDArray[np.float64]) -> None:
        """Render the Sun's map for distant ground, with the Sun as a point, so that one map serves all passes."""
        for ground in crafts:
            if ground.far_shadow_map is None:
                continue
            pose = ground.pose
            light = np.round(pose.body_to_camera.T @ sun, _DECIMALS)
            lens = np.round(-pose.body_to_camera.T @ pose.position, 3)
            # Nearer craft have their shadows on the finer map.
            beyond = [
                each for each in crafts if each is not ground and np.linalg.norm(each.pose.position) > NEAR_RADIUS_M
            ]
            key = b"|".join([lens.tobytes(), self._map_key(ground, light, [(each, 0.0) for each in beyond])])
            if self._keys.get(_FAR_MAP_KEY) != key:
                self._keys[_FAR_MAP_KEY] = key
                light_camera = LightCamera.fitted_to_sphere(
                    lens * (1.0, 1.0, 0.0), light, FAR_MAP_RANGE_M, ground.far_shadow_map.width
                )
                self._render(ground, ground.far_shadow_map, light_camera, [ground, *beyond], warped=True)
                ground.set_far_map(light_camera)

    def render_beam_maps(self, crafts: list[CraftLayer], number: int | None) -> None:
        """Render the maps of the beams of planetshine of pass ``number``."""
        for craft in crafts:
            beam = craft.beam_of(number)
            if beam is None:
                craft.clear_beam()
            else:
                occluders = _find_occluders(craft, crafts, craft.pose.body_to_camera @ beam.direction, 0.0)
                # Ambient light comes from the ground too, so that the ground does not occlude it.
                occluders = [(other, reach) for other, reach in occluders if not other.pose.is_ground]
                self._overhead_keys.clear()
                craft.set_beam(beam, self._render_fitted(craft, craft.beam_map, beam.direction, occluders))

    def render_overhead_maps(self, crafts: list[CraftLayer]) -> None:
        """Render the depth of vehicles on a ground from above, for a draft's estimate of their ambient occlusion."""
        for number, craft in enumerate(crafts):
            if not craft.on_ground:
                continue
            up = np.round(-craft.shine.direction, _DECIMALS)
            occluders = _find_occluders(craft, crafts, craft.pose.body_to_camera @ up, 0.0)
            occluders = [(other, reach) for other, reach in occluders if not other.pose.is_ground]
            key = self._map_key(craft, up, occluders)
            if self._overhead_keys.get(number) != key:
                self._overhead_keys[number] = key
                craft.set_overhead(self._render_fitted(craft, craft.beam_map, up, occluders))

    def _map_key(
        self, craft: CraftLayer, light: NDArray[np.float64], occluders: list[tuple[CraftLayer, float]]
    ) -> bytes:
        """Return a key of everything a map depends on."""
        key_parts = [light.tobytes(), craft.bounds.tobytes()]
        key_parts.append(repr((craft.uses_lod, sorted(craft.shadow_pose.joint_angles.items()))).encode())
        for other, _ in occluders:
            key_parts.append(other.pose.transform_to_body(craft.pose).tobytes())
            key_parts.append(repr((id(other), other.uses_lod, sorted(other.shadow_pose.joint_angles.items()))).encode())
        if craft.is_blended or any(other.is_blended for other, _ in occluders):
            key_parts.append(repr(self.dither).encode())  # each pass has another pattern
        return b"|".join(key_parts)

    def _render_fitted(
        self,
        craft: CraftLayer,
        buffer: Framebuffer,
        light: NDArray[np.float64],
        occluders: list[tuple[CraftLayer, float]],
    ) -> LightCamera:
        """Render the depth around one craft as seen from the direction ``light`` in its body axes."""
        # Light from below comes from the ground itself, which does not occlude it.
        own = [] if craft.pose.is_ground and light[2] < 0.0 else [craft]
        light_camera = LightCamera.fitted_to(
            craft.bounds, light, buffer.width, max((reach for _, reach in occluders), default=0.0)
        )
        self._render(craft, buffer, light_camera, [*own, *(other for other, _ in occluders)])
        return light_camera

    def _render(
        self,
        craft: CraftLayer,
        buffer: Framebuffer,
        light_camera: LightCamera,
        casters: list[CraftLayer],
        warped: bool = False,
    ) -> None:
        """Render the depth of ``casters`` in one craft's body axes as seen by ``light_camera``."""
        for actor in self.scene.GetActors():
            actor.VisibilityOff()
        for each in casters:
            each.prepare_casters(craft.pose, self.dither, warped)
        width, height = self.window.GetSize()
        self.scene.SetViewport(0.0, 0.0, buffer.width / width, buffer.height / height)
        camera = self.scene.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetParallelScale(light_camera.half_width)
        camera.SetPosition(*light_camera.position)
        camera.SetFocalPoint(*light_camera.target)
        camera.SetViewUp(*light_camera.up)
        camera.SetClippingRange(0.0, light_camera.depth)
        with buffer.bound(), raise_shader_errors():
            self.scene.Render()


def _find_occluders(
    craft: CraftLayer, crafts: list[CraftLayer], light: NDArray[np.float64], radius: float
) -> list[tuple[CraftLayer, float]]:
    """Find the other craft that may cast a shadow on a craft.

    Parameters
    ----------
    craft : CraftLayer
        The craft that receives shadows.
    crafts : list of CraftLayer
        All craft of the view.
    light : (3,) array
        Direction to the light, camera axes.
    radius : float
        Angular radius of the light, rad.

    Returns
    -------
    list of tuple
        Each occluder, and how far it extends toward the light, m from the centre of the craft.
    """
    center, size = _bounding_sphere(craft)
    found = []
    for other in crafts:
        if other is craft:
            continue
        other_center, other_size = _bounding_sphere(other)
        along = float((other_center - center) @ light)
        across = float(np.linalg.norm(other_center - center - along * light))
        penumbra = radius * max(along, 0.0)
        is_near = along > -size - other_size and across < size + other_size + penumbra
        if is_near and other_size**2 > _MIN_COVERED_FRACTION * penumbra**2:
            found.append((other, along + other_size))
    return found


def _bounding_sphere(craft: CraftLayer) -> tuple[NDArray[np.float64], float]:
    """Return centre (3,) and radius of the bounding sphere of a craft, camera axes, m."""
    pose = craft.pose
    radius = float(np.linalg.norm(np.ptp(craft.bounds, 0))) / 2.0
    return pose.body_to_camera @ craft.bounds.mean(axis=0) + pose.position, radius
