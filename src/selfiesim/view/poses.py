"""Where Sun, planet and craft stand before the lens: metres, double precision, the camera at the origin."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from selfiesim.astro.bodies import AU_M, SOLAR_IRRADIANCE_1AU, SUN_RADIUS_M, Body
from selfiesim.core.vectors import Matrix, Vector, rotation_about
from selfiesim.craft.clearance import clearance
from selfiesim.craft.model import Craft, Part, convex_hull_by_joint
from selfiesim.planet.light.weather import AIRLESS, Weather
from selfiesim.planet.maps.surface import Surface
from selfiesim.scene.ground import GROUND_NAME
from selfiesim.sky.eclipse_casters import ShadowCaster


@dataclass(frozen=True)
class Sun:
    """The Sun as seen from the camera: unit ``direction`` (3,), ``distance`` m, ``irradiance`` (3,) W m^-2 nm^-1.

    ``air_transmittance`` is the share of its light that the air lets through, (3,): less than 1 for a lens on the ground.
    """

    direction: Vector
    distance: float
    air_transmittance: Vector = field(default_factory=lambda: np.ones(3))

    @property
    def irradiance(self) -> Vector:
        """Direct sunlight on a surface facing it, at the three bands (3,)."""
        return self.extraterrestrial_irradiance * self.air_transmittance

    @property
    def extraterrestrial_irradiance(self) -> Vector:
        """The same with no air before it."""
        return np.array(SOLAR_IRRADIANCE_1AU) * (AU_M / self.distance) ** 2

    @property
    def angular_radius(self) -> float:
        """Half the angle its disc spans, rad."""
        return float(np.arcsin(SUN_RADIUS_M / self.distance))


@dataclass(frozen=True)
class PlanetPose:
    """A planet: its centre (3,) from the camera, the rotation from camera axes to body-fixed axes, its weather.

    ``law`` names how bare ground reflects, a key of :data:`selfiesim.planet.light.photometry.LAWS`; None is the body's own.
    ``surface`` is what it is drawn with, ``casters`` what throws a shadow on it.
    """

    body: Body
    position: Vector
    camera_to_bodyfixed: Matrix
    surface: Surface
    weather: Weather = AIRLESS
    law: str | None = None
    casters: tuple[ShadowCaster, ...] = ()


@dataclass(frozen=True)
class CraftPose:
    """A craft: its model's origin (3,) from the camera, its attitude, the angles of each joint (rad).

    ``sun_visible_fraction`` is how much of the Sun's disc planet and moons leave visible from it, 0 in eclipse, 1 by day; ``air_transmittance``
    (3,) how much of its light comes through the planet's air, per band, where it stands low over the limb;
    ``hidden_nodes`` are the first parts of the names of nodes that are no longer on it, such as the released camera's;
    ``name`` is what the scene calls it, nothing for the craft the camera belongs to.
    """

    craft: Craft
    position: Vector
    body_to_camera: Matrix
    joint_angles: dict[str, tuple[float, ...]]
    sun_visible_fraction: float
    hidden_nodes: tuple[str, ...] = ()
    name: str = ""
    air_transmittance: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def sunlight_fraction(self) -> Vector:
        """Share (3,) of the Sun's light that reaches it, per band."""
        return self.sun_visible_fraction * np.array(self.air_transmittance)

    @property
    def is_ground(self) -> bool:
        """Whether it is the ground that the others stand on."""
        return self.name == GROUND_NAME

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts still on the craft."""
        return tuple(part for part in self.craft.parts if not part.node.startswith(self.hidden_nodes))

    def turned(self, turn: Matrix) -> CraftPose:
        """The same from a camera turned where it stands."""
        return replace(self, position=turn @ self.position, body_to_camera=turn @ self.body_to_camera)

    def quantize_joints(self, step: float) -> CraftPose:
        """The same with its joints at whole multiples of ``step``, rad: for what need not be known finely."""
        angles = {
            name: tuple(step * round(angle / step) for angle in turned) for name, turned in self.joint_angles.items()
        }
        return replace(self, joint_angles=angles)

    def transform_to_body(self, other: CraftPose) -> Matrix:
        """(4, 4) from these body axes to those of another craft."""
        matrix = np.eye(4)
        matrix[:3, :3] = other.body_to_camera.T @ self.body_to_camera
        matrix[:3, 3] = other.body_to_camera.T @ (self.position - other.position)
        return matrix

    def joint_matrix(self, name: str | None) -> Matrix:
        """(4, 4) that turns what hangs on a joint to where it stands now, body axes; no joint, no turn."""
        matrix = np.eye(4)
        if name is not None:
            joint = self.craft.joints[name]
            for axis, angle in zip(joint.axes, self.joint_angles.get(name, ()), strict=False):
                matrix[:3, :3] = matrix[:3, :3] @ rotation_about(np.array(axis), angle)
            matrix[:3, 3] = np.array(joint.origin_m) - matrix[:3, :3] @ np.array(joint.origin_m)
        return matrix

    def clearance(self, point: Vector) -> tuple[float, str]:
        """Metres from ``point`` (3,), body axes, to the craft's nearest surface, and the node that it belongs to."""
        return clearance(self.craft, self.hidden_nodes, self.joint_matrix, point)

    def outline(self) -> Vector:
        """The craft's outermost points (N, 3), camera axes: enough for its outline from anywhere."""
        placed = []
        for joint, points in convex_hull_by_joint(self.craft, self.hidden_nodes).items():
            matrix = self.joint_matrix(joint)
            placed.append(points @ matrix[:3, :3].T + matrix[:3, 3])
        return np.asarray(np.concatenate(placed) @ self.body_to_camera.T + self.position)
