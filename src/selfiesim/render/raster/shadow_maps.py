"""The depth maps that tell which points a light reaches: each craft has its own, and all throw shadows into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.terrain.ground_mesh import NEAR_RADIUS_M
from selfiesim.render.gl.shader_program import raise_shader_errors
from selfiesim.render.gl.shadow_map import LightCamera

if TYPE_CHECKING:
    from selfiesim.render.gl.framebuffer import Framebuffer
    from selfiesim.render.layers.craft_layer import CraftLayer

# Of the direction to the Sun: a millionth of a metre on a craft of a hundred. From second to second less changes.
_DECIMALS = 8
# A craft that takes less than this share of a light's disc throws no shadow worth drawing.
_MIN_COVERED_FRACTION = 0.01
FAR_MAP_RANGE_M = 150.0
"""How far from the lens things on a ground throw shadows."""
_FAR_MAP_KEY = -1  # the number of that map


class ShadowMaps:
    """Draws those maps in a scene that holds all that throws shadows; the Sun's only where something moved."""

    def __init__(self, window: Any, scene: Any) -> None:
        self.window, self.scene = window, scene
        self._drawn: dict[int, bytes] = {}
        self._light_cameras: dict[int, LightCamera] = {}
        self._overhead: dict[int, bytes] = {}  # the same for the maps from above, which lie where those of beams do

    def invalidate(self) -> None:
        """The craft have been exchanged: draw all again."""
        self._drawn.clear()
        self._overhead.clear()

    def draw_sun_maps(
        self,
        crafts: list[CraftLayer],
        sun: NDArray[np.float64],
        radius: float,
        middle: NDArray[np.float64] | None = None,
    ) -> None:
        """The Sun's light from the direction ``sun`` (3,), camera axes, with its disc's ``radius``, rad.

        Where soft edges of shadows are too small to be seen, those are thrown from the disc's ``middle`` (3,), so that
        one map does for all passes.
        """
        for number, craft in enumerate(crafts):
            light = np.round(craft.pose.body_to_camera.T @ sun, _DECIMALS)
            occluders = _find_occluders(craft, crafts, sun, radius)
            cast_direction = light
            if middle is not None and craft.is_shadow_sharp(radius) and not occluders:
                cast_direction = np.round(craft.pose.body_to_camera.T @ middle, _DECIMALS)
            key = _map_key(craft, cast_direction, occluders)
            if self._drawn.get(number) != key:
                self._drawn[number] = key
                self._light_cameras[number] = self._draw_fitted(craft, craft.shadow, cast_direction, occluders)
            craft.set_sun(light, self._light_cameras[number])

    def draw_far_map(self, crafts: list[CraftLayer], sun: NDArray[np.float64]) -> None:
        """The Sun's light on ground far off: its disc counts as a point, so that one map does for all passes."""
        for ground in crafts:
            if ground.far is None:
                continue
            pose = ground.pose
            light = np.round(pose.body_to_camera.T @ sun, _DECIMALS)
            lens = np.round(-pose.body_to_camera.T @ pose.position, 3)
            # What is nearer has its shadow on the finer map.
            beyond = [
                each for each in crafts if each is not ground and np.linalg.norm(each.pose.position) > NEAR_RADIUS_M
            ]
            key = b"|".join([lens.tobytes(), _map_key(ground, light, [(each, 0.0) for each in beyond])])
            if self._drawn.get(_FAR_MAP_KEY) != key:
                self._drawn[_FAR_MAP_KEY] = key
                light_camera = LightCamera.fitted_to_sphere(
                    lens * (1.0, 1.0, 0.0), light, FAR_MAP_RANGE_M, ground.far.width
                )
                self._draw(ground, ground.far, light_camera, [ground, *beyond], warped=True)
                ground.set_far_map(light_camera)

    def draw_beam_maps(self, crafts: list[CraftLayer], number: int | None) -> None:
        """The planet's light as it is gathered for the pass ``number``."""
        for craft in crafts:
            beam = craft.beam_of(number)
            if beam is None:
                craft.clear_beam()
            else:
                occluders = _find_occluders(craft, crafts, craft.pose.body_to_camera @ beam.direction, 0.0)
                # Soft light comes from the ground as well: what sends it keeps none of it off what stands on it.
                occluders = [(other, reach) for other, reach in occluders if not other.pose.is_ground]
                self._overhead.clear()
                craft.set_beam(beam, self._draw_fitted(craft, craft.beam, beam.direction, occluders))

    def draw_overhead_maps(self, crafts: list[CraftLayer]) -> None:
        """Depths of vehicles on a ground from above, for the light that a draft guesses they keep off themselves."""
        for number, craft in enumerate(crafts):
            if not craft.on_ground:
                continue
            up = np.round(-craft.shine.direction, _DECIMALS)
            occluders = _find_occluders(craft, crafts, craft.pose.body_to_camera @ up, 0.0)
            occluders = [(other, reach) for other, reach in occluders if not other.pose.is_ground]
            key = _map_key(craft, up, occluders)
            if self._overhead.get(number) != key:
                self._overhead[number] = key
                craft.set_overhead(self._draw_fitted(craft, craft.beam, up, occluders))

    def _draw_fitted(
        self,
        craft: CraftLayer,
        buffer: Framebuffer,
        light: NDArray[np.float64],
        occluders: list[tuple[CraftLayer, float]],
    ) -> LightCamera:
        """Depths round one craft as seen from a light, ``light`` a direction in its body axes."""
        # Light from below comes from the ground itself.
        own = [] if craft.pose.is_ground and light[2] < 0.0 else [craft]
        light_camera = LightCamera.fitted_to(
            craft.bounds, light, buffer.width, max((reach for _, reach in occluders), default=0.0)
        )
        self._draw(craft, buffer, light_camera, [*own, *(other for other, _ in occluders)])
        return light_camera

    def _draw(
        self,
        craft: CraftLayer,
        buffer: Framebuffer,
        light_camera: LightCamera,
        casters: list[CraftLayer],
        warped: bool = False,
    ) -> None:
        """Depths of ``casters`` in one craft's body axes, as an eye at a light sees them."""
        for actor in self.scene.GetActors():
            actor.VisibilityOff()
        for each in casters:
            each.prepare_casters(craft.pose, warped)
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
    """Which others may keep the light from a craft, and how far toward it they reach, m from the craft's middle.

    ``light`` is a direction, camera axes, ``radius`` that of the light's disc, rad.
    """
    middle, size = _bounding_sphere(craft)
    found = []
    for other in crafts:
        if other is craft:
            continue
        there, reach = _bounding_sphere(other)
        along = float((there - middle) @ light)
        beside = float(np.linalg.norm(there - middle - along * light))
        soft = radius * max(along, 0.0)
        if along > -size - reach and beside < size + reach + soft and reach**2 > _MIN_COVERED_FRACTION * soft**2:
            found.append((other, along + reach))
    return found


def _bounding_sphere(craft: CraftLayer) -> tuple[NDArray[np.float64], float]:
    """Middle (3,), camera axes, and radius of a ball round a craft, m."""
    pose = craft.pose
    return pose.body_to_camera @ craft.bounds.mean(axis=0) + pose.position, float(
        np.linalg.norm(np.ptp(craft.bounds, 0))
    ) / 2.0


def _map_key(craft: CraftLayer, light: NDArray[np.float64], occluders: list[tuple[CraftLayer, float]]) -> bytes:
    """What a map depends on."""
    key_parts = [light.tobytes(), craft.bounds.tobytes()]
    key_parts.append(repr((craft.uses_lod, sorted(craft.shadow_pose.joint_angles.items()))).encode())
    for other, _ in occluders:
        key_parts.append(other.pose.transform_to_body(craft.pose).tobytes())
        key_parts.append(repr((id(other), other.uses_lod, sorted(other.shadow_pose.joint_angles.items()))).encode())
    return b"|".join(key_parts)
