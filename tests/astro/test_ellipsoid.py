"""Angular diameter of the planet and eclipses of the Sun."""

import numpy as np
import pytest

from selfiesim.astro.bodies import AU_M, MARS, SUN_RADIUS_M
from selfiesim.astro.ellipsoid import planet_angular_diameter, sun_visible_fraction

RADII = np.array(MARS.radii_m)


def meets(position, ray):
    """Whether a ray from ``position`` meets the ellipsoid, by the textbook quadratic, independent of the code."""
    p, d = position / RADII, ray / RADII
    a, b, c = d @ d, p @ d, p @ p - 1.0
    return b < 0.0 and b * b >= a * c


def limb_angle(position, direction, toward):
    """Angle from ``direction``, which meets the planet, toward ``toward`` at which rays begin to miss, by bisection."""
    low, high = 0.0, np.pi / 2.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        ray = np.cos(middle) * direction + np.sin(middle) * toward
        low, high = (middle, high) if meets(position, ray) else (low, middle)
    return low


@pytest.mark.parametrize("height_km", [300.0, 500.0, 10_000.0, 1e6])
@pytest.mark.parametrize("latitude_deg", [0.0, 45.0, 86.0, 90.0])
def test_angular_diameter_agrees_with_traced_rays(height_km, latitude_deg):
    latitude = np.radians(latitude_deg)
    down = -np.array([np.cos(latitude), 0.0, np.sin(latitude)])
    position = -down * (3396.19e3 + height_km * 1e3)
    side = np.array([0.0, 1.0, 0.0])
    widths = []
    for turn in np.radians(np.arange(0.0, 180.0, 1.0)):
        toward = np.cos(turn) * side + np.sin(turn) * np.cross(down, side)
        widths.append(limb_angle(position, down, toward) + limb_angle(position, down, -toward))
    # This is the widest cut through the nadir; the widest of all differs by less than a hundredth of a degree.
    assert np.degrees(planet_angular_diameter(position, MARS)) == pytest.approx(np.degrees(max(widths)), abs=0.02)


def visible_share(position, to_sun, count=4000):
    """Fraction of a uniform spiral of points on the Sun's disc whose rays miss the planet."""
    k = np.arange(count) + 0.5
    distance = np.linalg.norm(to_sun)
    toward = to_sun / distance
    across = np.cross(toward, [0.3, 0.5, 0.8])
    across /= np.linalg.norm(across)
    other = np.cross(toward, across)
    radius, turn = SUN_RADIUS_M * np.sqrt(k / count), np.pi * (1.0 + 5.0**0.5) * k
    points = to_sun + radius[:, None] * (np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * other)
    return np.mean([not meets(position, point) for point in points])


@pytest.mark.parametrize("offset_deg", [-2.0, -0.15, -0.1, -0.03, 0.0, 0.05, 0.12, 0.16, 1.0])
@pytest.mark.parametrize("latitude_deg", [0.0, 60.0])
def test_visible_fraction_of_the_sun_agrees_with_traced_rays(offset_deg, latitude_deg):
    latitude = np.radians(latitude_deg)
    up = np.array([np.cos(latitude), 0.0, np.sin(latitude)])
    position = up * 3_900e3
    east = np.array([0.0, 1.0, 0.0])
    down_to_limb = limb_angle(position, -up, east)
    angle = down_to_limb + np.radians(offset_deg)
    to_sun = 1.5 * AU_M * (np.cos(angle) * -up + np.sin(angle) * east)
    # A disc of 0.18 degrees and a limb that is not quite straight: half a percent.
    assert sun_visible_fraction(position, to_sun, MARS) == pytest.approx(visible_share(position, to_sun), abs=0.005)


def test_by_day_the_whole_sun_is_visible():
    assert sun_visible_fraction(np.array([4e6, 0.0, 0.0]), np.array([1.5 * AU_M, 1e10, 0.0]), MARS) == 1.0
