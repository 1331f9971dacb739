"""The planet's light on the craft: the lit, visible disc added up into something a shader can evaluate.

Spherical harmonics of order 2 hold the irradiance on a surface facing any way (Ramamoorthi and Hanrahan 2001: within
a few percent for any light that comes from a distance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.frames import unit
from selfiesim.planet.laws import law_of
from selfiesim.planet.maps import PlanetMaps, reflectance

if TYPE_CHECKING:
    from selfiesim.view import PlanetPose, View

SAMPLES = 1200


@dataclass(frozen=True)
class Planetshine:
    """Light from the planet at the craft, in the craft's body axes.

    Attributes
    ----------
    harmonics : (9, 3)
        Coefficients of 1, y, z, x, xy, yz, 3z^2-1, xz, x^2-y^2 of the surface normal; their sum is the irradiance
        (W m^-2 nm^-1).
    direction : (3,)
        To the planet's centre.
    distance : float
        To the planet's centre, planet radii.
    tint : (3,)
        Mean radiance (W m^-2 sr^-1 nm^-1) of the disc where the Sun stands in the zenith.
    """

    harmonics: NDArray[np.float64]
    direction: NDArray[np.float64]
    distance: float
    tint: NDArray[np.float64]

    @property
    def edge_cosine(self) -> float:
        """Cosine of the disc's angular radius."""
        return float(np.sqrt(max(0.0, 1.0 - 1.0 / self.distance**2)))


NO_PLANET = Planetshine(np.zeros((9, 3)), np.array([0.0, 0.0, 1.0]), 1e9, np.zeros(3))
"""No light, from far away."""


def planetshine(view: View, maps: PlanetMaps | None) -> Planetshine:
    """Add up the planet's disc as seen from the craft."""
    planet = view.planet
    if planet is None or maps is None:
        return NO_PLANET
    to_camera = view.craft.body_to_camera
    radius = float(np.mean(planet.body.radii_m))
    center = planet.position - view.craft.position
    distance = float(np.linalg.norm(center)) / radius
    rays, solid_angle = _disc(unit(center), distance)
    radiance, mu0 = _disc_radiance(view, planet, maps, rays, unit(center), distance)
    directions = rays @ to_camera  # camera axes to body axes
    lit = float(mu0.sum())
    return Planetshine(
        harmonics=_irradiance_harmonics(directions, radiance * solid_angle),
        direction=unit(center) @ to_camera,
        distance=distance,
        tint=radiance.sum(axis=0) / lit if lit > 0.0 else np.zeros(3),
    )


def _disc(center: NDArray[np.float64], distance: float) -> tuple[NDArray[np.float64], float]:
    """Directions (N, 3) spread evenly over the disc by a Fibonacci spiral, and the solid angle each stands for."""
    edge = np.sqrt(max(0.0, 1.0 - 1.0 / distance**2))  # on the ground the planet is half of all there is
    k = np.arange(SAMPLES) + 0.5
    cosine = 1.0 - (1.0 - edge) * k / SAMPLES
    sine, turn = np.sqrt(1.0 - cosine**2), np.pi * (1.0 + np.sqrt(5.0)) * k
    helper = np.array([1.0, 0.0, 0.0]) if abs(center[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    across = unit(np.cross(center, helper))
    other = np.cross(center, across)
    rays = cosine[:, None] * center + sine[:, None] * (np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * other)
    return rays, float(2.0 * np.pi * (1.0 - edge) / SAMPLES)


def _disc_radiance(
    view: View,
    planet: PlanetPose,
    maps: PlanetMaps,
    rays: NDArray[np.float64],
    center: NDArray[np.float64],
    distance: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Radiance (N, 3) of the planet, taken as a sphere, along each ray, and the cosine of the Sun's zenith angle."""
    along = distance * (rays @ center)
    depth = along - np.sqrt(np.maximum(along**2 - distance**2 + 1.0, 0.0))
    normals = unit(depth[:, None] * rays - distance * center)
    mu0 = np.maximum(normals @ view.sun.direction, 0.0)
    mu = np.maximum(-(normals * rays).sum(axis=1), 0.0)
    fixed = normals @ planet.camera_to_bodyfixed.T
    latitude, longitude = np.arcsin(np.clip(fixed[:, 2], -1.0, 1.0)), np.arctan2(fixed[:, 1], fixed[:, 0])
    albedo = reflectance(maps, latitude, longitude)
    share = law_of(maps.law)(mu0, mu, -(rays @ view.sun.direction))
    return albedo * share[:, None] * view.sun.irradiance / np.pi, mu0


def _irradiance_harmonics(directions: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients (9, 3) for the shader, the harmonics' own constants and the cosine lobe's multiplied in."""
    x, y, z = directions.T
    one = np.ones_like(x)
    basis = np.array([one, y, z, x, x * y, y * z, 3.0 * z * z - 1.0, x * z, x * x - y * y])
    constant = np.array([0.282095, 0.488603, 0.488603, 0.488603, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274])
    lobe = np.pi * np.array([1.0, 2 / 3, 2 / 3, 2 / 3, 0.25, 0.25, 0.25, 0.25, 0.25])
    return np.asarray((constant**2 * lobe)[:, None] * (basis @ light))
