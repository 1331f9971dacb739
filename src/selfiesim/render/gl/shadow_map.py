"""A light's view of the craft: a depth map that tells which points it reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit

SUN_MAP_SIZE = 2048
PLANETSHINE_MAP_SIZE = 1024
"""Width of the maps of the Sun, and of the planet's light, whose shade is soft."""


@dataclass(frozen=True)
class LightCamera:
    """An orthographic camera far off at a light, fitted to the craft. Body axes, metres.

    Attributes
    ----------
    position, target, up : (3,)
        Where it stands, looks, and has its upper edge.
    half_width : float
        Half the square it sees.
    depth : float
        From its near to its far plane, which is where the craft is.
    size : int
        Texels across its map.
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
        """Fitted to the box ``bounds`` (2, 3) as seen from the direction ``light`` (3,).

        What casts its shadow on the box from farther off, ``occluder_reach`` metres from its middle, is taken in.
        """
        center = bounds.mean(axis=0)
        forward = -unit(light)
        helper = np.eye(3)[int(np.argmin(np.abs(forward)))]
        right = unit(np.cross(forward, helper))
        up = np.cross(right, forward)
        corners = np.array([[bounds[i, 0], bounds[j, 1], bounds[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        local = (corners - center) @ np.array([right, up, forward]).T
        half_width = 1.01 * float(np.abs(local[:, :2]).max())
        reach = 1.01 * max(float(np.abs(local[:, 2]).max()), 1e-3 * half_width)  # a sheet has no depth of its own
        ahead = max(reach, occluder_reach)
        return cls(center - forward * ahead, center, up, half_width, ahead + reach, size)

    @classmethod
    def fitted_to_sphere(
        cls, middle: NDArray[np.float64], light: NDArray[np.float64], reach: float, size: int
    ) -> LightCamera:
        """Of all within ``reach`` metres of ``middle`` (3,)."""
        forward = -unit(light)
        up = unit(np.cross(np.cross(forward, np.eye(3)[int(np.argmin(np.abs(forward)))]), forward))
        return cls(middle - forward * reach, middle, up, reach, 2.0 * reach, size)

    @property
    def texel_m(self) -> float:
        """Width of one texel of the map on the craft, m."""
        return 2.0 * self.half_width / self.size

    def body_to_map(self) -> NDArray[np.float64]:
        """(4, 4): body axes to texture coordinates and depth, each in [0, 1]."""
        forward = unit(self.target - self.position)
        right = unit(np.cross(forward, self.up))
        up = np.cross(right, forward)
        scale = np.array([0.5 / self.half_width, 0.5 / self.half_width, 1.0 / self.depth])
        turn = np.array([right, up, forward]) * scale[:, None]
        matrix = np.eye(4)
        matrix[:3, :3] = turn
        matrix[:3, 3] = np.array([0.5, 0.5, 0.0]) - turn @ self.position
        return matrix
