"""A detached layer of haze: a thin bright line that stands apart above the limb, as seen through a blue filter.

How high, thick and opaque such layers are differs from day to day; all three are assumed and the scene's to say. Ice
dust of one size, scattering once, its density a parabola across the layer: then a line of sight through it has a closed
form, and the layer ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ASYMMETRY = 0.4  # Henyey-Greenstein g once the forward peak counts as not scattered (assumed)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HazeLayer:
    """Lengths in planet radii.

    Attributes
    ----------
    height
        Of its middle.
    half_thickness
        From there to where it ends, up and down.
    opacity
        Vertical optical depth.
    """

    height: float
    half_thickness: float
    opacity: float

    def limb_optical_depth(self, tangent_height: Array) -> Array:
        """Optical depth (...) along a ray whose lowest point is ``tangent_height`` over the ground."""
        low = np.asarray(tangent_height, float) - self.height

        def column(end: Array) -> Array:
            # Heights along the ray go as the square of the way: the parabola's integral from the lowest point.
            x = np.sqrt(2.0 * np.maximum(end, 0.0))
            square = x * x
            return np.asarray(x * (1.0 - (low * low + square * (low / 3.0 + square / 20.0)) / self.half_thickness**2))

        return np.asarray(
            1.5
            * self.opacity
            / self.half_thickness
            * (column(self.half_thickness - low) - column(-self.half_thickness - low))
        )

    def ground_optical_depth(self, mu: Array) -> Array:
        """Optical depth (...) of a ray that meets the ground at a zenith cosine."""
        return np.asarray(self.opacity / self.zenith_cosine_at_layer(mu))

    def zenith_cosine_at_layer(self, mu: Array) -> Array:
        """Zenith cosine at the layer of a ray that has ``mu`` at the ground."""
        return np.asarray(np.sqrt(1.0 - (1.0 - np.asarray(mu) ** 2) / (1.0 + self.height) ** 2))
