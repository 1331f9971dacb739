"""The Sun's view of the craft: a depth map that tells which points it reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.frames import unit

SIZE = 2048


@dataclass(frozen=True)
class SunCamera:
    """An orthographic camera at the Sun, fitted to the craft. Body axes, metres.

    Attributes
    ----------
    position, target, up : (3,)
        Where it stands, looks, and has its upper edge.
    half_width : float
        Half the square it sees.
    depth : float
        From its near to its far plane, which is where the craft is.
    """

    position: NDArray[np.float64]
    target: NDArray[np.float64]
    up: NDArray[np.float64]
    half_width: float
    depth: float

    @classmethod
    def around(cls, bounds: NDArray[np.float64], sun: NDArray[np.float64]) -> SunCamera:
        """Fitted to the box ``bounds`` (2, 3) as seen from the direction ``sun`` (3,)."""
        center = bounds.mean(axis=0)
        forward = -unit(sun)
        helper = np.eye(3)[int(np.argmin(np.abs(forward)))]
        right = unit(np.cross(forward, helper))
        up = np.cross(right, forward)
        corners = np.array([[bounds[i, 0], bounds[j, 1], bounds[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        local = (corners - center) @ np.array([right, up, forward]).T
        half_width = 1.01 * float(np.abs(local[:, :2]).max())
        reach = 1.01 * float(np.abs(local[:, 2]).max())
        return cls(center - forward * reach, center, up, half_width, 2.0 * reach)

    @property
    def texel_m(self) -> float:
        """Width of one texel of the map on the craft, m."""
        return 2.0 * self.half_width / SIZE

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
