"""Sunlit bodies as shaded ellipsoids: how bright each point of them is, and all together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import Matrix, Vector, unit

ShadingLaw = Literal["lambert", "lommel-seeliger"]
_DISC_SAMPLES_PER_SIDE = 96  # rays across a disc whose light is added up


@dataclass(frozen=True)
class SkyBody:
    """A body in the sky. Vectors in ICRF axes, m.

    Attributes
    ----------
    name : str
        Lower case.
    position : (3,) array
        From the camera to its middle.
    radii_m : (3,) tuple of float
        Semi-axes along body-fixed x, y, z.
    icrf_to_bodyfixed : (3, 3) array
        How it is turned.
    to_sun : (3,) array
        Unit vector.
    law : str
        How brightness falls off over the disc: clouds and air as Lambert has it, dark dust as Lommel and Seeliger.
    irradiance : (3,) array
        All its light at the camera, W m^-2 nm^-1.
    magnitude : float
        V; infinite where no sunlight falls on it.
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
        """From the camera, m."""
        return float(np.linalg.norm(self.position))

    @property
    def angular_radius(self) -> float:
        """Half the widest angle that it can span, rad."""
        return float(np.arcsin(min(max(self.radii_m) / self.distance, 1.0)))

    def shade(self, rays: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Relative brightness (N,) along rays (N, 3) from the camera, and whether they meet it."""
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
        """Relative brightness times solid angle, and the solid angle itself, sr."""
        toward = self.position / self.distance
        across = unit(np.cross(toward, np.eye(3)[int(np.argmin(np.abs(toward)))]))
        half = np.tan(self.angular_radius)
        steps = (np.arange(_DISC_SAMPLES_PER_SIDE) + 0.5) / _DISC_SAMPLES_PER_SIDE * 2.0 - 1.0
        x, y = (half * part.ravel() for part in np.meshgrid(steps, steps))
        rays = toward + x[:, None] * across + y[:, None] * np.cross(toward, across)
        angle = (2.0 * half / _DISC_SAMPLES_PER_SIDE) ** 2 * (1.0 + x * x + y * y) ** -1.5
        brightness, hit_mask = self.shade(rays)
        return float(brightness @ angle), float(hit_mask @ angle)

    @property
    def radiance_scale(self) -> Vector:
        """Radiance (3,), W m^-2 sr^-1 nm^-1, where the relative brightness is 1."""
        return self.irradiance / self.disc_integrals[0] if self.disc_integrals[0] > 0.0 else np.zeros(3)


def lommel_seeliger_phase(phase: float) -> float:
    """A sphere's light at a phase angle (rad) over that at opposition, by the law of Lommel and Seeliger."""
    half = 0.5 * min(max(phase, 1e-6), np.pi - 1e-6)
    return float(1.0 - np.sin(half) * np.tan(half) * np.log(1.0 / np.tan(half / 2.0)))
