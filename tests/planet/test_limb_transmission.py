"""The Sun's light along the limb, against Beer's law summed up along the ray."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from selfiesim.astro.bodies import BODIES
from selfiesim.planet.light.atmosphere import SCALE_HEIGHT_M, build_atmosphere
from selfiesim.planet.light.limb_transmission import limb_sun_transmittance
from selfiesim.scene.scene import Scene

MARS = BODIES["mars"]
AU = 1.495978707e11


def craft_at(height_m, distance_m=4.0e6):
    """A craft behind Mars' limb as the Sun on +x sees it, the ray to the Sun's middle passing so high; body-fixed."""
    return np.array([-distance_m, MARS.radii_m[0] + height_m, 0.0])


@pytest.mark.parametrize("height_m", [15_000.0, 25_000.0, 40_000.0])
def test_a_ray_over_the_limb_loses_what_the_air_along_it_takes(height_m):
    air = build_atmosphere(0.5, MARS.radii_m[0], 1.0)
    # A Sun so far off that its disc is a point.
    told = limb_sun_transmittance(craft_at(height_m), np.array([1e6 * AU, 0.0, 0.0]), MARS, air)

    def density(x):
        return np.exp(-(np.hypot(x, MARS.radii_m[0] + height_m) - MARS.radii_m[0]) / SCALE_HEIGHT_M)

    column = 2.0 * quad(density, 0.0, 2e6, limit=200)[0] / SCALE_HEIGHT_M
    np.testing.assert_allclose(np.log(told), -air.optical_depth * column, rtol=0.02)


def test_far_from_the_limb_nothing_is_lost_and_behind_the_planet_nothing_is_told():
    air, sun = build_atmosphere(0.5, MARS.radii_m[0], 1.0), np.array([AU, 0.0, 0.0])
    np.testing.assert_array_equal(limb_sun_transmittance(craft_at(1e6), sun, MARS, air), 1.0)
    np.testing.assert_array_equal(limb_sun_transmittance(-craft_at(20_000.0), -sun * (-1.0, 1.0, 1.0), MARS, air), 1.0)
    np.testing.assert_array_equal(limb_sun_transmittance(craft_at(-200_000.0), sun, MARS, air), 1.0)


def test_a_craft_that_goes_into_the_shadow_dims_and_reddens():
    scene = Scene.load("tianwen1-mars").with_changes(
        camera__size_px=[64, 36], planet__dust_opacity=0.5, orbit__raan_deg=190.0
    )
    views = [scene.view(f"release+{seconds}s") for seconds in range(0, 28_000, 40)]
    share = np.array([view.craft.sun_visible_fraction for view in views])
    air_transmittance = np.array([view.craft.air_transmittance for view in views])
    low = (share > 0.0) & (air_transmittance[:, 1] < 0.7)
    assert low.any()
    assert (share == 0.0).any()
    # Little: dust takes all colours alike, and the gas, which takes the blue, is thin.
    assert (air_transmittance[low, 0] > air_transmittance[low, 2]).all()
    np.testing.assert_array_equal(air_transmittance[share == 0.0], 1.0)
