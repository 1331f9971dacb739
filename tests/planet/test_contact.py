"""Where vehicles touch the ground: prints, ruts that end, and the streaks of a blast zone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from selfiesim.planet.ground.contact import BlastZone, Pad, Print, Track, press_prints, swept, track_displacement
from selfiesim.planet.ground.mesh import TerrainSpec, build_terrain, height_at

FOOT = Print(3.0, 1.0, 0.2, 0.03)


def around(x, y, radius, count=180):
    angle = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    return x + radius * np.cos(angle), y + radius * np.sin(angle)


def test_a_print_is_pressed_to_the_level_of_the_vehicle_inside_a_pushed_up_ring():
    def pressed(radius):
        x, y = around(FOOT.x_m, FOOT.y_m, radius * FOOT.radius_m)
        return press_prints(np.full_like(x, 0.02), x, y, (FOOT,)) - 0.02

    assert_allclose(pressed(0.5), -0.02)
    ring = pressed(1.16)
    assert ring.mean() == pytest.approx(FOOT.rim_m, rel=0.35)
    assert ring.std() > 0.2 * ring.mean(), "uneven"
    assert (ring > 0.0).all()
    assert_allclose(pressed(2.5), 0.0)


def test_no_stone_or_clod_lies_under_a_foot():
    spec = TerrainSpec(
        rock_share=0.2,
        clod_share=0.3,
        cell_rad=0.01,
        extent_m=60.0,
        rocks_reach_m=6.0,
        prints=(FOOT,),
        sector_deg=360.0,
    )
    parts = [part for part in build_terrain(spec).parts if part.node.startswith(("rocks", "clods"))]
    places = np.concatenate([part.vertices[:, :2] for part in parts])
    away = np.hypot(places[:, 0] - FOOT.x_m, places[:, 1] - FOOT.y_m)
    assert (away < 3.0 * FOOT.radius_m).sum() > 50
    assert (away < 0.7 * FOOT.radius_m).sum() == 0


def test_ruts_end_where_the_wheels_stood_and_have_rims_on_both_sides():
    track = Track(((0.0, -4.0), (0.0, 0.0)), half_m=0.6, width_m=0.2, depth_m=0.02)

    def added(x, y):
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        return track_displacement(x.copy(), y.copy(), np.full(x.shape, 0.1), track)[0]

    y = np.linspace(-3.0, -1.0, 300)
    assert_allclose(added(0.6, y), -0.02)
    for x in (0.6 - 0.13, 0.6 + 0.13, -0.6 - 0.13, -0.6 + 0.13):
        rim = added(x, y)
        assert (rim > 0.0).all()
        assert rim.mean() == pytest.approx(0.6 * 0.02, rel=0.3)
    assert added(0.6, [0.13]) > 0.002, "soil is pushed ahead of the wheel"
    assert_allclose(added(0.6, [0.4, 0.6]), 0.0, atol=1e-5)
    assert_allclose(added(np.linspace(-0.3, 0.3, 9), 0.6), 0.0, atol=1e-5)


def test_ruts_cross_level_pads():
    track = Track(((0.0, -4.0), (0.0, 0.0)), depth_m=0.02)
    bare, driven = (TerrainSpec(pads=(Pad(0.0, 0.0, 2.0, 0.02),), tracks=tracks) for tracks in ((), (track,)))
    x, y = np.full(9, 0.6), np.linspace(-1.5, -0.2, 9)
    coarse = np.full(9, 0.1)
    assert_allclose(height_at(driven, x, y, coarse) - height_at(bare, x, y, coarse), -0.02, atol=1e-9)


def test_a_blast_zone_is_clear_in_the_middle_and_ends_in_streaks_that_thin_out():
    zone = BlastZone(5.0, -2.0, 4.0)

    def share(radius):
        x, y = around(zone.x_m, zone.y_m, radius * zone.radius_m, 2000)
        return swept(x, y, zone, 3)

    assert share(0.05).min() > 0.95
    covered = [float((share(radius) > 0.15).mean()) for radius in (0.3, 0.9, 1.4, 2.0)]
    assert covered == sorted(covered, reverse=True)
    assert covered[0] > 0.9
    assert 0.0 < covered[2] < 0.5
    assert share(2.5).max() < 0.02
    assert share(0.9).std() > 0.1, "streaks"
    # A streak is radial: it continues outward, and its neighbour in azimuth differs.
    near, far = share(0.9), share(1.0)
    assert np.corrcoef(near, far)[0, 1] > np.corrcoef(near, np.roll(near, 60))[0, 1] + 0.3
