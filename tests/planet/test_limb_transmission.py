"""Sunlight along the limb against Beer's law integrated along the ray."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from selfiesim.astro.bodies import BODIES
from selfiesim.planet.light.atmosphere import air_column
from selfiesim.planet.light.dust_optics import RELATIVE_EXTINCTION
from selfiesim.planet.light.limb_transmission import limb_sun_transmittance
from selfiesim.planet.light.weather import Weather
from selfiesim.scene.scene import Scene

MARS = BODIES["mars"]
AU = 1.495978707e11
WEATHER = Weather(dust_opacity=0.5, dust_top_m=45_000.0, gas=1.0)


def craft_at(height_m, distance_m=4.0e6):
    """Return a body-fixed position behind Mars from which the ray to a Sun on +x passes at a given height."""
    return np.array([-distance_m, MARS.radii_m[0] + height_m, 0.0])


@pytest.mark.parametrize("height_m", [15_000.0, 25_000.0, 40_000.0])
def test_a_ray_above_the_limb_is_dimmed_by_beers_law(height_m):
    air = air_column(WEATHER, MARS, 0.0)
    # The Sun is so far away that its disc is a point.
    transmittance = limb_sun_transmittance(craft_at(height_m), np.array([1e6 * AU, 0.0, 0.0]), MARS, WEATHER)

    def depth(band):
        def extinction(x):
            height = np.hypot(x, MARS.radii_m[0] + height_m) - MARS.radii_m[0]
            dust = air.dust_opacity * RELATIVE_EXTINCTION[band] * air.dust_profile(height)
            return dust + air.gas_depth[band] * air.gas_profile(height)

        return 2.0 * sum(quad(extinction, a, b, limit=200)[0] for a, b in ((0.0, 3e5), (3e5, 2e6)))

    np.testing.assert_allclose(np.log(transmittance), [-depth(band) for band in range(3)], rtol=0.02, atol=4e-3)


def test_transmittance_is_one_away_from_the_limb_and_behind_the_planet():
    sun = np.array([AU, 0.0, 0.0])
    np.testing.assert_array_equal(limb_sun_transmittance(craft_at(1e6), sun, MARS, WEATHER), 1.0)
    np.testing.assert_array_equal(
        limb_sun_transmittance(-craft_at(20_000.0), -sun * (-1.0, 1.0, 1.0), MARS, WEATHER), 1.0
    )
    np.testing.assert_array_equal(limb_sun_transmittance(craft_at(-200_000.0), sun, MARS, WEATHER), 1.0)


def test_a_craft_that_enters_the_shadow_dims():
    scene = Scene.load("tianwen1-mars").with_changes(
        camera__size_px=[64, 36], planet__dust_opacity=0.5, orbit__raan_deg=190.0
    )
    views = [scene.view(f"release+{seconds}s") for seconds in range(0, 28_000, 40)]
    sun = np.array([view.craft.sun_visible_fraction for view in views])
    air_transmittance = np.array([view.craft.air_transmittance for view in views])
    low = (sun > 0.0) & (air_transmittance[:, 1] < 0.7)
    assert low.any()
    assert (sun == 0.0).any()
    # Grains larger than the wavelengths dim all colours alike.
    depth = -np.log(air_transmittance[low])
    np.testing.assert_allclose(depth / depth[:, 1:2], 1.0, rtol=0.06)
    np.testing.assert_array_equal(air_transmittance[sun == 0.0], 1.0)
