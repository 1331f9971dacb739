"""The sky from the ground: published fluxes, energy balance and colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from figures import largest_percent
from numpy.testing import assert_allclose

from selfiesim.planet.light.air_column import AirColumn
from selfiesim.planet.light.dust_sky import ICE_ASYMMETRY, DustSky, delta_eddington

RADIUS_M = 3_389_500.0
DUST_GROUND = (0.28, 0.17, 0.085)


def sky_at(opacity, zenith_deg, ground=DUST_GROUND):
    z = np.radians(zenith_deg)
    return DustSky(AirColumn(opacity, 35_000.0, 0.0, RADIUS_M), np.array([np.sin(z), 0.0, np.cos(z)]), np.array(ground))


# Appelbaum and Flood 1990, Solar Energy 45, 353, table III (Pollack's multiple scattering): the net flux at the ground,
# over that on a level surface above the air, for zenith angles of 0, 20, 40, 60 and 80 degrees; ground albedo 0.1.
NET_FLUX = {
    0.1: (0.885, 0.882, 0.876, 0.857, 0.755),
    0.3: (0.847, 0.841, 0.826, 0.774, 0.562),
    0.5: (0.810, 0.802, 0.778, 0.708, 0.452),
    1.0: (0.732, 0.717, 0.670, 0.560, 0.317),
}


@pytest.mark.parametrize("opacity", NET_FLUX)
def test_net_flux_agrees_with_the_published_table(opacity):
    """The table is that of the whole spectrum in a plane layer, where a low Sun is dimmer than on a sphere."""
    net = [0.9 * sky_at(opacity, z, (0.1, 0.1, 0.1)).ground_irradiance_fraction.mean() for z in (0, 20, 40, 60, 80)]
    assert_allclose(net[:4], NET_FLUX[opacity][:4], rtol=0.03)
    assert_allclose(net[4], NET_FLUX[opacity][4], rtol=0.10)


def test_conservative_scattering_loses_no_light():
    reflected, through = delta_eddington(np.array([0.1, 1.0, 5.0]), np.ones(3), np.array([0.0, 0.4, 0.7]), 0.6)
    assert_allclose(reflected + through, 1.0, atol=1e-5)


def test_sky_and_beam_add_up_to_the_irradiance_of_the_ground():
    sky = sky_at(0.4, 50.0)
    rays, light = sky.light()
    above = rays[:, 2] > 0.0
    down = (light[above] * rays[above, 2:]).sum(axis=0)
    assert_allclose(
        down + sky.beam_transmittance * sky.sun_cosine, sky.ground_irradiance_fraction * sky.sun_cosine, rtol=0.01
    )


def test_lit_ground_reflects_light_upward():
    sky = sky_at(0.4, 50.0)
    rays, light = sky.light()
    below = rays[:, 2] < 0.0
    up = (light[below] * -rays[below, 2:]).sum(axis=0)
    assert_allclose(up, np.array(DUST_GROUND) * sky.ground_irradiance_fraction * sky.sun_cosine, rtol=0.01)


def test_sky_is_butterscotch_away_from_the_sun_and_brighter_toward_it():
    sky = sky_at(0.5, 45.0)
    away = sky.radiance(np.array([-0.8, 0.0, 0.6]))
    toward = sky.radiance(np.array([0.9, 0.0, np.sqrt(1 - 0.81)]))
    red, green, blue = away
    assert 0.5 < green / red < 0.85
    assert 0.25 < blue / red < 0.6
    assert np.all(toward > 1.5 * away)


def test_sky_is_brighter_at_the_horizon_than_overhead():
    sky = sky_at(0.4, 50.0)
    side = sky.radiance(np.array([0.0, 1.0, 0.0]))
    assert np.all(side > sky.radiance(np.array([0.0, 0.0, 1.0])))


# stevealbers.net: a blue halo around a low Sun, reddish brown elsewhere.
def test_blue_glow_around_a_low_sun():
    sky = sky_at(0.5, 80.0)
    beside = sky.radiance(np.array([np.cos(np.radians(13.0)), 0.0, np.sin(np.radians(13.0))]))
    across = sky.radiance(np.array([0.0, np.cos(np.radians(13.0)), np.sin(np.radians(13.0))]))
    assert beside[2] / beside[0] > 1.3 * across[2] / across[0]


def test_radiance_is_continuous_at_the_suns_elevation():
    sky = sky_at(0.4, 60.0)
    height = np.cos(np.radians(60.0)) + np.array([-1e-3, -1e-5, 0.0, 1e-5, 1e-3])
    rays = np.stack([np.zeros(5), np.sqrt(1 - height**2), height], axis=1)
    values = sky.radiance(rays)
    assert_allclose(values, np.broadcast_to(values[0], values.shape), rtol=0.01)


def test_clear_air_is_dark():
    assert sky_at(0.001, 30.0).radiance(np.array([0.0, 0.6, 0.8])).max() < 0.002


# Shettle and Weinman 1970, J. Atmos. Sci. 27, 1048: the Eddington solution for a layer that absorbs nothing, over black
# ground. Delta scaling leaves (1 - g) times the optical depth as it is.
@pytest.mark.parametrize("opacity", [0.1, 1.0, 4.0])
def test_clouds_let_through_what_a_layer_that_absorbs_nothing_does(figure, opacity):
    mu0, depth = np.cos(np.radians(50.0)), opacity * (1.0 - ICE_ASYMMETRY**2)
    column = AirColumn(0.0, 35_000.0, 0.0, 1e12)  # a plane
    sky = DustSky(column, np.array([np.sin(np.radians(50.0)), 0.0, mu0]), np.zeros(3), opacity)
    published = (2 / 3 + mu0 + (2 / 3 - mu0) * np.exp(-depth / mu0)) / (4 / 3 + (1.0 - ICE_ASYMMETRY) * opacity)
    worst = largest_percent(sky.ground_irradiance_fraction, published)
    against = "Eddington solution, Shettle and Weinman 1970"
    figure("planet", "flux through thin clouds of ice over black ground", against, worst, 0.2, "percent")


def test_clouds_make_the_zenith_whiter():
    clear, cloudy = (replace(sky_at(0.4, 50.0), cloud_opacity=each) for each in (0.0, 0.5))
    overhead = np.array([0.0, 0.0, 1.0])
    red, blue = cloudy.radiance(overhead)[[0, 2]] / clear.radiance(overhead)[[0, 2]]
    assert blue > 1.2 * red > 1.2
