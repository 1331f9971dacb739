"""The planet's light on the craft: the lit, visible disc summed up in a form that a shader can evaluate.

Spherical harmonics of order 2 give the irradiance of a surface in any orientation (Ramamoorthi and Hanrahan 2001: to a
few percent for any distant light).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit
from selfiesim.render.light.planet_radiance import ground_properties, planet_radiance, reflection_shape

if TYPE_CHECKING:
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import CraftPose, PlanetPose
    from selfiesim.view.view import View

DISC_SAMPLES = 1200


@dataclass(frozen=True)
class Beam:
    """Light from one direction: unit vector (3,), body axes, and normal irradiance (3,), W m^-2 nm^-1."""

    direction: NDArray[np.float64]
    irradiance: NDArray[np.float64]


@dataclass(frozen=True)
class Planetshine:
    """Light from the planet at the craft, in the craft's body axes.

    Attributes
    ----------
    harmonics : (9, 3)
        Coefficients of 1, y, z, x, xy, yz, 3z^2-1, xz, x^2-y^2 of the surface normal; their sum is the irradiance,
        W m^-2 nm^-1.
    direction : (3,)
        Unit vector to the planet's centre.
    distance : float
        Distance to the planet's centre, planet radii.
    subsolar_radiance : (3,)
        Radiance, W m^-2 sr^-1 nm^-1, at the subsolar point of a Lambert sphere with the same total.
    rays, light : (N, 3)
        Directions to places on the disc, and the normal irradiance from each, W m^-2 nm^-1.
    sun : (3,)
        Direction to the Sun.
    """

    harmonics: NDArray[np.float64]
    direction: NDArray[np.float64]
    distance: float
    subsolar_radiance: NDArray[np.float64]
    rays: NDArray[np.float64]
    light: NDArray[np.float64]
    sun: NDArray[np.float64]

    def irradiance(self, normals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the irradiance (N, 3), W m^-2 nm^-1, of surfaces with ``normals`` (N, 3), as in the shader."""
        return np.maximum(_basis(normals).T @ self.harmonics, 0.0)

    def radiance(self, rays: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the radiance (...) along ``rays`` (..., 3) of a uniform Lambert sphere, averaged over the bands."""
        along = self.distance * (rays @ self.direction)
        discriminant = along**2 - self.distance**2 + 1.0
        normal = (along - np.sqrt(np.maximum(discriminant, 0.0)))[..., None] * rays - self.distance * self.direction
        hits = (discriminant > 0.0) & (along > 0.0)
        return np.where(hits, np.maximum(normal @ self.sun, 0.0) * self.subsolar_radiance.mean(), 0.0)

    def beams(self, count: int) -> list[Beam]:
        """Split the light into ``count`` beams, each for a compact part of the disc; none where there is no light.

        The irradiance of each beam is ``count`` times that of its part, so that the mean of all beams is the whole.
        """
        if self.light.sum() <= 0.0:
            return []
        return [self._merge_rays(part, count) for part in _split_by_weight(self.rays, self.light.sum(axis=1), count)]

    def _merge_rays(self, part: NDArray[np.intp], count: int) -> Beam:
        light = self.light[part]
        strength = light.sum(axis=1)
        toward = strength @ self.rays[part] if strength.sum() > 0.0 else self.rays[part].sum(axis=0)
        return Beam(unit(toward), count * light.sum(axis=0))

    @property
    def edge_cosine(self) -> float:
        """Cosine of the disc's angular radius."""
        return float(np.sqrt(max(0.0, 1.0 - 1.0 / self.distance**2)))


NO_PLANETSHINE = Planetshine(
    np.zeros((9, 3)),
    np.array([0.0, 0.0, 1.0]),
    1e9,
    np.zeros(3),
    np.zeros((0, 3)),
    np.zeros((0, 3)),
    np.array([0.0, 0.0, 1.0]),
)
"""No light."""


def planetshine(view: View, maps: PlanetMaps | None, pose: CraftPose | None = None) -> Planetshine:
    """Sum up the planet's disc as seen from a craft of the view, by default the first."""
    pose, planet = pose or view.craft, view.planet
    if planet is None or maps is None:
        return NO_PLANETSHINE
    to_camera = pose.body_to_camera
    radius = float(np.mean(planet.body.radii_m))
    center = planet.position - pose.position
    distance = float(np.linalg.norm(center)) / radius
    rays, solid_angle = _sample_disc(unit(center), distance)
    radiance, mu0 = _disc_radiance(view, planet, maps, rays, unit(center), distance)
    directions = rays @ to_camera  # camera axes to body axes
    lit = float(mu0.sum())
    light = radiance * solid_angle
    return Planetshine(
        harmonics=irradiance_harmonics(directions, light),
        direction=unit(center) @ to_camera,
        distance=distance,
        subsolar_radiance=radiance.sum(axis=0) / lit if lit > 0.0 else np.zeros(3),
        rays=directions,
        light=light,
        sun=view.sun.direction @ to_camera,
    )


def _split_by_weight(places: NDArray[np.float64], weight: NDArray[np.float64], count: int) -> list[NDArray[np.intp]]:
    """Return the indices of ``places`` (N, 3) in ``count`` compact groups of similar weight.

    Groups are split in two across their longest extent until there are enough.
    """
    groups = []
    waiting = [(np.arange(len(places)), count)]
    while waiting:
        members, parts = waiting.pop()
        if parts == 1:
            groups.append(members)
            continue
        longest = int(np.argmax(np.ptp(places[members], axis=0)))
        members = members[np.argsort(places[members, longest], kind="stable")]
        first = parts // 2
        reached = np.cumsum(weight[members])
        cut = int(np.searchsorted(reached, reached[-1] * first / parts))
        cut = min(max(cut, first), len(members) - (parts - first))  # every group gets a place
        waiting += [(members[cut:], parts - first), (members[:cut], first)]
    return groups


def _sample_disc(center: NDArray[np.float64], distance: float) -> tuple[NDArray[np.float64], float]:
    """Return directions (N, 3) spread evenly over the disc by a Fibonacci spiral, and the solid angle of each, sr."""
    edge = np.sqrt(max(0.0, 1.0 - 1.0 / distance**2))  # on the ground the planet fills a hemisphere
    k = np.arange(DISC_SAMPLES) + 0.5
    cosine = 1.0 - (1.0 - edge) * k / DISC_SAMPLES
    sine, turn = np.sqrt(1.0 - cosine**2), np.pi * (1.0 + np.sqrt(5.0)) * k
    helper = np.array([1.0, 0.0, 0.0]) if abs(center[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    across = unit(np.cross(center, helper))
    other = np.cross(center, across)
    rays = cosine[:, None] * center + sine[:, None] * (np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * other)
    return rays, float(2.0 * np.pi * (1.0 - edge) / DISC_SAMPLES)


def _disc_radiance(
    view: View,
    planet: PlanetPose,
    maps: PlanetMaps,
    rays: NDArray[np.float64],
    center: NDArray[np.float64],
    distance: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the radiance (N, 3) of the planet, taken as a sphere, along each ray, and the cosine (N,) of incidence."""
    along = distance * (rays @ center)
    depth = along - np.sqrt(np.maximum(along**2 - distance**2 + 1.0, 0.0))
    normals = unit(depth[:, None] * rays - distance * center)
    mu0 = np.maximum(normals @ view.sun.direction, 0.0)
    radius = float(np.mean(planet.body.radii_m))
    mu = np.maximum(-(normals * rays).sum(axis=1), 0.0)
    albedo, _, ice_fraction = ground_properties(planet, maps, normals @ planet.camera_to_bodyfixed.T)
    if maps.water is not None:  # most of the Earth's light is that of clouds and air
        return planet_radiance(view, maps, planet.position - distance * radius * center, rays).astype(float), mu0
    cos_phase = -(rays @ view.sun.direction)
    # Single precision, as the maps have it.
    shape = reflection_shape(planet, maps, mu0, mu, cos_phase, ice_fraction.astype(np.float32))
    return albedo.astype(np.float32) * shape[:, None] * view.sun.irradiance / np.pi, mu0


def irradiance_harmonics(directions: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coefficients (9, 3) for the shader, which include the constants of the harmonics and of the cosine lobe.

    Parameters
    ----------
    directions : (N, 3)
        Unit vectors to the light.
    light : (N, 3)
        Normal irradiance from each.
    """
    basis = _basis(directions)
    constant = np.array([0.282095, 0.488603, 0.488603, 0.488603, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274])
    lobe = np.pi * np.array([1.0, 2 / 3, 2 / 3, 2 / 3, 0.25, 0.25, 0.25, 0.25, 0.25])
    return np.asarray((constant**2 * lobe)[:, None] * (basis @ light))


def _basis(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nine polynomials (9, N) of unit vectors (N, 3) that the coefficients multiply."""
    x, y, z = directions.T
    return np.array([np.ones_like(x), y, z, x, x * y, y * z, 3.0 * z * z - 1.0, x * z, x * x - y * y])
