"""Sunlight that the Earth's air refracts into its shadow: the light of a totally eclipsed Moon.

Seen from the Moon, the Sun has become a thin ring around the Earth. Rays to the middle of the umbra graze the ground,
where scattering by the air leaves red light, dimmed by clouds; rays to its edge pass through the stratosphere, where
ozone takes away more green and red than blue (design/eclipses.md).
"""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import SUN_RADIUS_M
from selfiesim.core.vectors import Vector, cross

# Shares of direct sunlight at 620, 550 and 460 nm. Assumed, for an eclipse of Danjon's L = 2.5: clouds and volcanic
# dust make each eclipse different. At 550 nm they lie between the darkest and the brightest Moon that was measured.
UMBRA_CENTER = (7.0e-5, 1.6e-5, 1.6e-6)
UMBRA_EDGE = (3.6e-4, 4.0e-4, 4.8e-4)


def refracted_sunlight(earth: Vector, radius_m: float, sun: Vector, visible_fraction: float) -> Vector:
    """Return the refracted light at a place in or near the Earth's shadow.

    Parameters
    ----------
    earth, sun : (3,) array
        Centres of Earth and Sun from the place, m; the place is as far from the Earth as the Moon.
    radius_m : float
        Radius of the Earth, m.
    visible_fraction : float
        Fraction of the Sun's disc that the Earth leaves visible.

    Returns
    -------
    (3,) array
        Share of unobstructed sunlight per band; 0 in full sunlight.
    """
    distances = np.linalg.norm(earth), np.linalg.norm(sun)
    apart = np.arctan2(np.linalg.norm(cross(earth, sun)), earth @ sun)
    umbra = np.arcsin(radius_m / distances[0]) - np.arcsin(SUN_RADIUS_M / distances[1])
    depth = min(float(apart / umbra), 1.0)
    center, edge = np.log(UMBRA_CENTER), np.log(UMBRA_EDGE)
    return np.asarray((1.0 - visible_fraction) * np.exp(center + depth * depth * (edge - center)))
