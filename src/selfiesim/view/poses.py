"""Poses of Sun, planet and craft in camera axes: metres, double precision, the camera at the origin."""

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
    """The Sun as seen from the camera.

    Attributes
    ----------
    direction : (3,) array
        Unit vector toward it, camera axes.
    distance : float
        m.
    air_transmittance : (3,) array
        Transmittance of the air for its direct light, per band; less than 1 for a lens on the ground.
    sky_share : (3,) array
        Irradiance of level ground by the sky, relative to the Sun's above the air, per band; 0 above the air.
    """

    direction: Vector
    distance: float
    air_transmittance: Vector = field(default_factory=lambda: np.ones(3))
    sky_share: Vector = field(default_factory=lambda: np.zeros(3))

    @property
    def irradiance(self) -> Vector:
        """Direct solar irradiance (3,) on a surface facing the Sun, W m^-2 nm^-1, per band."""
        return self.extraterrestrial_irradiance * self.air_transmittance

    @property
    def extraterrestrial_irradiance(self) -> Vector:
        """The irradiance (3,) above the air, W m^-2 nm^-1, per band."""
        return np.array(SOLAR_IRRADIANCE_1AU) * (AU_M / self.distance) ** 2

    @property
    def illuminant(self) -> Vector:
        """Irradiance (3,) by which a photograph is metered and balanced, W m^-2 nm^-1, per band.

        Direct sunlight, fading over to the light of the sky where less than a tenth to a thousandth of that comes
        through the air: in a dust storm, or with the Sun on the horizon.
        """
        beam, sky = self.irradiance, self.extraterrestrial_irradiance * self.sky_share
        if beam.sum() >= 0.1 * sky.sum():
            return beam
        decades = np.log10(max(beam.sum() / sky.sum(), 1e-3))
        step = 0.5 * (decades + 3.0)
        weight = step * step * (3.0 - 2.0 * step)
        return np.asarray(weight * beam + (1.0 - weight) * sky)

    @property
    def angular_radius(self) -> float:
        """Angular radius of its disc, rad."""
        return float(np.arcsin(SUN_RADIUS_M / self.distance))


@dataclass(frozen=True)
class PlanetPose:
    """A planet before the camera.

    Attributes
    ----------
    body : Body
        Its shape and constants.
    position : (3,) array
        Its centre, camera axes, m.
    camera_to_bodyfixed : (3, 3) array
        From camera axes to body-fixed axes.
    surface : Surface
        The maps it is rendered with.
    weather : Weather
        Dust, clouds, haze and frost.
    law : str, optional
        Reflectance law of bare ground, a key of :data:`selfiesim.planet.light.photometry.LAWS`; None: the body's own.
    casters : tuple of ShadowCaster
        Bodies that may cast a shadow on it.
    shadows : bool
        Whether its relief casts shadows.
    site_height_m : float, optional
        Height of the site that the craft stands on, by which ``body`` is larger than its reference ellipsoid.
    shape : str, optional
        Name of the mesh file that is rendered in place of the ellipsoid, as one of the view's objects.
    """

    body: Body
    position: Vector
    camera_to_bodyfixed: Matrix
    surface: Surface
    weather: Weather = AIRLESS
    law: str | None = None
    casters: tuple[ShadowCaster, ...] = ()
    shadows: bool = True
    site_height_m: float | None = None
    shape: str | None = None


@dataclass(frozen=True)
class CraftPose:
    """A craft before the camera.

    Attributes
    ----------
    craft : Craft
        Its model.
    position : (3,) array
        The model's origin, camera axes, m.
    body_to_camera : (3, 3) array
        Its attitude.
    joint_angles : dict of str to tuple of float
        Angles of each joint by name, rad.
    sun_visible_fraction : float
        Fraction of the Sun's disc visible from it, 0 in total eclipse, 1 in full sunlight.
    hidden_nodes : tuple of str
        Name prefixes of nodes that are no longer on it, such as those of the released camera.
    name : str
        Its name in the scene; empty for the craft that carries the camera.
    air_transmittance : tuple of float
        Transmittance of the planet's air along the line to the Sun, per band; below 1 for a Sun near the limb.
    refracted_share : tuple of float
        Share of sunlight, per band, that the Earth's air refracts to it in the Earth's shadow.
    """

    craft: Craft
    position: Vector
    body_to_camera: Matrix
    joint_angles: dict[str, tuple[float, ...]]
    sun_visible_fraction: float
    hidden_nodes: tuple[str, ...] = ()
    name: str = ""
    air_transmittance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    refracted_share: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def sunlight_fraction(self) -> Vector:
        """Fraction (3,) of sunlight that reaches it, per band."""
        return self.sun_visible_fraction * np.array(self.air_transmittance) + self.refracted_share

    @property
    def is_ground(self) -> bool:
        """Whether this is the ground on which the others stand."""
        return self.name == GROUND_NAME

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts still on the craft."""
        return tuple(part for part in self.craft.parts if not part.node.startswith(self.hidden_nodes))

    def turned(self, rotation: Matrix) -> CraftPose:
        """The same craft seen by a camera rotated in place by ``rotation`` (3, 3), old to new camera axes."""
        return replace(self, position=rotation @ self.position, body_to_camera=rotation @ self.body_to_camera)

    def quantize_joints(self, step: float) -> CraftPose:
        """Round its joint angles to whole multiples of ``step``, rad, so that results can be cached."""
        angles = {
            name: tuple(step * round(angle / step) for angle in values) for name, values in self.joint_angles.items()
        }
        return replace(self, joint_angles=angles)

    def transform_to_body(self, other: CraftPose) -> Matrix:
        """Transform (4, 4) from this craft's body axes to those of another craft, m."""
        matrix = np.eye(4)
        matrix[:3, :3] = other.body_to_camera.T @ self.body_to_camera
        matrix[:3, 3] = other.body_to_camera.T @ (self.position - other.position)
        return matrix

    def joint_matrix(self, name: str | None) -> Matrix:
        """Transform (4, 4), body axes, that moves the parts on a joint to its current angles; identity for None."""
        matrix = np.eye(4)
        if name is not None:
            joint = self.craft.joints[name]
            for axis, angle in zip(joint.axes, self.joint_angles.get(name, ()), strict=False):
                matrix[:3, :3] = matrix[:3, :3] @ rotation_about(np.array(axis), angle)
            matrix[:3, 3] = np.array(joint.origin_m) - matrix[:3, :3] @ np.array(joint.origin_m)
        return matrix

    def clearance(self, point: Vector) -> tuple[float, str]:
        """Distance from ``point`` (3,), body axes, m, to the craft's nearest surface, and the node it belongs to."""
        return clearance(self.craft, self.hidden_nodes, self.joint_matrix, point)

    def outline(self) -> Vector:
        """Vertices (N, 3) of the convex hulls of its rigid parts, camera axes, m: they bound its outline anywhere."""
        return np.concatenate(self.outline_by_joint())

    def outline_by_joint(self) -> list[Vector]:
        """The same vertices, (N, 3) each, of one rigid part at a time."""
        placed = []
        for joint, points in convex_hull_by_joint(self.craft, self.hidden_nodes).items():
            matrix = self.joint_matrix(joint)
            in_body = points @ matrix[:3, :3].T + matrix[:3, 3]
            placed.append(np.asarray(in_body @ self.body_to_camera.T + self.position))
        return placed
