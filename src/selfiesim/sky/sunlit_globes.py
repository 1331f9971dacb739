"""Sunlit bodies in the sky as shaded ellipsoids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import Matrix, Vector, perpendicular, unit

ShadingLaw = Literal["lambert", "lommel-seeliger"]
_DISC_SAMPLES_PER_SIDE = 96  # rays across a disc over which light is integrated


@dataclass(frozen=True)
class SkyBody:
    """A body in the sky. Vectors in ICRF axes, m.

    Attributes
    ----------
    name : str
        Lower case.
    position : (3,) array
        Centre of the body from the camera.
    radii_m : (3,) tuple of float
        Semi-axes along body-fixed x, y, z.
    icrf_to_bodyfixed : (3, 3) array
        Rotation from ICRF to body-fixed axes.
    to_sun : (3,) array
        Unit vector from the body to the Sun.
    law : str
        Reflection law: Lambert for clouds and air, Lommel-Seeliger for dark dust.
    irradiance : (3,) array
        Irradiance by the whole body at the camera, W m^-2 nm^-1.
    magnitude : float
        V; infinite if no sunlight falls on it.
    """

    name: str
    position: Vector
    radii_m: tuple[float, float, float]
    icrf_to_bodyfixed: Matrix
    to_sun: Vector
    law: ShadingLaw
    irradiance: Vector
    magnitude: float

    @cached_property
    def distance(self) -> float:
        """Distance from the camera, m."""
        return float(np.linalg.norm(self.position))

    @property
    def angular_radius(self) -> float:
        """Angular radius of its longest semi-axis, rad."""
        return float(np.arcsin(min(max(self.radii_m) / self.distance, 1.0)))

    def shade(self, rays: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the relative brightness (N,) along rays (N, 3) from the camera, and the mask of rays that hit it."""
        inverse = 1.0 / np.array(self.radii_m)
        to_scaled = inverse[:, None] * self.icrf_to_bodyfixed
        eye, ray_directions = -to_scaled @ self.position, unit(rays @ to_scaled.T)
        along = -(ray_directions @ eye)
        nearest = eye + along[:, None] * ray_directions
        inside = 1.0 - (nearest * nearest).sum(axis=-1)
        hit_mask = (inside > 0.0) & (along > 0.0)
        hit = nearest - np.sqrt(np.maximum(inside, 0.0))[:, None] * ray_directions
        normal = unit(hit * inverse)
        sunward = np.maximum(normal @ (self.icrf_to_bodyfixed @ self.to_sun), 0.0)
        if self.law == "lambert":
            return np.where(hit_mask, sunward, 0.0), hit_mask
        eyeward = np.maximum(-(normal * unit(rays @ self.icrf_to_bodyfixed.T)).sum(axis=-1), 0.0)
        return np.where(hit_mask, 2.0 * sunward / (sunward + eyeward + 1e-9), 0.0), hit_mask

    @cached_property
    def disc_integrals(self) -> tuple[float, float]:
        """Relative brightness integrated over the disc, and the disc's solid angle, sr."""
        toward = self.position / self.distance
        across = perpendicular(toward)
        half = np.tan(self.angular_radius)
        steps = (np.arange(_DISC_SAMPLES_PER_SIDE) + 0.5) / _DISC_SAMPLES_PER_SIDE * 2.0 - 1.0
        x, y = (half * part.ravel() for part in np.meshgrid(steps, steps))
        rays = toward + x[:, None] * across + y[:, None] * np.cross(toward, across)
        solid_angle = (2.0 * half / _DISC_SAMPLES_PER_SIDE) ** 2 * (1.0 + x * x + y * y) ** -1.5
        brightness, hit_mask = self.shade(rays)
        return float(brightness @ solid_angle), float(hit_mask @ solid_angle)

    def seen_as(self, irradiance: Vector, magnitude: float) -> SkyBody:
        """The same body with another irradiance and magnitude; its disc is not integrated again."""
        seen = replace(self, irradiance=irradiance, magnitude=magnitude)
        vars(seen)["disc_integrals"] = self.disc_integrals
        return seen

    @property
    def radiance_scale(self) -> Vector:
        """Radiance (3,), W m^-2 sr^-1 nm^-1, at a relative brightness of 1."""
        return self.irradiance / self.disc_integrals[0] if self.disc_integrals[0] > 0.0 else np.zeros(3)


def lommel_seeliger_phase(phase: float) -> float:
    """Return a Lommel-Seeliger sphere's brightness at a phase angle (rad) relative to opposition."""
    half = 0.5 * min(max(phase, 1e-6), np.pi - 1e-6)
    return float(1.0 - np.sin(half) * np.tan(half) * np.log(1.0 / np.tan(half / 2.0)))
