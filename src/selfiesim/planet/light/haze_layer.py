"""A detached layer of haze: a thin bright line separate from the limb, as seen through a blue filter.

Height, thickness and opacity of such layers change from day to day; the scene sets all three. The layer consists of
grains of a single size that scatter once, with a density that is a parabola across the layer, so the optical depth
along a line of sight has a closed form and the layer has sharp limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ASYMMETRY = 0.4  # Henyey-Greenstein g once the forward peak counts as not scattered (assumed)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HazeLayer:
    """A detached haze layer; lengths in planet radii.

    Attributes
    ----------
    height : float
        Height of its middle above the ground.
    half_thickness : float
        Distance from the middle to its upper and lower limit.
    opacity : float
        Vertical optical depth.
    """

    height: float
    half_thickness: float
    opacity: float

    def limb_optical_depth(self, tangent_height: Array) -> Array:
        """Return the optical depth (...) along a ray whose lowest point is ``tangent_height`` above the ground."""
        low = np.asarray(tangent_height, float) - self.height

        def column(end: Array) -> Array:
            # Height along the ray grows as distance squared; this integrates the parabola from the lowest point.
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
        """Return the optical depth (...) of a ray that meets the ground at a zenith cosine."""
        return np.asarray(self.opacity / self.zenith_cosine_at_layer(mu))

    def zenith_cosine_at_layer(self, mu: Array) -> Array:
        """Return the zenith cosine, at the layer, of a ray with ``mu`` at the ground."""
        return np.asarray(np.sqrt(1.0 - (1.0 - np.asarray(mu) ** 2) / (1.0 + self.height) ** 2))
