"""Orthographic cameras at a light, from which shadow maps of the craft are rendered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.core.vectors import perpendicular, unit

SUN_MAP_SIZE = 2048
PLANETSHINE_MAP_SIZE = 1024
"""Width in texels of the shadow maps of the Sun, and of planetshine, whose shadows are soft."""


@dataclass(frozen=True)
class LightCamera:
    """An orthographic camera at a light, fitted to the craft. Body axes, metres.

    Attributes
    ----------
    position, target, up : (3,) array
        Position of the near plane's centre, point on the axis, and up direction.
    half_width : float
        Half the width of its square field of view.
    depth : float
        Distance between near and far plane, which enclose the craft.
    size : int
        Width of its map, texels.
    """

    position: NDArray[np.float64]
    target: NDArray[np.float64]
    up: NDArray[np.float64]
    half_width: float
    depth: float
    size: int

    @classmethod
    def fitted_to(
        cls, bounds: NDArray[np.float64], light: NDArray[np.float64], size: int, occluder_reach: float = 0.0
    ) -> LightCamera:
        """Return a camera fitted to a box.

        Parameters
        ----------
        bounds : (2, 3) array
            Lower and upper corner of the box, body axes, m.
        light : (3,) array
            Direction to the light, body axes.
        size : int
            Width of the map, texels.
        occluder_reach : float
            How far toward the light other occluders extend, m from the centre of the box.
        """
        center = bounds.mean(axis=0)
        forward = -unit(light)
        right = perpendicular(forward)
        up = np.cross(right, forward)
        corners = np.array([[bounds[i, 0], bounds[j, 1], bounds[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        local = (corners - center) @ np.array([right, up, forward]).T
        half_width = 1.01 * float(np.abs(local[:, :2]).max())
        reach = 1.01 * max(float(np.abs(local[:, 2]).max()), 1e-3 * half_width)  # a flat sheet may have no depth at all
        ahead = max(reach, occluder_reach)
        return cls(center - forward * ahead, center, up, half_width, ahead + reach, size)

    @classmethod
    def fitted_to_sphere(
        cls, center: NDArray[np.float64], light: NDArray[np.float64], radius: float, size: int
    ) -> LightCamera:
        """Return a camera fitted to the sphere of ``radius`` metres about ``center`` (3,)."""
        forward = -unit(light)
        up = np.cross(perpendicular(forward), forward)
        return cls(center - forward * radius, center, up, radius, 2.0 * radius, size)

    @property
    def texel_m(self) -> float:
        """Width of a texel, m."""
        return 2.0 * self.half_width / self.size

    def body_to_map(self) -> NDArray[np.float64]:
        """Return the matrix (4, 4) from body axes to texture coordinates and depth, each in [0, 1]."""
        forward = unit(self.target - self.position)
        right = unit(np.cross(forward, self.up))
        up = np.cross(right, forward)
        scale = np.array([0.5 / self.half_width, 0.5 / self.half_width, 1.0 / self.depth])
        scaled_axes = np.array([right, up, forward]) * scale[:, None]
        matrix = np.eye(4)
        matrix[:3, :3] = scaled_axes
        matrix[:3, 3] = np.array([0.5, 0.5, 0.0]) - scaled_axes @ self.position
        return matrix

    def uniforms(self, name: str) -> dict[str, ArrayLike]:
        """Return the uniforms with which a shader looks up the map ``name``."""
        return {
            f"bodyTo{name.capitalize()}": self.body_to_map(),
            f"{name}Texel": self.texel_m,
            f"{name}Size": float(self.size),
            f"{name}Bias": 0.25 * self.texel_m / self.depth,
        }
