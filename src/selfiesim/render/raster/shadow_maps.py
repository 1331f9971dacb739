"""The depth maps that tell which points a light reaches: each craft has its own, and all throw shadows into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.terrain.ground_mesh import NEAR_M
from selfiesim.render.gl.shader_program import shaders_compiled
from selfiesim.render.gl.shadow_map import LightCamera

if TYPE_CHECKING:
    from selfiesim.render.gl.framebuffer import Framebuffer
    from selfiesim.render.layers.craft_layer import CraftLayer

# Of the direction to the Sun: a millionth of a metre on a craft of a hundred. From second to second less changes.
_DECIMALS = 8
# A craft that takes less than this share of a light's disc throws no shadow worth drawing.
_LEAST_SHARE = 0.01
FAR_M = 150.0
"""How far from the lens things on a ground throw shadows."""
_FAR = -1  # the number of that map


class Lights:
    """Draws those maps in a scene that holds all that throws shadows; the Sun's only where something moved."""

    def __init__(self, window: Any, scene: Any) -> None:
        self.window, self.scene = window, scene
        self._drawn: dict[int, bytes] = {}
        self._eyes: dict[int, LightCamera] = {}
        self._overhead: dict[int, bytes] = {}  # the same for the maps from above, which lie where those of beams do

    def forget(self) -> None:
        """The craft have been exchanged: draw all again."""
        self._drawn.clear()
        self._overhead.clear()

    def cast_sun(
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
            before = _before(craft, crafts, sun, radius)
            thrown = light
            if middle is not None and craft.is_sharp(radius) and not before:
                thrown = np.round(craft.pose.body_to_camera.T @ middle, _DECIMALS)
            key = _key(craft, thrown, before)
            if self._drawn.get(number) != key:
                self._drawn[number] = key
                self._eyes[number] = self._cast(craft, craft.shadow, thrown, before)
            craft.set_sun(light, self._eyes[number])

    def cast_far(self, crafts: list[CraftLayer], sun: NDArray[np.float64]) -> None:
        """The Sun's light on ground far off: its disc counts as a point, so that one map does for all passes."""
        for ground in crafts:
            if ground.far is None:
                continue
            pose = ground.pose
            light = np.round(pose.body_to_camera.T @ sun, _DECIMALS)
            lens = np.round(-pose.body_to_camera.T @ pose.position, 3)
            # What is nearer has its shadow on the finer map.
            beyond = [each for each in crafts if each is not ground and np.linalg.norm(each.pose.position) > NEAR_M]
            key = b"|".join([lens.tobytes(), _key(ground, light, [(each, 0.0) for each in beyond])])
            if self._drawn.get(_FAR) != key:
                self._drawn[_FAR] = key
                eye = LightCamera.about(lens * (1.0, 1.0, 0.0), light, FAR_M, ground.far.width)
                self._draw(ground, ground.far, eye, [ground, *beyond], wide=True)
                ground.set_far_sun(eye)

    def cast_beams(self, crafts: list[CraftLayer], number: int | None) -> None:
        """The planet's light as it is gathered for the pass ``number``."""
        for craft in crafts:
            beam = craft.beam_of(number)
            if beam is None:
                craft.unset_beam()
            else:
                before = _before(craft, crafts, craft.pose.body_to_camera @ beam.direction, 0.0)
                # Soft light comes from the ground as well: what sends it keeps none of it off what stands on it.
                before = [(other, reach) for other, reach in before if not other.pose.is_ground]
                self._overhead.clear()
                craft.set_beam(beam, self._cast(craft, craft.beam, beam.direction, before))

    def cast_overhead(self, crafts: list[CraftLayer]) -> None:
        """Depths of vehicles on a ground from above, for the light that a draft guesses they keep off themselves."""
        for number, craft in enumerate(crafts):
            if not craft.on_ground:
                continue
            up = np.round(-craft.shine.direction, _DECIMALS)
            before = _before(craft, crafts, craft.pose.body_to_camera @ up, 0.0)
            before = [(other, reach) for other, reach in before if not other.pose.is_ground]
            key = _key(craft, up, before)
            if self._overhead.get(number) != key:
                self._overhead[number] = key
                craft.set_overhead(self._cast(craft, craft.beam, up, before))

    def _cast(
        self, craft: CraftLayer, buffer: Framebuffer, light: NDArray[np.float64], before: list[tuple[CraftLayer, float]]
    ) -> LightCamera:
        """Depths round one craft as seen from a light, ``light`` a direction in its body axes."""
        # Light from below comes from the ground itself.
        own = [] if craft.pose.is_ground and light[2] < 0.0 else [craft]
        eye = LightCamera.around(craft.bounds, light, buffer.width, max((reach for _, reach in before), default=0.0))
        self._draw(craft, buffer, eye, [*own, *(other for other, _ in before)])
        return eye

    def _draw(
        self, craft: CraftLayer, buffer: Framebuffer, eye: LightCamera, casters: list[CraftLayer], wide: bool = False
    ) -> None:
        """Depths of ``casters`` in one craft's body axes, as an eye at a light sees them."""
        for actor in self.scene.GetActors():
            actor.VisibilityOff()
        for each in casters:
            each.cast_for(craft.pose, wide)
        width, height = self.window.GetSize()
        self.scene.SetViewport(0.0, 0.0, buffer.width / width, buffer.height / height)
        camera = self.scene.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetParallelScale(eye.half_width)
        camera.SetPosition(*eye.position)
        camera.SetFocalPoint(*eye.target)
        camera.SetViewUp(*eye.up)
        camera.SetClippingRange(0.0, eye.depth)
        with buffer.bound(), shaders_compiled():
            self.scene.Render()


def _before(
    craft: CraftLayer, crafts: list[CraftLayer], light: NDArray[np.float64], radius: float
) -> list[tuple[CraftLayer, float]]:
    """Which others may keep the light from a craft, and how far toward it they reach, m from the craft's middle.

    ``light`` is a direction, camera axes, ``radius`` that of the light's disc, rad.
    """
    middle, size = _ball(craft)
    found = []
    for other in crafts:
        if other is craft:
            continue
        there, reach = _ball(other)
        along = float((there - middle) @ light)
        beside = float(np.linalg.norm(there - middle - along * light))
        soft = radius * max(along, 0.0)
        if along > -size - reach and beside < size + reach + soft and reach**2 > _LEAST_SHARE * soft**2:
            found.append((other, along + reach))
    return found


def _ball(craft: CraftLayer) -> tuple[NDArray[np.float64], float]:
    """Middle (3,), camera axes, and radius of a ball round a craft, m."""
    pose = craft.pose
    return pose.body_to_camera @ craft.bounds.mean(axis=0) + pose.position, float(
        np.linalg.norm(np.ptp(craft.bounds, 0))
    ) / 2.0


def _key(craft: CraftLayer, light: NDArray[np.float64], before: list[tuple[CraftLayer, float]]) -> bytes:
    """What a map depends on."""
    told = [light.tobytes(), craft.bounds.tobytes()]
    told.append(repr((craft.is_far, sorted(craft.still.joint_angles.items()))).encode())
    for other, _ in before:
        told.append(other.pose.to_body_of(craft.pose).tobytes())
        told.append(repr((id(other), other.is_far, sorted(other.still.joint_angles.items()))).encode())
    return b"|".join(told)
